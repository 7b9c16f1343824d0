//! Urgent appeals: opened, followed until the need is met, closed; and what asking came to.

pub mod by_link;
mod follow;
mod reach;
mod wave;

pub use follow::follow;
pub use wave::with_appointment;

use super::Context;
use crate::chance::Chance;
use crate::domain::appeals::{Lot, Stage, check, check_reach};
use crate::domain::call_ups::{BloodGroup, listed};
use crate::domain::donation::Product;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::store::appeals::{self as store, AppealRow, Tally};
use crate::store::audit::{self, Entry};
use crate::store::{Db, message_policy, one_at_a_time, outbox, schedule};
use chrono::{DateTime, Utc};
use reach::Reach;
use serde_json::json;
use std::collections::HashSet;

/// What its messages are called in the outbox.
pub const MESSAGE: &str = "appeal";
/// Appeals that are shown at once.
const PAGE: i64 = 100;
/// Whoever opens, closes or follows appeals does so alone: nobody is drawn by two at once.
const ALONE: &[u8] = b"appeals";

/// Who is needed.
pub struct NewAppeal {
    /// Exactly these groups.
    pub groups: Vec<BloodGroup>,
    /// What is to be given.
    pub product: Product,
    /// Where to come; anywhere when `None`.
    pub site: Option<String>,
    /// Other sites so near are as good, km.
    pub within_km: Option<u32>,
    /// How many donors.
    pub needed: u32,
    /// When it is over.
    pub closes_at: DateTime<Utc>,
    /// How many of a hundred are not asked.
    pub holdout_percent: u32,
}

/// What an appeal began with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The appeal's id.
    pub id: String,
    /// How many are asked first.
    pub asked: usize,
    /// How many could have been, and are not.
    pub held_out: usize,
    /// Places that are free.
    pub places: i64,
}

/// Opens an appeal and asks the first wave, in one transaction.
///
/// # Errors
/// `out_of_range`, `in_the_past`, `too_far`, `site_missing`, `unknown_site`; `quiet_until_then` when nobody could be asked
/// before it is over; `not_enough_places`.
pub async fn open(context: &Context, wanted: NewAppeal) -> Result<Opened, Error> {
    let whole = context.clone();
    let opened = context.pool.write(move |db| open_in(&whole, db, &wanted)).await?;
    context.bell.notify_one();
    Ok(opened)
}

fn open_in(context: &Context, db: &mut Db, wanted: &NewAppeal) -> Result<Opened, Error> {
    let (now, mut chance) = (context.clock.now(), Chance::from_system()?);
    one_at_a_time(db, ALONE)?;
    check(wanted.needed, wanted.holdout_percent, wanted.closes_at, now)?;
    let within_km = check_reach(wanted.site.is_some(), wanted.within_km)?;
    if message_policy::quiet_hours(db)?.after(now) >= wanted.closes_at {
        let message = "Nobody is woken: it would be over before anybody could be asked.";
        return Err(Refusal::new("closes_at", "quiet_until_then", message).into());
    }
    if let Some(code) = &wanted.site {
        let site = schedule::site(db, code)?.filter(|site| !site.closed);
        site.ok_or_else(|| Error::invalid("unknown_site", "There is no such site."))?;
    }
    let mut row = AppealRow {
        id: chance.id(now),
        blood_groups: listed(&wanted.groups),
        product: wanted.product.as_str().to_owned(),
        site_code: wanted.site.clone(),
        within_km: i64::from(within_km),
        needed: i64::from(wanted.needed),
        holdout_percent: i64::from(wanted.holdout_percent),
        created_by: context.user_id(),
        created_at: now.naive_utc(),
        closes_at: wanted.closes_at.naive_utc(),
        met_at: None,
        closed_at: None,
        waves: 0,
        next_wave_at: now.naive_utc(),
        version: 1,
    };
    let places = Reach::of(db, &row)?.places(db, &row, now)?;
    if places < row.needed {
        let message = "There are fewer free places than donors needed: open places first, or ask for fewer.";
        return Err(Error::conflict("not_enough_places", message));
    }
    store::insert(db, &row)?;
    let detail = json!({ "needed": row.needed, "places": places, "holdout_percent": row.holdout_percent });
    audit::append(db, [entry(context, "appeal.opened", &row.id, detail)], now, &mut chance)?;
    let drawn = wave::send(context, db, &mut row, &Tally::default(), now, &mut chance)?;
    let asked = drawn.iter().filter(|recipient| recipient.state == Lot::Asked.as_str()).count();
    Ok(Opened { id: row.id, asked, held_out: drawn.len() - asked, places })
}

fn entry(context: &Context, action: &'static str, subject: &str, detail: serde_json::Value) -> Entry {
    Entry { actor: context.actor.clone(), action, subject: subject.to_owned(), detail }
}

fn no_such_appeal() -> Error {
    Error::not_found("There is no such appeal.")
}

/// Ends an appeal: messages that have not left yet are called off.
///
/// # Errors
/// `not_found`, `appeal_closed`.
pub async fn close(context: &Context, id: String) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            one_at_a_time(db, ALONE)?;
            let mut row = store::by_id(db, &id)?.ok_or_else(no_such_appeal)?;
            if matches!(row.standing(0).stage(now), Stage::Closed | Stage::Over) {
                return Err(Error::conflict("appeal_closed", "This appeal is over already."));
            }
            row.closed_at = Some(now.naive_utc());
            row.version += 1;
            store::save(db, &row)?;
            let called_off = call_off(db, &row, now)?;
            let detail = json!({ "called_off": called_off });
            let closed = entry(&whole, "appeal.closed", &row.id, detail);
            audit::append(db, [closed], now, &mut Chance::from_system()?)
        })
        .await
}

/// Calls off the messages that have not left yet: how many.
fn call_off(db: &mut Db, row: &AppealRow, now: DateTime<Utc>) -> Result<usize, Error> {
    let queued = store::with_message(db, &row.id, MESSAGE, "queued")?;
    let subjects: Vec<&str> = queued.iter().map(String::as_str).collect();
    outbox::call_off(db, &subjects, &[MESSAGE], now)?;
    // Of these, one may have left before it was called off.
    let off: HashSet<String> = store::with_message(db, &row.id, MESSAGE, "superseded")?.into_iter().collect();
    // Who has booked is what the appeal was for, and stays one of those who were asked.
    let booked = store::booked_since(db, row)?;
    let off: Vec<&str> =
        subjects.into_iter().filter(|id| off.contains(*id) && !booked.contains(*id)).collect();
    store::mark_called_off(db, &off)?;
    Ok(off.len())
}

/// An appeal with what became of those whom it drew.
pub struct Followed {
    /// The appeal.
    pub row: AppealRow,
    /// What became of them.
    pub tally: Tally,
}

impl Followed {
    /// Where it stands.
    pub fn stage(&self, now: DateTime<Utc>) -> Stage {
        self.row.standing(i64::from(self.tally.booked(Lot::Asked))).stage(now)
    }
}

/// The newest appeals.
///
/// # Errors
/// Failures of the database.
pub fn newest(db: &mut Db) -> Result<Vec<Followed>, Error> {
    let rows = store::newest(db, PAGE)?;
    let mut tallies = store::tallies(db, &rows.iter().collect::<Vec<_>>())?;
    let followed = |row: AppealRow| Followed { tally: tallies.remove(&row.id).unwrap_or_default(), row };
    Ok(rows.into_iter().map(followed).collect())
}

/// An appeal, and how many places are free for it.
///
/// # Errors
/// `not_found`.
pub fn one(db: &mut Db, id: &str, now: DateTime<Utc>) -> Result<(Followed, i64), Error> {
    let row = store::by_id(db, id)?.ok_or_else(no_such_appeal)?;
    let tally = store::tallies(db, &[&row])?.remove(&row.id).unwrap_or_default();
    let places = Reach::of(db, &row)?.places(db, &row, now)?;
    Ok((Followed { row, tally }, places))
}
