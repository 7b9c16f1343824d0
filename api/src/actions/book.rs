//! Books places: a batch of requests in one transaction, each with its own outcome.
//!
//! ```text
//! load      earlier answers · policy · the callers' donors and their donations · appointments and slots, locked
//! decide    one request after the other, on what is loaded; each sees what those before it were given
//! save      new appointments · changed ones · slots · the trail · answers
//! ```
//! Locks are taken in one order, donors' plans before appointments before slots and each by id, so that nodes do not wait in a
//! circle. Holds of others that are over are known only behind their slot's lock: they are taken without waiting, or
//! passed over.

mod allow;
mod decide;
mod facts;
mod giving_back;
mod save;

use super::Context;
use crate::chance::Chance;
use crate::domain::booking::NotBooked;
use crate::domain::eligibility::RulePacks;
use crate::domain::idempotency::Key;
use crate::error::{Error, Kind};
use crate::group::{Group, Outcomes};
use crate::store::appointments::{self as store, AppointmentRow, Venue};
use crate::store::idempotency_keys::AnswerRow;
use crate::store::{Db, booking_policy};
use chrono::{DateTime, NaiveDate, Utc};
use decide::Desk;
use facts::Facts;
use giving_back::{Returns, expire};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::sync::Notify;
use utoipa::ToSchema;

/// A place that is wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceWish {
    /// The slot.
    pub slot: String,
    /// The donor's number; the account's own person when `None`.
    pub donor_no: Option<String>,
    /// The code of the group whose place it is to be.
    pub group: Option<String>,
}

/// What somebody wishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// A place for some minutes, for one's own person or a relative.
    Hold(PlaceWish),
    /// A place, without holding it first.
    Book(PlaceWish),
    /// To keep what is held.
    Confirm {
        /// The appointment.
        appointment: String,
    },
    /// Some minutes more.
    Renew {
        /// The appointment.
        appointment: String,
    },
    /// To come, said once more.
    WillCome {
        /// The appointment.
        appointment: String,
    },
    /// Not to come.
    Cancel {
        /// The appointment.
        appointment: String,
    },
    /// Another place: it is taken before the old one is freed.
    Move {
        /// The appointment.
        appointment: String,
        /// The new slot.
        slot: String,
    },
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub account_id: String,
    /// What.
    pub wish: Wish,
    /// By which it is known again.
    pub key: Option<Key>,
    /// The appointment's sequence that it was made for, when only that will do.
    pub at_version: Option<i64>,
}

/// An appointment, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Appointment {
    /// Its id.
    pub id: String,
    /// Grows with each change; what `If-Match` names.
    pub version: i64,
    /// `held`, `booked`, `checked_in`, `donated`, `deferred`, `no_show`, `cancelled`, `rescheduled` or `expired`.
    pub state: String,
    /// Whether the donor said again that they come.
    pub will_come: bool,
    /// The donor's number.
    pub donor_no: String,
    /// `whole_blood` or `apheresis_platelets`.
    pub product: String,
    /// The slot.
    pub slot: String,
    /// When it starts, UTC.
    pub starts_at: DateTime<Utc>,
    /// Until when a hold is kept, UTC.
    pub hold_expires_at: Option<DateTime<Utc>>,
    /// The site's code.
    pub site: String,
    /// The site's name.
    pub name: String,
    /// The site's address.
    pub address: String,
}

impl Appointment {
    /// An appointment of the donor `donor_no`, at its venue.
    pub fn of(row: &AppointmentRow, donor_no: &str, venue: &Venue) -> Self {
        Self {
            id: row.id.clone(),
            version: row.sequence,
            state: row.state.clone(),
            will_come: row.will_come,
            donor_no: donor_no.to_owned(),
            product: row.product.clone(),
            slot: row.slot_id.clone(),
            starts_at: row.starts_at.and_utc(),
            hold_expires_at: row.hold_expires_at.map(|at| at.and_utc()),
            site: venue.site_code.clone(),
            name: venue.name.clone(),
            address: venue.address.clone(),
        }
    }
}

/// What became of a request: kept, so that the same request gets the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Given(Box<Appointment>),
    Refused(String),
    /// A day that the rules forbid because of what is planned.
    TooNear {
        rule: String,
        planned_on: NaiveDate,
    },
}

/// Takes requests and runs them in groups.
#[derive(Clone)]
pub struct Bookings {
    group: Group<Request, Appointment>,
    bell: Arc<Notify>,
}

impl Bookings {
    /// Runs one request in the next transaction, and wakes whoever tells people of it.
    ///
    /// # Errors
    /// [`NotBooked`], by its word; `overloaded`; failures of the database.
    pub async fn submit(&self, request: Request) -> Result<Appointment, Error> {
        let appointment = self.group.submit(request).await?;
        self.bell.notify_one();
        Ok(appointment)
    }
}

/// Starts the writers.
///
/// # Errors
/// `internal` when no thread can be had.
pub fn start(context: &Context) -> Result<Bookings, Error> {
    let (rules, clock) = (Arc::clone(&context.rules), context.clock);
    let writers = if context.pool.has_one_writer() { 1 } else { 2 };
    let group = Group::writing(&context.pool, writers, move |db: &mut Db, requests: &[Request]| {
        run(&rules, clock.now(), db, requests)
    })?;
    Ok(Bookings { group, bell: Arc::clone(&context.bell) })
}

/// Runs a batch at `now`. A refusal changes nothing for its neighbours: a batch and the same requests one by one
/// come to the same.
///
/// # Errors
/// Failures of the database: then nothing is committed.
pub fn run(
    rules: &RulePacks,
    now: DateTime<Utc>,
    db: &mut Db,
    requests: &[Request],
) -> Outcomes<Appointment> {
    let mut chance = Chance::from_system()?;
    let facts = Facts::load(db, requests, now, &mut chance)?;
    let mut desk = Desk::new(facts, rules, now);
    let answers: Vec<Answer> = requests.iter().map(|request| desk.serve(request, &mut chance)).collect();
    let answers = desk.save(db, requests, answers, &mut chance)?;
    Ok(answers.into_iter().map(outcome).collect())
}

fn outcome(answer: Answer) -> Result<Appointment, Error> {
    let word = match answer {
        Answer::Given(appointment) => return Ok(*appointment),
        Answer::Refused(word) => word,
        Answer::TooNear { rule, planned_on } => return Err(too_near(&rule, planned_on)),
    };
    let refusal = NotBooked::from_word(&word)
        .ok_or_else(|| Error::internal("an answer of a kind that does not exist"))?;
    let kind = match refusal {
        NotBooked::UnknownSlot
        | NotBooked::UnknownDonor
        | NotBooked::UnknownAppointment
        | NotBooked::UnknownGroup => Kind::NotFound,
        NotBooked::KeyReused => Kind::Invalid,
        NotBooked::ChangedMeanwhile => Kind::PreconditionFailed,
        _ => Kind::Conflict,
    };
    Err(Error::new(kind, refusal.as_str(), refusal.message()))
}

/// The refusal of a day because of a donation that is planned.
fn too_near(rule: &str, planned_on: NaiveDate) -> Error {
    let message = format!(
        "You have an appointment on {planned_on}, and this day is too near to it ({rule}). Choose another day, or move that one."
    );
    Error::conflict(NotBooked::NotEligible.as_str(), message)
}

/// What a group is known by to whoever has its code.
pub fn join_hash(code: &str) -> [u8; 32] {
    Sha256::digest(code.trim().to_ascii_uppercase()).into()
}

impl From<NotBooked> for Answer {
    fn from(refusal: NotBooked) -> Self {
        Self::Refused(refusal.as_str().to_owned())
    }
}

impl Answer {
    /// What the key of something else than a booking got is no answer to one.
    fn read(row: &AnswerRow) -> Result<Self, Error> {
        if row.answer.is_empty() {
            return Ok(NotBooked::KeyReused.into());
        }
        serde_json::from_str(&row.answer).map_err(Error::internal)
    }
}

/// Takes the places of holds that are over back: of how many slots.
///
/// # Errors
/// Failures of the database.
pub async fn sweep_holds(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    context.pool.write(move |db| sweep(db, now)).await
}

/// Takes the places of holds that are over at `now` back, of some hundred slots at most: of how many.
///
/// # Errors
/// Failures of the database.
pub fn sweep(db: &mut Db, now: DateTime<Utc>) -> Result<usize, Error> {
    /// Slots in one transaction.
    const BATCH: i64 = 500;
    let slot_ids = store::slots_with_expired_holds(db, BATCH, now)?;
    let ids: Vec<&str> = slot_ids.iter().map(String::as_str).collect();
    let mut slots = store::lock_slots(db, &ids)?;
    let over = facts::overdue(db, &slots, now)?;
    let venues = facts::venues_of(db, &slots)?;
    let waiting = booking_policy::policy(db)?.waiting;
    let mut returns = Returns::load(db, &[], over.iter(), &slots, waiting)?;
    let expired = expire(over, &mut slots, &venues, &mut returns, now, &mut Chance::from_system()?);
    store::change(db, &expired.iter().collect::<Vec<_>>())?;
    returns.save(db)?;
    store::save_slots(db, &slots.iter().collect::<Vec<_>>())?;
    Ok(slots.len())
}
