//! Sharing codes: a donor's word to a relative.

use super::connection::Db;
use super::schema::sharing_codes;
use crate::error::Error;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Writes a code; codes of the same donor that were not used are over.
pub fn replace(
    db: &mut Db,
    code_hash: &[u8],
    donor_id: &str,
    expires_at: DateTime<Utc>,
) -> Result<(), Error> {
    diesel::delete(sharing_codes::table.filter(sharing_codes::donor_id.eq(donor_id))).execute(db)?;
    diesel::insert_into(sharing_codes::table)
        .values((
            sharing_codes::code_hash.eq(code_hash),
            sharing_codes::donor_id.eq(donor_id),
            sharing_codes::expires_at.eq(expires_at.naive_utc()),
        ))
        .execute(db)?;
    Ok(())
}

/// Uses a code up: whose record it opens, if it still holds.
pub fn take(db: &mut Db, code_hash: &[u8], now: DateTime<Utc>) -> Result<Option<String>, Error> {
    let open = sharing_codes::table.find(code_hash).filter(sharing_codes::expires_at.gt(now.naive_utc()));
    let donor_id: Option<String> = open.select(sharing_codes::donor_id).first(db).optional()?;
    let taken = diesel::delete(sharing_codes::table.find(code_hash)).execute(db)?;
    Ok(donor_id.filter(|_| taken == 1))
}

/// Deletes a donor's codes.
pub fn clear(db: &mut Db, donor_id: &str) -> Result<(), Error> {
    diesel::delete(sharing_codes::table.filter(sharing_codes::donor_id.eq(donor_id))).execute(db)?;
    Ok(())
}

/// Deletes what is over.
pub fn forget(db: &mut Db, now: DateTime<Utc>) -> Result<usize, Error> {
    let over = sharing_codes::table.filter(sharing_codes::expires_at.lt(now.naive_utc()));
    Ok(diesel::delete(over).execute(db)?)
}
