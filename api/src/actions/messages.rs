//! Messages as the station's staff see and handle them: what became of each, and what to do with those that are stuck.

use super::Context;
use crate::chance::Chance;
use crate::domain::delivery::Purpose;
use crate::error::Error;
use crate::store::Db;
use crate::store::audit::{self, Entry};
use crate::store::outbox::{self, OutboxRow};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// Messages in one answer.
const PAGE: i64 = 100;
/// How long a message that staff queue again may take.
const SECOND_LIFE: TimeDelta = TimeDelta::hours(24);

/// A message, without whom it goes to and what it says.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageLine {
    /// Its id.
    pub id: String,
    /// What it is: `reminder`, `appointment_booked` …
    pub kind: String,
    /// `code`, `service`, `appeal` or `news`.
    pub purpose: &'static str,
    /// `queued`, `sending`, `sent`, `failed`, `ambiguous`, `expired`, `superseded`, `suppressed` or `dropped`.
    pub state: String,
    /// What receipts say: `unknown`, `submitted`, `buffered`, `delivered`, `failed` or `rejected`.
    pub delivery: String,
    /// The channel that has it: `sms` or `email`.
    pub channel: Option<String>,
    /// Attempts that counted.
    pub attempts: i64,
    /// Not before, UTC.
    pub due_at: DateTime<Utc>,
    /// Not after, UTC.
    pub expires_at: DateTime<Utc>,
    /// When a channel took it, UTC.
    pub sent_at: Option<DateTime<Utc>>,
}

/// Something that happened to a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageEvent {
    /// UTC.
    pub at: DateTime<Utc>,
    /// `attempt` or `receipt`.
    pub what: &'static str,
    /// The channel of an attempt.
    pub channel: Option<String>,
    /// An attempt: `accepted`, `permanent`, `throttled`, `account`, `transient`, `ambiguous`, `lost`, or why no channel was asked.
    /// A receipt: `submitted`, `buffered`, `delivered`, `failed` or `rejected`.
    pub outcome: String,
    /// The provider's code.
    pub code: Option<String>,
}

/// A message with all that happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageTimeline {
    /// The message.
    pub message: MessageLine,
    /// In the order of time.
    pub events: Vec<MessageEvent>,
}

impl From<OutboxRow> for MessageLine {
    fn from(row: OutboxRow) -> Self {
        Self {
            purpose: Purpose::of(&row.kind).as_str(),
            id: row.id,
            kind: row.kind,
            state: row.state,
            delivery: row.delivery,
            channel: row.channel,
            attempts: row.attempts,
            due_at: row.due_at.and_utc(),
            expires_at: row.expires_at.and_utc(),
            sent_at: row.sent_at.map(|at| at.and_utc()),
        }
    }
}

/// Messages in a state, or all, the newest first, from before the id `before`.
///
/// # Errors
/// Failures of the database.
pub fn list(db: &mut Db, state: Option<&str>, before: &str) -> Result<Vec<MessageLine>, Error> {
    Ok(outbox::list(db, state, before, PAGE)?.into_iter().map(MessageLine::from).collect())
}

/// What happened to a message.
///
/// # Errors
/// `not_found`.
pub fn timeline(db: &mut Db, id: &str) -> Result<MessageTimeline, Error> {
    let row = outbox::by_id(db, id)?.ok_or_else(no_such_message)?;
    let attempts = outbox::attempts_of(db, id)?.into_iter().map(|attempt| MessageEvent {
        at: attempt.ended_at.and_utc(),
        what: "attempt",
        channel: attempt.channel,
        outcome: attempt.outcome,
        code: attempt.code,
    });
    let receipts = outbox::receipts_of(db, id)?.into_iter().map(|receipt| MessageEvent {
        at: receipt.told_at.and_utc(),
        what: "receipt",
        channel: None,
        outcome: receipt.outcome,
        code: receipt.code,
    });
    let mut events: Vec<MessageEvent> = attempts.chain(receipts).collect();
    events.sort_by_key(|event| event.at);
    Ok(MessageTimeline { message: row.into(), events })
}

fn no_such_message() -> Error {
    Error::not_found("There is no such message.")
}

/// Queues a message again that failed, or of which nobody knows whether it arrived.
///
/// # Errors
/// `not_found`; `not_stuck` when it is neither; `code_is_over` for a sign-in code.
pub async fn retry(context: &Context, id: String) -> Result<(), Error> {
    let whole = context.clone();
    let done = context.pool.write(move |db| {
        let now = whole.clock.now();
        let row = outbox::by_id(db, &id)?.ok_or_else(no_such_message)?;
        if row.account_id.is_none() {
            return Err(Error::conflict("code_is_over", "A code is asked for again by whoever needs one."));
        }
        let expires_at = row.expires_at.and_utc().max(now + SECOND_LIFE);
        if !outbox::retry(db, &id, expires_at, now)? {
            return Err(not_stuck());
        }
        trace(&whole, db, "message.retried", id, now)
    });
    done.await?;
    context.bell.notify_one();
    Ok(())
}

/// Gives a message up that has not left.
///
/// # Errors
/// `not_found`; `not_stuck` when it has left, or is over.
pub async fn discard(context: &Context, id: String) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            outbox::by_id(db, &id)?.ok_or_else(no_such_message)?;
            if !outbox::drop_dead(db, &id, now)? {
                return Err(not_stuck());
            }
            outbox::blank(db, &[&id])?;
            trace(&whole, db, "message.dropped", id, now)
        })
        .await
}

fn not_stuck() -> Error {
    Error::conflict("not_stuck", "This message has left, or is over: there is nothing to be done.")
}

fn trace(
    context: &Context,
    db: &mut Db,
    action: &'static str,
    subject: String,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let entry = Entry { actor: context.actor.clone(), action, subject, detail: json!({}) };
    audit::append(db, [entry], now, &mut Chance::from_system()?)
}
