//! Finds the soonest places for a donor: from the first day on which the rules allow it.

use super::Context;
use super::eligibility::facts;
use crate::clock::{day_in_china, instant_in_china};
use crate::domain::donation::Product;
use crate::domain::eligibility::assess;
use crate::domain::place::Point;
use crate::error::Error;
use crate::store::free_slots::{self, FreeSlot, Search};
use crate::store::schedule::{self, SiteRow, SlotRow};
use crate::store::{Db, booking_policy};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use std::collections::HashMap;
use std::ops::Range;

/// Sites that are asked first by who says where they are; all within reach only when these have too few places.
const NEAREST: usize = 30;
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
    let (sites, end) = (Reach::load(db, wish)?, now + policy.window);
    let mut found =
        if wish.near.is_some() { nearest(db, wish, &sites, begin..end, now)? } else { Vec::new() };
    if found.len() < wish.limit {
        let codes: Vec<&str> = sites.0.iter().map(|(code, _)| code.as_str()).collect();
        found = free_slots::earliest(db, &search(wish, &codes, begin..end), now)?;
    }
    let distances: HashMap<&str, Option<u64>> =
        sites.0.iter().map(|(code, distance)| (code.as_str(), *distance)).collect();
    let distance = |slot: &FreeSlot| distances.get(slot.site_code.as_str()).copied().flatten();
    found.sort_by_cached_key(|found| {
        (day_in_china(found.slot.starts_at.and_utc()), distance(found), found.slot.starts_at)
    });
    found.truncate(wish.limit);
    let codes: Vec<&str> = found.iter().map(|found| found.site_code.as_str()).collect();
    let rows: HashMap<String, SiteRow> =
        schedule::sites_of(db, &codes)?.into_iter().map(|site| (site.code.clone(), site)).collect();
    let place = |found: FreeSlot| {
        let (site, distance_m) = (rows.get(&found.site_code)?.clone(), distance(&found));
        Some(FoundSlot { free: found.free(now), slot: found.slot, site, distance_m })
    };
    Ok(Found { first_day, places: found.into_iter().filter_map(place).collect() })
}

fn search<'a>(wish: &Wish, site_codes: &'a [&'a str], time: Range<DateTime<Utc>>) -> Search<'a> {
    Search {
        product: wish.product.as_str(),
        from: time.start,
        until: time.end,
        site_codes,
        limit: i64::try_from(wish.limit * LOOKED_AT).unwrap_or(i64::MAX),
    }
}

/// The free slots of the nearest sites, of as many days as it takes to find what is wanted.
fn nearest(
    db: &mut Db,
    wish: &Wish,
    sites: &Reach,
    time: Range<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Vec<FreeSlot>, Error> {
    let codes: Vec<&str> = sites.0.iter().take(NEAREST).map(|(code, _)| code.as_str()).collect();
    let (mut found, mut begin, mut days) = (Vec::new(), time.start, 1);
    while found.len() < wish.limit && begin < time.end {
        let tomorrow = day_in_china(begin) + Days::new(days);
        let until = instant_in_china(tomorrow, NaiveTime::MIN).min(time.end);
        found.extend(free_slots::at_sites(db, &search(wish, &codes, begin..until), now)?);
        (begin, days) = (until, days * 2);
    }
    Ok(found)
}

/// Codes of the sites within reach and their distances in metres, the nearest first.
struct Reach(Vec<(String, Option<u64>)>);

impl Reach {
    fn load(db: &mut Db, wish: &Wish) -> Result<Self, Error> {
        let sites = schedule::open_sites(db)?.into_iter();
        let mut reached: Vec<_> = sites
            .map(|(code, place)| (code, wish.near.map(|near| near.metres_to(place))))
            .filter(|(_, metres)| metres.is_none_or(|metres| metres <= wish.within_m))
            .map(|(code, metres)| (code, metres.and_then(|metres| format!("{metres:.0}").parse().ok())))
            .collect();
        reached.sort_by_key(|(_, metres)| *metres);
        Ok(Self(reached))
    }
}
