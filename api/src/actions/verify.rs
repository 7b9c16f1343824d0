//! Verifies a certificate with the station's own records at hand.

use super::Context;
use crate::clock::unix_time;
use crate::domain::standing::status;
use crate::error::Error;
use certificates::{CertificateClaims, Code, StatusEvidence, judge, verify_bytes};
use chrono::{DateTime, Utc};

/// What was proved, or why not.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The verdict.
    pub code: Code,
    /// What the certificate says; `None` when it is not genuine.
    pub claims: Option<CertificateClaims>,
    /// Its identifier, when the station knows it.
    pub certificate_no: Option<String>,
    /// Whether the donor has a newer certificate.
    pub superseded: bool,
    /// When the station's records were asked.
    pub checked_at: DateTime<Utc>,
    /// What exactly was wrong, for the log: nothing of the token itself.
    pub detail: &'static str,
}

/// Verifies the text of a certificate, and asks the database for its standing now.
///
/// The signature is checked before anything else: who sends rubbish costs no query.
///
/// # Errors
/// Failures of the database. Whatever the text is, it gets an answer.
pub async fn verify_online(context: &Context, text: &[u8]) -> Result<Answer, Error> {
    let checked_at = context.clock.now();
    let now = unix_time(checked_at);
    let refused = |code, detail| Answer {
        code,
        claims: None,
        certificate_no: None,
        superseded: false,
        checked_at,
        detail,
    };
    let certificate = match verify_bytes(text, &context.keyring.keys().keyset, now) {
        Ok(certificate) => certificate,
        Err(refusal) => return Ok(refused(refusal.code(), refusal.detail())),
    };
    let claims = certificate.claims();
    let standing = context.standings.of(claims.id.as_bytes()).await?;
    let evidence = match &standing {
        Some(standing) => StatusEvidence::Live(status(standing.status.as_deref())),
        None => StatusEvidence::None,
    };
    Ok(Answer {
        code: judge(&certificate, evidence, now),
        claims: Some(claims.clone()),
        certificate_no: standing.as_ref().map(|standing| standing.certificate_no.clone()),
        superseded: standing.is_some_and(|standing| standing.superseded),
        checked_at,
        detail: "",
    })
}
