//! Appointments and the places they take.

use super::connection::Db;
use super::schedule::{SiteRow, SlotRow};
use super::schema::{
    account_donors, appointments, collection_sessions, donors, session_notices, sites, slots,
};
use super::together::{insert_together, update_together};
use super::word::Word;
use crate::error::Error;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;

/// States in which an appointment stands in the way of another for the same product.
const ACTIVE: [&str; 3] = ["held", "booked", "checked_in"];

/// An appointment as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = appointments, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct AppointmentRow {
    /// UUIDv7.
    pub id: String,
    /// The slot.
    pub slot_id: String,
    /// The donor.
    pub donor_id: String,
    /// Who made it.
    pub account_id: String,
    /// The slot's product.
    pub product: String,
    /// UTC: the slot's start.
    pub starts_at: NaiveDateTime,
    /// `held`, `booked`, `checked_in`, `donated`, `deferred`, `no_show`, `cancelled`, `rescheduled` or `expired`.
    pub state: String,
    /// UTC: when a hold ends.
    pub hold_expires_at: Option<NaiveDateTime>,
    /// How often a hold was renewed.
    pub renewals: i64,
    /// The rule pack that allowed it.
    pub rule_pack: String,
    /// Grows with each change.
    pub sequence: i64,
    /// The sequence for which reminders were queued, or -1.
    pub reminded: i64,
    /// Whether the donor said again that they come.
    pub will_come: bool,
    /// The appointment that the station cancelled, and in whose place it offers this one.
    pub replaces: Option<String>,
    /// The entry of the waitlist that it was offered to.
    pub waitlist_id: Option<String>,
    /// The group whose place it is.
    pub group_id: Option<String>,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub changed_at: NaiveDateTime,
}

/// A donor whom an account sees, with what the rules need.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct SeenDonor {
    /// The account.
    pub account_id: String,
    /// `self` or `family`.
    pub relation: String,
    /// The donor.
    pub donor_id: String,
    /// The donor's number.
    pub donor_no: String,
    /// The recorded sex.
    pub sex: String,
    /// The date of birth.
    pub birth_date: NaiveDate,
}

impl AppointmentRow {
    /// Whether it is held, booked or checked in.
    pub fn is_active(&self) -> bool {
        ACTIVE.contains(&self.state.as_str())
    }
}

/// The donors whom these accounts see.
pub fn donors_of_accounts(db: &mut Db, account_ids: &[&str]) -> Result<Vec<SeenDonor>, Error> {
    Ok(account_donors::table
        .inner_join(donors::table)
        .filter(account_donors::account_id.eq_any(account_ids))
        .filter(account_donors::ended_at.is_null())
        .select((
            account_donors::account_id,
            account_donors::relation,
            donors::id,
            donors::donor_no,
            donors::sex,
            donors::birth_date,
        ))
        .load(db)?)
}

/// These appointments, in the order of their ids; nobody else changes them until the transaction ends.
pub fn lock(db: &mut Db, ids: &[&str]) -> Result<Vec<AppointmentRow>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = appointments::table.filter(appointments::id.eq_any(ids)).order(appointments::id.asc());
    Ok(match db {
        Db::Postgres(connection) => wanted.for_update().load(connection)?,
        Db::Sqlite(connection) => wanted.load(connection)?,
    })
}

/// The active appointments of these donors, and those whose hold has not been taken away yet.
pub fn active_of(db: &mut Db, donor_ids: &[&str]) -> Result<Vec<AppointmentRow>, Error> {
    Ok(appointments::table
        .filter(appointments::donor_id.eq_any(donor_ids))
        .filter(appointments::state.eq_any(ACTIVE))
        .load(db)?)
}

/// These slots, in the order of their ids; nobody else changes them until the transaction ends.
pub fn lock_slots(db: &mut Db, ids: &[&str]) -> Result<Vec<SlotRow>, Error> {
    let wanted = slots::table.filter(slots::id.eq_any(ids)).order(slots::id.asc());
    Ok(match db {
        Db::Postgres(connection) => wanted.for_update().load(connection)?,
        Db::Sqlite(connection) => wanted.load(connection)?,
    })
}

/// A session and its site, as a booking needs them.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Venue {
    /// The session.
    pub session_id: String,
    /// `open`, `paused` or `cancelled`.
    pub state: String,
    /// UTC: when the kept places become everybody's.
    pub release_at: NaiveDateTime,
    /// The site's code.
    pub site_code: String,
    /// The site's name.
    pub name: String,
    /// The site's address.
    pub address: String,
}

/// The sessions with these ids.
pub fn venues(db: &mut Db, session_ids: &[&str]) -> Result<Vec<Venue>, Error> {
    Ok(collection_sessions::table
        .inner_join(sites::table)
        .filter(collection_sessions::id.eq_any(session_ids))
        .select((
            collection_sessions::id,
            collection_sessions::state,
            collection_sessions::release_at,
            sites::code,
            sites::name,
            sites::address,
        ))
        .load(db)?)
}

/// An appointment with all that a message or a calendar says of it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Visit {
    /// The appointment.
    pub appointment: AppointmentRow,
    /// Its session's plan, JSON.
    pub plan: String,
    /// Where it is.
    pub site: SiteRow,
}

/// The donor's booked appointment at a session, locked.
pub fn booked_at(db: &mut Db, donor_id: &str, session_id: &str) -> Result<Option<AppointmentRow>, Error> {
    let ids: Vec<String> = appointments::table
        .inner_join(slots::table)
        .filter(appointments::donor_id.eq(donor_id))
        .filter(appointments::state.eq("booked"))
        .filter(slots::session_id.eq(session_id))
        .order(appointments::starts_at.asc())
        .select(appointments::id)
        .load(db)?;
    let Some(first) = ids.first() else { return Ok(None) };
    Ok(lock(db, &[first])?.pop().filter(|row| row.state == "booked"))
}

/// What is held or booked at a session's slots, by donors who are not at the door yet.
pub fn awaited_at(db: &mut Db, session_id: &str) -> Result<Vec<AppointmentRow>, Error> {
    Ok(appointments::table
        .inner_join(slots::table)
        .filter(slots::session_id.eq(session_id))
        .filter(appointments::state.eq_any(["held", "booked"]))
        .order(appointments::id.asc())
        .select(appointments::all_columns)
        .load(db)?)
}

macro_rules! visits {
    () => {
        appointments::table
            .inner_join(slots::table.inner_join(collection_sessions::table.inner_join(sites::table)))
            .select((appointments::all_columns, collection_sessions::plan, sites::all_columns))
    };
}

/// The appointment with this id, with its site.
pub fn visit(db: &mut Db, id: &str) -> Result<Option<Visit>, Error> {
    Ok(visits!().filter(appointments::id.eq(id)).first(db).optional()?)
}

/// The appointments of these donors that start after `since`, with their sites, by start.
pub fn visits_of(db: &mut Db, donor_ids: &[&str], since: DateTime<Utc>) -> Result<Vec<Visit>, Error> {
    Ok(visits!()
        .filter(appointments::donor_id.eq_any(donor_ids))
        .filter(appointments::starts_at.gt(since.naive_utc()))
        .order((appointments::starts_at.asc(), appointments::id.asc()))
        .load(db)?)
}

/// The holds on these slots that are over and still take a place; nobody else changes them until the transaction ends.
/// The slots MUST be locked. A hold that another transaction has locked is left to it: that transaction waits for the
/// slot, and to wait for it in turn would never end.
pub fn expired_on(db: &mut Db, slot_ids: &[&str], now: DateTime<Utc>) -> Result<Vec<AppointmentRow>, Error> {
    let over = appointments::table
        .filter(appointments::slot_id.eq_any(slot_ids))
        .filter(appointments::state.eq(Word("held")))
        .filter(appointments::hold_expires_at.le(now.naive_utc()));
    Ok(match db {
        Db::Postgres(connection) => over.for_update().skip_locked().load(connection)?,
        Db::Sqlite(connection) => over.load(connection)?,
    })
}

/// The slots of holds that are over, at most `limit`.
pub fn slots_with_expired_holds(db: &mut Db, limit: i64, now: DateTime<Utc>) -> Result<Vec<String>, Error> {
    Ok(appointments::table
        .filter(appointments::state.eq(Word("held")))
        .filter(appointments::hold_expires_at.le(now.naive_utc()))
        .select(appointments::slot_id)
        .distinct()
        .limit(limit)
        .load(db)?)
}

/// Writes new appointments; the ids of those that were written. One is not when its donor has an active appointment
/// for the product that this transaction could not see.
pub fn insert(db: &mut Db, rows: &[AppointmentRow]) -> Result<Vec<String>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let insert = insert_together!(
        db,
        appointments,
        rows,
        [
            id,
            slot_id,
            donor_id,
            account_id,
            product,
            starts_at,
            state,
            hold_expires_at,
            renewals,
            rule_pack,
            sequence,
            reminded,
            will_come,
            replaces,
            waitlist_id,
            group_id,
            created_at,
            changed_at,
        ],
        "ON CONFLICT DO NOTHING RETURNING id"
    );
    Ok(insert.load(db)?)
}

/// Writes changed appointments over those with the same ids.
pub fn change(db: &mut Db, rows: &[&AppointmentRow]) -> Result<(), Error> {
    if !rows.is_empty() {
        update_together!(
            db,
            appointments,
            rows,
            key [id],
            set [
                slot_id, donor_id, account_id, product, starts_at, state, hold_expires_at, renewals,
                rule_pack, sequence, reminded, will_come, replaces, waitlist_id, group_id, created_at,
                changed_at,
            ],
            ""
        )
        .execute(db)?;
    }
    Ok(())
}

/// Writes what slots hold, have booked and keep. They MUST be locked.
pub fn save_slots(db: &mut Db, rows: &[&SlotRow]) -> Result<(), Error> {
    if !rows.is_empty() {
        update_together!(db, slots, rows, key [id], set [held, booked, kept], "").execute(db)?;
    }
    Ok(())
}

/// The appointments of these donors, the newest start first.
pub fn of_donors(db: &mut Db, donor_ids: &[&str], limit: i64) -> Result<Vec<AppointmentRow>, Error> {
    Ok(appointments::table
        .filter(appointments::donor_id.eq_any(donor_ids))
        .order((appointments::starts_at.desc(), appointments::id.desc()))
        .limit(limit)
        .load(db)?)
}

/// Deletes a donor's appointments: before the record itself goes. Those that take a place MUST be over.
pub fn forget_of(db: &mut Db, donor_id: &str) -> Result<(), Error> {
    let ids: Vec<String> =
        appointments::table.filter(appointments::donor_id.eq(donor_id)).select(appointments::id).load(db)?;
    diesel::delete(session_notices::table.filter(session_notices::appointment_id.eq_any(&ids)))
        .execute(db)?;
    diesel::delete(appointments::table.filter(appointments::id.eq_any(&ids))).execute(db)?;
    Ok(())
}

/// The slots with these ids, as they are.
pub fn slots_by_ids(db: &mut Db, ids: &[&str]) -> Result<Vec<SlotRow>, Error> {
    Ok(slots::table.filter(slots::id.eq_any(ids)).load(db)?)
}
