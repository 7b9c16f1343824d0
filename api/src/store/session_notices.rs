//! Whom a cancelled or moved session touched, and whether they know.

use super::connection::{Db, insert_rows};
use super::schema::{appointments, donors, outbox, session_notices};
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// Somebody whom a session's change touched.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = session_notices, treat_none_as_default_value = false)]
pub struct NoticeRow {
    /// The appointment.
    pub appointment_id: String,
    /// The session.
    pub session_id: String,
    /// The message.
    pub message_id: String,
    /// The appointment that is offered in its place.
    pub offer_id: Option<String>,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC: when somebody of the station told them by telephone.
    pub called_at: Option<NaiveDateTime>,
    /// Who did.
    pub called_by: Option<String>,
}

/// Writes them down; who was touched before and is again, is told again.
pub fn insert(db: &mut Db, rows: &[NoticeRow]) -> Result<(), Error> {
    let ids: Vec<&str> = rows.iter().map(|row| row.appointment_id.as_str()).collect();
    diesel::delete(session_notices::table.filter(session_notices::appointment_id.eq_any(&ids)))
        .execute(db)?;
    insert_rows!(db, session_notices::table, rows)
}

/// Somebody whom no message reached.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Unreached {
    /// The appointment.
    pub appointment_id: String,
    /// The donor's number.
    pub donor_no: String,
    /// UTC.
    pub starts_at: NaiveDateTime,
    /// What became of the message: `failed`, `ambiguous`, `expired` or `superseded`.
    pub message: String,
}

/// Whom no message about the session reached, and nobody has called yet, by start.
pub fn unreached(db: &mut Db, session_id: &str) -> Result<Vec<Unreached>, Error> {
    Ok(session_notices::table
        .inner_join(appointments::table.inner_join(donors::table))
        .inner_join(outbox::table.on(outbox::id.eq(session_notices::message_id)))
        .filter(session_notices::session_id.eq(session_id))
        .filter(session_notices::called_at.is_null())
        .filter(outbox::state.eq_any(["failed", "ambiguous", "expired"]))
        .order((appointments::starts_at.asc(), appointments::id.asc()))
        .select((appointments::id, donors::donor_no, appointments::starts_at, outbox::state))
        .load(db)?)
}

/// Writes down that somebody was called: the donor, or `None` when there is nobody to call, or somebody did already.
pub fn called(
    db: &mut Db,
    appointment_id: &str,
    user_id: &str,
    now: DateTime<Utc>,
) -> Result<Option<String>, Error> {
    let open = session_notices::table.find(appointment_id).filter(session_notices::called_at.is_null());
    let changed = diesel::update(open)
        .set((
            session_notices::called_at.eq(Some(now.naive_utc())),
            session_notices::called_by.eq(Some(user_id)),
        ))
        .execute(db)?;
    if changed == 0 {
        return Ok(None);
    }
    Ok(appointments::table.find(appointment_id).select(appointments::donor_id).first(db).optional()?)
}
