//! Tells those who agreed to appeals that they may give again: once a donation, and only where there are places.

use super::Context;
use super::appeals::with_appointment;
use super::eligibility::Histories;
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::donation::Product;
use crate::domain::identity::Sex;
use crate::domain::invitations::{last_given, may_give_again, ten_oclock};
use crate::error::Error;
use crate::store::appeals::{Person, sites_of};
use crate::store::audit::{self, Entry};
use crate::store::donors::{self, DonorRow};
use crate::store::free_slots::{self, Search};
use crate::store::invitations::{self as store, InvitationRow};
use crate::store::outbox::{self, Notice, OutboxRow};
use crate::store::schedule::{self, SiteRow};
use crate::store::{Db, booking_policy};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// What its messages are called in the outbox.
pub const MESSAGE: &str = "may_give_again";
/// What it is called among what is done once a day.
const TASK: &str = "invite_again";
/// Accounts in one transaction.
const BATCH: i64 = 500;
/// Slots that are looked at for each product.
const LOOKED_AT: i64 = 20_000;
/// A site so near to one where somebody gave is near, metres.
const NEAR: f64 = 30_000.0;
/// After its hour, such a message has so long to leave: it waits for the end of the holidays (`domain/send_times.rs`).
const LEAVES_WITHIN: TimeDelta = TimeDelta::days(12);

/// Queues the day's invitations, on whichever node is first: how many. What a stopped node leaves, the next days do.
///
/// # Errors
/// Failures of the database.
pub async fn plan(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    let today = day_in_china(now);
    if !context.pool.read(move |db| store::is_due(db, TASK, today)).await?
        || !context.pool.write(move |db| store::take(db, TASK, today)).await?
    {
        return Ok(0);
    }
    let (mut after, mut queued) = (String::new(), 0);
    loop {
        let whole = context.clone();
        let (last, count) = context.pool.write(move |db| batch(&whole, db, &after, now)).await?;
        queued += count;
        let Some(last) = last else { return Ok(queued) };
        after = last;
    }
}

/// The last account of the accounts behind `after`, and how many were invited.
fn batch(
    context: &Context,
    db: &mut Db,
    after: &str,
    now: DateTime<Utc>,
) -> Result<(Option<String>, usize), Error> {
    let people = store::who_gave(db, after, BATCH)?;
    let Some(last) = people.last().map(|person| person.account_id.clone()) else { return Ok((None, 0)) };
    let vicinity = Vicinity::load(db, now)?;
    let mut chance = Chance::from_system()?;
    let (mut messages, mut entries) = (Vec::new(), Vec::new());
    for row in invited(context, db, &people, &vicinity, now, &mut chance)? {
        if !store::invite(db, &row)? {
            continue;
        }
        let due_at = ten_oclock(now);
        let notice = Notice {
            kind: MESSAGE,
            account_id: &row.account_id,
            subject: &row.id,
            version: 1,
            due_at,
            expires_at: due_at + LEAVES_WITHIN,
        };
        messages.push(OutboxRow::notice(&notice, now, &mut chance));
        entries.push(Entry {
            actor: context.actor.clone(),
            action: "donor.invited_again",
            subject: row.donor_id,
            detail: json!({ "product": row.product, "purpose": "donation" }),
        });
    }
    outbox::push(db, &messages)?;
    audit::append(db, entries, now, &mut chance)?;
    Ok((Some(last), messages.len()))
}

/// Who of some people is invited: each once, for the first product that fits.
fn invited(
    context: &Context,
    db: &mut Db,
    people: &[Person],
    vicinity: &Vicinity,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<Vec<InvitationRow>, Error> {
    let ids: Vec<String> = people.iter().map(|person| person.donor_id.clone()).collect();
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let records: HashMap<String, DonorRow> =
        donors::by_ids(db, &ids)?.into_iter().map(|record| (record.id.clone(), record)).collect();
    let histories = Histories::load(db, &names)?;
    let visited = sites_of(db, &names)?;
    let booked = with_appointment(db, &names, None, now)?;
    let nowhere = HashSet::new();
    let mut rows = Vec::new();
    for person in people.iter().filter(|person| !booked.contains(&person.donor_id)) {
        let Some(record) = records.get(&person.donor_id) else { continue };
        let sex = Sex::from_word(&record.sex).ok_or_else(|| Error::internal("a sex that does not exist"))?;
        let facts = histories.facts(&record.id, record.birth_date, sex);
        let Some(last) = last_given(&facts) else { continue };
        let sites = visited.get(&record.id).unwrap_or(&nowhere);
        let since = |product: Product| {
            let day = may_give_again(&context.rules, &facts, product, day_in_china(now))?;
            vicinity.has_places(product, sites).then_some((product, day))
        };
        if let Some((product, from_day)) = Product::ALL.iter().copied().find_map(since) {
            rows.push(InvitationRow {
                id: chance.id(now),
                account_id: person.account_id.clone(),
                donor_id: person.donor_id.clone(),
                donation_no: last.donation_no.clone(),
                product: product.as_str().to_owned(),
                from_day,
                queued_at: now.naive_utc(),
            });
        }
    }
    Ok(rows)
}

/// Near which sites there are places.
struct Vicinity {
    known: HashSet<String>,
    /// The sites with places near them, by product.
    near: HashMap<Product, HashSet<String>>,
}

impl Vicinity {
    /// What can be booked now.
    fn load(db: &mut Db, now: DateTime<Utc>) -> Result<Self, Error> {
        let policy = booking_policy::policy(db)?;
        let sites = schedule::all_sites(db)?;
        let open: Vec<&str> =
            sites.iter().filter(|site| !site.closed).map(|site| site.code.as_str()).collect();
        let mut near = HashMap::new();
        for product in Product::ALL {
            let search = Search {
                product: product.as_str(),
                time: now + policy.notice..now + policy.window,
                site_codes: &open,
                limit: LOOKED_AT,
            };
            let free: HashSet<String> =
                free_slots::earliest(db, &search, now)?.into_iter().map(|slot| slot.site_code).collect();
            let with_places: Vec<&SiteRow> = sites.iter().filter(|site| free.contains(&site.code)).collect();
            let is_near = |site: &&SiteRow| {
                with_places.iter().any(|other| site.place().metres_to(other.place()) <= NEAR)
            };
            near.insert(*product, sites.iter().filter(is_near).map(|site| site.code.clone()).collect());
        }
        Ok(Self { known: sites.into_iter().map(|site| site.code).collect(), near })
    }

    /// Whether there are places near one of these sites; near any site, when none of these is known.
    fn has_places(&self, product: Product, sites: &HashSet<String>) -> bool {
        let Some(near) = self.near.get(&product) else { return false };
        match sites.is_disjoint(&self.known) {
            true => !near.is_empty(),
            false => !sites.is_disjoint(near),
        }
    }
}
