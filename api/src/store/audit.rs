//! The audit trail: written in the transaction of what it tells, never changed.

use super::connection::{Db, insert_rows};
use super::schema::audit;
use crate::chance::Chance;
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
    action: &'static str,
    subject: String,
    detail: String,
}

/// Appends entries, in their order.
pub fn append(
    db: &mut Db,
    entries: impl IntoIterator<Item = Entry>,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let rows: Vec<AuditRow> = entries
        .into_iter()
        .map(|entry| AuditRow {
            id: chance.id(now),
            at: now.naive_utc(),
            actor: entry.actor.to_string(),
            action: entry.action,
            subject: entry.subject,
            detail: entry.detail.to_string(),
        })
        .collect();
    insert_rows!(db, audit::table, rows)
}
