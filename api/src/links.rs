//! Capability links: whoever holds the link may see one certificate's QR, change one appointment, answer one call-up or book one
//! place for one appeal, and nothing else.
//!
//! The key in a certificate's link is a JWT (RFC 7519, HS256 within this one issuer) for one certificate number and one
//! purpose, which ends with the certificate.

pub mod appeal;
pub mod appointment;
pub mod call_up;
mod signed_id;
pub mod unsubscribe;

use crate::actions::Context;
use crate::error::Error;
use crate::jwt;
use crate::store::certificates::CertificateRow;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

const AUDIENCE: &str = "certificate-qr";

#[derive(Serialize, Deserialize)]
struct Capability {
    sub: String,
    aud: String,
    exp: i64,
}

/// The link to the QR page of a certificate, as SVG.
///
/// # Errors
/// `internal` when it cannot be signed.
pub fn certificate(context: &Context, row: &CertificateRow) -> Result<String, Error> {
    let key = key(context, row)?;
    Ok(format!("{}/v1/certificates/{}/qr.svg?key={key}", context.public_url, row.certificate_no))
}

/// The key alone.
///
/// # Errors
/// `internal` when it cannot be signed.
pub fn key(context: &Context, row: &CertificateRow) -> Result<String, Error> {
    jwt::install();
    let capability = Capability {
        sub: row.certificate_no.clone(),
        aud: AUDIENCE.to_owned(),
        exp: row.expires_at.and_utc().timestamp(),
    };
    let secret = EncodingKey::from_secret(context.vault.link_secret());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &capability, &secret).map_err(Error::internal)
}

/// Whether `key` opens the certificate numbered `certificate_no` now.
pub fn opens(context: &Context, key: &str, certificate_no: &str) -> bool {
    jwt::install();
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "aud", "sub"]);
    rules.validate_exp = false;
    let secret = DecodingKey::from_secret(context.vault.link_secret());
    jsonwebtoken::decode::<Capability>(key, &secret, &rules).is_ok_and(|token| {
        token.claims.sub == certificate_no && context.clock.now().timestamp() < token.claims.exp
    })
}
