//! Group commit, and reading together: what waits is run in one go, each request with its own outcome.
//!
//! A commit costs a flush and, on PostgreSQL, every statement a round trip. Requests that arrive while others run share
//! the next turn: the more there are, the cheaper each is, and a single one waits for nobody. A request is answered
//! after the commit, never before, and from queries that began after it was made.

use crate::error::Error;
use crate::store::{Db, Hurry, Pool};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Requests of one turn.
const MOST: usize = 128;
/// Requests that may wait: more would wait longer than their clients.
const QUEUE: usize = 4_096;

/// What one turn says of its requests, in their order.
pub type Outcomes<O> = Result<Vec<Result<O, Error>>, Error>;

/// Takes requests of one kind.
pub struct Group<R, O> {
    queue: mpsc::Sender<Waiting<R, O>>,
    desk: Desk,
}

/// Where requests are run.
#[derive(Clone)]
enum Desk {
    /// Each turn in one writing transaction.
    Writing(Pool),
    Reading(Pool),
}

impl Desk {
    fn run<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, Error>) -> Result<T, Error> {
        match self {
            Self::Writing(pool) => pool.write_blocking(work),
            Self::Reading(pool) => pool.read_blocking(work),
        }
    }

    /// Jobs that have time let writers go first.
    fn hurry(&self) -> Option<Hurry> {
        match self {
            Self::Writing(pool) => Some(pool.hurry()),
            Self::Reading(_) => None,
        }
    }
}

struct Waiting<R, O> {
    request: R,
    answer: oneshot::Sender<Result<O, Error>>,
}

impl<R, O> Clone for Group<R, O> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), desk: self.desk.clone() }
    }
}

impl<R: Send + 'static, O: Send + 'static> Group<R, O> {
    /// Starts `threads` writers that run what waits by `run`, in one transaction that is committed once. They end with the
    /// last clone of this.
    ///
    /// `run` MUST give every request an outcome, and one request's refusal MUST NOT change another's. When it fails
    /// as a whole, nothing is committed, and each request is run again by itself.
    ///
    /// # Errors
    /// `internal` when no thread can be had.
    pub fn writing<F>(pool: &Pool, threads: usize, run: F) -> Result<Self, Error>
    where
        F: Fn(&mut Db, &[R]) -> Outcomes<O> + Clone + Send + 'static,
    {
        Self::start(Desk::Writing(pool.clone()), threads, run)
    }

    /// [`Group::writing`] for what changes nothing.
    ///
    /// # Errors
    /// As [`Group::writing`].
    pub fn reading<F>(pool: &Pool, threads: usize, run: F) -> Result<Self, Error>
    where
        F: Fn(&mut Db, &[R]) -> Outcomes<O> + Clone + Send + 'static,
    {
        Self::start(Desk::Reading(pool.clone()), threads, run)
    }

    fn start<F>(desk: Desk, threads: usize, run: F) -> Result<Self, Error>
    where
        F: Fn(&mut Db, &[R]) -> Outcomes<O> + Clone + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let (desk, run, waiting) = (desk.clone(), run.clone(), Arc::clone(&waiting));
            std::thread::Builder::new()
                .name("group".to_owned())
                .spawn(move || {
                    while let Some(group) = next_group(&waiting) {
                        answer(&desk, &run, group);
                    }
                })
                .map_err(Error::internal)?;
        }
        Ok(Self { queue, desk })
    }

    /// Runs one request in the next turn.
    ///
    /// # Errors
    /// Its refusal; failures of the database; `overloaded` when too many wait already.
    pub async fn submit(&self, request: R) -> Result<O, Error> {
        let _hurry = self.desk.hurry();
        let (answer, outcome) = oneshot::channel();
        self.queue.try_send(Waiting { request, answer }).map_err(|_| {
            Error::new(
                crate::error::Kind::Unavailable,
                "overloaded",
                "Too many people do this at the moment. Please try again in a few seconds.",
            )
        })?;
        outcome.await.map_err(|_| Error::internal("a turn ended early"))?
    }
}

/// The first request that comes, and whatever waits behind it.
fn next_group<R, O>(waiting: &Mutex<mpsc::Receiver<Waiting<R, O>>>) -> Option<Vec<Waiting<R, O>>> {
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let mut group = vec![waiting.blocking_recv()?];
    while group.len() < MOST {
        let Ok(next) = waiting.try_recv() else { break };
        group.push(next);
    }
    Some(group)
}

fn answer<R, O, F: Fn(&mut Db, &[R]) -> Outcomes<O>>(desk: &Desk, run: &F, group: Vec<Waiting<R, O>>) {
    let (requests, answers): (Vec<R>, Vec<_>) =
        group.into_iter().map(|waiting| (waiting.request, waiting.answer)).unzip();
    let outcomes = match desk.run(|db| run(db, &requests)) {
        Ok(outcomes) => outcomes,
        // One of them, or another node, was in the way: by itself each gets its own answer.
        Err(_) => requests.iter().map(|request| alone(desk, run, request)).collect(),
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // Whoever went away does not want to know.
        let _ = answer.send(outcome);
    }
}

fn alone<R, O, F: Fn(&mut Db, &[R]) -> Outcomes<O>>(desk: &Desk, run: &F, request: &R) -> Result<O, Error> {
    let mut outcomes = desk.run(|db| run(db, std::slice::from_ref(request)))?;
    outcomes.pop().unwrap_or_else(|| Err(Error::internal("a request without an outcome")))
}
