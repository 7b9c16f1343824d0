//! Finds the soonest places for a donor: from the first day on which the rules allow it.

use super::Context;
use super::eligibility::facts;
use crate::clock::{day_in_china, instant_in_china};
use crate::domain::donation::Product;
use crate::domain::eligibility::assess;
use crate::domain::place::Point;
use crate::error::Error;
use crate::store::free_slots::{self, FreeSlot, OpenSession, Search};
use crate::store::schedule::{self, SiteRow, SlotRow};
use crate::store::{Db, booking_policy};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// Sites that are asked first by who says where they are; all within reach only when these have too few places.
const NEAREST: i64 = 8;
/// Sessions whose slots are looked at together: on most days the nearest have enough.
const FEW: usize = 3;
/// Slots that are looked at for each place that is wanted, at all sites: the nearest of a day are wanted first, not the
/// earliest.
const LOOKED_AT: usize = 20;

/// What is wished for.
pub struct Wish {
    /// Who asks.
    pub account_id: String,
    /// For which donor: the account's own person when `None`.
    pub donor_no: Option<String>,
    /// What is to be given.
    pub product: Product,
    /// Where they are.
    pub near: Option<Point>,
    /// How far they would go, metres.
    pub within_m: f64,
    /// Not before this day, Asia/Shanghai.
    pub from: Option<NaiveDate>,
    /// How many places.
    pub limit: usize,
}

/// A place that was found.
pub struct FoundSlot {
    /// The slot.
    pub slot: SlotRow,
    /// Places left for everybody.
    pub free: i64,
    /// Where it is.
    pub site: SiteRow,
    /// How far it is, metres.
    pub distance_m: Option<u64>,
}

/// What was found.
pub struct Found {
    /// The first day on which the rules allow it.
    pub first_day: Option<NaiveDate>,
    /// By day, then by distance, then by time.
    pub places: Vec<FoundSlot>,
}

/// Finds places.
///
/// # Errors
/// `not_found`, `no_record`.
pub async fn find(context: &Context, wish: Wish) -> Result<Found, Error> {
    let whole = context.clone();
    context.pool.read(move |db| find_in(&whole, db, &wish)).await
}

fn find_in(context: &Context, db: &mut Db, wish: &Wish) -> Result<Found, Error> {
    let now = context.clock.now();
    let facts = facts(db, &wish.account_id, wish.donor_no.as_deref())?;
    let from = wish.from.unwrap_or_else(|| day_in_china(now)).max(day_in_china(now));
    let first_day = assess(&context.rules, &facts, wish.product, from).first_day;
    let Some(day) = first_day else { return Ok(Found { first_day, places: Vec::new() }) };
    let policy = booking_policy::policy(db)?;
    let begin = instant_in_china(day, NaiveTime::MIN).max(now + policy.notice);
    let time = begin..now + policy.window;
    let (mut sites, mut found) = match wish.near {
        Some(near) => nearest(db, wish, near, &time, now)?,
        None => (Vec::new(), Vec::new()),
    };
    if found.len() < wish.limit {
        sites = within_reach(wish, schedule::open_sites(db)?);
        found = free_slots::earliest(db, &search(wish, &codes(&sites), &time), now)?;
    }
    let distances: HashMap<&str, Option<u64>> =
        sites.iter().map(|(code, distance)| (code.as_str(), *distance)).collect();
    let distance = |slot: &FreeSlot| distances.get(slot.site_code.as_str()).copied().flatten();
    found.sort_by_cached_key(|found| {
        (day_in_china(found.slot.starts_at.and_utc()), distance(found), found.slot.starts_at)
    });
    found.truncate(wish.limit);
    let places: BTreeSet<&str> = found.iter().map(|found| found.site_code.as_str()).collect();
    let codes: Vec<&str> = places.into_iter().collect();
    let rows: HashMap<String, SiteRow> =
        schedule::sites_of(db, &codes)?.into_iter().map(|site| (site.code.clone(), site)).collect();
    let place = |found: FreeSlot| {
        let (site, distance_m) = (rows.get(&found.site_code)?.clone(), distance(&found));
        Some(FoundSlot { free: found.free(now), slot: found.slot, site, distance_m })
    };
    Ok(Found { first_day, places: found.into_iter().filter_map(place).collect() })
}

/// Codes of sites, and their distances in metres.
type Reached = Vec<(String, Option<u64>)>;

fn codes(sites: &Reached) -> Vec<&str> {
    sites.iter().map(|(code, _)| code.as_str()).collect()
}

fn search<'a>(wish: &Wish, site_codes: &'a [&'a str], time: &Range<DateTime<Utc>>) -> Search<'a> {
    Search {
        product: wish.product.as_str(),
        from: time.start,
        until: time.end,
        site_codes,
        limit: i64::try_from(wish.limit * LOOKED_AT).unwrap_or(i64::MAX),
    }
}

/// The nearest sites, and their free slots on as many days as it takes to find what is wanted.
fn nearest(
    db: &mut Db,
    wish: &Wish,
    near: Point,
    time: &Range<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(Reached, Vec<FreeSlot>), Error> {
    let sites = within_reach(wish, schedule::nearest_sites(db, near, NEAREST)?);
    let codes = codes(&sites);
    let search = search(wish, &codes, time);
    let mut sessions = free_slots::open_sessions(db, &search)?;
    let day = |session: &OpenSession| day_in_china(session.opens_at.and_utc());
    let far = |session: &OpenSession| sites.iter().position(|(code, _)| *code == session.site_code);
    sessions.sort_by_cached_key(|session| (day(session), far(session), session.opens_at));
    let mut found = Vec::new();
    for few in sessions.chunks(FEW) {
        found.extend(free_slots::in_sessions(db, few, &search, now)?);
        if found.len() >= wish.limit {
            break;
        }
    }
    Ok((sites, found))
}

/// Those of some sites that are within reach, with their distances.
fn within_reach(wish: &Wish, sites: Vec<(String, Point)>) -> Reached {
    let far = sites.into_iter().map(|(code, place)| (code, wish.near.map(|near| near.metres_to(place))));
    far.filter(|(_, metres)| metres.is_none_or(|metres| metres <= wish.within_m))
        .map(|(code, metres)| (code, metres.and_then(|metres| format!("{metres:.0}").parse().ok())))
        .collect()
}
