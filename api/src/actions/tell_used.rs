//! Tells those who agreed to news that their blood was used: once a donation, as late as they are shown it.

use super::Context;
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::invitations::{ten_oclock, was_used};
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::invitations::{self as store, NoticeRow};
use crate::store::outbox::{self, Notice, OutboxRow};
use crate::store::{Db, unit_policy, units};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// What its messages are called in the outbox.
pub const MESSAGE: &str = "blood_used";
/// What it is called among what is done once a day.
const TASK: &str = "tell_used";
/// Donations in one transaction.
const BATCH: i64 = 500;
/// What was used longer ago is no news.
const NEWS_FOR: TimeDelta = TimeDelta::days(90);
/// After its hour, such a message has so long to leave: it waits for the end of the holidays (`domain/send_times.rs`).
const LEAVES_WITHIN: TimeDelta = TimeDelta::days(12);

/// Queues the day's notices, on whichever node is first: how many. What a stopped node leaves, the next days do.
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

/// The last donation of those behind `after`, and how many are told of.
fn batch(
    context: &Context,
    db: &mut Db,
    after: &str,
    now: DateTime<Utc>,
) -> Result<(Option<String>, usize), Error> {
    let delay = unit_policy::policy(db)?.delay;
    let found = store::used(db, after, now - delay - NEWS_FOR, now - delay, BATCH)?;
    let Some(last) = found.last().map(|used| used.donation_no.clone()) else { return Ok((None, 0)) };
    let numbers: Vec<&str> = found.iter().map(|used| used.donation_no.as_str()).collect();
    let became = units::of_donations(db, &numbers)?;
    let mut chance = Chance::from_system()?;
    let (mut messages, mut entries) = (Vec::new(), Vec::new());
    for used in &found {
        let of_donation = became.get(&used.donation_no).map(Vec::as_slice).unwrap_or_default();
        let row = NoticeRow {
            id: chance.id(now),
            account_id: used.account_id.clone(),
            donation_no: used.donation_no.clone(),
            queued_at: now.naive_utc(),
        };
        if !was_used(of_donation, delay, now) || !store::notify(db, &row)? {
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
            action: "donor.told_of_use",
            subject: used.donor_id.clone(),
            detail: json!({ "notice": row.id }),
        });
    }
    outbox::push(db, &messages)?;
    audit::append(db, entries, now, &mut chance)?;
    Ok((Some(last), messages.len()))
}
