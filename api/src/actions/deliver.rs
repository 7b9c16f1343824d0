//! Delivers what is in the outbox. The attempt is committed before the call; a message whose fate is unknown is
//! never sent again by itself.

mod compose;
mod gateway;

pub use gateway::Gateway;

use super::Context;
use crate::chance::Chance;
use crate::error::Error;
use crate::store::Db;
use crate::store::outbox::{self, OutboxRow};
use chrono::{DateTime, TimeDelta, Utc};
use compose::{Composed, compose};
use futures_util::future::join_all;
use notifications::Class;

/// Messages on their way at one time.
const BATCH: i64 = 16;
/// An attempt that is older was cut short.
const LONGEST_ATTEMPT: TimeDelta = TimeDelta::minutes(5);

/// Delivers what is due: how many messages were tried.
///
/// # Errors
/// Failures of the database; what a gateway says is written down.
pub async fn deliver_due(context: &Context) -> Result<usize, Error> {
    let (whole, now) = (context.clone(), context.clock.now());
    let rows = context.pool.write(move |db| outbox::claim(db, BATCH, now)).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let prepared: Vec<(OutboxRow, Composed)> =
        context.pool.read(move |db| Ok(prepare(&whole, db, rows, now))).await?;
    let outcomes = join_all(prepared.iter().map(|(row, composed)| deliver(context, row, composed))).await;
    let (count, whole) = (prepared.len(), context.clone());
    context
        .pool
        .write(move |db| {
            let mut chance = Chance::from_system()?;
            for ((row, composed), state) in prepared.iter().zip(outcomes) {
                finish(&whole, db, row, composed, state, &mut chance)?;
            }
            Ok(())
        })
        .await?;
    Ok(count)
}

/// One that cannot be prepared does not stop the others: it has failed.
fn prepare(
    context: &Context,
    db: &mut Db,
    rows: Vec<OutboxRow>,
    now: DateTime<Utc>,
) -> Vec<(OutboxRow, Composed)> {
    let prepare = |row: OutboxRow| {
        let composed = match row.expires_at.and_utc() <= now {
            true => Ok(Composed::Superseded),
            false => compose(context, db, &row),
        };
        let composed = composed.unwrap_or_else(|failure| {
            tracing::error!(message_id = row.id, context = failure.context, "a message cannot be prepared");
            Composed::Unreachable
        });
        (row, composed)
    };
    rows.into_iter().map(prepare).collect()
}

async fn deliver(context: &Context, row: &OutboxRow, composed: &Composed) -> &'static str {
    let (recipient, text) = match composed {
        Composed::Ready { recipient, text } => (recipient, text),
        Composed::Superseded => return "superseded",
        Composed::Unreachable => return "failed",
    };
    let sent = match context.gateway.as_ref() {
        Gateway::Sms(sms) => sms.send(recipient, text).await.map(drop),
        Gateway::Console => Ok(()),
        Gateway::None => return "failed",
    };
    match sent {
        Ok(()) => "sent",
        Err(failure) => {
            tracing::warn!(message_id = row.id, class = ?failure.class, %failure, "a message was not sent");
            if failure.class == Class::Ambiguous { "ambiguous" } else { "failed" }
        }
    }
}

/// Nothing is kept of whom a finished message went to and what it said, but for the demonstration's page.
fn finish(
    context: &Context,
    db: &mut Db,
    row: &OutboxRow,
    composed: &Composed,
    state: &'static str,
    chance: &mut Chance,
) -> Result<(), Error> {
    outbox::finish(db, &row.id, state, context.clock.now())?;
    match (context.gateway.as_ref(), composed) {
        (Gateway::Console, Composed::Ready { recipient, text }) => {
            outbox::keep(db, &row.id, recipient, text, &context.vault, chance)
        }
        _ => outbox::blank(db, &row.id),
    }
}

/// Writes down that attempts of a process that died are of unknown outcome: how many.
///
/// # Errors
/// Failures of the database.
pub async fn settle_interrupted(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    context.pool.write(move |db| outbox::give_up(db, now - LONGEST_ATTEMPT, now)).await
}
