//! A unit's row: one thing that happened to it.

use super::fields::Fields;
use crate::domain::donation_number::{DonationNumber, DonationNumbering};
use crate::domain::hospital::HospitalCode;
use crate::domain::refusal::Refusal;
use crate::domain::unit::{Component, Event, Reading, Report, Status, Temperature, UnitNumber};
use chrono::{DateTime, Utc};

/// The columns of a units file, in their usual order.
pub const UNIT_COLUMNS: &[&str] = &[
    "unit_no",
    "donation_no",
    "component",
    "status",
    "status_at",
    "hospital_code",
    "temperature_celsius",
    "temperature_at",
];

/// Reads a unit's row.
///
/// # Errors
/// The first refusal, from left to right.
pub fn unit(
    fields: &Fields<'_>,
    numbering: &DonationNumbering,
    now: DateTime<Utc>,
) -> Result<Report, Refusal> {
    let hospital = |code| HospitalCode::parse(code).map_err(|refusal| refusal.in_column("hospital_code"));
    let unit_no = UnitNumber::parse(fields.text("unit_no"))?;
    let donation_no = DonationNumber::parse(fields.text("donation_no"), numbering)?;
    let component = fields.word("component", Component::from_word)?;
    let event = Event { status: fields.word("status", Status::from_word)?, at: fields.instant("status_at")? };
    let hospital = fields.optional("hospital_code").map(hospital).transpose()?;
    let reading = reading(fields, event.at)?;
    Report { unit_no, donation_no, component, event, hospital, reading }.check(now)
}

/// A reading without a time of its own was taken when the status changed.
fn reading(fields: &Fields<'_>, status_at: DateTime<Utc>) -> Result<Option<Reading>, Refusal> {
    let at = fields.optional("temperature_at").map(|_| fields.instant("temperature_at")).transpose()?;
    if at.is_none() && fields.optional("temperature_celsius").is_none() {
        return Ok(None);
    }
    let temperature = Temperature::parse(fields.required("temperature_celsius")?)?;
    Ok(Some(Reading { temperature, at: at.unwrap_or(status_at) }))
}
