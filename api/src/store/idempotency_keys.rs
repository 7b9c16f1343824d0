//! The first answers to requests that may come twice.

use super::connection::{Db, insert_rows};
use super::schema::idempotency_keys;
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = idempotency_keys, treat_none_as_default_value = false)]
pub struct AnswerRow {
    /// The hash of who asked and of the key.
    pub key_hash: Vec<u8>,
    /// The hash of the request.
    pub request_hash: Vec<u8>,
    /// The answer, JSON.
    pub answer: String,
    /// UTC.
    pub created_at: NaiveDateTime,
}

/// The answers that were given to these keys.
pub fn answers(db: &mut Db, key_hashes: &[&[u8]]) -> Result<Vec<AnswerRow>, Error> {
    if key_hashes.is_empty() {
        return Ok(Vec::new());
    }
    Ok(idempotency_keys::table.filter(idempotency_keys::key_hash.eq_any(key_hashes)).load(db)?)
}

/// Writes answers down.
pub fn keep(db: &mut Db, rows: &[AnswerRow]) -> Result<(), Error> {
    insert_rows!(db, idempotency_keys::table, rows)
}

/// Deletes answers given before `before`: how many.
pub fn forget(db: &mut Db, before: DateTime<Utc>) -> Result<usize, Error> {
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.lt(before.naive_utc()));
    Ok(diesel::delete(old).execute(db)?)
}
