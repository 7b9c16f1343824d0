//! Who works on which message: taken for a while, and written back by whoever has it still.

use super::OutboxRow;
use super::desk::AttemptRow;
use crate::error::Error;
use crate::store::connection::{Db, on_each};
use crate::store::schema::{message_attempts, outbox};
use crate::store::together::{insert_together, update_together};
use crate::store::word::Word;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

/// Which messages are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Codes for signing in, which somebody waits for.
    Codes,
    /// Whatever is due.
    All,
}

/// The kind of codes for signing in.
const CODE: Word = Word("sign_in_code");

/// Whether anything is due.
pub fn any_due(db: &mut Db, queue: Queue, now: DateTime<Utc>) -> Result<bool, Error> {
    let due =
        outbox::table.filter(outbox::state.eq(Word("queued"))).filter(outbox::due_at.le(now.naive_utc()));
    Ok(match queue {
        Queue::Codes => {
            diesel::select(diesel::dsl::exists(due.filter(outbox::kind.eq(CODE)))).get_result(db)?
        }
        Queue::All => diesel::select(diesel::dsl::exists(due)).get_result(db)?,
    })
}

/// Whether a claim has ended by itself, or a message of unknown fate is to be looked at.
pub fn any_to_settle(db: &mut Db, now: DateTime<Utc>) -> Result<bool, Error> {
    let lost = outbox::table
        .filter(outbox::state.eq(Word("sending")))
        .filter(outbox::lease_until.lt(now.naive_utc()));
    let waited = outbox::table
        .filter(outbox::state.eq(Word("ambiguous")))
        .filter(outbox::finished_at.is_null())
        .filter(outbox::due_at.le(now.naive_utc()));
    let any_lost: bool = diesel::select(diesel::dsl::exists(lost)).get_result(db)?;
    Ok(any_lost || diesel::select(diesel::dsl::exists(waited)).get_result(db)?)
}

/// Ids of messages that are due, the longest due first, of which nobody else takes any meanwhile.
macro_rules! due {
    ($db:expr, $limit:expr, $now:expr $(, $and:expr)?) => {{
        let due = outbox::table
            .filter(outbox::state.eq(Word("queued")))
            .filter(outbox::due_at.le($now.naive_utc()))
            $(.filter($and))?
            .order(outbox::due_at.asc())
            .limit($limit)
            .select(outbox::id);
        match $db {
            Db::Postgres(connection) => due.for_update().skip_locked().load::<String>(connection)?,
            Db::Sqlite(connection) => due.load::<String>(connection)?,
        }
    }};
}

/// Takes messages that are due for `lease`: whoever gets one, gets it alone. The attempt is written down before it is made.
pub fn claim(
    db: &mut Db,
    queue: Queue,
    limit: i64,
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Vec<OutboxRow>, Error> {
    let ids = match queue {
        Queue::Codes => due!(db, limit, now, outbox::kind.eq(CODE)),
        Queue::All => due!(db, limit, now),
    };
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let claimed = outbox::table.filter(outbox::id.eq_any(&ids)).filter(outbox::state.eq(Word("queued")));
    on_each!(db, |connection| diesel::update(claimed)
        .set((
            outbox::state.eq(Word("sending")),
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::fence.eq(outbox::fence + 1),
            outbox::lease_until.eq(Some((now + lease).naive_utc())),
        ))
        .returning(outbox::all_columns)
        .load(connection))
    .map_err(Error::from)
}

/// What became of a claimed message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The message.
    pub id: String,
    /// The claim.
    pub fence: i64,
    /// Its state from now on.
    pub state: &'static str,
    /// Attempts that counted.
    pub attempts: i64,
    /// UTC: not before.
    pub due_at: NaiveDateTime,
    /// The channel that has it.
    pub channel: Option<String>,
    /// Channels that refused it for good, with commas.
    pub refused_by: String,
    /// UTC: when a channel took it.
    pub sent_at: Option<NaiveDateTime>,
    /// UTC.
    pub finished_at: Option<NaiveDateTime>,
}

/// What receipts say of a message that somebody has.
const TAKEN: [&str; 3] = ["submitted", "buffered", "delivered"];

/// Writes down what became of claimed messages and how each attempt ended; what somebody else has claimed since is left alone.
/// Messages that are handed over, or may be, and of which a receipt has come meanwhile that says otherwise, stay as they are and
/// are returned, locked: refused ones, and of unknown fate those that somebody has.
pub fn finish(db: &mut Db, rows: &[Finished], attempts: &[AttemptRow]) -> Result<Vec<OutboxRow>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let written = update_together!(
        db,
        outbox,
        rows,
        key [id, fence],
        set [state, attempts, due_at, channel, refused_by, sent_at, finished_at],
        "AND outbox.state = 'sending'
         AND (new.state NOT IN ('sent', 'ambiguous') OR outbox.refused_by = new.refused_by)
         AND (new.state <> 'ambiguous' OR outbox.delivery NOT IN ('submitted', 'buffered', 'delivered'))"
    )
    .execute(db)?;
    let overtaken = if written == rows.len() { Vec::new() } else { overtaken(db, rows)? };
    // Of a claim that ended by itself the attempt is written down already: the others' must not be lost for it.
    if !attempts.is_empty() {
        insert_together!(
            db,
            message_attempts,
            attempts,
            [message_id, fence, channel, outcome, code, provider_id, contact_index, ended_at],
            "ON CONFLICT DO NOTHING"
        )
        .execute(db)?;
    }
    Ok(overtaken)
}

/// Those of these claims that still hold.
fn overtaken(db: &mut Db, rows: &[Finished]) -> Result<Vec<OutboxRow>, Error> {
    let fences: HashMap<&str, i64> = rows.iter().map(|row| (row.id.as_str(), row.fence)).collect();
    let sending = outbox::table
        .filter(outbox::id.eq_any(fences.keys().copied().collect::<Vec<_>>()))
        .filter(outbox::state.eq(Word("sending")));
    let mut found: Vec<OutboxRow> = match db {
        Db::Postgres(connection) => sending.for_update().load(connection)?,
        Db::Sqlite(connection) => sending.load(connection)?,
    };
    found.retain(|row| fences.get(row.id.as_str()) == Some(&row.fence));
    Ok(found)
}

/// Forgets to whom finished messages went and what they said.
pub fn blank(db: &mut Db, ids: &[&str]) -> Result<(), Error> {
    let nothing: &[u8] = &[];
    if !ids.is_empty() {
        diesel::update(outbox::table.filter(outbox::id.eq_any(ids)))
            .set((outbox::recipient_sealed.eq(nothing), outbox::content_sealed.eq(nothing)))
            .execute(db)?;
    }
    Ok(())
}

/// Messages whose worker died at work: taken back as of unknown fate, each with the attempt that nobody wrote down.
/// `look_at` says when they are looked at again.
pub fn release_lost(
    db: &mut Db,
    limit: i64,
    now: DateTime<Utc>,
    look_at: impl Fn(&OutboxRow) -> Option<DateTime<Utc>>,
) -> Result<usize, Error> {
    let lost = outbox::table
        .filter(outbox::state.eq(Word("sending")))
        .filter(outbox::lease_until.lt(now.naive_utc()))
        .order(outbox::id.asc())
        .limit(limit);
    let lost: Vec<OutboxRow> = match db {
        Db::Postgres(connection) => lost.for_update().skip_locked().load(connection)?,
        Db::Sqlite(connection) => lost.load(connection)?,
    };
    let (mut rows, mut attempts) = (Vec::new(), Vec::new());
    for row in &lost {
        // Whoever has it, had it from the worker that died.
        let taken = TAKEN.contains(&row.delivery.as_str());
        let look_at = look_at(row).filter(|_| !taken);
        rows.push(Finished {
            id: row.id.clone(),
            fence: row.fence,
            state: if taken { "sent" } else { "ambiguous" },
            attempts: row.attempts,
            due_at: look_at.map_or(row.due_at, |at| at.naive_utc()),
            channel: row.channel.clone(),
            refused_by: row.refused_by.clone(),
            sent_at: taken.then(|| now.naive_utc()),
            finished_at: look_at.is_none().then(|| now.naive_utc()),
        });
        attempts.push(AttemptRow::ended(row, "lost", now));
    }
    finish(db, &rows, &attempts)?;
    Ok(lost.len())
}

/// Queues messages of unknown fate again of which nothing was heard until they were to be looked at; those that a receipt speaks of
/// were sent. How many are queued again.
pub fn settle_unknown(db: &mut Db, limit: i64, now: DateTime<Utc>) -> Result<usize, Error> {
    let waited = outbox::table
        .filter(outbox::state.eq(Word("ambiguous")))
        .filter(outbox::finished_at.is_null())
        .filter(outbox::due_at.le(now.naive_utc()))
        .select(outbox::id)
        .limit(limit);
    let ids: Vec<String> = match db {
        Db::Postgres(connection) => waited.for_update().skip_locked().load(connection)?,
        Db::Sqlite(connection) => waited.load(connection)?,
    };
    if ids.is_empty() {
        return Ok(0);
    }
    let those = outbox::table.filter(outbox::id.eq_any(&ids)).filter(outbox::state.eq(Word("ambiguous")));
    Ok(diesel::update(those).set(outbox::state.eq(Word("queued"))).execute(db)?)
}
