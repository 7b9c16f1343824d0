//! Appointments, as those who may see them see them.

use super::book::Appointment;
use crate::error::Error;
use crate::store::appointments::{self as store, AppointmentRow};
use crate::store::{Db, accounts};
use std::collections::HashMap;

/// Appointments that are shown at once.
const NEWEST: i64 = 200;

/// The appointments of the donors whom an account sees, the newest start first.
///
/// # Errors
/// Failures of the database.
pub fn of_account(db: &mut Db, account_id: &str) -> Result<Vec<Appointment>, Error> {
    let seen: HashMap<String, String> = accounts::donors_of(db, account_id)?
        .into_iter()
        .map(|donor| (donor.link.donor_id, donor.donor_no))
        .collect();
    let ids: Vec<&str> = seen.keys().map(String::as_str).collect();
    let rows = store::of_donors(db, &ids, NEWEST)?;
    let slot_ids: Vec<&str> = rows.iter().map(|row| row.slot_id.as_str()).collect();
    let sessions: HashMap<String, String> =
        store::slots_by_ids(db, &slot_ids)?.into_iter().map(|slot| (slot.id, slot.session_id)).collect();
    let session_ids: Vec<&str> = sessions.values().map(String::as_str).collect();
    let venues: HashMap<String, store::Venue> =
        store::venues(db, &session_ids)?.into_iter().map(|venue| (venue.session_id.clone(), venue)).collect();
    let view = |row: AppointmentRow| {
        let venue = venues.get(sessions.get(&row.slot_id)?)?;
        Some(Appointment::of(&row, seen.get(&row.donor_id)?, venue))
    };
    Ok(rows.into_iter().filter_map(view).collect())
}
