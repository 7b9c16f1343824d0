//! Slots with a free place.

use super::connection::Db;
use super::schedule::SlotRow;
use super::schema::{collection_sessions, slots};
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

/// What a search for places asks.
pub struct Search<'a> {
    /// The product.
    pub product: &'a str,
    /// Not before.
    pub from: DateTime<Utc>,
    /// Before.
    pub until: DateTime<Utc>,
    /// At these sites.
    pub site_codes: &'a [&'a str],
    /// How many places.
    pub limit: i64,
}

/// A place that can be booked.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct FreeSlot {
    /// The slot.
    pub slot: SlotRow,
    /// The site.
    pub site_code: String,
    /// UTC: when the kept places become everybody's.
    pub release_at: NaiveDateTime,
}

impl FreeSlot {
    /// Places that anybody can book at `now`.
    pub fn free(&self, now: DateTime<Utc>) -> i64 {
        let SlotRow { capacity, reserved, held, booked, kept, .. } = self.slot;
        let reserved = if self.release_at.and_utc() <= now { 0 } else { reserved };
        (capacity - reserved - held - booked - kept).max(0)
    }
}

/// The first slots of open sessions with a free place, in the order of time.
pub fn earliest(db: &mut Db, search: &Search<'_>, now: DateTime<Utc>) -> Result<Vec<FreeSlot>, Error> {
    let released = collection_sessions::release_at.le(now.naive_utc());
    let taken = || slots::held + slots::booked + slots::kept;
    let whole = taken().lt(slots::capacity);
    let unreserved = (taken() + slots::reserved).lt(slots::capacity);
    Ok(slots::table
        .inner_join(collection_sessions::table)
        .filter(slots::product.eq(search.product))
        .filter(slots::starts_at.ge(search.from.naive_utc()))
        .filter(slots::starts_at.lt(search.until.naive_utc()))
        .filter(collection_sessions::state.eq("open"))
        .filter(collection_sessions::site_code.eq_any(search.site_codes))
        .filter(unreserved.or(whole.and(released)))
        .order((slots::starts_at.asc(), slots::id.asc()))
        .limit(search.limit)
        .select((slots::all_columns, collection_sessions::site_code, collection_sessions::release_at))
        .load(db)?)
}

/// All slots of open sessions with a free place, at a few sites on a few days; in no order. `search.limit` is not asked.
pub fn at_sites(db: &mut Db, search: &Search<'_>, now: DateTime<Utc>) -> Result<Vec<FreeSlot>, Error> {
    // No session is longer than a day.
    let earliest = (search.from - TimeDelta::days(1)).naive_utc();
    let sessions: Vec<(String, String, NaiveDateTime)> = collection_sessions::table
        .filter(collection_sessions::site_code.eq_any(search.site_codes))
        .filter(collection_sessions::opens_at.between(earliest, search.until.naive_utc()))
        .filter(collection_sessions::state.eq("open"))
        .select((collection_sessions::id, collection_sessions::site_code, collection_sessions::release_at))
        .load(db)?;
    let sessions: HashMap<String, (String, NaiveDateTime)> =
        sessions.into_iter().map(|(id, site_code, release_at)| (id, (site_code, release_at))).collect();
    let slots: Vec<SlotRow> = slots::table
        .filter(slots::session_id.eq_any(sessions.keys()))
        .filter(slots::product.eq(search.product))
        .filter(slots::starts_at.ge(search.from.naive_utc()))
        .filter(slots::starts_at.lt(search.until.naive_utc()))
        .filter((slots::held + slots::booked + slots::kept).lt(slots::capacity))
        .load(db)?;
    let found = slots.into_iter().filter_map(|slot| {
        let (site_code, release_at) = sessions.get(&slot.session_id)?.clone();
        Some(FreeSlot { slot, site_code, release_at })
    });
    Ok(found.filter(|slot| slot.free(now) > 0).collect())
}
