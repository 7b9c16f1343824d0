//! Units: what donations became.

use super::connection::{Db, insert_rows};
use super::schema::{unit_events, unit_temperatures, units};
use crate::domain::unit::{Component, Event, Reading, Report, Status, Unit};
use crate::error::Error;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::HashMap;

/// A unit as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = units, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct UnitRow {
    /// The unit's number.
    pub unit_no: String,
    /// The donation that it was made of.
    pub donation_no: String,
    /// What it consists of.
    pub component: String,
    /// What its events come to.
    pub status: String,
    /// Since when, UTC.
    pub status_at: NaiveDateTime,
    /// The hospital of that event.
    pub hospital_code: Option<String>,
    /// The import that wrote donation and component last.
    pub import_id: String,
}

impl UnitRow {
    /// The row of a unit of which this is the first report.
    pub fn new(report: &Report, import_id: &str) -> Self {
        Self {
            unit_no: report.unit_no.as_str().to_owned(),
            donation_no: report.donation_no.as_str().to_owned(),
            component: report.component.as_str().to_owned(),
            status: report.event.status.as_str().to_owned(),
            status_at: report.event.at.naive_utc(),
            hospital_code: report.hospital.as_ref().map(|code| code.as_str().to_owned()),
            import_id: import_id.to_owned(),
        }
    }

    /// The columns in which two rows say something else of what the unit is.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        differing([
            ("donation_no", self.donation_no == other.donation_no),
            ("component", self.component == other.component),
        ])
    }
}

/// Something that happened to a unit, as the table holds it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = unit_events, treat_none_as_default_value = false)]
pub struct EventRow {
    /// The unit.
    pub unit_no: String,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// The import that told it.
    pub import_id: String,
    /// What it became.
    pub status: String,
    /// The hospital that it went to.
    pub hospital_code: Option<String>,
    /// The import that told it otherwise; such an event counts no more.
    pub corrected_by: Option<String>,
}

impl EventRow {
    /// The row of what a report tells.
    pub fn new(report: &Report, import_id: &str) -> Self {
        Self {
            unit_no: report.unit_no.as_str().to_owned(),
            at: report.event.at.naive_utc(),
            import_id: import_id.to_owned(),
            status: report.event.status.as_str().to_owned(),
            hospital_code: report.hospital.as_ref().map(|code| code.as_str().to_owned()),
            corrected_by: None,
        }
    }

    /// What happened.
    ///
    /// # Errors
    /// `internal` when the row holds a word that no code of ours wrote.
    pub fn event(&self) -> Result<Event, Error> {
        let status = Status::from_word(&self.status).ok_or_else(|| unreadable(&self.unit_no))?;
        Ok(Event { status, at: self.at.and_utc() })
    }

    /// The columns in which two rows of one unit and instant differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        differing([
            ("status", self.status == other.status),
            ("hospital_code", self.hospital_code == other.hospital_code),
        ])
    }
}

/// A reading of the cold chain, as the table holds it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = unit_temperatures, treat_none_as_default_value = false)]
pub struct ReadingRow {
    /// The unit.
    pub unit_no: String,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// Tenths of a degree Celsius.
    pub tenths: i64,
    /// The import that wrote it last.
    pub import_id: String,
}

impl ReadingRow {
    /// The row of a unit's reading.
    pub fn new(unit_no: &str, reading: Reading, import_id: &str) -> Self {
        Self {
            unit_no: unit_no.to_owned(),
            at: reading.at.naive_utc(),
            tenths: i64::from(reading.temperature.tenths()),
            import_id: import_id.to_owned(),
        }
    }
}

fn differing<const N: usize>(columns: [(&'static str, bool); N]) -> Vec<&'static str> {
    columns.into_iter().filter_map(|(column, same)| (!same).then_some(column)).collect()
}

fn unreadable(unit_no: &str) -> Error {
    Error::internal(format_args!("unit {unit_no} cannot be read"))
}

/// The units with these numbers.
pub fn by_numbers(db: &mut Db, numbers: &[&str]) -> Result<Vec<UnitRow>, Error> {
    Ok(units::table.filter(units::unit_no.eq_any(numbers)).load(db)?)
}

/// What was told of these units, what was corrected too, the oldest first.
pub fn events_of(db: &mut Db, numbers: &[&str]) -> Result<Vec<EventRow>, Error> {
    let rows = unit_events::table.filter(unit_events::unit_no.eq_any(numbers));
    Ok(rows.order((unit_events::unit_no, unit_events::at, unit_events::import_id)).load(db)?)
}

/// The readings of these units, the oldest first.
pub fn readings_of(db: &mut Db, numbers: &[&str]) -> Result<Vec<ReadingRow>, Error> {
    let rows = unit_temperatures::table.filter(unit_temperatures::unit_no.eq_any(numbers));
    Ok(rows.order((unit_temperatures::unit_no, unit_temperatures::at)).load(db)?)
}

/// The units of these donations by donation, with what counts of what was told.
pub fn of_donations(db: &mut Db, donations: &[&str]) -> Result<HashMap<String, Vec<Unit>>, Error> {
    let rows: Vec<UnitRow> = units::table.filter(units::donation_no.eq_any(donations)).load(db)?;
    let numbers: Vec<&str> = rows.iter().map(|row| row.unit_no.as_str()).collect();
    let mut events: HashMap<String, Vec<Event>> = HashMap::new();
    for row in events_of(db, &numbers)?.into_iter().filter(|row| row.corrected_by.is_none()) {
        let event = row.event()?;
        events.entry(row.unit_no).or_default().push(event);
    }
    let mut found: HashMap<String, Vec<Unit>> = HashMap::new();
    for row in rows {
        let component = Component::from_word(&row.component).ok_or_else(|| unreadable(&row.unit_no))?;
        let events = events.remove(&row.unit_no).unwrap_or_default();
        found.entry(row.donation_no).or_default().push(Unit { component, events });
    }
    Ok(found)
}

/// Writes new units.
pub fn insert(db: &mut Db, rows: &[UnitRow]) -> Result<(), Error> {
    insert_rows!(db, units::table, rows)
}

/// Writes a unit over the one with the same number.
pub fn update(db: &mut Db, row: &UnitRow) -> Result<(), Error> {
    diesel::update(units::table.find(&row.unit_no)).set(row).execute(db)?;
    Ok(())
}

/// Writes what was told.
pub fn insert_events(db: &mut Db, rows: &[EventRow]) -> Result<(), Error> {
    insert_rows!(db, unit_events::table, rows)
}

/// Writes down that the import `by` told an event otherwise.
pub fn mark_corrected(db: &mut Db, event: &EventRow, by: &str) -> Result<(), Error> {
    let event = unit_events::table.find((&event.unit_no, event.at, &event.import_id));
    diesel::update(event).set(unit_events::corrected_by.eq(by)).execute(db)?;
    Ok(())
}

/// Writes new readings.
pub fn insert_readings(db: &mut Db, rows: &[ReadingRow]) -> Result<(), Error> {
    insert_rows!(db, unit_temperatures::table, rows)
}

/// Writes a reading over the one of the same unit and instant.
pub fn correct_reading(db: &mut Db, row: &ReadingRow) -> Result<(), Error> {
    diesel::update(unit_temperatures::table.find((&row.unit_no, row.at))).set(row).execute(db)?;
    Ok(())
}
