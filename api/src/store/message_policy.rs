//! What a station settles about messages.

use super::connection::{Db, on_each};
use super::schema::{channel_circuits, message_policy};
use crate::domain::delivery::Patience;
use crate::domain::quiet_hours::QuietHours;
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

/// The hours in which nobody is woken.
pub fn quiet_hours(db: &mut Db) -> Result<QuietHours, Error> {
    let (from, until): (i64, i64) = message_policy::table
        .select((message_policy::quiet_from_minute, message_policy::quiet_until_minute))
        .first(db)?;
    let minute = |minute: i64| u32::try_from(minute).map_err(Error::internal);
    Ok(QuietHours { from_minute: minute(from)?, until_minute: minute(until)? })
}

/// Sets the hours in which nobody is woken.
pub fn set_quiet_hours(db: &mut Db, quiet: QuietHours) -> Result<(), Error> {
    diesel::update(message_policy::table)
        .set((
            message_policy::quiet_from_minute.eq(i64::from(quiet.from_minute)),
            message_policy::quiet_until_minute.eq(i64::from(quiet.until_minute)),
            message_policy::version.eq(message_policy::version + 1),
        ))
        .execute(db)?;
    Ok(())
}

/// How many appeals reach one account, within how long.
pub fn appeals(db: &mut Db) -> Result<(i64, TimeDelta), Error> {
    let (appeals, days): (i64, i64) =
        message_policy::table.select((message_policy::appeals, message_policy::appeals_days)).first(db)?;
    Ok((appeals, TimeDelta::days(days)))
}

/// How often a message is tried, and how long an unknown fate is waited for.
pub fn patience(db: &mut Db) -> Result<Patience, Error> {
    let (attempts, minutes): (i64, i64) = message_policy::table
        .select((message_policy::attempts, message_policy::unknown_minutes))
        .first(db)?;
    Ok(Patience { attempts, unknown: TimeDelta::minutes(minutes) })
}

/// Channels that are left alone, and until when.
pub fn circuits(db: &mut Db, now: DateTime<Utc>) -> Result<HashMap<String, DateTime<Utc>>, Error> {
    let open: Vec<(String, NaiveDateTime)> = channel_circuits::table
        .filter(channel_circuits::open_until.gt(now.naive_utc()))
        .select((channel_circuits::channel, channel_circuits::open_until))
        .load(db)?;
    Ok(open.into_iter().map(|(channel, until)| (channel, until.and_utc())).collect())
}

/// Leaves a channel alone for a while.
pub fn open_circuit(db: &mut Db, channel: &str, until: DateTime<Utc>, code: &str) -> Result<(), Error> {
    let (until, code) = (channel_circuits::open_until.eq(until.naive_utc()), channel_circuits::code.eq(code));
    on_each!(db, |connection| diesel::insert_into(channel_circuits::table)
        .values((channel_circuits::channel.eq(channel), until, code))
        .on_conflict(channel_circuits::channel)
        .do_update()
        .set((until, code))
        .execute(connection))?;
    Ok(())
}
