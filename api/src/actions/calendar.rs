//! Appointments as iCalendar: one to keep, or all of an account's to subscribe to.

use super::Context;
use crate::chance::Chance;
use crate::domain::donation::Product;
use crate::domain::schedule::Plan;
use crate::error::Error;
use crate::store::appointments::{self, Visit};
use crate::store::audit::{self, Entry};
use crate::store::{Db, accounts, calendar_feeds};
use crate::vault::Field;
use chrono::TimeDelta;
use data_encoding::BASE64URL_NOPAD;
use notifications::EmailAddress;
use notifications::calendar::{self, Calendar, Method, State, document};
use serde_json::json;

/// How far back a feed reaches: what was cancelled stays in it for some time, for calendars that keep what they miss.
const REACHES_BACK: TimeDelta = TimeDelta::days(60);
/// What a session's plan does not say, minutes.
const USUAL_MINUTES: u32 = 60;

/// The appointment `id` of a donor whom the account sees.
///
/// # Errors
/// `not_found`.
pub async fn of_appointment(context: &Context, account_id: String, id: String) -> Result<Calendar, Error> {
    let whole = context.clone();
    context
        .pool
        .read(move |db| {
            let seen = accounts::donors_of(db, &account_id)?;
            let visit = appointments::visit(db, &id)?
                .filter(|visit| seen.iter().any(|donor| donor.link.donor_id == visit.appointment.donor_id))
                .filter(is_firm)
                .ok_or_else(|| Error::not_found("There is no such appointment."))?;
            document(Method::Publish, &[entry(&whole, &visit)?], "").map_err(Error::internal)
        })
        .await
}

/// The calendar behind an address.
///
/// # Errors
/// `not_found` when the address is over, or never was one.
pub async fn of_address(context: &Context, token: String) -> Result<Calendar, Error> {
    let whole = context.clone();
    context
        .pool
        .read(move |db| {
            let hash = whole.vault.index(Field::CalendarFeed, &token);
            let account_id = calendar_feeds::account_of(db, &hash)?
                .ok_or_else(|| Error::not_found("There is no such calendar."))?;
            feed(&whole, db, &account_id)
        })
        .await
}

/// The calendar entry of a letter about an appointment to `attendee`: what it is now, or that it is not to be.
///
/// # Errors
/// `internal` when it cannot be written.
pub(super) fn invitation(
    context: &Context,
    visit: &Visit,
    attendee: &EmailAddress,
) -> Result<Calendar, Error> {
    let mut entry = entry(context, visit)?;
    entry.attendee_address = Some(attendee.clone());
    entry.organizer_address = context.channels.sender().cloned();
    let method = match entry.state {
        State::Cancelled => Method::Cancel,
        State::Confirmed => Method::Request,
    };
    document(method, &[entry], "").map_err(Error::internal)
}

fn feed(context: &Context, db: &mut Db, account_id: &str) -> Result<Calendar, Error> {
    let seen = accounts::donors_of(db, account_id)?;
    let ids: Vec<&str> = seen.iter().map(|donor| donor.link.donor_id.as_str()).collect();
    let visits = appointments::visits_of(db, &ids, context.clock.now() - REACHES_BACK)?;
    let entries: Vec<_> = visits
        .iter()
        .filter(|visit| is_firm(visit))
        .map(|visit| entry(context, visit))
        .collect::<Result<_, _>>()?;
    document(Method::Publish, &entries, &format!("{} 献血预约", context.station.name))
        .map_err(Error::internal)
}

/// A hold is no appointment yet; one that was never booked never was.
fn is_firm(visit: &Visit) -> bool {
    !["held", "expired"].contains(&visit.appointment.state.as_str())
}

fn entry(context: &Context, visit: &Visit) -> Result<calendar::Appointment, Error> {
    let appointment = &visit.appointment;
    let plan: Plan = serde_json::from_str(&visit.plan).map_err(Error::internal)?;
    let planned = plan.products.iter().find(|planned| planned.product == appointment.product);
    let cancelled = ["cancelled", "rescheduled"].contains(&appointment.state.as_str());
    Ok(calendar::Appointment {
        uid: format!("{}@{}", appointment.id, context.station.issuer),
        sequence: u32::try_from(appointment.sequence).map_err(Error::internal)?,
        stamp: appointment.changed_at.and_utc(),
        starts_at: appointment.starts_at.and_utc(),
        minutes: planned.map_or(USUAL_MINUTES, |planned| planned.minutes),
        summary: summary(&appointment.product).to_owned(),
        location: format!("{}, {}", visit.site.name, visit.site.address),
        description: "请携带身份证件。".to_owned(),
        geo: Some(visit.site.place().degrees()),
        organizer_name: context.station.name.clone(),
        organizer_address: None,
        attendee_address: None,
        state: if cancelled { State::Cancelled } else { State::Confirmed },
    })
}

fn summary(product: &str) -> &'static str {
    match Product::from_word(product) {
        Some(Product::ApheresisPlatelets) => "献血（单采血小板）",
        Some(Product::WholeBlood) | None => "献血（全血）",
    }
}

/// Gives the account's calendar a new address and returns its token; the old address is over.
///
/// # Errors
/// Failures of the database.
pub async fn open_feed(context: &Context, account_id: String) -> Result<String, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let (now, mut chance) = (whole.clock.now(), Chance::from_system()?);
            let token = BASE64URL_NOPAD.encode(&chance.bytes::<24>());
            let hash = whole.vault.index(Field::CalendarFeed, &token);
            calendar_feeds::replace(db, &account_id, &hash, now)?;
            audit::append(db, [traced(&whole, "calendar.opened", account_id)], now, &mut chance)?;
            Ok(token)
        })
        .await
}

/// Ends the address of the account's calendar.
///
/// # Errors
/// `not_found` when it has none.
pub async fn close_feed(context: &Context, account_id: String) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            if !calendar_feeds::remove(db, &account_id)? {
                return Err(Error::not_found("Your calendar has no address."));
            }
            let entry = traced(&whole, "calendar.closed", account_id);
            audit::append(db, [entry], whole.clock.now(), &mut Chance::from_system()?)
        })
        .await
}

fn traced(context: &Context, action: &'static str, account_id: String) -> Entry {
    Entry { actor: context.actor.clone(), action, subject: account_id, detail: json!({}) }
}
