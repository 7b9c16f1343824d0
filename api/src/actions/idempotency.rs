//! Answers a request that comes twice once: the second time it gets what the first one was told.
//!
//! ```text
//! begin     nobody runs it here, and nothing is known of its key: then it runs, under a claim
//! the run   its first transaction that commits writes the claim (`Pool::write`): done and claimed are one
//! finish    the answer is sealed and kept; with none, what wrote nothing may run again, and what wrote something may not
//! ```
//! A server that ends between the run and the answer leaves a claim without one: whoever asks again is told so, and
//! nothing is done twice.

use super::Context;
use crate::chance::Chance;
use crate::domain::idempotency::{Key, Unanswered};
use crate::error::Error;
use crate::store::idempotency_keys::{self as store, Claim, KeptRow, Sealed};
use crate::vault::Field;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The requests with a key that run on this node: the hash of each by that of its key.
#[derive(Clone, Default)]
pub struct Running(Arc<Mutex<HashMap<[u8; 32], [u8; 32]>>>);

/// A request that runs, until this is dropped.
pub struct Run {
    key: Key,
    running: Running,
    /// What it writes is written under this.
    pub claim: Claim,
}

/// An answer as it was given, of which everything is kept that matters to a program.
#[derive(Serialize, Deserialize)]
pub struct KeptAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// Text.
    pub body: String,
}

/// What is to be done with a request.
pub enum Begun {
    /// Run it, and [`finish`] it.
    First(Run),
    /// Give this answer again.
    Again(KeptAnswer),
}

/// What becomes of a request's key.
pub enum Answered {
    /// It is for this answer.
    Keep(KeptAnswer),
    /// It is free: nothing was done, and it may work a moment later.
    Release,
    /// It is for nothing else, and without an answer.
    Lose,
}

/// Looks what is known of a request.
///
/// # Errors
/// [`Unanswered`], by its word; failures of the database.
pub async fn begin(context: &Context, running: &Running, key: Key) -> Result<Begun, Error> {
    let now = context.clock.now();
    // First of all: what runs here has kept its answer when it does not run any more.
    let run = running.begin(key, Claim::new(key, now))?;
    match context.pool.read(move |db| store::kept(db, &key)).await? {
        None => Ok(Begun::First(run)),
        Some(row) if row.request_hash != key.request_hash => Err(Unanswered::KeyReused.into()),
        Some(KeptRow { data_key_id: Some(key_id), sealed: Some(sealed), .. }) => {
            let opened = context.vault.open(&key_id, Field::KeptAnswer, &record(&key), &sealed)?;
            serde_json::from_str(&opened).map(Begun::Again).map_err(Error::internal)
        }
        Some(row) => Err(Unanswered::without_answer(row.created_at.and_utc(), now).into()),
    }
}

/// Writes down what a request was told. An answer that cannot be kept is given all the same.
pub async fn finish(context: &Context, run: Run, answered: Answered) {
    if let Err(error) = write_down(context, &run, answered).await {
        tracing::error!(
            code = error.code,
            context = error.context,
            "an answer could not be kept for its repetition"
        );
    }
}

async fn write_down(context: &Context, run: &Run, answered: Answered) -> Result<(), Error> {
    let claim = run.claim.clone();
    match answered {
        Answered::Keep(answer) => {
            let text = serde_json::to_string(&answer).map_err(Error::internal)?;
            let (vault, mut chance) = (&context.vault, Chance::from_system()?);
            let sealed = vault.seal(Field::KeptAnswer, &record(&run.key), &text, &mut chance)?;
            let answer = Sealed { data_key_id: vault.current_key().to_owned(), sealed };
            context.pool.write(move |db| store::keep_sealed(db, &claim, answer)).await
        }
        Answered::Release if claim.is_committed() => {
            context.pool.write(move |db| store::release(db, &claim)).await
        }
        Answered::Release | Answered::Lose => Ok(()),
    }
}

fn record(key: &Key) -> String {
    HEXLOWER.encode(&key.key_hash)
}

impl Running {
    fn begin(&self, key: Key, claim: Claim) -> Result<Run, Error> {
        match self.lock().entry(key.key_hash) {
            Entry::Vacant(free) => {
                free.insert(key.request_hash);
                Ok(Run { key, running: self.clone(), claim })
            }
            Entry::Occupied(taken) if *taken.get() == key.request_hash => Err(Unanswered::Running.into()),
            Entry::Occupied(_) => Err(Unanswered::KeyReused.into()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], [u8; 32]>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.running.lock().remove(&self.key.key_hash);
    }
}
