//! A request's body, its refusal a problem like every other.

use crate::error::{Error, Kind};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
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
