//! The outbox: what is to be sent, written in the transaction of what it tells.

use super::connection::{Db, on_each};
use super::schema::outbox;
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
    recipient_sealed: Vec<u8>,
    content_sealed: Vec<u8>,
    data_key_id: String,
    /// `queued`, `sending`, `sent`, `failed`, `ambiguous` or `expired`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// UTC: not before.
    pub due_at: NaiveDateTime,
    /// UTC: not after.
    pub expires_at: NaiveDateTime,
    /// UTC.
    pub finished_at: Option<NaiveDateTime>,
}

/// A message to be written.
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

/// Queues a message, due at once.
pub fn push(
    db: &mut Db,
    letter: &Letter<'_>,
    vault: &Vault,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let id = chance.id(now);
    let row = OutboxRow {
        recipient_sealed: vault.seal(Field::OutboxRecipient, &id, letter.recipient, chance)?,
        content_sealed: vault.seal(Field::OutboxContent, &id, letter.content, chance)?,
        data_key_id: vault.current_key().to_owned(),
        kind: letter.kind.to_owned(),
        state: "queued".to_owned(),
        attempts: 0,
        due_at: now.naive_utc(),
        expires_at: letter.expires_at.naive_utc(),
        finished_at: None,
        id,
    };
    diesel::insert_into(outbox::table).values(&row).execute(db)?;
    Ok(())
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

/// Takes the messages that are due and marks them `sending`: whoever gets one, gets it alone. The attempt is
/// written down before it is made.
pub fn claim(db: &mut Db, limit: i64, now: DateTime<Utc>) -> Result<Vec<OutboxRow>, Error> {
    let due = outbox::table
        .filter(outbox::state.eq("queued"))
        .filter(outbox::due_at.le(now.naive_utc()))
        .order(outbox::due_at.asc())
        .limit(limit);
    let ids: Vec<String> = match db {
        Db::Postgres(connection) => due.select(outbox::id).for_update().skip_locked().load(connection)?,
        Db::Sqlite(connection) => due.select(outbox::id).load(connection)?,
    };
    let claimed = outbox::table.filter(outbox::id.eq_any(&ids));
    on_each!(db, |connection| diesel::update(claimed)
        .set((outbox::state.eq("sending"), outbox::attempts.eq(outbox::attempts + 1)))
        .returning(outbox::all_columns)
        .load(connection))
    .map_err(Error::from)
}

/// Writes down what became of an attempt.
pub fn finish(db: &mut Db, id: &str, state: &str, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(outbox::table.find(id))
        .set((outbox::state.eq(state), outbox::finished_at.eq(Some(now.naive_utc()))))
        .execute(db)?;
    Ok(())
}

/// Forgets to whom a finished message went and what it said.
pub fn blank(db: &mut Db, id: &str) -> Result<(), Error> {
    let nothing: &[u8] = &[];
    diesel::update(outbox::table.find(id))
        .set((outbox::recipient_sealed.eq(nothing), outbox::content_sealed.eq(nothing)))
        .execute(db)?;
    Ok(())
}

/// The newest messages that a gateway would have sent: for the demonstration's page.
pub fn newest(db: &mut Db, limit: i64) -> Result<Vec<OutboxRow>, Error> {
    Ok(outbox::table.order(outbox::id.desc()).limit(limit).load(db)?)
}

/// Marks attempts begun before `before` whose end nobody wrote down as ambiguous: how many.
pub fn give_up(db: &mut Db, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<usize, Error> {
    let open =
        outbox::table.filter(outbox::state.eq("sending")).filter(outbox::due_at.lt(before.naive_utc()));
    Ok(diesel::update(open)
        .set((outbox::state.eq("ambiguous"), outbox::finished_at.eq(Some(now.naive_utc()))))
        .execute(db)?)
}

/// Deletes what was finished before `before`.
pub fn forget(db: &mut Db, before: DateTime<Utc>) -> Result<usize, Error> {
    Ok(diesel::delete(outbox::table.filter(outbox::finished_at.lt(before.naive_utc()))).execute(db)?)
}
