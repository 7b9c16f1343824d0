//! The first answers to requests that may come twice, and the claims of requests that have none yet.

use super::connection::{Db, insert_rows, on_each};
use super::schema::idempotency_keys;
use crate::domain::idempotency::{Key, Unanswered};
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

tokio::task_local! {
    /// The claim of the request that this task, or thread, works for.
    static CURRENT: Claim;
}

/// A request's claim to its key: a row that is written in the same transaction as the first thing that the request writes, so
/// that both are done or neither. Cheap to clone; all clones are one claim.
#[derive(Clone)]
pub struct Claim {
    key: Key,
    began_at: DateTime<Utc>,
    committed: Arc<AtomicBool>,
}

impl Claim {
    /// The claim of a request that began at `began_at`.
    pub fn new(key: Key, began_at: DateTime<Utc>) -> Self {
        Self { key, began_at, committed: Arc::default() }
    }

    /// Runs `work`: what it writes is this request's.
    pub async fn cover<F: Future>(&self, work: F) -> F::Output {
        CURRENT.scope(self.clone(), work).await
    }

    /// Whether the request has written something.
    pub fn is_committed(&self) -> bool {
        self.committed.load(Ordering::Acquire)
    }

    pub(super) fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    pub(super) fn cover_blocking<T>(self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }

    /// Writes the row. Whoever does so at the same time waits until this transaction ends.
    pub(super) fn write(&self, db: &mut Db) -> Result<(), Error> {
        let written = insert(db, &self.row(None))?;
        if written == 1 { Ok(()) } else { Err(Unanswered::Running.into()) }
    }

    pub(super) fn set_committed(&self) {
        self.committed.store(true, Ordering::Release);
    }

    fn row(&self, sealed: Option<Sealed>) -> KeptRow {
        let (data_key_id, sealed) =
            sealed.map(|Sealed { data_key_id, sealed }| (data_key_id, sealed)).unzip();
        KeptRow {
            key_hash: self.key.key_hash.to_vec(),
            request_hash: self.key.request_hash.to_vec(),
            answer: String::new(),
            created_at: self.began_at.naive_utc(),
            data_key_id,
            sealed,
        }
    }
}

/// A sealed answer, and the id of the key that it is sealed under.
pub struct Sealed {
    /// The vault's key.
    pub data_key_id: String,
    /// The answer.
    pub sealed: Vec<u8>,
}

/// What is known of a key.
#[derive(Queryable, Insertable)]
#[diesel(table_name = idempotency_keys, treat_none_as_default_value = false)]
pub struct KeptRow {
    key_hash: Vec<u8>,
    /// The hash of the request.
    pub request_hash: Vec<u8>,
    answer: String,
    /// When the request began, UTC.
    pub created_at: NaiveDateTime,
    /// The id of the key under which the answer is sealed.
    pub data_key_id: Option<String>,
    /// The answer, when there is one.
    pub sealed: Option<Vec<u8>>,
}

/// What is known of a key.
pub fn kept(db: &mut Db, key: &Key) -> Result<Option<KeptRow>, Error> {
    Ok(idempotency_keys::table.find(key.key_hash.as_slice()).first(db).optional()?)
}

/// Keeps the answer to a request: in its claim's row, or in a new one when it wrote nothing and nobody else has the key.
pub fn keep_sealed(db: &mut Db, claim: &Claim, answer: Sealed) -> Result<(), Error> {
    if !claim.is_committed() {
        insert(db, &claim.row(Some(answer)))?;
        return Ok(());
    }
    diesel::update(idempotency_keys::table.find(claim.key.key_hash.as_slice()))
        .set((
            idempotency_keys::data_key_id.eq(Some(answer.data_key_id)),
            idempotency_keys::sealed.eq(Some(answer.sealed)),
        ))
        .execute(db)?;
    Ok(())
}

/// Gives a claim up.
pub fn release(db: &mut Db, claim: &Claim) -> Result<(), Error> {
    diesel::delete(idempotency_keys::table.find(claim.key.key_hash.as_slice())).execute(db)?;
    Ok(())
}

fn insert(db: &mut Db, row: &KeptRow) -> Result<usize, Error> {
    Ok(on_each!(db, |connection| diesel::insert_into(idempotency_keys::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection))?)
}

/// An answer of a booking that was given before.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = idempotency_keys, treat_none_as_default_value = false)]
pub struct AnswerRow {
    /// The hash of who asked and of the key.
    pub key_hash: Vec<u8>,
    /// The hash of the request.
    pub request_hash: Vec<u8>,
    /// The answer, JSON; empty for what is no booking.
    pub answer: String,
    /// UTC.
    pub created_at: NaiveDateTime,
}

/// The answers that were given to these keys.
pub fn answers(db: &mut Db, key_hashes: &[&[u8]]) -> Result<Vec<AnswerRow>, Error> {
    if key_hashes.is_empty() {
        return Ok(Vec::new());
    }
    let known = idempotency_keys::table.filter(idempotency_keys::key_hash.eq_any(key_hashes));
    Ok(known
        .select((
            idempotency_keys::key_hash,
            idempotency_keys::request_hash,
            idempotency_keys::answer,
            idempotency_keys::created_at,
        ))
        .load(db)?)
}

/// Writes answers down.
pub fn keep(db: &mut Db, rows: &[AnswerRow]) -> Result<(), Error> {
    insert_rows!(db, idempotency_keys::table, rows)
}

/// Deletes answers given before `before`: how many.
pub fn forget(db: &mut Db, before: DateTime<Utc>) -> Result<usize, Error> {
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.lt(before.naive_utc()));
    Ok(diesel::delete(old).execute(db)?)
}
