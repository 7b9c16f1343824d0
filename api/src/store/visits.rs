//! Visits: who is at the door, and what was measured there.

use super::connection::{Db, on_each};
use super::schema::{collection_sessions, screenings, sites, visits};
use crate::chance::Chance;
use crate::error::Error;
use crate::vault::{Field, Vault};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use zeroize::Zeroizing;

/// States of somebody who has not gone yet.
const HERE: [&str; 3] = ["ticket", "waiting", "screened"];

/// A visit as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = visits, treat_none_as_default_value = false)]
pub struct VisitRow {
    /// UUIDv7.
    pub id: String,
    /// The session.
    pub session_id: String,
    /// The donor.
    pub donor_id: String,
    /// The appointment; `None` for walk-ins.
    pub appointment_id: Option<String>,
    /// The account that took a ticket from afar.
    pub account_id: Option<String>,
    /// What is to be given.
    pub product: String,
    /// The ticket's number within the session.
    pub number: i64,
    /// UTC: whose turn it is.
    pub turn_at: NaiveDateTime,
    /// `ticket`, `waiting`, `screened`, `donated`, `deferred` or `left`.
    pub state: String,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub changed_at: NaiveDateTime,
}

/// The visit with this id; nobody else changes it until the transaction ends.
pub fn lock(db: &mut Db, id: &str) -> Result<Option<VisitRow>, Error> {
    let there = visits::table.find(id);
    Ok(match db {
        Db::Postgres(connection) => there.for_update().first(connection).optional()?,
        Db::Sqlite(connection) => there.first(connection).optional()?,
    })
}

/// The donor's visit that has not ended.
pub fn open_of(db: &mut Db, donor_id: &str) -> Result<Option<VisitRow>, Error> {
    Ok(visits::table
        .filter(visits::donor_id.eq(donor_id))
        .filter(visits::state.eq_any(HERE))
        .first(db)
        .optional()?)
}

/// Whether the donor was ever at the door.
pub fn any_of(db: &mut Db, donor_id: &str) -> Result<bool, Error> {
    let count: i64 = visits::table.filter(visits::donor_id.eq(donor_id)).count().get_result(db)?;
    Ok(count > 0)
}

/// All visits of these donors with the sites' names, the oldest first.
pub fn of_donors(db: &mut Db, donor_ids: &[&str]) -> Result<Vec<(VisitRow, String)>, Error> {
    Ok(visits::table
        .inner_join(collection_sessions::table.inner_join(sites::table))
        .filter(visits::donor_id.eq_any(donor_ids))
        .order(visits::id.asc())
        .select((visits::all_columns, sites::name))
        .load(db)?)
}

/// Everybody who is at a session, or has a ticket for it.
pub fn here(db: &mut Db, session_id: &str) -> Result<Vec<VisitRow>, Error> {
    Ok(visits::table
        .filter(visits::session_id.eq(session_id))
        .filter(visits::state.eq_any(HERE))
        .order(visits::number.asc())
        .load(db)?)
}

/// The number of a session's next ticket. The session MUST be locked by [`super::one_at_a_time`].
pub fn next_number(db: &mut Db, session_id: &str) -> Result<i64, Error> {
    let last: Option<i64> = visits::table
        .filter(visits::session_id.eq(session_id))
        .select(diesel::dsl::max(visits::number))
        .first(db)?;
    Ok(last.unwrap_or(0) + 1)
}

/// Writes a new visit; `false` when the donor has one that has not ended.
pub fn insert(db: &mut Db, row: &VisitRow) -> Result<bool, Error> {
    let written = on_each!(db, |connection| diesel::insert_into(visits::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(written == 1)
}

/// Writes a visit's state, turn and appointment over what was there.
pub fn change(db: &mut Db, row: &VisitRow) -> Result<(), Error> {
    diesel::update(visits::table.find(&row.id))
        .set((
            visits::state.eq(&row.state),
            visits::turn_at.eq(row.turn_at),
            visits::appointment_id.eq(&row.appointment_id),
            visits::changed_at.eq(row.changed_at),
        ))
        .execute(db)?;
    Ok(())
}

/// Ends visits of sessions that closed before `before`: of people who took a ticket or waited, and went.
pub fn end_old(db: &mut Db, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<usize, Error> {
    let closed = collection_sessions::table
        .filter(collection_sessions::closes_at.lt(before.naive_utc()))
        .select(collection_sessions::id);
    let left = visits::table.filter(visits::state.eq_any(HERE)).filter(visits::session_id.eq_any(closed));
    Ok(diesel::update(left)
        .set((visits::state.eq("left"), visits::changed_at.eq(now.naive_utc())))
        .execute(db)?)
}

/// A screening as the table holds one.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = screenings)]
pub struct ScreeningRow {
    /// UUIDv7.
    pub id: String,
    /// The visit.
    pub visit_id: String,
    measured_sealed: Vec<u8>,
    data_key_id: String,
    /// Whether everything was within the limits.
    pub passed: bool,
    /// UTC.
    pub at: NaiveDateTime,
    /// Who measured.
    pub user_id: String,
}

impl ScreeningRow {
    /// The row of what was measured, as JSON.
    ///
    /// # Errors
    /// `internal` when it cannot be sealed.
    pub fn seal(
        visit_id: &str,
        measured: &str,
        passed: bool,
        user_id: String,
        vault: &Vault,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<Self, Error> {
        let id = chance.id(now);
        Ok(Self {
            measured_sealed: vault.seal(Field::ScreeningMeasured, &id, measured, chance)?,
            data_key_id: vault.current_key().to_owned(),
            visit_id: visit_id.to_owned(),
            passed,
            at: now.naive_utc(),
            user_id,
            id,
        })
    }

    /// What was measured, as JSON.
    ///
    /// # Errors
    /// `internal` when it does not open.
    pub fn measured(&self, vault: &Vault) -> Result<Zeroizing<String>, Error> {
        vault.open(&self.data_key_id, Field::ScreeningMeasured, &self.id, &self.measured_sealed)
    }
}

/// Writes a screening.
pub fn insert_screening(db: &mut Db, row: &ScreeningRow) -> Result<(), Error> {
    diesel::insert_into(screenings::table).values(row).execute(db)?;
    Ok(())
}

/// A visit's screenings, the newest first.
pub fn screenings_of(db: &mut Db, visit_id: &str) -> Result<Vec<ScreeningRow>, Error> {
    Ok(screenings::table.filter(screenings::visit_id.eq(visit_id)).order(screenings::id.desc()).load(db)?)
}

/// What was ever measured of these donors, the newest first.
pub fn screenings_of_donors(db: &mut Db, donor_ids: &[&str]) -> Result<Vec<ScreeningRow>, Error> {
    Ok(screenings::table
        .inner_join(visits::table)
        .filter(visits::donor_id.eq_any(donor_ids))
        .order(screenings::id.desc())
        .select(screenings::all_columns)
        .load(db)?)
}
