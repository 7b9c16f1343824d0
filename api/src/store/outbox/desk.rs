//! Messages as the station's staff see and handle them.

use super::OutboxRow;
use crate::error::Error;
use crate::store::connection::Db;
use crate::store::schema::{message_attempts, message_receipts, outbox};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;

/// An attempt as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = message_attempts, treat_none_as_default_value = false)]
pub struct AttemptRow {
    /// The message.
    pub message_id: String,
    /// The claim.
    pub fence: i64,
    /// `sms`, `email`, `wechat` or `console`.
    pub channel: Option<String>,
    /// What the channel said, `lost` when nobody wrote it down, or why none was asked.
    pub outcome: String,
    /// The provider's own code.
    pub code: Option<String>,
    /// The provider's number.
    pub provider_id: Option<String>,
    /// The telephone number's keyed hash.
    pub contact_index: Option<Vec<u8>>,
    /// UTC.
    pub ended_at: NaiveDateTime,
}

impl AttemptRow {
    /// The end of a claim that no channel said anything of.
    pub fn ended(row: &OutboxRow, outcome: &str, now: DateTime<Utc>) -> Self {
        Self {
            message_id: row.id.clone(),
            fence: row.fence,
            channel: row.channel.clone(),
            outcome: outcome.to_owned(),
            code: None,
            provider_id: None,
            contact_index: None,
            ended_at: now.naive_utc(),
        }
    }
}

/// A receipt as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = message_receipts, treat_none_as_default_value = false)]
pub struct ReceiptRow {
    /// UUIDv7.
    pub id: String,
    /// The message.
    pub message_id: String,
    /// `submitted`, `buffered`, `delivered`, `failed` or `rejected`.
    pub outcome: String,
    /// The provider's own code.
    pub code: Option<String>,
    /// UTC.
    pub told_at: NaiveDateTime,
}

/// The message with this id; nobody else changes it until the transaction ends.
pub fn by_id(db: &mut Db, id: &str) -> Result<Option<OutboxRow>, Error> {
    let wanted = outbox::table.find(id);
    Ok(match db {
        Db::Postgres(connection) => wanted.for_update().first(connection).optional()?,
        Db::Sqlite(connection) => wanted.first(connection).optional()?,
    })
}

/// Messages in a state, or all, the newest first, older than `before`.
pub fn list(db: &mut Db, state: Option<&str>, before: &str, limit: i64) -> Result<Vec<OutboxRow>, Error> {
    let mut wanted = outbox::table.order(outbox::id.desc()).limit(limit).into_boxed();
    if let Some(state) = state {
        wanted = wanted.filter(outbox::state.eq(state.to_owned()));
    }
    if !before.is_empty() {
        wanted = wanted.filter(outbox::id.lt(before.to_owned()));
    }
    Ok(wanted.load(db)?)
}

/// A message's attempts, in order.
pub fn attempts_of(db: &mut Db, id: &str) -> Result<Vec<AttemptRow>, Error> {
    Ok(message_attempts::table
        .filter(message_attempts::message_id.eq(id))
        .order(message_attempts::fence.asc())
        .load(db)?)
}

/// A message's receipts, in order.
pub fn receipts_of(db: &mut Db, id: &str) -> Result<Vec<ReceiptRow>, Error> {
    Ok(message_receipts::table
        .filter(message_receipts::message_id.eq(id))
        .order(message_receipts::id.asc())
        .load(db)?)
}

/// Queues a dead or unknown message again, with all its attempts, and as if no receipt had come, so that those of the new attempt
/// count; `false` when it is neither.
pub fn retry(db: &mut Db, id: &str, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool, Error> {
    let dead = outbox::table.find(id).filter(outbox::state.eq_any(["failed", "ambiguous"]));
    let changed = diesel::update(dead)
        .set((
            outbox::state.eq("queued"),
            outbox::attempts.eq(0),
            outbox::due_at.eq(now.naive_utc()),
            outbox::expires_at.eq(expires_at.naive_utc()),
            outbox::refused_by.eq(""),
            outbox::delivery.eq("unknown"),
            outbox::finished_at.eq(None::<NaiveDateTime>),
        ))
        .execute(db)?;
    Ok(changed == 1)
}

/// Gives a message up that has not left; `false` when it has, or is over.
pub fn drop_dead(db: &mut Db, id: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let waiting = outbox::table.find(id).filter(outbox::state.eq_any(["queued", "failed", "ambiguous"]));
    let changed = diesel::update(waiting)
        .set((outbox::state.eq("dropped"), outbox::finished_at.eq(Some(now.naive_utc()))))
        .execute(db)?;
    Ok(changed == 1)
}

/// How many messages are in each state, by what receipts say.
pub fn states(db: &mut Db) -> Result<Vec<(String, String, i64)>, Error> {
    Ok(outbox::table
        .group_by((outbox::state, outbox::delivery))
        .select((outbox::state, outbox::delivery, diesel::dsl::count_star()))
        .load(db)?)
}

/// How late messages were that were handed over since, at most 10,000.
pub fn delays(db: &mut Db, since: DateTime<Utc>) -> Result<Vec<TimeDelta>, Error> {
    let sent: Vec<(NaiveDateTime, Option<NaiveDateTime>)> = outbox::table
        .filter(outbox::sent_at.gt(since.naive_utc()))
        .select((outbox::due_at, outbox::sent_at))
        .limit(10_000)
        .load(db)?;
    Ok(sent.into_iter().filter_map(|(due, sent)| Some(sent? - due)).collect())
}
