//! Standings of certificates, asked for together: what arrives while a query runs is answered by the next one.
//!
//! Each answer comes from a query that began after its question was asked, so it is as true as a query of its
//! own; under load the questions share queries, and a verification costs a fraction of one.

use super::certificates::{Standing, standings};
use super::pool::Pool;
use crate::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

type Cti = [u8; 16];
type Question = (Cti, oneshot::Sender<Result<Option<Standing>, ()>>);

/// Questions in one query.
const TOGETHER: usize = 512;

/// Asks for standings together.
#[derive(Clone)]
pub struct Standings {
    pool: Pool,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Default)]
struct Desk {
    waiting: Vec<Question>,
    busy: bool,
}

impl Standings {
    /// Standings of the certificates in `pool`'s database.
    pub fn new(pool: Pool) -> Self {
        Self { pool, desk: Arc::default() }
    }

    /// The standing of the certificate known by `cti` now; `None` when the database does not know it.
    ///
    /// # Errors
    /// `database_unavailable`.
    pub async fn of(&self, cti: &Cti) -> Result<Option<Standing>, Error> {
        let (sender, answer) = oneshot::channel();
        let first = {
            let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
            desk.waiting.push((*cti, sender));
            !std::mem::replace(&mut desk.busy, true)
        };
        if first {
            let this = self.clone();
            // The turn goes round once more before the query begins, so that whoever asks in it is answered by
            // the same one. A task of its own: the first to ask may hang up.
            tokio::spawn(async move {
                tokio::task::yield_now().await;
                tokio::task::spawn_blocking(move || this.answer_all());
            });
        }
        match answer.await {
            Ok(Ok(standing)) => Ok(standing),
            Ok(Err(())) | Err(_) => Err(Error::database_unavailable("standings could not be read")),
        }
    }

    /// The next questions; none, and the desk is free again, when nobody waits.
    fn next(&self) -> Vec<Question> {
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let many = desk.waiting.len().min(TOGETHER);
        desk.busy = many > 0;
        desk.waiting.drain(..many).collect()
    }

    /// Answers until nobody waits.
    fn answer_all(&self) {
        let _free_again = FreeAgain(&self.desk);
        loop {
            let questions = self.next();
            if questions.is_empty() {
                return;
            }
            let ctis: Vec<Vec<u8>> = questions.iter().map(|(cti, _)| cti.to_vec()).collect();
            let found = self.pool.read_blocking(|db| standings(db, &ctis));
            if let Err(error) = &found {
                tracing::error!(code = error.code, context = error.context, "standings could not be read");
            }
            for (cti, sender) in questions {
                // Who no longer waits needs no answer.
                let _ = sender.send(match &found {
                    Ok(found) => Ok(found.get(cti.as_slice()).cloned()),
                    Err(_) => Err(()),
                });
            }
        }
    }
}

/// Frees the desk, and sends everybody away, should an answer panic: nobody waits for ever.
struct FreeAgain<'a>(&'a Mutex<Desk>);

impl Drop for FreeAgain<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Desk::default();
        }
    }
}
