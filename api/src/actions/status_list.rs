//! Builds and signs status lists.

use super::Context;
use crate::clock::unix_time;
use crate::domain::standing::status;
use crate::error::Error;
use crate::store::{Db, statuses};
use certificates::StatusListClaims;

/// How long a list proves anything, in multiples of its time to live.
const LIFETIMES: i64 = 24;

/// A signed status list, and the version of what it says.
#[derive(Debug, Clone)]
pub struct SignedList {
    /// The CWT, `application/statuslist+cwt`.
    pub bytes: Vec<u8>,
    /// Grows when a status changes.
    pub version: i64,
    /// When it was signed, Unix seconds.
    pub issued_at: certificates::UnixTime,
}

/// Signs the list `id` as it stands now; `None` when there is none.
///
/// # Errors
/// Failures of the database.
pub fn sign(context: &Context, db: &mut Db, id: &str) -> Result<Option<SignedList>, Error> {
    let Some(list) = statuses::list(db, id)? else { return Ok(None) };
    let entries = statuses::entries(db, id)?
        .into_iter()
        .map(|(index, word)| Ok((u64::try_from(index).map_err(Error::internal)?, status(Some(&word)))))
        .collect::<Result<Vec<_>, Error>>()?;
    let issued_at = unix_time(context.clock.now());
    let ttl_seconds = context.station.status_list_ttl_seconds;
    let bytes = StatusListClaims {
        uri: &list.uri(),
        issued_at,
        expires_at: issued_at.plus_seconds(LIFETIMES * i64::from(ttl_seconds)),
        ttl_seconds,
        size: u64::try_from(list.size).map_err(Error::internal)?,
        entries: &entries,
    }
    .sign(&context.keyring.keys().status)
    .map_err(Error::internal)?;
    Ok(Some(SignedList { bytes, version: list.version, issued_at }))
}
