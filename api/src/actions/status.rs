//! Revokes, suspends and reinstates certificates.

use super::Context;
use crate::chance::Chance;
use crate::domain::standing::{Change, change};
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::{certificates, statuses};
use serde_json::json;

/// The longest reason that is kept, characters.
const LONGEST_REASON: usize = 500;

/// Changes the status of the certificate numbered `certificate_no`; `reason` is kept in the audit trail and
/// MUST NOT hold personal data.
///
/// # Errors
/// `not_found`; `reason_missing` or `reason_too_long`; `already_revoked` (for good), `already_suspended` or
/// `not_suspended` when the change does not fit what the certificate is.
pub fn set_status(
    context: &Context,
    certificate_no: &str,
    wanted: Change,
    reason: &str,
) -> Result<(), Error> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::invalid("reason_missing", "A reason must be given."));
    }
    if reason.chars().count() > LONGEST_REASON {
        return Err(Error::invalid("reason_too_long", "A reason has at most 500 characters."));
    }
    let now = context.clock.now();
    context.pool.write_blocking(|db| {
        let certificate = certificates::by_number(db, certificate_no)?
            .ok_or_else(|| Error::not_found("There is no certificate with this number."))?;
        let before = statuses::of_certificate(db, certificate_no)?;
        match change(before.as_ref().map(|row| row.status.as_str()), wanted)? {
            Some(status) => statuses::set(db, &certificate, status, reason, now)?,
            None => statuses::clear(db, &certificate)?,
        }
        let entry = Entry {
            actor: context.actor.clone(),
            action: wanted.action(),
            subject: certificate_no.to_owned(),
            detail: json!({ "reason": reason }),
        };
        audit::append(db, [entry], now, &mut Chance::from_system()?)
    })
}
