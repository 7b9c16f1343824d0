//! The page `/verify` for a hospital's window: scan, paste or photograph a certificate, see green, amber or
//! red.
//!
//! It is a plain form that works without a script. What was scanned is never shown again, logged or kept.

pub(super) mod assets;
mod page;
mod submission;
mod wording;

use super::problem::wrong_method;
use crate::actions::Context;
use crate::actions::verify::{Answer, verify_online};
use crate::domain::language::Language;
use crate::error::{Error, Kind};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER, VARY,
};
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Resource, ResponseError};
use page::Page;
use submission::Submission;

/// Nothing from elsewhere, and nothing inline.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `GET /verify`, `POST /verify` and the two assets of the page.
pub fn routes(config: &mut ServiceConfig) {
    let page = read_only("/verify", blank)
        .route(web::post().to(verify))
        .default_service(web::to(|| wrong_method("GET, HEAD, POST")));
    config
        .service(page)
        .service(read_only("/assets/verify.css", async |request: HttpRequest| assets::STYLE.answer(&request)))
        .service(read_only("/assets/verify.js", async |request: HttpRequest| {
            assets::SCRIPT.answer(&request)
        }));
}

fn read_only<F, Args>(path: &str, handler: F) -> Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    let resource = web::resource(path).route(web::get().to(handler.clone())).route(web::head().to(handler));
    resource.default_service(web::to(|| wrong_method("GET, HEAD")))
}

async fn blank(request: HttpRequest) -> HttpResponse {
    let language = Language::of(&request);
    respond(&mut HttpResponse::Ok(), language, &Page::blank(language))
}

async fn verify(request: HttpRequest, payload: Payload, context: Data<Context>) -> HttpResponse {
    let language = Language::of(&request);
    match answer(&request, payload, &context).await {
        Ok(answer) => respond(&mut HttpResponse::Ok(), language, &Page::answer(language, answer)),
        Err(error) => trouble(language, &error),
    }
}

async fn answer(request: &HttpRequest, payload: Payload, context: &Context) -> Result<Answer, Error> {
    let text = Submission::read(request, payload).await?.into_text().await?;
    verify_online(context, &text).await
}

fn trouble(language: Language, error: &Error) -> HttpResponse {
    let status = error.status_code();
    if status.is_server_error() {
        tracing::error!(code = error.code, context = error.context, "a verification for the page failed");
    }
    let mut response = HttpResponse::build(status);
    if let Kind::TooMany { retry_after_seconds } = error.kind {
        response.insert_header((RETRY_AFTER, retry_after_seconds));
    }
    respond(&mut response, language, &Page::trouble(language, error.code))
}

fn respond(response: &mut HttpResponseBuilder, language: Language, page: &Page) -> HttpResponse {
    let Ok(html) = page.html() else {
        return HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR);
    };
    response
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_LANGUAGE, language.tag()))
        .insert_header((VARY, "accept-language"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(html)
}
