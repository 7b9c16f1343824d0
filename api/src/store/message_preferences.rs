//! How somebody wants to be told, and who wants no appeals.

use super::connection::{Db, on_each};
use super::schema::{message_preferences, opted_out, outbox};
use crate::error::Error;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

/// Preferences as the table holds them.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = message_preferences, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct PreferenceRow {
    /// Whose they are.
    pub account_id: String,
    /// Channels with commas: the first that works.
    pub channels: String,
    /// Whether appointments go by letter, too.
    pub letters: bool,
    /// `zh` or `en`.
    pub language: String,
    /// Grows with each change; 0 when nothing was ever chosen.
    pub version: i64,
    /// Which of the station's reminders, minutes with commas; all when `None`.
    pub reminders: Option<String>,
}

/// An account's preferences: an SMS, or a letter where that does not work, in Chinese, when nothing was chosen.
pub fn of_account(db: &mut Db, account_id: &str) -> Result<PreferenceRow, Error> {
    let found = message_preferences::table.find(account_id).first(db).optional()?;
    Ok(found.unwrap_or_else(|| PreferenceRow {
        account_id: account_id.to_owned(),
        channels: "sms,email".to_owned(),
        letters: false,
        language: "zh".to_owned(),
        version: 0,
        reminders: None,
    }))
}

/// Which reminders these accounts chose, those that did.
pub fn reminders_of(db: &mut Db, account_ids: &[&str]) -> Result<HashMap<String, String>, Error> {
    let chosen = message_preferences::table.filter(message_preferences::account_id.eq_any(account_ids));
    Ok(chosen
        .filter(message_preferences::reminders.is_not_null())
        .select((message_preferences::account_id, message_preferences::reminders.assume_not_null()))
        .load(db)?
        .into_iter()
        .collect())
}

/// Writes preferences over their version before; `false` when somebody else was faster.
pub fn save(db: &mut Db, row: &PreferenceRow) -> Result<bool, Error> {
    let before = row.version - 1;
    let there =
        message_preferences::table.find(&row.account_id).filter(message_preferences::version.eq(before));
    let changed = on_each!(db, |connection| diesel::update(there).set(row).execute(connection))?;
    if changed == 1 || before > 0 {
        return Ok(changed == 1);
    }
    let inserted = on_each!(db, |connection| diesel::insert_into(message_preferences::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

/// Forgets what an account chose.
pub fn forget(db: &mut Db, account_id: &str) -> Result<(), Error> {
    diesel::delete(message_preferences::table.find(account_id)).execute(db)?;
    Ok(())
}

/// Writes down that a number wants no appeals and no news.
pub fn opt_out(db: &mut Db, contact_index: &[u8], now: DateTime<Utc>) -> Result<(), Error> {
    on_each!(db, |connection| diesel::insert_into(opted_out::table)
        .values((opted_out::contact_index.eq(contact_index), opted_out::since.eq(now.naive_utc())))
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(())
}

/// Writes down that a number wants them again.
pub fn opt_in(db: &mut Db, contact_index: &[u8]) -> Result<(), Error> {
    diesel::delete(opted_out::table.find(contact_index)).execute(db)?;
    Ok(())
}

/// Whether a number wants no appeals and no news.
pub fn is_opted_out(db: &mut Db, contact_index: &[u8]) -> Result<bool, Error> {
    let there = opted_out::table.filter(opted_out::contact_index.eq(contact_index));
    Ok(diesel::select(diesel::dsl::exists(there)).get_result(db)?)
}

/// How many messages of these kinds were sent to an account since.
pub fn sent_since(db: &mut Db, account_id: &str, kinds: &[&str], since: DateTime<Utc>) -> Result<i64, Error> {
    Ok(outbox::table
        .filter(outbox::account_id.eq(account_id))
        .filter(outbox::kind.eq_any(kinds))
        .filter(outbox::sent_at.gt(since.naive_utc()))
        .count()
        .get_result(db)?)
}
