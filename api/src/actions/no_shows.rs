//! Who did not come: noted after the session, a nudge after the second time, forgiven by staff.

use super::Context;
use crate::chance::Chance;
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::{appointments, booking_policy, donors};
use chrono::TimeDelta;
use serde_json::json;

/// Appointments in one transaction.
const BATCH: i64 = 500;
/// How long after a session staff may still check somebody in.
const GRACE: TimeDelta = TimeDelta::hours(2);

/// Notes who did not come to sessions that are over: how many.
///
/// # Errors
/// Failures of the database.
pub async fn note(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    context
        .pool
        .write(move |db| {
            let ids = booking_policy::unattended(db, now - GRACE, BATCH)?;
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let mut missed = appointments::lock(db, &ids)?;
            missed.retain(|appointment| appointment.state == "booked");
            for appointment in &mut missed {
                "no_show".clone_into(&mut appointment.state);
                appointment.sequence += 1;
                appointment.changed_at = now.naive_utc();
            }
            appointments::change(db, &missed.iter().collect::<Vec<_>>())?;
            Ok(missed.len())
        })
        .await
}

/// Forgives what a donor missed until now: they book as everybody else again.
///
/// # Errors
/// `not_found`.
pub async fn forgive(context: &Context, donor_no: String) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let donor = donors::by_number(db, &donor_no)?
                .ok_or_else(|| Error::not_found("There is no such donor."))?;
            booking_policy::forgive(db, &donor.id, &whole.user_id(), now)?;
            let detail = json!({ "purpose": "enquiry" });
            let entry =
                Entry { actor: whole.actor.clone(), action: "misses.forgiven", subject: donor.id, detail };
            audit::append(db, [entry], now, &mut Chance::from_system()?)
        })
        .await
}
