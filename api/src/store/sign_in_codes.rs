//! One-time codes: one a telephone number.

use super::connection::{Db, on_each};
use super::schema::sign_in_codes;
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;

/// A code that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = sign_in_codes)]
pub struct CodeRow {
    /// The keyed index of the telephone number.
    pub phone_index: Vec<u8>,
    /// The keyed hash of the code.
    pub code_hash: Vec<u8>,
    /// How often it was guessed at.
    pub attempts: i64,
    /// UTC.
    pub expires_at: NaiveDateTime,
}

/// Writes a code in the place of the one before.
pub fn replace(db: &mut Db, row: &CodeRow) -> Result<(), Error> {
    on_each!(db, |connection| diesel::insert_into(sign_in_codes::table)
        .values(row)
        .on_conflict(sign_in_codes::phone_index)
        .do_update()
        .set((
            sign_in_codes::code_hash.eq(excluded(sign_in_codes::code_hash)),
            sign_in_codes::attempts.eq(excluded(sign_in_codes::attempts)),
            sign_in_codes::expires_at.eq(excluded(sign_in_codes::expires_at)),
        ))
        .execute(connection))?;
    Ok(())
}

/// Counts an attempt at a telephone number's code, if fewer than `limit` were made at it: the code, unless
/// there is none that still holds.
pub fn attempt(
    db: &mut Db,
    phone_index: &[u8],
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Option<CodeRow>, Error> {
    let open = sign_in_codes::table
        .find(phone_index)
        .filter(sign_in_codes::attempts.lt(limit))
        .filter(sign_in_codes::expires_at.gt(now.naive_utc()));
    let counted =
        diesel::update(open).set(sign_in_codes::attempts.eq(sign_in_codes::attempts + 1)).execute(db)?;
    if counted == 0 {
        return Ok(None);
    }
    Ok(sign_in_codes::table.find(phone_index).first(db).optional()?)
}

/// Deletes a telephone number's code: it was used. `false` when another request was faster.
pub fn consume(db: &mut Db, row: &CodeRow) -> Result<bool, Error> {
    let same =
        sign_in_codes::table.find(&row.phone_index).filter(sign_in_codes::code_hash.eq(&row.code_hash));
    Ok(diesel::delete(same).execute(db)? == 1)
}

/// Deletes what is over.
pub fn forget(db: &mut Db, now: DateTime<Utc>) -> Result<usize, Error> {
    let over = sign_in_codes::table.filter(sign_in_codes::expires_at.lt(now.naive_utc()));
    Ok(diesel::delete(over).execute(db)?)
}
