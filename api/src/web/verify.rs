//! `POST /v1/verify`.

use super::body::{Body, media_type};
use super::problem::Problem;
use super::verification::Verification;
use crate::actions::Context;
use crate::actions::verify::verify_online;
use crate::error::{Error, Kind};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// A certificate to verify.
#[derive(Deserialize, ToSchema)]
pub struct VerifyRequest<'a> {
    /// The text of the QR code: `XUE:/1/…`.
    #[serde(borrow)]
    #[schema(value_type = String)]
    text: Cow<'a, str>,
}

/// Verify a certificate with the station's own records at hand.
///
/// Whatever the text is, the answer is 200 and says what was proved, or why not. Nothing is changed by asking.
#[utoipa::path(
    post, path = "/v1/verify", tag = "verification", operation_id = "verify",
    request_body(content(
        (VerifyRequest = "application/json"),
        (String = "text/plain"),
    )),
    responses(
        (status = 200, description = "What was proved, or why not", body = Verification),
        (status = 413, description = "`body_too_large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`malformed_body`: not JSON with a member `text`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`database_unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn verify(
    request: HttpRequest,
    Body(body): Body,
    context: web::Data<Context>,
) -> Result<HttpResponse, Error> {
    let answer = match media_type(&request) {
        "application/json" => {
            let request: VerifyRequest<'_> = serde_json::from_slice(&body).map_err(|_| {
                Error::invalid("malformed_body", "The body is not JSON with the member \"text\".")
            })?;
            verify_online(&context, request.text.as_bytes()).await?
        }
        "text/plain" => verify_online(&context, &body).await?,
        _ => {
            return Err(Error::new(
                Kind::UnsupportedMedia,
                "unsupported_media_type",
                "Send application/json with the member \"text\", or text/plain.",
            ));
        }
    };
    Ok(HttpResponse::Ok().json(Verification::from(answer)))
}
