//! Who waits for a place, and the places that are kept for them.

use super::connection::{Db, insert_rows, on_each};
use super::schema::{appointments, collection_sessions, kept_places, session_notices, slots, waitlist};
use crate::error::Error;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;
use std::collections::HashSet;

/// Somebody who waits, as the table holds it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = waitlist, treat_none_as_default_value = false)]
pub struct EntryRow {
    /// UUIDv7.
    pub id: String,
    /// The donor.
    pub donor_id: String,
    /// Who put them on the list.
    pub account_id: String,
    /// The product.
    pub product: String,
    /// The site.
    pub site_code: String,
    /// Asia/Shanghai.
    pub first_day: NaiveDate,
    /// Asia/Shanghai, included.
    pub last_day: NaiveDate,
    /// The lower, the sooner.
    pub class: i64,
    /// Offers that were passed over.
    pub passed_over: i64,
    /// `waiting`, `offered`, `placed` or `ended`.
    pub state: String,
    /// The appointment that was offered last.
    pub offer_id: Option<String>,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub changed_at: NaiveDateTime,
}

/// A freed place, counted in its slot's `kept`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = kept_places, treat_none_as_default_value = false)]
pub struct KeptRow {
    /// UUIDv7.
    pub id: String,
    /// The slot.
    pub slot_id: String,
    /// UTC: from when it is everybody's if nobody waits.
    pub public_at: NaiveDateTime,
}

/// Writes a new entry; `false` when the donor waits for the product already.
pub fn insert(db: &mut Db, row: &EntryRow) -> Result<bool, Error> {
    let inserted = on_each!(db, |connection| diesel::insert_into(waitlist::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

/// The entries that an account made, the newest first.
pub fn of_account(db: &mut Db, account_id: &str, limit: i64) -> Result<Vec<EntryRow>, Error> {
    Ok(waitlist::table
        .filter(waitlist::account_id.eq(account_id))
        .order(waitlist::id.desc())
        .limit(limit)
        .load(db)?)
}

/// How many wait before this entry for one of its days.
pub fn ahead_of(db: &mut Db, entry: &EntryRow) -> Result<i64, Error> {
    let sooner = waitlist::class
        .lt(entry.class)
        .or(waitlist::class.eq(entry.class).and(waitlist::created_at.lt(entry.created_at)));
    Ok(waitlist::table
        .filter(waitlist::site_code.eq(&entry.site_code))
        .filter(waitlist::product.eq(&entry.product))
        .filter(waitlist::state.eq("waiting"))
        .filter(waitlist::first_day.le(entry.last_day))
        .filter(waitlist::last_day.ge(entry.first_day))
        .filter(sooner)
        .count()
        .get_result(db)?)
}

/// Moves an entry from one of these states to another; `false` when it is in none of them.
pub fn set_state(
    db: &mut Db,
    id: &str,
    from: &[&str],
    to: &str,
    passed_over: i64,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let entry = waitlist::table.find(id).filter(waitlist::state.eq_any(from));
    let changed = diesel::update(entry)
        .set((
            waitlist::state.eq(to),
            waitlist::passed_over.eq(passed_over),
            waitlist::changed_at.eq(now.naive_utc()),
        ))
        .execute(db)?;
    Ok(changed == 1)
}

/// Writes down that a waiting entry was offered a place; `false` when it does not wait any more, or its donor has another offer.
pub fn offer(db: &mut Db, entry: &EntryRow, offer_id: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let offered =
        waitlist::table.filter(waitlist::donor_id.eq(&entry.donor_id)).filter(waitlist::state.eq("offered"));
    let live: i64 = offered.count().get_result(db)?;
    if live > 0 {
        return Ok(false);
    }
    let waiting = waitlist::table.find(&entry.id).filter(waitlist::state.eq("waiting"));
    let changed = diesel::update(waiting)
        .set((
            waitlist::state.eq("offered"),
            waitlist::offer_id.eq(Some(offer_id)),
            waitlist::changed_at.eq(now.naive_utc()),
        ))
        .execute(db)?;
    Ok(changed == 1)
}

/// Up to `limit` offers that are not open any more, with their appointments' states.
pub fn answered_offers(db: &mut Db, limit: i64) -> Result<Vec<(EntryRow, String)>, Error> {
    Ok(waitlist::table
        .inner_join(appointments::table.on(waitlist::offer_id.eq(appointments::id.nullable())))
        .filter(waitlist::state.eq("offered"))
        .filter(appointments::state.ne("held"))
        .select((waitlist::all_columns, appointments::state))
        .limit(limit)
        .load(db)?)
}

/// Ends what waits for days that are over.
pub fn end_past(db: &mut Db, today: NaiveDate, now: DateTime<Utc>) -> Result<usize, Error> {
    let past = waitlist::table.filter(waitlist::state.eq("waiting")).filter(waitlist::last_day.lt(today));
    Ok(diesel::update(past)
        .set((waitlist::state.eq("ended"), waitlist::changed_at.eq(now.naive_utc())))
        .execute(db)?)
}

/// Ends what an account, or a donor, waits for.
pub fn end_of(db: &mut Db, account_id: &str, donor_ids: &[&str], now: DateTime<Utc>) -> Result<usize, Error> {
    let whose = waitlist::account_id.eq(account_id).or(waitlist::donor_id.eq_any(donor_ids));
    let live = waitlist::table.filter(whose).filter(waitlist::state.eq_any(["waiting", "offered"]));
    Ok(diesel::update(live)
        .set((waitlist::state.eq("ended"), waitlist::changed_at.eq(now.naive_utc())))
        .execute(db)?)
}

/// Deletes a donor's entries: before the record itself goes.
pub fn forget_of(db: &mut Db, donor_id: &str) -> Result<(), Error> {
    diesel::delete(waitlist::table.filter(waitlist::donor_id.eq(donor_id))).execute(db)?;
    Ok(())
}

/// Those who wait for a place like this one, in the order in which they are served.
pub fn waiting_for(
    db: &mut Db,
    site_code: &str,
    product: &str,
    day: NaiveDate,
    limit: i64,
) -> Result<Vec<EntryRow>, Error> {
    Ok(waitlist::table
        .filter(waitlist::state.eq("waiting"))
        .filter(waitlist::site_code.eq(site_code))
        .filter(waitlist::product.eq(product))
        .filter(waitlist::first_day.le(day))
        .filter(waitlist::last_day.ge(day))
        .order((waitlist::class.asc(), waitlist::created_at.asc(), waitlist::id.asc()))
        .limit(limit)
        .load(db)?)
}

/// Those of these entries that were offered a place in the slot before.
pub fn asked_before(db: &mut Db, entry_ids: &[&str], slot_id: &str) -> Result<HashSet<String>, Error> {
    let ids: Vec<Option<String>> = appointments::table
        .filter(appointments::slot_id.eq(slot_id))
        .filter(appointments::waitlist_id.eq_any(entry_ids))
        .select(appointments::waitlist_id)
        .load(db)?;
    Ok(ids.into_iter().flatten().collect())
}

/// Which of these slots somebody waits for.
pub fn waited_for(db: &mut Db, slot_ids: &[&str]) -> Result<HashSet<String>, Error> {
    let same = waitlist::site_code
        .eq(collection_sessions::site_code)
        .and(waitlist::product.eq(slots::product))
        .and(waitlist::first_day.le(collection_sessions::day))
        .and(waitlist::last_day.ge(collection_sessions::day));
    let ids: Vec<String> = slots::table
        .inner_join(collection_sessions::table)
        .inner_join(waitlist::table.on(same))
        .filter(slots::id.eq_any(slot_ids))
        .filter(waitlist::state.eq("waiting"))
        .select(slots::id)
        .distinct()
        .load(db)?;
    Ok(ids.into_iter().collect())
}

/// How many wait at each site for each product.
pub fn counts(db: &mut Db) -> Result<Vec<(String, String, i64)>, Error> {
    Ok(waitlist::table
        .filter(waitlist::state.eq_any(["waiting", "offered"]))
        .group_by((waitlist::site_code, waitlist::product))
        .select((waitlist::site_code, waitlist::product, diesel::dsl::count_star()))
        .order((waitlist::site_code.asc(), waitlist::product.asc()))
        .load(db)?)
}

/// Whether the station took a place for this product from the donor since `since`, and nothing came in its stead.
pub fn was_displaced(
    db: &mut Db,
    donor_id: &str,
    product: &str,
    since: DateTime<Utc>,
) -> Result<bool, Error> {
    let lost: i64 = session_notices::table
        .inner_join(appointments::table)
        .filter(appointments::donor_id.eq(donor_id))
        .filter(appointments::product.eq(product))
        .filter(appointments::state.eq("cancelled"))
        .filter(session_notices::created_at.gt(since.naive_utc()))
        .count()
        .get_result(db)?;
    Ok(lost > 0)
}

/// Keeps freed places.
pub fn keep(db: &mut Db, rows: &[KeptRow]) -> Result<(), Error> {
    insert_rows!(db, kept_places::table, rows)
}

/// Up to `limit` slots with kept places.
pub fn slots_with_kept(db: &mut Db, after: &str, limit: i64) -> Result<Vec<String>, Error> {
    Ok(kept_places::table
        .select(kept_places::slot_id)
        .distinct()
        .filter(kept_places::slot_id.gt(after))
        .order(kept_places::slot_id.asc())
        .limit(limit)
        .load(db)?)
}

/// A slot's kept places, the soonest public first. The slot MUST be locked.
pub fn kept_on(db: &mut Db, slot_id: &str) -> Result<Vec<KeptRow>, Error> {
    Ok(kept_places::table
        .filter(kept_places::slot_id.eq(slot_id))
        .order((kept_places::public_at.asc(), kept_places::id.asc()))
        .load(db)?)
}

/// Keeps these places no longer.
pub fn release(db: &mut Db, ids: &[&str]) -> Result<(), Error> {
    diesel::delete(kept_places::table.filter(kept_places::id.eq_any(ids))).execute(db)?;
    Ok(())
}

/// Keeps no place of these slots any more.
pub fn release_all(db: &mut Db, slot_ids: &[&str]) -> Result<(), Error> {
    diesel::delete(kept_places::table.filter(kept_places::slot_id.eq_any(slot_ids))).execute(db)?;
    Ok(())
}
