//! Finds the soonest places for a donor: from the first day on which the rules allow it.

use super::Context;
use super::eligibility::facts;
use crate::clock::{day_in_china, instant_in_china};
use crate::domain::donation::Product;
use crate::domain::eligibility::assess;
use crate::domain::place::Point;
use crate::error::Error;
use crate::store::schedule::{self as store, Search, SiteRow, SlotRow};
use crate::store::{Db, booking_policy};
use chrono::{NaiveDate, NaiveTime};
use std::collections::HashMap;

/// Slots that are looked at for each place that is wanted: the nearest of a day are wanted first, not the earliest.
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
    let sites = sites_within(db, wish)?;
    let codes: Vec<&str> = sites.keys().map(String::as_str).collect();
    let policy = booking_policy::policy(db)?;
    let begin = instant_in_china(day, NaiveTime::MIN).max(now + policy.notice);
    let search = Search {
        product: wish.product.as_str(),
        from: begin,
        until: now + policy.window,
        site_codes: &codes,
        limit: i64::try_from(wish.limit * LOOKED_AT).unwrap_or(i64::MAX),
    };
    let mut places: Vec<FoundSlot> = store::free_slots(db, &search, now)?
        .into_iter()
        .filter_map(|found| {
            let (site, distance_m) = sites.get(&found.site_code)?;
            let (free, distance_m) = (found.free(now), *distance_m);
            Some(FoundSlot { free, slot: found.slot, site: site.clone(), distance_m })
        })
        .collect();
    places.sort_by_key(|place| {
        (day_in_china(place.slot.starts_at.and_utc()), place.distance_m, place.slot.starts_at)
    });
    places.truncate(wish.limit);
    Ok(Found { first_day, places })
}

/// Sites that are not given up, within reach, with their distance in metres.
fn sites_within(db: &mut Db, wish: &Wish) -> Result<HashMap<String, (SiteRow, Option<u64>)>, Error> {
    let open = store::all_sites(db)?.into_iter().filter(|site| !site.closed);
    let reached = open.filter_map(|site| {
        let distance = wish.near.map(|near| near.metres_to(site.place()));
        let metres = distance.map(|metres| format!("{metres:.0}").parse().unwrap_or(u64::MAX));
        distance.is_none_or(|metres| metres <= wish.within_m).then(|| (site.code.clone(), (site, metres)))
    });
    Ok(reached.collect())
}
