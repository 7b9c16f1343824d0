//! Who guessed wrongly, how often, and how long they have to wait.

use super::connection::{Db, on_each};
use super::schema::lockouts;
use crate::domain::lockout::Lockout;
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// The wrong guesses at the credentials behind `subject`: a keyed index.
pub fn of(db: &mut Db, subject: &[u8]) -> Result<Option<Lockout>, Error> {
    let row: Option<(i64, NaiveDateTime, NaiveDateTime)> = lockouts::table
        .find(subject)
        .select((lockouts::failures, lockouts::last_failed_at, lockouts::locked_until))
        .first(db)
        .optional()?;
    Ok(row.map(|(failures, last_failed_at, locked_until)| Lockout {
        failures,
        last_failed_at: last_failed_at.and_utc(),
        locked_until: locked_until.and_utc(),
    }))
}

/// Writes what is known now.
pub fn save(db: &mut Db, subject: &[u8], lockout: &Lockout) -> Result<(), Error> {
    let values = (
        lockouts::failures.eq(lockout.failures),
        lockouts::last_failed_at.eq(lockout.last_failed_at.naive_utc()),
        lockouts::locked_until.eq(lockout.locked_until.naive_utc()),
    );
    on_each!(db, |connection| diesel::insert_into(lockouts::table)
        .values((lockouts::subject.eq(subject), values))
        .on_conflict(lockouts::subject)
        .do_update()
        .set(values)
        .execute(connection))?;
    Ok(())
}

/// Forgets the wrong guesses: the right one was made.
pub fn clear(db: &mut Db, subject: &[u8]) -> Result<(), Error> {
    diesel::delete(lockouts::table.find(subject)).execute(db)?;
    Ok(())
}

/// Deletes what was last added to before `before`.
pub fn forget(db: &mut Db, before: DateTime<Utc>) -> Result<usize, Error> {
    Ok(diesel::delete(lockouts::table.filter(lockouts::last_failed_at.lt(before.naive_utc()))).execute(db)?)
}
