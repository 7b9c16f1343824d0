//! The waitlist: who waits for a place at a site on some days.

mod offer;

pub use offer::{end_past, serve};

use super::Context;
use super::eligibility::{Histories, planned};
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::donation::Product;
use crate::domain::eligibility::{Facts, Planned, RulePacks, blocks};
use crate::domain::identity::Sex;
use crate::domain::waitlist::{Class, Waiting, check_days};
use crate::error::{Error, Kind};
use crate::store::appointments::{self, SeenDonor};
use crate::store::audit::{self, Entry};
use crate::store::waitlist::{self as store, EntryRow};
use crate::store::{Db, booking_policy, schedule};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// Who lost a place to the station so recently is served first.
const DISPLACED_FOR: TimeDelta = TimeDelta::days(30);
/// Entries that an account is shown.
const SHOWN: i64 = 50;

/// What somebody would wait for.
pub struct Wish {
    /// Who asks.
    pub account_id: String,
    /// The donor's number; the account's own person when `None`.
    pub donor_no: Option<String>,
    /// What is to be given.
    pub product: Product,
    /// The site's code.
    pub site: String,
    /// Asia/Shanghai.
    pub first_day: NaiveDate,
    /// Asia/Shanghai, included.
    pub last_day: NaiveDate,
}

/// An entry, as its owner sees it.
#[derive(Serialize, ToSchema)]
pub struct WaitlistEntry {
    /// Its id.
    id: String,
    /// The donor's number.
    donor_no: String,
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    /// The site's code.
    site: String,
    /// Asia/Shanghai.
    first_day: NaiveDate,
    /// Asia/Shanghai, included.
    last_day: NaiveDate,
    /// `waiting`, `offered`, `placed` or `ended`.
    state: &'static str,
    /// How many wait before them for one of these days; while they wait.
    ahead: Option<i64>,
    /// The appointment that is offered, as long as it is: confirm it, or cancel it.
    offer: Option<String>,
    /// How many offers were passed over.
    passed_over: i64,
    /// UTC.
    since: DateTime<Utc>,
}

/// Puts a donor on the list.
///
/// # Errors
/// `unknown_donor`, `unknown_site`; `already_waiting`, `already_booked`, `not_eligible`; `days_reversed`, `in_the_past`,
/// `too_far_ahead`.
pub async fn join(context: &Context, wish: Wish) -> Result<WaitlistEntry, Error> {
    let whole = context.clone();
    context.pool.write(move |db| join_in(&whole, db, &wish)).await
}

fn join_in(context: &Context, db: &mut Db, wish: &Wish) -> Result<WaitlistEntry, Error> {
    let now = context.clock.now();
    let (today, policy) = (day_in_china(now), booking_policy::policy(db)?);
    check_days(wish.first_day, wish.last_day, today, day_in_china(now + policy.window))?;
    let donor = donor(db, &wish.account_id, wish.donor_no.as_deref())?;
    let site = schedule::site(db, &wish.site)?.filter(|site| !site.closed);
    site.ok_or_else(|| Error::new(Kind::NotFound, "unknown_site", "There is no such site."))?;
    let product = wish.product.as_str();
    let active = appointments::active_of(db, &[&donor.donor_id])?;
    if active.iter().any(|row| row.product == product) {
        return Err(Error::conflict("already_booked", "The donor has an appointment for this already."));
    }
    let histories = Histories::load(db, &[&donor.donor_id])?;
    let days = wish.first_day.max(today).iter_days().take_while(|day| *day <= wish.last_day);
    let planned = planned(&active, &donor.donor_id);
    let is_blocked =
        |day| rule_pack(&context.rules, &histories, &planned, &donor, wish.product, day).is_none();
    if days.into_iter().all(is_blocked) {
        return Err(Error::conflict("not_eligible", "On none of these days the donor may give yet."));
    }
    let mut chance = Chance::from_system()?;
    let displaced = store::was_displaced(db, &donor.donor_id, product, now - DISPLACED_FOR)?;
    let entry = EntryRow {
        id: chance.id(now),
        donor_id: donor.donor_id.clone(),
        account_id: wish.account_id.clone(),
        product: product.to_owned(),
        site_code: wish.site.clone(),
        first_day: wish.first_day,
        last_day: wish.last_day,
        class: if displaced { Class::Displaced } else { Class::Ordinary }.rank(),
        passed_over: 0,
        state: Waiting::Waiting.as_str().to_owned(),
        offer_id: None,
        created_at: now.naive_utc(),
        changed_at: now.naive_utc(),
    };
    if !store::insert(db, &entry)? {
        return Err(Error::conflict(
            "already_waiting",
            "The donor waits for this already: leave that list first.",
        ));
    }
    trace(context, db, "waitlist.joined", &entry.id, now, &mut chance)?;
    view(db, entry, donor.donor_no)
}

/// What an account's donors wait for, the newest first.
///
/// # Errors
/// Failures of the database.
pub fn of_account(db: &mut Db, account_id: &str) -> Result<Vec<WaitlistEntry>, Error> {
    let seen = appointments::donors_of_accounts(db, &[account_id])?;
    let mut list = Vec::new();
    for entry in store::of_account(db, account_id, SHOWN)? {
        if let Some(donor) = seen.iter().find(|donor| donor.donor_id == entry.donor_id) {
            list.push(view(db, entry, donor.donor_no.clone())?);
        }
    }
    Ok(list)
}

/// Takes an entry off the list. A place that is offered stays held until it is cancelled or its time is over.
///
/// # Errors
/// `not_found`.
pub async fn leave(context: &Context, account_id: String, entry_id: String) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let own =
                store::of_account(db, &account_id, SHOWN)?.into_iter().find(|entry| entry.id == entry_id);
            let entry = own.ok_or_else(|| Error::not_found("There is no such entry."))?;
            if !store::set_state(db, &entry.id, &["waiting", "offered"], "ended", entry.passed_over, now)? {
                return Err(Error::not_found("This wait is over already."));
            }
            trace(&whole, db, "waitlist.left", &entry.id, now, &mut Chance::from_system()?)
        })
        .await
}

fn view(db: &mut Db, entry: EntryRow, donor_no: String) -> Result<WaitlistEntry, Error> {
    let state =
        Waiting::from_word(&entry.state).ok_or_else(|| Error::internal("a state that does not exist"))?;
    let ahead = match state {
        Waiting::Waiting => Some(store::ahead_of(db, &entry)?),
        _ => None,
    };
    Ok(WaitlistEntry {
        id: entry.id,
        donor_no,
        product: entry.product,
        site: entry.site_code,
        first_day: entry.first_day,
        last_day: entry.last_day,
        state: state.as_str(),
        ahead,
        offer: entry.offer_id.filter(|_| state == Waiting::Offered),
        passed_over: entry.passed_over,
        since: entry.created_at.and_utc(),
    })
}

fn donor(db: &mut Db, account_id: &str, donor_no: Option<&str>) -> Result<SeenDonor, Error> {
    let mut seen = appointments::donors_of_accounts(db, &[account_id])?.into_iter();
    let found = match donor_no {
        Some(number) => seen.find(|donor| donor.donor_no == number),
        None => seen.find(|donor| donor.relation == "self"),
    };
    found.ok_or_else(|| Error::new(Kind::NotFound, "unknown_donor", "There is no such donor."))
}

/// The rule pack that allows the donor to give on that day.
fn rule_pack(
    rules: &RulePacks,
    histories: &Histories,
    planned: &[Planned],
    donor: &SeenDonor,
    product: Product,
    day: NaiveDate,
) -> Option<String> {
    let (pack, sex) = (rules.on(day), Sex::from_word(&donor.sex)?);
    let facts = histories.facts(&donor.donor_id, donor.birth_date, sex);
    let facts = Facts { planned: planned.to_vec(), ..facts };
    blocks(pack, &facts, product, day).is_empty().then(|| pack.id().to_owned())
}

fn trace(
    context: &Context,
    db: &mut Db,
    action: &'static str,
    entry_id: &str,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let entry =
        Entry { actor: context.actor.clone(), action, subject: entry_id.to_owned(), detail: json!({}) };
    audit::append(db, [entry], now, chance)
}
