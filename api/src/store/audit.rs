//! The audit trail: written in the transaction of what it tells, never changed.

use super::connection::{Db, insert_rows};
use super::schema::audit;
use crate::chance::Chance;
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Whoever may run the program on the station's machine.
    CommandLine,
    /// The program itself, on time.
    Job(&'static str),
}

impl Actor {
    fn text(self) -> String {
        match self {
            Self::CommandLine => "command-line".to_owned(),
            Self::Job(name) => format!("job:{name}"),
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
            actor: entry.actor.text(),
            action: entry.action,
            subject: entry.subject,
            detail: entry.detail.to_string(),
        })
        .collect();
    insert_rows!(db, audit::table, rows)
}
