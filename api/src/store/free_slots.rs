//! Slots with a free place.

use super::connection::Db;
use super::schedule::SlotRow;
use super::schema::{collection_sessions, slots};
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use std::ops::Range;

/// What a search for places asks.
pub struct Search<'a> {
    /// The product.
    pub product: &'a str,
    /// When.
    pub time: Range<DateTime<Utc>>,
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
        .filter(slots::starts_at.ge(search.time.start.naive_utc()))
        .filter(slots::starts_at.lt(search.time.end.naive_utc()))
        .filter(collection_sessions::state.eq("open"))
        .filter(collection_sessions::site_code.eq_any(search.site_codes))
        .filter(unreserved.or(whole.and(released)))
        .order((slots::starts_at.asc(), slots::id.asc()))
        .limit(search.limit)
        .select((slots::all_columns, collection_sessions::site_code, collection_sessions::release_at))
        .load(db)?)
}

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct OpenSession {
    /// UUIDv7.
    pub id: String,
    /// Its site.
    pub site_code: String,
    /// UTC.
    pub opens_at: NaiveDateTime,
    /// UTC: when the kept places become everybody's.
    pub release_at: NaiveDateTime,
}

/// The open sessions at these sites at a time.
pub fn open_sessions(
    db: &mut Db,
    site_codes: &[&str],
    time: &Range<DateTime<Utc>>,
) -> Result<Vec<OpenSession>, Error> {
    // No session is longer than a day.
    let earliest = (time.start - TimeDelta::days(1)).naive_utc();
    Ok(collection_sessions::table
        .filter(collection_sessions::site_code.eq_any(site_codes))
        .filter(collection_sessions::opens_at.between(earliest, time.end.naive_utc()))
        .filter(collection_sessions::closes_at.gt(time.start.naive_utc()))
        .filter(collection_sessions::state.eq("open"))
        .select((
            collection_sessions::id,
            collection_sessions::site_code,
            collection_sessions::opens_at,
            collection_sessions::release_at,
        ))
        .load(db)?)
}

/// The slots of these sessions for a product in which a place is left, kept ones too, in no order.
pub fn in_sessions(db: &mut Db, session_ids: &[&str], product: &str) -> Result<Vec<SlotRow>, Error> {
    Ok(slots::table
        .filter(slots::session_id.eq_any(session_ids))
        .filter(slots::product.eq(product))
        .filter((slots::held + slots::booked + slots::kept).lt(slots::capacity))
        .load(db)?)
}
