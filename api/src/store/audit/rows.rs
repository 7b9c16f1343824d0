//! The audit trail, read from its beginning: for whoever verifies it.

use crate::domain::audit_chain::{Content, Head, Row, heads_from_json};
use crate::error::Error;
use crate::store::Db;
use crate::store::schema::{audit, audit_heads};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit)]
struct ContentRow {
    id: String,
    at: NaiveDateTime,
    actor: String,
    action: String,
    subject: String,
    detail: String,
}

impl From<ContentRow> for Content {
    fn from(ContentRow { id, at, actor, action, subject, detail }: ContentRow) -> Self {
        Self { id, at_micros: at.and_utc().timestamp_micros(), actor, action, subject, detail }
    }
}

/// The first stream after `after` (from the beginning, when that is `None`) that has a head or a row.
pub fn first_stream_after(db: &mut Db, after: Option<i64>) -> Result<Option<i64>, Error> {
    let from = after.map_or(i64::MIN, |after| after.saturating_add(1));
    let head: Option<i64> = audit_heads::table
        .select(diesel::dsl::min(audit_heads::stream))
        .filter(audit_heads::stream.ge(from))
        .first(db)?;
    let row: Option<i64> =
        audit::table.select(diesel::dsl::min(audit::stream)).filter(audit::stream.ge(from)).first(db)?;
    // Behind the last number there is no stream to come.
    Ok([head, row].into_iter().flatten().min().filter(|_| after != Some(i64::MAX)))
}

/// At most `limit` rows of a stream in the order of their numbers, those behind the row `after` (number and id).
pub fn stream_rows(db: &mut Db, stream: i64, after: (i64, &str), limit: i64) -> Result<Vec<Row>, Error> {
    let (after_seq, after_id) = after;
    let rows: Vec<(Option<i64>, Option<Vec<u8>>, ContentRow)> = audit::table
        .filter(audit::stream.eq(stream).and(audit::seq.ge(after_seq)))
        .filter(audit::seq.gt(after_seq).or(audit::id.gt(after_id)))
        .order((audit::seq, audit::id))
        .limit(limit)
        .select((audit::seq, audit::hash, ContentRow::as_select()))
        .load(db)?;
    let row = |(seq, hash, content): (Option<i64>, Option<Vec<u8>>, ContentRow)| Row {
        // A row without a number is not greater than any, so none comes here.
        seq: seq.unwrap_or_default(),
        hash: hash.unwrap_or_default(),
        content: content.into(),
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The hash of the row numbered `seq` of a stream.
pub fn hash_at(db: &mut Db, stream: i64, seq: i64) -> Result<Option<Vec<u8>>, Error> {
    let place = audit::table.filter(audit::stream.eq(stream).and(audit::seq.eq(seq)));
    let hash: Option<Option<Vec<u8>>> = place.select(audit::hash).first(db).optional()?;
    Ok(hash.flatten())
}

/// At most `limit` rows without a place in the chain, in the order of their ids, behind the id `after`: id and time
/// (microseconds since 1970-01-01 UTC).
pub fn unchained(db: &mut Db, after: &str, limit: i64) -> Result<Vec<(String, i64)>, Error> {
    let rows: Vec<(String, NaiveDateTime)> = audit::table
        .filter(audit::stream.is_null().or(audit::seq.is_null()))
        .filter(audit::id.gt(after))
        .order(audit::id)
        .limit(limit)
        .select((audit::id, audit::at))
        .load(db)?;
    Ok(rows.into_iter().map(|(id, at)| (id, at.and_utc().timestamp_micros())).collect())
}

/// What a checkpoint says.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// Its row's id.
    pub id: String,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The heads that it names; `None` when it cannot be read.
    pub heads: Option<Vec<Head>>,
}

impl Checkpoint {
    /// The action of its entry.
    pub const ACTION: &'static str = "audit.checkpoint";
    /// The subject of its entry, by which checkpoints are found.
    pub const SUBJECT: &'static str = "audit";

    fn of((id, at, detail): (String, NaiveDateTime, String)) -> Self {
        let detail: Option<serde_json::Value> = serde_json::from_str(&detail).ok();
        let heads = detail.and_then(|detail| heads_from_json(detail.get("streams")?));
        Self { id, at: at.and_utc(), heads }
    }
}

/// At most `limit` checkpoints, in the order of their ids, behind the id `after`.
pub fn checkpoints(db: &mut Db, after: &str, limit: i64) -> Result<Vec<Checkpoint>, Error> {
    let rows: Vec<(String, NaiveDateTime, String)> = audit::table
        .filter(audit::subject.eq(Checkpoint::SUBJECT).and(audit::action.eq(Checkpoint::ACTION)))
        .filter(audit::id.gt(after))
        .order(audit::id)
        .limit(limit)
        .select((audit::id, audit::at, audit::detail))
        .load(db)?;
    Ok(rows.into_iter().map(Checkpoint::of).collect())
}

/// The newest checkpoint.
pub fn newest_checkpoint(db: &mut Db) -> Result<Option<Checkpoint>, Error> {
    let row = audit::table
        .filter(audit::subject.eq(Checkpoint::SUBJECT).and(audit::action.eq(Checkpoint::ACTION)))
        .order(audit::id.desc())
        .select((audit::id, audit::at, audit::detail))
        .first(db)
        .optional()?;
    Ok(row.map(Checkpoint::of))
}

/// Lets one node at a time write a checkpoint, until its transaction ends; SQLite's single writer needs no lock.
pub fn take_turns(db: &mut Db) -> Result<(), Error> {
    use diesel::connection::SimpleConnection;
    if let Db::Postgres(connection) = db {
        // `audit` in ASCII.
        connection.batch_execute("SELECT pg_advisory_xact_lock(418581342580)")?;
    }
    Ok(())
}

/// A line of the trail, to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Trace {
    /// UUIDv7.
    pub id: String,
    /// UTC.
    pub at: NaiveDateTime,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What else there is to know, JSON.
    pub detail: String,
}

/// The newest lines about these subjects.
pub fn of_subjects(db: &mut Db, subjects: &[String], limit: i64) -> Result<Vec<Trace>, Error> {
    Ok(audit::table
        .filter(audit::subject.eq_any(subjects))
        .order(audit::id.desc())
        .limit(limit)
        .select((audit::id, audit::at, audit::actor, audit::action, audit::subject, audit::detail))
        .load(db)?)
}

/// A page of the trail, the newest first: about `subject` or about everything, of lines made before `before`.
pub fn page(
    db: &mut Db,
    subject: Option<&str>,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Trace>, Error> {
    let mut lines = audit::table
        .order(audit::id.desc())
        .limit(limit)
        .select((audit::id, audit::at, audit::actor, audit::action, audit::subject, audit::detail))
        .into_boxed();
    if let Some(subject) = subject {
        lines = lines.filter(audit::subject.eq(subject));
    }
    if let Some(before) = before {
        lines = lines.filter(audit::id.lt(before));
    }
    Ok(lines.load(db)?)
}
