//! Errors as HTTP: `application/problem+json` (RFC 9457), in one match.

use crate::error::{Error, Kind};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

/// A problem (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` says which problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The HTTP status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// Stable, `snake_case`: for programs.
    code: &'static str,
    /// One sentence that the reader can act on: for people.
    detail: String,
    /// The member of the request that is wrong, when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self.kind {
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Kind::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Kind::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        if status.is_server_error() {
            tracing::error!(code = self.code, context = self.context, "a request failed");
        }
        let problem = Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code: self.code,
            detail: self.message.clone().into_owned(),
            field: self.field,
        };
        let mut response = HttpResponse::build(status);
        if let Kind::MethodNotAllowed { allow } = self.kind {
            response.insert_header((ALLOW, allow));
        }
        if self.kind == Kind::Unauthenticated {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        if let Kind::TooMany { retry_after_seconds } = self.kind {
            response.insert_header((RETRY_AFTER, retry_after_seconds));
            response.insert_header(("ratelimit", format!("\"{}\";r=0;t={retry_after_seconds}", self.code)));
        }
        response
            .insert_header((CONTENT_TYPE, "application/problem+json"))
            .body(serde_json::to_string(&problem).unwrap_or_default())
    }
}

/// The answer where there is nothing.
///
/// # Errors
/// Always `not_found`.
pub async fn nothing_here() -> Result<HttpResponse, Error> {
    Err(Error::not_found("There is nothing at this address."))
}

/// The answer to a method that a resource does not have; it has those of `allow`.
///
/// # Errors
/// Always `method_not_allowed`.
pub async fn wrong_method(allow: &'static str) -> Result<HttpResponse, Error> {
    Err(Error::new(
        Kind::MethodNotAllowed { allow },
        "method_not_allowed",
        "This address does not answer to this method.",
    ))
}

/// The problems of every operation that asks who calls.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "it is only there to be read by the contract")]
pub enum CallerProblems {
    /// `missing_token`, `invalid_token`, `expired_token`, `session_ended`
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// `not_allowed`: the caller's role may not do this
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// `too_many_requests`, or the limit that the operation names
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// `database_unavailable`
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// The problems of every operation that takes a body.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "it is only there to be read by the contract")]
pub enum BodyProblems {
    /// `body_too_large`
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// `unsupported_media_type`
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMedia(Problem),
    /// `malformed_body`, or the reason why the member `field` is refused
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
}
