//! `GET /v1/certificates/{certificate_no}/qr.{svg,png,txt}`.

use super::etag::not_modified;
use super::problem::Problem;
use crate::actions::Context;
use crate::error::Error;
use crate::links;
use crate::store::certificates as store;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag};
use actix_web::{HttpRequest, HttpResponse, web};
use certificates::QrImage;
use quick_cache::sync::Cache;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// The pixels of a module: 69 modules and the quiet zone make a picture of 616 pixels.
const PIXELS_PER_MODULE: u32 = 8;
/// Pictures kept, the least used leave first; each is at most 15 kB.
const PICTURES: usize = 4_096;

/// Drawn QR codes. A certificate never changes, so neither does its picture.
pub struct Pictures(Cache<(String, Format), web::Bytes>);

impl Default for Pictures {
    fn default() -> Self {
        Self(Cache::new(PICTURES))
    }
}

/// How a certificate is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One path over the modules.
    Svg,
    /// One bit a pixel.
    Png,
    /// The text that the QR code holds.
    Txt,
}

impl Format {
    fn media_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
            Self::Txt => "text/plain; charset=utf-8",
        }
    }

    fn draw(self, text: String) -> Result<web::Bytes, Error> {
        match self {
            Self::Txt => Ok(text.into()),
            Self::Svg => QrImage::of(&text).map(|qr| qr.svg().into()).map_err(Error::internal),
            Self::Png => {
                let qr = QrImage::of(&text).map_err(Error::internal)?;
                qr.png(PIXELS_PER_MODULE).map(web::Bytes::from).map_err(Error::internal)
            }
        }
    }
}

/// The capability that a link carries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Capability {
    /// The key of the link; without it, or with another's, there is nothing here.
    #[serde(default)]
    key: String,
}

/// Show a certificate's QR code.
///
/// Behind a capability link: an absent certificate and a wrong key look the same.
#[utoipa::path(
    get, path = "/v1/certificates/{certificate_no}/qr.{format}", tag = "certificates", operation_id = "certificate_qr",
    params(
        ("certificate_no" = String, Path, description = "The certificate's number (GB/T 36904)"),
        ("format" = Format, Path, description = "`svg`, `png` or `txt`"),
        Capability,
    ),
    responses(
        (status = 200, description = "The QR code, or the text that it holds", content(
            (String = "image/svg+xml"), (String = "image/png"), (String = "text/plain"),
        )),
        (status = 304, description = "What `If-None-Match` names is what there is"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not_signed_yet`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn qr(
    request: HttpRequest,
    path: web::Path<(String, Format)>,
    query: web::Query<Capability>,
    context: web::Data<Context>,
    pictures: web::Data<Pictures>,
) -> Result<HttpResponse, Error> {
    let (certificate_no, format) = path.into_inner();
    if !links::opens(&context, &query.key, &certificate_no) {
        return Err(nothing());
    }
    let tag = EntityTag::new_strong(certificate_no.clone());
    if let Some(answer) = not_modified(&request, &tag) {
        return Ok(answer);
    }
    let wanted = (certificate_no, format);
    let picture = match pictures.0.get(&wanted) {
        Some(picture) => picture,
        None => {
            let certificate_no = wanted.0.clone();
            let row = context.pool.read(move |db| store::by_number(db, &certificate_no)).await?;
            let picture = format.draw(row.ok_or_else(nothing)?.token()?)?;
            pictures.0.insert(wanted, picture.clone());
            picture
        }
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format.media_type()))
        .insert_header((CACHE_CONTROL, "private, max-age=86400, immutable"))
        .insert_header((ETAG, tag.to_string()))
        .body(picture))
}

fn nothing() -> Error {
    Error::not_found("There is no such certificate, or the link is not for it.")
}
