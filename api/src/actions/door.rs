//! At the door: who is there, whose turn it is, and how long it will take.

mod collect;
mod defer;
mod queue;
mod screen;

pub use collect::{Collected, NewDonation, collect};
pub use defer::{NewDeferral, defer, deferrals_of, lift};
pub use queue::{InQueue, own_visit, queue, return_ticket, take_ticket};
pub use screen::{Screened, screen};

use super::eligibility::facts_of;
use super::{Context, verify};
use crate::chance::{Chance, is_id};
use crate::clock::day_in_china;
use crate::domain::donation::Product;
use crate::domain::eligibility::{Block, blocks};
use crate::domain::queue::turn_of_appointment;
use crate::error::Error;
use crate::store::appointments::{self, AppointmentRow};
use crate::store::audit::{self, Entry};
use crate::store::donors::{self, DonorRow};
use crate::store::schedule::{self, SessionRow};
use crate::store::visits::{self, VisitRow};
use crate::store::{Db, certificates, one_at_a_time};
use ::certificates::PREFIX;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// What somebody shows at the door.
enum Shown {
    DonorNumber(String),
    Appointment(String),
    Certificate(String),
}

async fn recognise(context: &Context, code: &str) -> Result<Shown, Error> {
    let code = code.trim();
    if is_id(code) {
        return Ok(Shown::Appointment(code.to_owned()));
    }
    if !code.starts_with(PREFIX) {
        return Ok(Shown::DonorNumber(code.to_owned()));
    }
    let answer = verify::verify_online(context, code.as_bytes()).await?;
    answer.certificate_no.map(Shown::Certificate).ok_or_else(unknown_code)
}

fn unknown_code() -> Error {
    Error::not_found("This is no donor, no appointment and no certificate of this station.")
}

fn donor_shown(db: &mut Db, shown: &Shown) -> Result<DonorRow, Error> {
    let by_id = |db: &mut Db, id: Option<String>| match id {
        Some(id) => Ok(donors::by_ids(db, &[id])?.pop()),
        None => Ok::<_, Error>(None),
    };
    let found = match shown {
        Shown::DonorNumber(number) => donors::by_number(db, number)?,
        Shown::Appointment(id) => {
            let visit = appointments::visit(db, id)?;
            by_id(db, visit.map(|visit| visit.appointment.donor_id))?
        }
        Shown::Certificate(number) => {
            let row = certificates::by_number(db, number)?;
            by_id(db, row.map(|row| row.donor_id))?
        }
    };
    found.ok_or_else(unknown_code)
}

/// Checks somebody in by donor number, appointment or certificate. Who has no appointment at this session and no ticket
/// for it says what they give, and takes the next number.
///
/// # Errors
/// `not_found`; `not_today`, `session_cancelled`, `product_missing`, `not_eligible`, `already_here`.
pub async fn check_in(
    context: &Context,
    session_id: String,
    code: String,
    product: Option<Product>,
) -> Result<VisitRow, Error> {
    let shown = recognise(context, &code).await?;
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let session = session_today(db, &session_id, now)?;
            let donor = donor_shown(db, &shown)?;
            one_at_a_time(db, session_id.as_bytes())?;
            let open = visits::open_of(db, &donor.id)?;
            let visit = match open {
                Some(visit) if visit.state == "ticket" && visit.session_id == session.id => {
                    arrive(db, visit, now)?
                }
                Some(_) => return Err(Error::conflict("already_here", "This donor is at the door already.")),
                None => enter(&whole, db, &session, &donor, product, now)?,
            };
            trace(&whole, db, "visit.checked_in", &visit, now)?;
            Ok(visit)
        })
        .await
}

fn session_today(db: &mut Db, id: &str, now: DateTime<Utc>) -> Result<SessionRow, Error> {
    let session = schedule::session(db, id)?.ok_or_else(|| Error::not_found("There is no such session."))?;
    if session.day != day_in_china(now) {
        return Err(Error::conflict("not_today", "This session is not today."));
    }
    if session.state == "cancelled" {
        return Err(Error::conflict("session_cancelled", "This session is cancelled."));
    }
    Ok(session)
}

/// Whoever has a ticket keeps its turn.
fn arrive(db: &mut Db, mut visit: VisitRow, now: DateTime<Utc>) -> Result<VisitRow, Error> {
    "waiting".clone_into(&mut visit.state);
    visit.changed_at = now.naive_utc();
    visits::change(db, &visit)?;
    Ok(visit)
}

fn enter(
    context: &Context,
    db: &mut Db,
    session: &SessionRow,
    donor: &DonorRow,
    product: Option<Product>,
    now: DateTime<Utc>,
) -> Result<VisitRow, Error> {
    let appointment = appointments::booked_at(db, &donor.id, &session.id)?;
    let product = match &appointment {
        Some(appointment) => Product::from_word(&appointment.product),
        None => product,
    };
    let product = product.ok_or_else(|| {
        Error::invalid("product_missing", "There is no appointment today: say what is to be given.")
    })?;
    allowed(context, db, donor, product, now)?;
    let turn_at = match &appointment {
        Some(appointment) => turn_of_appointment(appointment.starts_at.and_utc(), now),
        None => now,
    };
    let visit = new_visit(db, session, donor, product, turn_at, now)?;
    let visit = VisitRow {
        state: "waiting".to_owned(),
        appointment_id: appointment.as_ref().map(|row| row.id.clone()),
        ..visit
    };
    write(db, &visit)?;
    if let Some(appointment) = appointment {
        set_state(db, appointment, "checked_in", now)?;
    }
    Ok(visit)
}

fn new_visit(
    db: &mut Db,
    session: &SessionRow,
    donor: &DonorRow,
    product: Product,
    turn_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<VisitRow, Error> {
    Ok(VisitRow {
        id: Chance::from_system()?.id(now),
        session_id: session.id.clone(),
        donor_id: donor.id.clone(),
        appointment_id: None,
        account_id: None,
        product: product.as_str().to_owned(),
        number: visits::next_number(db, &session.id)?,
        turn_at: turn_at.naive_utc(),
        state: "ticket".to_owned(),
        created_at: now.naive_utc(),
        changed_at: now.naive_utc(),
    })
}

fn write(db: &mut Db, visit: &VisitRow) -> Result<(), Error> {
    match visits::insert(db, visit)? {
        true => Ok(()),
        false => Err(Error::conflict("already_here", "This donor is at the door already.")),
    }
}

/// # Errors
/// `not_eligible`, with the rule that blocks today.
fn allowed(
    context: &Context,
    db: &mut Db,
    donor: &DonorRow,
    product: Product,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let today = day_in_china(now);
    let facts = facts_of(db, donor)?;
    match blocks(context.rules.on(today), &facts, product, today).first() {
        None => Ok(()),
        Some(Block { rule, clause, .. }) => {
            Err(Error::conflict("not_eligible", format!("Not today: {rule} ({clause}).")))
        }
    }
}

/// An appointment's next state.
fn set_state(
    db: &mut Db,
    mut appointment: AppointmentRow,
    state: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    state.clone_into(&mut appointment.state);
    appointment.sequence += 1;
    appointment.changed_at = now.naive_utc();
    appointments::change(db, &[&appointment])
}

/// Ends the visit's appointment with what came of it.
fn settle(db: &mut Db, visit: &VisitRow, state: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(id) = &visit.appointment_id else { return Ok(()) };
    match appointments::lock(db, &[id])?.pop() {
        Some(appointment) => set_state(db, appointment, state, now),
        None => Ok(()),
    }
}

/// The visit, locked, in one of the states that `from` names.
fn visit_in(db: &mut Db, id: &str, from: &[&str]) -> Result<VisitRow, Error> {
    let visit = visits::lock(db, id)?.ok_or_else(|| Error::not_found("There is no such visit."))?;
    if from.contains(&visit.state.as_str()) {
        return Ok(visit);
    }
    Err(Error::conflict("wrong_state", format!("This visit is {} by now.", visit.state)))
}

fn mark(db: &mut Db, visit: &mut VisitRow, state: &str, now: DateTime<Utc>) -> Result<(), Error> {
    state.clone_into(&mut visit.state);
    visit.changed_at = now.naive_utc();
    visits::change(db, visit)
}

fn trace(
    context: &Context,
    db: &mut Db,
    action: &'static str,
    visit: &VisitRow,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let detail = json!({ "visit": visit.id, "purpose": "collection" });
    let entry = Entry { actor: context.actor.clone(), action, subject: visit.donor_id.clone(), detail };
    audit::append(db, [entry], now, &mut Chance::from_system()?)
}

/// Writes down that somebody went without giving, by their own wish.
///
/// # Errors
/// `not_found`; `wrong_state`.
pub async fn leave(context: &Context, visit_id: String) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let mut visit = visit_in(db, &visit_id, &["ticket", "waiting", "screened"])?;
            mark(db, &mut visit, "left", now)?;
            settle(db, &visit, "cancelled", now)?;
            trace(&whole, db, "visit.left", &visit, now)
        })
        .await
}

/// Ends the visits of people who took a ticket or waited, and went without a word: how many.
///
/// # Errors
/// Failures of the database.
pub async fn end_old_visits(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    context.pool.write(move |db| visits::end_old(db, now - TimeDelta::hours(12), now)).await
}
