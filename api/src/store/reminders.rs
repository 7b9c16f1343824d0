//! Which appointments' reminders are to be queued, and when the station reminds.

use super::appointments::{AppointmentRow, lock};
use super::connection::Db;
use super::schema::{appointments, reminder_times};
use super::word::Word;
use crate::error::Error;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

/// Up to `limit` appointments that changed since their reminders were queued; nobody else changes them until the
/// transaction ends, and what somebody else works on is left out.
pub fn to_remind(db: &mut Db, limit: i64) -> Result<Vec<AppointmentRow>, Error> {
    let changed = appointments::table
        .filter(appointments::reminded.lt(appointments::sequence))
        .filter(appointments::state.eq(Word("booked")).or(appointments::reminded.ge(0)))
        .order(appointments::id.asc())
        .limit(limit);
    Ok(match db {
        Db::Postgres(connection) => changed.for_update().skip_locked().load(connection)?,
        Db::Sqlite(connection) => changed.load(connection)?,
    })
}

/// Writes down that the reminders of these appointments are queued as they stand.
pub fn set_reminded(db: &mut Db, ids: &[&str]) -> Result<(), Error> {
    diesel::update(appointments::table.filter(appointments::id.eq_any(ids)))
        .set(appointments::reminded.eq(appointments::sequence))
        .execute(db)?;
    Ok(())
}

/// Has the reminders of what an account has booked queued anew, though the appointments themselves have not changed.
pub fn remind_anew(db: &mut Db, account_id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let ids: Vec<String> = appointments::table
        .filter(appointments::account_id.eq(account_id))
        .filter(appointments::state.eq(Word("booked")))
        .filter(appointments::starts_at.gt(now.naive_utc()))
        .select(appointments::id)
        .load(db)?;
    // In the order in which bookings lock them.
    lock(db, &ids.iter().map(String::as_str).collect::<Vec<_>>())?;
    let booked = appointments::table
        .filter(appointments::id.eq_any(&ids))
        .filter(appointments::state.eq(Word("booked")));
    diesel::update(booked).set(appointments::reminded.eq(appointments::sequence - 1)).execute(db)?;
    Ok(())
}

/// How long before an appointment its donor is reminded.
pub fn reminder_times(db: &mut Db) -> Result<Vec<TimeDelta>, Error> {
    let minutes: Vec<i64> = reminder_times::table
        .select(reminder_times::minutes_before)
        .order(reminder_times::minutes_before.desc())
        .load(db)?;
    Ok(minutes.into_iter().map(TimeDelta::minutes).collect())
}
