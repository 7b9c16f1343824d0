//! Tickets taken from afar, and who is next.

use super::{allowed, mark, new_visit, session_today, trace, unknown_code, visit_in, write};
use crate::actions::{Context, family};
use crate::domain::donation::Product;
use crate::domain::queue::{Waiting, in_turn, wait};
use crate::domain::schedule::Plan;
use crate::error::{Error, Kind};
use crate::store::visits::{self, VisitRow};
use crate::store::{Db, donors, one_at_a_time, schedule};
use chrono::TimeDelta;

/// Somebody in the queue.
pub struct InQueue {
    /// The visit.
    pub visit: VisitRow,
    /// How many with the same product come first.
    pub ahead: usize,
    /// How long it will take.
    pub wait: TimeDelta,
}

/// Takes a number for today's session from afar: whoever comes without an appointment waits at home.
///
/// # Errors
/// `not_found`, `no_record`; `not_today`, `session_cancelled`, `session_over`, `not_eligible`, `already_here`.
pub async fn take_ticket(
    context: &Context,
    account_id: String,
    session_id: String,
    product: Product,
) -> Result<VisitRow, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let session = session_today(db, &session_id, now)?;
            if session.closes_at <= now.naive_utc() || session.state != "open" {
                return Err(Error::conflict("session_over", "This session takes nobody more today."));
            }
            let own = family::own_record(db, &account_id)?;
            let donor = donors::by_ids(db, &[own.link.donor_id])?.pop().ok_or_else(unknown_code)?;
            allowed(&whole, db, &donor, product, now)?;
            one_at_a_time(db, session_id.as_bytes())?;
            let visit = new_visit(db, &session, &donor, product, now, now)?;
            let visit = VisitRow { account_id: Some(account_id), ..visit };
            write(db, &visit)?;
            trace(&whole, db, "visit.ticket_taken", &visit, now)?;
            Ok(visit)
        })
        .await
}

/// Who waits at a session, in the order of their turns, and how long it will take.
///
/// # Errors
/// `not_found`.
pub fn queue(db: &mut Db, session_id: &str) -> Result<Vec<InQueue>, Error> {
    let session =
        schedule::session(db, session_id)?.ok_or_else(|| Error::not_found("There is no such session."))?;
    let plan: Plan = serde_json::from_str(&session.plan).map_err(Error::internal)?;
    let mut here = visits::here(db, session_id)?;
    let mut order: Vec<Waiting> =
        here.iter().filter(|visit| visit.state != "screened").map(waiting).collect();
    in_turn(&mut order);
    let mut queue = Vec::with_capacity(here.len());
    for (place, next) in order.iter().enumerate() {
        let before = order.iter().take(place).filter(|other| other.product == next.product).count();
        // Who was screened sits in a chair, or is about to.
        let seated =
            here.iter().filter(|visit| visit.state == "screened" && visit.product == next.product).count();
        let planned = plan.products.iter().find(|planned| planned.product == next.product);
        let (at_a_time, minutes) = planned.map_or((1, 30), |planned| (planned.chairs, planned.minutes));
        queue.push((next.visit_id.clone(), before, wait(before + seated, at_a_time, minutes)));
    }
    let found = queue.into_iter().filter_map(|(id, ahead, wait)| {
        let place = here.iter().position(|visit| visit.id == id)?;
        Some(InQueue { visit: here.swap_remove(place), ahead, wait })
    });
    Ok(found.collect())
}

fn waiting(visit: &VisitRow) -> Waiting {
    Waiting {
        visit_id: visit.id.clone(),
        product: visit.product.clone(),
        number: visit.number,
        turn_at: visit.turn_at.and_utc(),
    }
}

/// The visit of the account's own person that has not ended, with its place in the queue.
///
/// # Errors
/// `not_found`, `no_record`.
pub async fn own_visit(context: &Context, account_id: String) -> Result<InQueue, Error> {
    context
        .pool
        .read(move |db| {
            let own = family::own_record(db, &account_id)?;
            let visit = visits::open_of(db, &own.link.donor_id)?.ok_or_else(no_visit)?;
            let queue = queue(db, &visit.session_id)?;
            let place = queue.into_iter().find(|place| place.visit.id == visit.id);
            Ok(place.unwrap_or(InQueue { visit, ahead: 0, wait: TimeDelta::zero() }))
        })
        .await
}

fn no_visit() -> Error {
    Error::new(Kind::NotFound, "no_visit", "You have no ticket.")
}

/// Gives the own ticket back.
///
/// # Errors
/// `no_visit`, `no_record`.
pub async fn return_ticket(context: &Context, account_id: String) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let own = family::own_record(db, &account_id)?;
            let visit = visits::open_of(db, &own.link.donor_id)?.filter(|visit| visit.state == "ticket");
            let visit = visit.ok_or_else(no_visit)?;
            let mut visit = visit_in(db, &visit.id, &["ticket"])?;
            mark(db, &mut visit, "left", now)?;
            trace(&whole, db, "visit.ticket_returned", &visit, now)
        })
        .await
}
