//! What a station settles about messages.

use super::connection::Db;
use super::schema::message_policy;
use crate::domain::quiet_hours::QuietHours;
use crate::error::Error;
use diesel::prelude::*;

/// The hours in which nobody is woken.
pub fn quiet_hours(db: &mut Db) -> Result<QuietHours, Error> {
    let (from, until): (i64, i64) = message_policy::table
        .select((message_policy::quiet_from_minute, message_policy::quiet_until_minute))
        .first(db)?;
    let minute = |minute: i64| u32::try_from(minute).map_err(Error::internal);
    Ok(QuietHours { from_minute: minute(from)?, until_minute: minute(until)? })
}
