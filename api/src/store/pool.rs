//! The pool: the only place that knows how blocking database work is run.

use super::connection::{DatabaseUrl, Db, Manager, in_snapshot, in_write_transaction};
use super::idempotency_keys::Claim;
use crate::error::Error;
use diesel::r2d2::{Pool as Connections, PooledConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Connections to the database. Cheap to clone; all clones share the same connections.
#[derive(Clone)]
pub struct Pool {
    readers: Connections<Manager>,
    writers: Connections<Manager>,
    hurried: Arc<AtomicUsize>,
}

/// Somebody who waits for a writing transaction.
pub struct Hurry(Arc<AtomicUsize>);

impl Drop for Hurry {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    /// Opens the pool with at most `connections` connections (PostgreSQL), or that many readers and one
    /// writer (SQLite, where a second writer could only wait).
    ///
    /// # Errors
    /// `database_unavailable` when no connection can be had within ten seconds.
    pub fn open(url: &DatabaseUrl, connections: u32) -> Result<Self, Error> {
        let build = |size: u32| {
            Connections::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(false)
                .connection_timeout(Duration::from_secs(10))
                .build(Manager(url.clone()))
                .map_err(Error::database_unavailable)
        };
        let writers = match url {
            DatabaseUrl::Sqlite(_) => Some(build(1)?),
            DatabaseUrl::Postgres(_) => None,
        };
        let readers = build(connections)?;
        Ok(Self { writers: writers.unwrap_or_else(|| readers.clone()), readers, hurried: Arc::default() })
    }

    /// Tells jobs, for as long as this is kept, that somebody waits for a writing transaction.
    pub fn hurry(&self) -> Hurry {
        self.hurried.fetch_add(1, Ordering::Relaxed);
        Hurry(Arc::clone(&self.hurried))
    }

    /// Whether somebody waits for a writing transaction: jobs that have time take it.
    pub fn is_hurried(&self) -> bool {
        self.hurried.load(Ordering::Relaxed) > 0
    }

    /// Whether there is one writer at a time, whatever one does: SQLite.
    pub fn has_one_writer(&self) -> bool {
        self.writers.max_size() == 1
    }

    /// Runs `work` with a connection, on a thread that may block.
    ///
    /// # Errors
    /// What `work` returns; `database_unavailable` when no connection can be had.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T, Error> + Send + 'static,
    {
        let pool = self.clone();
        off_the_event_loop(move || pool.read_blocking(work)).await
    }

    /// Runs `work` in one writing transaction, on a thread that may block. The first one of a request with an
    /// `Idempotency-Key` writes its [`Claim`], too.
    ///
    /// # Errors
    /// What `work` returns, after a rollback; `database_unavailable` when no connection can be had; `request_running`
    /// when another node works on the same request.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T, Error> + Send + 'static,
    {
        let pool = self.clone();
        off_the_event_loop(move || pool.write_blocking(work)).await
    }

    /// [`Pool::read`] for a thread that may block: the command line, an import.
    ///
    /// # Errors
    /// As [`Pool::read`].
    pub fn read_blocking<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, Error>) -> Result<T, Error> {
        let mut connection = checkout(&self.readers)?;
        work(&mut connection)
    }

    /// [`Pool::write`] for a thread that may block: the command line, an import.
    ///
    /// # Errors
    /// As [`Pool::write`].
    pub fn write_blocking<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, Error>) -> Result<T, Error> {
        let mut connection = checkout(&self.writers)?;
        let Some(claim) = Claim::current().filter(|claim| !claim.is_committed()) else {
            return in_write_transaction(&mut connection, work);
        };
        let done = in_write_transaction(&mut connection, |db| {
            claim.write(db)?;
            work(db)
        })?;
        claim.set_committed();
        Ok(done)
    }

    /// [`Pool::read_blocking`], while `work` sees one state of the database: for what takes many queries that must
    /// agree. Others write meanwhile.
    ///
    /// # Errors
    /// As [`Pool::read`].
    pub fn snapshot_blocking<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, Error>) -> Result<T, Error> {
        let mut connection = checkout(&self.readers)?;
        in_snapshot(&mut connection, work)
    }

    /// Runs `work` in a transaction that is always rolled back: what would happen, without it happening.
    ///
    /// # Errors
    /// As [`Pool::write`].
    pub fn rehearse_blocking<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, Error>) -> Result<T, Error> {
        let mut outcome = None;
        let mut connection = checkout(&self.writers)?;
        let rolled_back = in_write_transaction(&mut connection, |db| {
            outcome = Some(work(db));
            Err::<(), Error>(Error::from(diesel::result::Error::RollbackTransaction))
        });
        match (outcome, rolled_back) {
            (Some(outcome), _) => outcome,
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(Error::internal("a rehearsal ended without an outcome")),
        }
    }
}

fn checkout(connections: &Connections<Manager>) -> Result<PooledConnection<Manager>, Error> {
    connections.get().map_err(Error::database_unavailable)
}

/// Runs `work` on a thread that may block, with the [`Claim`] of the request that it is for.
///
/// # Errors
/// What `work` returns; `internal` when it panics.
pub async fn off_the_event_loop<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let claim = Claim::current();
    let task = tokio::task::spawn_blocking(move || match claim {
        Some(claim) => claim.cover_blocking(work),
        None => work(),
    });
    match task.await {
        Ok(outcome) => outcome,
        Err(failure) => Err(Error::internal(format!("a blocking task ended early: {failure}"))),
    }
}
