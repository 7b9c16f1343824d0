//! `/.well-known`: the public keys, in three forms.

use crate::actions::Context;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

/// Fetch the public keys as a JWK Set (RFC 7517, RFC 8037).
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "trust", operation_id = "jwks",
    responses((status = 200, description = "The trusted keys, without `alg`", body = Object, content_type = "application/jwk-set+json"))
)]
pub async fn jwks(context: web::Data<Context>) -> HttpResponse {
    answer("application/jwk-set+json", context.keyring.keys().jwks.clone())
}

/// Fetch the public keys as a COSE_KeySet (RFC 9052).
#[utoipa::path(
    get, path = "/.well-known/cose-keys", tag = "trust", operation_id = "cose_keys",
    responses((status = 200, description = "The trusted keys, canonical CBOR", body = Vec<u8>, content_type = "application/cose-key-set"))
)]
pub async fn cose_keys(context: web::Data<Context>) -> HttpResponse {
    answer("application/cose-key-set", context.keyring.keys().cose_keys.clone())
}

/// Fetch the keyset snapshot: what an offline verifier trusts, signed by the root that it pins.
#[utoipa::path(
    get, path = "/.well-known/xue-keyset", tag = "trust", operation_id = "keyset",
    responses((status = 200, description = "A CWT", body = Vec<u8>, content_type = "application/xue-keyset+cwt"))
)]
pub async fn keyset(context: web::Data<Context>) -> HttpResponse {
    answer("application/xue-keyset+cwt", context.keyring.keys().snapshot.clone())
}

fn answer(media_type: &'static str, body: impl Into<web::Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(body.into())
}
