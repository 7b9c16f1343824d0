//! What a station settles about booking, who did not come, and what was forgiven.

use super::connection::{Db, on_each};
use super::schema::{appointments, booking_policy, collection_sessions, forgiven_misses, slots};
use crate::domain::booking::Policy;
use crate::domain::waitlist::WaitingPolicy;
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = booking_policy)]
struct PolicyRow {
    id: i64,
    window_days: i64,
    notice_minutes: i64,
    cancel_until_minutes: i64,
    hold_minutes: i64,
    hold_renewals: i64,
    rebooking_hold_minutes: i64,
    no_show_limit: i64,
    no_show_days: i64,
    limited_days: i64,
    offer_minutes: i64,
    offer_minutes_when_near: i64,
    near_minutes: i64,
    offers_passed_over: i64,
    public_delay_minutes: i64,
    version: i64,
}

/// The policy.
pub fn policy(db: &mut Db) -> Result<Policy, Error> {
    let row: PolicyRow = booking_policy::table.first(db)?;
    Ok(Policy {
        window: TimeDelta::days(row.window_days),
        notice: TimeDelta::minutes(row.notice_minutes),
        cancel_until: TimeDelta::minutes(row.cancel_until_minutes),
        hold: TimeDelta::minutes(row.hold_minutes),
        renewals: row.hold_renewals,
        rebooking_hold: TimeDelta::minutes(row.rebooking_hold_minutes),
        no_show_limit: row.no_show_limit,
        no_show_span: TimeDelta::days(row.no_show_days),
        limited_for: TimeDelta::days(row.limited_days),
        waiting: WaitingPolicy {
            offer: TimeDelta::minutes(row.offer_minutes),
            offer_when_near: TimeDelta::minutes(row.offer_minutes_when_near),
            near: TimeDelta::minutes(row.near_minutes),
            passed_over: row.offers_passed_over,
            public_delay: TimeDelta::minutes(row.public_delay_minutes),
        },
        version: row.version,
    })
}

/// Writes a policy over its version before; `false` when somebody else was faster.
pub fn change(db: &mut Db, policy: &Policy) -> Result<bool, Error> {
    let row = PolicyRow {
        id: 1,
        window_days: policy.window.num_days(),
        notice_minutes: policy.notice.num_minutes(),
        cancel_until_minutes: policy.cancel_until.num_minutes(),
        hold_minutes: policy.hold.num_minutes(),
        hold_renewals: policy.renewals,
        rebooking_hold_minutes: policy.rebooking_hold.num_minutes(),
        no_show_limit: policy.no_show_limit,
        no_show_days: policy.no_show_span.num_days(),
        limited_days: policy.limited_for.num_days(),
        offer_minutes: policy.waiting.offer.num_minutes(),
        offer_minutes_when_near: policy.waiting.offer_when_near.num_minutes(),
        near_minutes: policy.waiting.near.num_minutes(),
        offers_passed_over: policy.waiting.passed_over,
        public_delay_minutes: policy.waiting.public_delay.num_minutes(),
        version: policy.version,
    };
    let before = booking_policy::table.filter(booking_policy::version.eq(policy.version - 1));
    Ok(on_each!(db, |connection| diesel::update(before).set(&row).execute(connection))? == 1)
}

/// When these donors did not come, after `since` and after what was forgiven.
pub fn missed(
    db: &mut Db,
    donor_ids: &[&str],
    since: DateTime<Utc>,
) -> Result<HashMap<String, Vec<DateTime<Utc>>>, Error> {
    let rows: Vec<(String, NaiveDateTime)> = appointments::table
        .filter(appointments::donor_id.eq_any(donor_ids))
        .filter(appointments::state.eq("no_show"))
        .filter(appointments::starts_at.gt(since.naive_utc()))
        .select((appointments::donor_id, appointments::starts_at))
        .load(db)?;
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let forgiven: HashMap<String, NaiveDateTime> = forgiven_misses::table
        .filter(forgiven_misses::donor_id.eq_any(donor_ids))
        .select((forgiven_misses::donor_id, forgiven_misses::at))
        .load(db)?
        .into_iter()
        .collect();
    let mut missed: HashMap<String, Vec<DateTime<Utc>>> = HashMap::new();
    for (donor_id, at) in rows {
        if forgiven.get(&donor_id).is_none_or(|forgiven| *forgiven < at) {
            missed.entry(donor_id).or_default().push(at.and_utc());
        }
    }
    Ok(missed)
}

/// Forgives what a donor missed until now.
pub fn forgive(db: &mut Db, donor_id: &str, user_id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let row = (
        forgiven_misses::donor_id.eq(donor_id),
        forgiven_misses::at.eq(now.naive_utc()),
        forgiven_misses::user_id.eq(user_id),
    );
    on_each!(db, |connection| diesel::insert_into(forgiven_misses::table)
        .values(row)
        .on_conflict(forgiven_misses::donor_id)
        .do_update()
        .set((forgiven_misses::at.eq(now.naive_utc()), forgiven_misses::user_id.eq(user_id)))
        .execute(connection))?;
    Ok(())
}

/// Forgets what was forgiven to a donor: before the record itself goes.
pub fn forget_of(db: &mut Db, donor_id: &str) -> Result<(), Error> {
    diesel::delete(forgiven_misses::table.find(donor_id)).execute(db)?;
    Ok(())
}

/// Up to `limit` booked appointments at sessions that closed before `before`: nobody came.
pub fn unattended(db: &mut Db, before: DateTime<Utc>, limit: i64) -> Result<Vec<String>, Error> {
    Ok(appointments::table
        .inner_join(slots::table.inner_join(collection_sessions::table))
        .filter(appointments::state.eq("booked"))
        .filter(appointments::starts_at.lt(before.naive_utc()))
        .filter(collection_sessions::closes_at.lt(before.naive_utc()))
        .filter(collection_sessions::state.ne("cancelled"))
        .select(appointments::id)
        .limit(limit)
        .load(db)?)
}
