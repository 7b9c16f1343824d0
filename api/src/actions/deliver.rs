//! Delivers what is in the outbox.
//!
//! ```text
//! claim     a batch of what is due, for a while: the attempt is committed before it is made
//! prepare   whom it goes to, what it says, by which channel, as things stand now
//! send      many at a time; each call is one attempt
//! record    what each came to (`domain/delivery.rs`), in one transaction; whoever lost the claim writes nothing
//! ```
//! A message whose fate is unknown is not sent again before a receipt had time to come; a code never is.

mod channels;
mod compose;
mod record;
mod subscribe;

pub use channels::{Channels, mail_server};

use super::Context;
use crate::domain::delivery::{Attempt, Next, Purpose, Said, next};
use crate::error::Error;
use crate::store::message_policy;
pub use crate::store::outbox::Queue;
use crate::store::outbox::{self, OutboxRow};
use chrono::{DateTime, TimeDelta, Utc};
use compose::{Desk, Prepared, Ready};
use futures_util::stream::{self, StreamExt};
use notifications::{Accepted, Call, Channel, Class, Failure};
use record::{Made, record};

/// Messages that are claimed together.
const BATCH: i64 = 128;
/// Messages on their way at one time.
const AT_ONCE: usize = 64;
/// Results that are written down together.
const TOGETHER: usize = 64;
/// How long a claim holds: longer than a batch takes when every call times out.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// Messages that are looked at in one transaction, of those whose worker died or whose fate is unknown.
const LOOKED_AT: i64 = 500;

/// Delivers what is due: how many messages were claimed.
///
/// # Errors
/// Failures of the database; what a channel says is written down.
pub async fn deliver_due(context: &Context, queue: Queue) -> Result<usize, Error> {
    let (whole, now) = (context.clone(), context.clock.now());
    let due = context.pool.read(move |db| outbox::any_due(db, queue, now)).await?;
    if !due {
        return Ok(0);
    }
    let rows = context.pool.write(move |db| outbox::claim(db, queue, BATCH, LEASE, now)).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let prepared: Vec<(OutboxRow, Prepared)> =
        context.pool.read(move |db| Desk::open(&whole, db, now)?.prepare(db, rows)).await?;
    let count = prepared.len();
    let mut made = stream::iter(prepared)
        .map(|(row, prepared)| attempt(context, row, prepared))
        .buffer_unordered(AT_ONCE)
        .ready_chunks(TOGETHER);
    // As they come: what is not written down when a worker dies is of unknown fate.
    while let Some(made) = made.next().await {
        let whole = context.clone();
        context.pool.write(move |db| record(&whole, db, made)).await?;
    }
    Ok(count)
}

async fn attempt(context: &Context, row: OutboxRow, prepared: Prepared) -> Made {
    let outcome = match &prepared {
        Prepared::Ready(ready) => send(context, &row, ready).await,
        _ => None,
    };
    Made { row, prepared, outcome }
}

async fn send(context: &Context, row: &OutboxRow, ready: &Ready) -> Option<Result<Accepted, Failure>> {
    let nonce = format!("{}.{}", row.id, row.fence);
    let call = Call { written_at: row.due_at.and_utc(), ..Call::new(&row.id, context.clock.now(), &nonce) };
    let channel = context.channels.get(ready.channel)?;
    let sent = match channel {
        Channel::WeChat(_) => {
            subscribe::send(context, channel, &ready.recipient(), &ready.outgoing, &call).await
        }
        _ => channel.send(&ready.recipient(), &ready.outgoing, &call).await,
    };
    if let Err(failure) = &sent {
        tracing::warn!(message_id = row.id, class = ?failure.class, %failure, "a message was not sent");
    }
    Some(sent)
}

/// What a channel's answer means.
fn said(outcome: &Result<Accepted, Failure>) -> Said {
    match outcome {
        Ok(_) => Said::Accepted,
        Err(failure) => match failure.class {
            Class::Permanent => Said::Permanent,
            Class::Throttled => Said::Throttled,
            Class::Account => Said::Account,
            Class::Transient => Said::Transient,
            Class::Ambiguous => Said::Ambiguous,
        },
    }
}

/// Takes messages back whose worker died, and queues those again of which nothing was heard: how many.
///
/// # Errors
/// Failures of the database.
pub async fn settle(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    if !context.pool.read(move |db| outbox::any_to_settle(db, now)).await? {
        return Ok(0);
    }
    context
        .pool
        .write(move |db| {
            let patience = message_policy::patience(db)?;
            let lost = outbox::release_lost(db, LOOKED_AT, now, |row| {
                match next(Said::Ambiguous, &attempt_of(row, false), &patience, now, 0) {
                    Next::Unknown { look_at } => look_at,
                    _ => None,
                }
            })?;
            let again = outbox::settle_unknown(db, LOOKED_AT, now)?;
            Ok(lost + again)
        })
        .await
}

/// The channel of which receipts tell.
pub(super) const TOLD_OF: &str = "sms";

/// A receipt says that a message did not arrive: the next channel is asked, if there is time and it is no code.
pub(super) fn apply_failure(row: &mut OutboxRow, now: DateTime<Utc>) {
    row.channel = None;
    refuse(row);
    let in_time = row.expires_at.and_utc() > now && row.account_id.is_some() && row.only_by.is_none();
    row.finished_at = (!in_time).then(|| now.naive_utc());
    row.due_at = now.naive_utc();
    if in_time { "queued" } else { "failed" }.clone_into(&mut row.state);
}

/// Writes down that the channel of which receipts tell has refused a message.
pub(super) fn refuse(row: &mut OutboxRow) {
    if !row.refused_by.split(',').any(|refused| refused == TOLD_OF) {
        row.refused_by = [row.refused_by.as_str(), TOLD_OF].join(",").trim_matches(',').to_owned();
    }
}

fn attempt_of(row: &OutboxRow, has_other: bool) -> Attempt {
    Attempt {
        purpose: Purpose::of(&row.kind),
        attempts: row.attempts,
        expires_at: row.expires_at.and_utc(),
        has_other,
    }
}
