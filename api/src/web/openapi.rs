//! The contract: generated from the handlers; `openapi.yaml` is its committed copy, and a test compares them.

use super::{certificates, health, problem, status_lists, verification, verify, well_known};
use crate::error::Error;
use actix_web::HttpResponse;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rexue 热血",
        description = "The donor-facing mobile backend of a blood station, and the issuer of its electronic \
            donation certificate. Every error is `application/problem+json` (RFC 9457) with a stable `code`. \
            Every answer has an `X-Request-Id`.",
        license(name = "Apache-2.0 OR MIT"),
    ),
    paths(
        verify::verify,
        certificates::qr,
        status_lists::status_list,
        well_known::jwks,
        well_known::cose_keys,
        well_known::keyset,
        health::healthz,
        health::readyz,
        health::metrics,
        document,
    ),
    components(schemas(problem::Problem, verification::Verification)),
    tags(
        (name = "verification", description = "Is this certificate genuine, and does it still hold?"),
        (name = "certificates", description = "Certificates, by capability link."),
        (name = "trust", description = "What verifiers trust and keep: keys and status lists."),
        (name = "operation", description = "For those who run it."),
    ),
)]
struct Document;

/// The contract as YAML.
///
/// # Errors
/// `internal`.
pub fn yaml() -> Result<String, Error> {
    Document::openapi().to_yaml().map_err(Error::internal)
}

/// Fetch this document.
#[utoipa::path(get, path = "/openapi.json", tag = "operation", operation_id = "openapi",
    responses((status = 200, description = "The OpenAPI 3.1 document", body = Object, content_type = "application/json")))]
pub async fn document() -> HttpResponse {
    HttpResponse::Ok().json(Document::openapi())
}
