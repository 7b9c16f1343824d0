//! Conditional requests (RFC 9110 §13.1.2).

use actix_web::http::header::{ETAG, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};

/// The answer 304 when the client holds what `tag` names already.
pub fn not_modified(request: &HttpRequest, tag: &EntityTag) -> Option<HttpResponse> {
    let held = match IfNoneMatch::parse(request).ok()? {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|held| held.weak_eq(tag)),
    };
    held.then(|| HttpResponse::NotModified().insert_header((ETAG, tag.to_string())).finish())
}
