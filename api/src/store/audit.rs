//! The audit trail: written in the transaction of what it tells, never changed, each row covering the one before.

mod heads;
mod rows;

pub use heads::all as heads;
pub use rows::{
    Checkpoint, Trace, checkpoints, first_stream_after, hash_at, newest_checkpoint, of_subjects, page,
    stream_rows, take_turns, unchained,
};

use super::connection::{Db, insert_rows};
use super::schema::audit;
use crate::chance::Chance;
use crate::domain::audit_chain::{self, Content, Row};
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Whoever may run the program on the station's machine.
    CommandLine,
    /// The program itself, on time.
    Job(&'static str),
    /// Somebody who has not signed in yet.
    Nobody,
    /// A donor's account, by its id.
    Account(String),
    /// A member of staff, or of a hospital's, by the id of their user.
    User(String),
    /// A hospital's system, by the id of its client.
    Client(String),
}

impl std::fmt::Display for Actor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CommandLine => out.write_str("command-line"),
            Self::Job(name) => write!(out, "job:{name}"),
            Self::Nobody => out.write_str("nobody"),
            Self::Account(id) => write!(out, "account:{id}"),
            Self::User(id) => write!(out, "user:{id}"),
            Self::Client(id) => write!(out, "client:{id}"),
        }
    }
}

/// One thing that was done. MUST NOT hold personal data: numbers of records, words and amounts only.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Who did it.
    pub actor: Actor,
    /// What was done: `thing.verb` in the past tense.
    pub action: &'static str,
    /// The number of the record it was done to.
    pub subject: String,
    /// What else there is to know.
    pub detail: serde_json::Value,
}

#[derive(Insertable)]
#[diesel(table_name = audit, treat_none_as_default_value = false)]
struct AuditRow {
    id: String,
    at: NaiveDateTime,
    actor: String,
    action: String,
    subject: String,
    detail: String,
    stream: i64,
    seq: i64,
    hash: Vec<u8>,
}

/// Appends entries, in their order, to the end of a stream that nobody else is writing to. However many entries:
/// one head is read, and moved once.
pub fn append(
    db: &mut Db,
    entries: impl IntoIterator<Item = Entry>,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let contents: Vec<Content> = entries
        .into_iter()
        .map(|entry| Content {
            id: chance.id(now),
            at_micros: now.timestamp_micros(),
            actor: entry.actor.to_string(),
            action: entry.action.to_owned(),
            subject: entry.subject,
            detail: entry.detail.to_string(),
        })
        .collect();
    if contents.is_empty() {
        return Ok(());
    }
    let mut head = heads::take(db, chance)?;
    let stream = head.stream;
    let rows: Vec<AuditRow> = audit_chain::chain(&mut head, contents)
        .into_iter()
        .map(|Row { seq, content, hash }| AuditRow {
            id: content.id,
            at: now.naive_utc(),
            actor: content.actor,
            action: content.action,
            subject: content.subject,
            detail: content.detail,
            stream,
            seq,
            hash,
        })
        .collect();
    insert_rows!(db, audit::table, rows).and_then(|()| heads::advance(db, &head))
}
