//! A request's body, its refusal a problem like every other.

use crate::error::{Error, Kind};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use std::future::Future;
use std::pin::Pin;

/// The whole body, at most as large as configured.
pub struct Body(pub Bytes);

impl FromRequest for Body {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            bytes.await.map(Self).map_err(|failure| match failure.as_error::<PayloadError>() {
                Some(PayloadError::Overflow) => {
                    Error::new(Kind::TooLarge, "body_too_large", "The body is too large.")
                }
                _ => Error::invalid("malformed_body", "The body cannot be read."),
            })
        })
    }
}

/// A body of JSON, `application/json`.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = media_type(request) == "application/json";
        let body = Body::from_request(request, payload);
        Box::pin(async move {
            if !is_json {
                return Err(unsupported("Send application/json."));
            }
            parse(&body.await?.0).map(Self)
        })
    }
}

/// Reads a body of JSON. What is wrong with it is told by its place only: a member may be somebody's number.
///
/// # Errors
/// `malformed_body`.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|failure| {
        let (line, column) = (failure.line(), failure.column());
        let message =
            format!("The body is not the JSON that this operation takes (line {line}, column {column}).");
        Error::invalid("malformed_body", message)
    })
}

/// A body of a media type that the operation does not take.
pub fn unsupported(message: &'static str) -> Error {
    Error::new(Kind::UnsupportedMedia, "unsupported_media_type", message)
}

/// The request's media type, without parameters.
pub fn media_type(request: &HttpRequest) -> &str {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}
