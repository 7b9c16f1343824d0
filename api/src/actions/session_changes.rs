//! A session is cancelled or moved: everybody is told in the same transaction, and whoever lost a place gets another one
//! held, if there is one.

mod offers;

use super::Context;
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::refusal::Refusal;
use crate::error::{Error, Kind};
use crate::store::appointments::{self, AppointmentRow};
use crate::store::audit::{self, Entry};
use crate::store::outbox::{self, Notice, OutboxRow};
use crate::store::schedule::{self, SessionRow, SlotRow};
use crate::store::session_notices::{self, NoticeRow};
use crate::store::{Db, booking_policy, groups, waitlist};
use chrono::{DateTime, TimeDelta, Utc};
use offers::Offers;
use serde_json::json;
use std::collections::BTreeSet;

/// Others may book while the session's appointments are being locked: then it is tried again.
const ATTEMPTS: usize = 5;
/// A session is moved by less than this.
const FARTHEST_MOVE: TimeDelta = TimeDelta::days(30);

/// What became of a session's appointments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// How many donors are told.
    pub told: usize,
    /// How many of them have another place held.
    pub offered: usize,
}

/// Cancels a session, for good. `version` is the one that it was read in.
///
/// # Errors
/// `not_found`, `session_cancelled`, `changed_meanwhile`.
pub async fn cancel(
    context: &Context,
    session_id: String,
    version: i64,
    reason: String,
) -> Result<Touched, Error> {
    let touched = again_while_busy(context, move |context, db| {
        let session = open_session(db, &session_id, version)?;
        let now = context.clock.now();
        let policy = booking_policy::policy(db)?;
        let known = appointments::awaited_at(db, &session_id)?;
        let mut offers = Offers::search(context, db, &session, &known, &policy, now)?;
        let mut slots = lock_all(db, &session, &known, offers.slot_ids())?;
        if !schedule::set_session_state(
            db,
            &session_id,
            version,
            &["open", "paused"],
            "cancelled",
            Some(&reason),
        )? {
            return Err(Error::changed_meanwhile());
        }
        let mut chance = Chance::from_system()?;
        let (mut messages, mut notices, mut offered) = (Vec::new(), Vec::new(), Vec::new());
        for mut appointment in known {
            let was_booked = appointment.state == "booked";
            give_back(&mut slots, &appointment);
            "cancelled".clone_into(&mut appointment.state);
            appointment.hold_expires_at = None;
            change(db, &mut appointment, now)?;
            if !was_booked {
                continue;
            }
            let offer = offers.take(&mut slots, &appointment, &policy, now, &mut chance)?;
            let told_of = offer.as_ref().unwrap_or(&appointment);
            let message = message("session_cancelled", told_of, now, &mut chance);
            notices.push(notice(&session, &appointment, &message, offer.as_ref(), now));
            messages.push(message);
            offered.extend(offer);
        }
        let written = appointments::insert(db, &offered)?.len();
        if written != offered.len() {
            return Err(busy());
        }
        keep_nothing(db, &session, &mut slots)?;
        appointments::save_slots(db, &slots.iter().collect::<Vec<_>>())?;
        outbox::push(db, &messages)?;
        session_notices::insert(db, &notices)?;
        let touched = Touched { told: messages.len(), offered: offered.len() };
        trace(context, db, "session.cancelled", &session_id, touched, now, &mut chance)?;
        Ok(touched)
    });
    let touched = touched.await?;
    context.bell.notify_one();
    Ok(touched)
}

/// Moves a session, with its slots and appointments, to another start of its hours. `version` is the one that it was
/// read in.
///
/// # Errors
/// `not_found`, `session_cancelled`, `changed_meanwhile`, `session_exists`; `in_the_past`, `too_far`, `not_moved`.
pub async fn shift(
    context: &Context,
    session_id: String,
    version: i64,
    opens_at: DateTime<Utc>,
) -> Result<Touched, Error> {
    let touched = again_while_busy(context, move |context, db| {
        let session = open_session(db, &session_id, version)?;
        let now = context.clock.now();
        let by = opens_at.naive_utc() - session.opens_at;
        check_shift(opens_at, by, now)?;
        let known = appointments::awaited_at(db, &session_id)?;
        let mut slots = lock_all(db, &session, &known, Vec::new())?;
        let mut moved = session.clone();
        moved.opens_at += by;
        moved.closes_at += by;
        moved.release_at += by;
        moved.day = day_in_china(opens_at);
        moved.version += 1;
        if schedule::opens_then(db, &moved)? {
            return Err(Error::conflict("session_exists", "The site has a session that opens at that time."));
        }
        if !schedule::move_session(db, &moved, version)? {
            return Err(Error::changed_meanwhile());
        }
        for slot in &mut slots {
            slot.starts_at += by;
        }
        schedule::move_slots(db, &mut slots, by)?;
        let mut chance = Chance::from_system()?;
        let (mut messages, mut notices) = (Vec::new(), Vec::new());
        for mut appointment in known {
            appointment.starts_at += by;
            appointment.will_come = false;
            change(db, &mut appointment, now)?;
            if appointment.state == "booked" {
                let message = message("session_moved", &appointment, now, &mut chance);
                notices.push(notice(&session, &appointment, &message, None, now));
                messages.push(message);
            }
        }
        outbox::push(db, &messages)?;
        session_notices::insert(db, &notices)?;
        let touched = Touched { told: messages.len(), offered: 0 };
        trace(context, db, "session.moved", &session_id, touched, now, &mut chance)?;
        Ok(touched)
    });
    let touched = touched.await?;
    context.bell.notify_one();
    Ok(touched)
}

/// Writes down that somebody was told by telephone.
///
/// # Errors
/// `not_found` when there is nobody to be called, or somebody did already.
pub async fn call(context: &Context, appointment_id: String) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let donor_id = session_notices::called(db, &appointment_id, &whole.user_id(), now)?
                .ok_or_else(|| Error::not_found("There is nobody to be called, or somebody did already."))?;
            let detail = json!({ "appointment": appointment_id, "purpose": "appointment" });
            let entry =
                Entry { actor: whole.actor.clone(), action: "donor.called", subject: donor_id, detail };
            audit::append(db, [entry], now, &mut Chance::from_system()?)
        })
        .await
}

fn check_shift(opens_at: DateTime<Utc>, by: TimeDelta, now: DateTime<Utc>) -> Result<(), Refusal> {
    let refused = |reason, message: &'static str| Err(Refusal::new("opens_at", reason, message));
    if opens_at <= now {
        return refused("in_the_past", "The session would open in the past.");
    }
    if by.is_zero() {
        return refused("not_moved", "The session opens then already.");
    }
    if by.abs() > FARTHEST_MOVE {
        return refused("too_far", "A session is moved by at most thirty days. Cancel it, and open another.");
    }
    Ok(())
}

async fn again_while_busy<F>(context: &Context, work: F) -> Result<Touched, Error>
where
    F: Fn(&Context, &mut Db) -> Result<Touched, Error> + Clone + Send + 'static,
{
    let mut left = ATTEMPTS;
    loop {
        let (whole, work) = (context.clone(), work.clone());
        match context.pool.write(move |db| work(&whole, db)).await {
            Err(error) if error.code == BUSY && left > 1 => left -= 1,
            outcome => return outcome,
        }
    }
}

const BUSY: &str = "session_busy";

fn busy() -> Error {
    Error::new(Kind::Unavailable, BUSY, "People book at this session right now. Please try again.")
}

fn open_session(db: &mut Db, id: &str, version: i64) -> Result<SessionRow, Error> {
    let session = schedule::session(db, id)?.ok_or_else(|| Error::not_found("There is no such session."))?;
    if session.state == "cancelled" {
        return Err(Error::conflict("session_cancelled", "This session is cancelled, and that is for good."));
    }
    if session.version != version {
        return Err(Error::changed_meanwhile());
    }
    Ok(session)
}

/// Locks the session's appointments, then its slots and those of the offers, each by id as bookings do.
///
/// # Errors
/// `session_busy` when an appointment came or went in between.
fn lock_all(
    db: &mut Db,
    session: &SessionRow,
    known: &[AppointmentRow],
    offers: Vec<String>,
) -> Result<Vec<SlotRow>, Error> {
    let ids: Vec<&str> = known.iter().map(|appointment| appointment.id.as_str()).collect();
    let locked = appointments::lock(db, &ids)?;
    let own = schedule::slots_of(db, &session.id)?.into_iter().map(|slot| slot.id);
    let slot_ids: BTreeSet<String> = own.chain(offers).collect();
    let slots = appointments::lock_slots(db, &slot_ids.iter().map(String::as_str).collect::<Vec<_>>())?;
    if locked == known && appointments::awaited_at(db, &session.id)? == known {
        Ok(slots)
    } else {
        Err(busy())
    }
}

/// A cancelled session keeps no places for those who wait, and none for groups.
fn keep_nothing(db: &mut Db, session: &SessionRow, slots: &mut [SlotRow]) -> Result<(), Error> {
    let mut own = Vec::new();
    for slot in slots.iter_mut().filter(|slot| slot.session_id == session.id) {
        slot.kept = 0;
        own.push(slot.id.as_str());
    }
    waitlist::release_all(db, &own)?;
    groups::clear(db, &own)
}

fn give_back(slots: &mut [SlotRow], appointment: &AppointmentRow) {
    let Some(slot) = slots.iter_mut().find(|slot| slot.id == appointment.slot_id) else { return };
    match appointment.state.as_str() {
        "held" => slot.held -= 1,
        _ => slot.booked -= 1,
    }
}

fn change(db: &mut Db, appointment: &mut AppointmentRow, now: DateTime<Utc>) -> Result<(), Error> {
    appointment.sequence += 1;
    appointment.changed_at = now.naive_utc();
    appointments::change(db, &[appointment])
}

fn message(
    kind: &'static str,
    appointment: &AppointmentRow,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> OutboxRow {
    let notice = Notice {
        kind,
        account_id: &appointment.account_id,
        subject: &appointment.id,
        version: appointment.sequence,
        due_at: now,
        expires_at: appointment.starts_at.and_utc().max(now + TimeDelta::hours(1)),
    };
    OutboxRow::notice(&notice, now, chance)
}

fn notice(
    session: &SessionRow,
    appointment: &AppointmentRow,
    message: &OutboxRow,
    offer: Option<&AppointmentRow>,
    now: DateTime<Utc>,
) -> NoticeRow {
    NoticeRow {
        appointment_id: appointment.id.clone(),
        session_id: session.id.clone(),
        message_id: message.id.clone(),
        offer_id: offer.map(|offer| offer.id.clone()),
        created_at: now.naive_utc(),
        called_at: None,
        called_by: None,
    }
}

fn trace(
    context: &Context,
    db: &mut Db,
    action: &'static str,
    session_id: &str,
    touched: Touched,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let detail = json!({ "told": touched.told, "offered": touched.offered });
    let entry = Entry { actor: context.actor.clone(), action, subject: session_id.to_owned(), detail };
    audit::append(db, [entry], now, chance)
}
