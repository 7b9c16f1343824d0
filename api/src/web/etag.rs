//! Conditional requests (RFC 9110 §13.1).

use crate::error::{Error, Kind};
use actix_web::dev::Payload;
use actix_web::http::header::{ETAG, EntityTag, Header, IF_MATCH, IfNoneMatch};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use std::future::{Ready, ready};

/// The answer 304 when the client holds what `tag` names already.
pub fn not_modified(request: &HttpRequest, tag: &EntityTag) -> Option<HttpResponse> {
    let held = match IfNoneMatch::parse(request).ok()? {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|held| held.weak_eq(tag)),
    };
    held.then(|| HttpResponse::NotModified().insert_header((ETAG, tag.to_string())).finish())
}

/// The entity tag of a version.
pub fn version_tag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The version that a change was made from: `If-Match`, which MUST be there (RFC 6585 §3).
pub struct Version(pub i64);

impl FromRequest for Version {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let given = request.headers().get(IF_MATCH).and_then(|value| value.to_str().ok());
        let version = match given {
            None => Err(Error::new(
                Kind::PreconditionRequired,
                "if_match_missing",
                "Say in If-Match which version you change: the ETag that you read.",
            )),
            Some(tag) => Ok(Self(version_of(tag))),
        };
        ready(version)
    }
}

/// The version that a change was made from, when `If-Match` says so.
pub fn version_if_named(request: &HttpRequest) -> Option<i64> {
    request.headers().get(IF_MATCH).map(|value| value.to_str().map_or(NO_VERSION, version_of))
}

/// What is no tag of ours names no version that there is.
fn version_of(tag: &str) -> i64 {
    tag.trim().trim_matches('"').parse().unwrap_or(NO_VERSION)
}

const NO_VERSION: i64 = -1;
