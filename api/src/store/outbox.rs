//! The outbox: what is to be sent, written in the transaction of what it tells.

mod claims;
mod desk;
mod receipts;

pub use claims::{
    Finished, Queue, any_due, any_to_settle, blank, claim, finish, release_lost, settle_unknown,
};
pub use desk::{
    AttemptRow, ReceiptRow, attempts_of, by_id, delays, drop_dead, list, receipts_of, retry, states,
};
pub use receipts::{by_provider, has_unnumbered, tell};

use super::connection::{Db, insert_rows, on_each};
use super::schema::{message_attempts, message_receipts, outbox};
use super::word::Word;
use crate::chance::Chance;
use crate::error::Error;
use crate::vault::{Field, Vault};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use zeroize::Zeroizing;

/// A message as the table holds one.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
pub struct OutboxRow {
    /// UUIDv7.
    pub id: String,
    /// What it is.
    pub kind: String,
    /// The account that it goes to, at the number that it has by then; `None` when the recipient is sealed in the row.
    pub account_id: Option<String>,
    recipient_sealed: Vec<u8>,
    /// What it is about; `None` when what it says is sealed in the row.
    pub subject: Option<String>,
    /// As the subject stands then: when it has moved on, the message is pointless.
    pub version: i64,
    content_sealed: Vec<u8>,
    data_key_id: String,
    /// `queued`, `sending`, `sent`, `failed`, `ambiguous`, `expired`, `superseded`, `suppressed` or `dropped`.
    pub state: String,
    /// How often it was tried, without what was no fault of the message's.
    pub attempts: i64,
    /// UTC: not before.
    pub due_at: NaiveDateTime,
    /// UTC: not after.
    pub expires_at: NaiveDateTime,
    /// UTC.
    pub finished_at: Option<NaiveDateTime>,
    /// Grows with each claim: who was slower than their lease writes nothing.
    pub fence: i64,
    /// UTC: until when whoever claimed it works on it.
    pub lease_until: Option<NaiveDateTime>,
    /// The only channel that it may take.
    pub only_by: Option<String>,
    /// The channel that has it.
    pub channel: Option<String>,
    /// Channels that refused it for good, with commas.
    pub refused_by: String,
    /// What receipts say: `unknown`, `submitted`, `buffered`, `delivered`, `failed` or `rejected`.
    pub delivery: String,
    /// UTC: when a channel took it.
    pub sent_at: Option<NaiveDateTime>,
}

/// A message that carries its own recipient and words, due at once.
pub struct Letter<'a> {
    /// What it is.
    pub kind: &'static str,
    /// Whom it goes to: a telephone number.
    pub recipient: &'a str,
    /// What it says, as JSON of its kind.
    pub content: &'a str,
    /// Not after.
    pub expires_at: DateTime<Utc>,
}

/// A message to an account about something in the database: number and words are found when it is sent.
pub struct Notice<'a> {
    /// What it is.
    pub kind: &'static str,
    /// Whom it goes to.
    pub account_id: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// As the subject stands.
    pub version: i64,
    /// Not before.
    pub due_at: DateTime<Utc>,
    /// Not after.
    pub expires_at: DateTime<Utc>,
}

impl OutboxRow {
    /// The row of a letter.
    ///
    /// # Errors
    /// `internal` when it cannot be sealed.
    pub fn letter(
        letter: &Letter<'_>,
        vault: &Vault,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<Self, Error> {
        let id = chance.id(now);
        Ok(Self {
            recipient_sealed: vault.seal(Field::OutboxRecipient, &id, letter.recipient, chance)?,
            content_sealed: vault.seal(Field::OutboxContent, &id, letter.content, chance)?,
            data_key_id: vault.current_key().to_owned(),
            kind: letter.kind.to_owned(),
            account_id: None,
            subject: None,
            version: 0,
            state: "queued".to_owned(),
            attempts: 0,
            due_at: now.naive_utc(),
            expires_at: letter.expires_at.naive_utc(),
            finished_at: None,
            fence: 0,
            lease_until: None,
            only_by: None,
            channel: None,
            refused_by: String::new(),
            delivery: "unknown".to_owned(),
            sent_at: None,
            id,
        })
    }

    /// The row of a notice. It holds nothing personal, and so nothing sealed.
    pub fn notice(notice: &Notice<'_>, now: DateTime<Utc>, chance: &mut Chance) -> Self {
        Self {
            id: chance.id(now),
            kind: notice.kind.to_owned(),
            account_id: Some(notice.account_id.to_owned()),
            recipient_sealed: Vec::new(),
            subject: Some(notice.subject.to_owned()),
            version: notice.version,
            content_sealed: Vec::new(),
            data_key_id: String::new(),
            state: "queued".to_owned(),
            attempts: 0,
            due_at: notice.due_at.naive_utc(),
            expires_at: notice.expires_at.naive_utc(),
            finished_at: None,
            fence: 0,
            lease_until: None,
            only_by: None,
            channel: None,
            refused_by: String::new(),
            delivery: "unknown".to_owned(),
            sent_at: None,
        }
    }

    /// The letter that goes beside a notice. Its id follows from the notice's, so that there is one.
    #[must_use]
    pub fn letter_beside(&self) -> Self {
        Self {
            id: format!("{}.letter", self.id),
            state: "queued".to_owned(),
            attempts: 0,
            fence: 0,
            lease_until: None,
            only_by: Some("email".to_owned()),
            channel: None,
            refused_by: String::new(),
            delivery: "unknown".to_owned(),
            sent_at: None,
            ..self.clone()
        }
    }
}

/// Queues messages.
pub fn push(db: &mut Db, rows: &[OutboxRow]) -> Result<(), Error> {
    insert_rows!(db, outbox::table, rows)
}

/// Queues messages that are not queued yet.
pub fn push_once(db: &mut Db, rows: &[OutboxRow]) -> Result<(), Error> {
    for row in rows {
        on_each!(db, |connection| diesel::insert_into(outbox::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(connection))?;
    }
    Ok(())
}

/// Calls off what is queued of these kinds about these subjects.
pub fn call_off(db: &mut Db, subjects: &[&str], kinds: &[&str], now: DateTime<Utc>) -> Result<usize, Error> {
    let queued = outbox::table
        .filter(outbox::subject.eq_any(subjects))
        .filter(outbox::kind.eq_any(kinds))
        .filter(outbox::state.eq(Word("queued")));
    Ok(diesel::update(queued)
        .set((outbox::state.eq("superseded"), outbox::finished_at.eq(Some(now.naive_utc()))))
        .execute(db)?)
}

/// Queues what was called off of this kind about these subjects again, as their subjects stand at `version`.
pub fn call_again(
    db: &mut Db,
    subjects: &[&str],
    kind: &str,
    version: i64,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let off = outbox::table
        .filter(outbox::subject.eq_any(subjects))
        .filter(outbox::kind.eq(kind))
        .filter(outbox::state.eq("superseded"));
    Ok(diesel::update(off)
        .set((
            outbox::state.eq("queued"),
            outbox::version.eq(version),
            outbox::due_at.eq(now.naive_utc()),
            outbox::finished_at.eq(None::<NaiveDateTime>),
        ))
        .execute(db)?)
}

impl OutboxRow {
    /// Whom it goes to, in clear.
    ///
    /// # Errors
    /// `internal` when it does not open.
    pub fn recipient(&self, vault: &Vault) -> Result<Zeroizing<String>, Error> {
        vault.open(&self.data_key_id, Field::OutboxRecipient, &self.id, &self.recipient_sealed)
    }

    /// What it says, in clear.
    ///
    /// # Errors
    /// `internal` when it does not open.
    pub fn content(&self, vault: &Vault) -> Result<Zeroizing<String>, Error> {
        vault.open(&self.data_key_id, Field::OutboxContent, &self.id, &self.content_sealed)
    }
}

/// Keeps whom a message went to and what it said: for the demonstration's page.
pub fn keep(
    db: &mut Db,
    id: &str,
    recipient: &str,
    text: &str,
    vault: &Vault,
    chance: &mut Chance,
) -> Result<(), Error> {
    diesel::update(outbox::table.find(id))
        .set((
            outbox::recipient_sealed.eq(vault.seal(Field::OutboxRecipient, id, recipient, chance)?),
            outbox::content_sealed.eq(vault.seal(Field::OutboxContent, id, text, chance)?),
            outbox::data_key_id.eq(vault.current_key()),
        ))
        .execute(db)?;
    Ok(())
}

/// The newest messages that were kept: for the demonstration's page.
pub fn newest(db: &mut Db, limit: i64) -> Result<Vec<OutboxRow>, Error> {
    let nothing: &[u8] = &[];
    let kept = outbox::table.filter(outbox::state.eq("sent")).filter(outbox::recipient_sealed.ne(nothing));
    Ok(kept.order(outbox::id.desc()).limit(limit).load(db)?)
}

/// Deletes what was finished before `before`.
pub fn forget(db: &mut Db, before: DateTime<Utc>) -> Result<usize, Error> {
    /// Messages in one transaction.
    const BATCH: i64 = 5_000;
    let old: Vec<String> = outbox::table
        .filter(outbox::finished_at.lt(before.naive_utc()))
        .select(outbox::id)
        .limit(BATCH)
        .load(db)?;
    diesel::delete(message_attempts::table.filter(message_attempts::message_id.eq_any(&old))).execute(db)?;
    diesel::delete(message_receipts::table.filter(message_receipts::message_id.eq_any(&old))).execute(db)?;
    Ok(diesel::delete(outbox::table.filter(outbox::id.eq_any(&old))).execute(db)?)
}
