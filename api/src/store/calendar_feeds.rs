//! Addresses of calendars.

use super::connection::{Db, on_each};
use super::schema::calendar_feeds;
use crate::error::Error;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Gives an account's calendar a new address; the old one is over.
pub fn replace(db: &mut Db, account_id: &str, token_hash: &[u8], now: DateTime<Utc>) -> Result<(), Error> {
    let row = (
        calendar_feeds::account_id.eq(account_id),
        calendar_feeds::token_hash.eq(token_hash),
        calendar_feeds::created_at.eq(now.naive_utc()),
    );
    on_each!(db, |connection| diesel::insert_into(calendar_feeds::table)
        .values(row)
        .on_conflict(calendar_feeds::account_id)
        .do_update()
        .set((calendar_feeds::token_hash.eq(token_hash), calendar_feeds::created_at.eq(now.naive_utc())))
        .execute(connection))?;
    Ok(())
}

/// Takes the address of an account's calendar away; `false` when it had none.
pub fn remove(db: &mut Db, account_id: &str) -> Result<bool, Error> {
    Ok(diesel::delete(calendar_feeds::table.find(account_id)).execute(db)? == 1)
}

/// The account whose calendar this is.
pub fn account_of(db: &mut Db, token_hash: &[u8]) -> Result<Option<String>, Error> {
    Ok(calendar_feeds::table
        .filter(calendar_feeds::token_hash.eq(token_hash))
        .select(calendar_feeds::account_id)
        .first(db)
        .optional()?)
}
