//! One connection type over two databases, and how it is opened.

use crate::error::Error;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::R2D2Connection;
use diesel::sql_types::BigInt;
use sha2::{Digest, Sha256};

/// A connection to the station's database: a PostgreSQL server, or one SQLite file.
#[derive(diesel::MultiConnection)]
pub enum Db {
    /// A server shared by several nodes.
    Postgres(PgConnection),
    /// One file, embedded.
    Sqlite(SqliteConnection),
}

/// Runs the same diesel expression on whichever connection is at hand: for what the derived
/// connection cannot say, such as `ON CONFLICT`.
macro_rules! on_each {
    ($db:expr, |$connection:ident| $body:expr) => {
        match $db {
            $crate::store::Db::Postgres($connection) => $body,
            $crate::store::Db::Sqlite($connection) => $body,
        }
    };
}
pub(crate) use on_each;

/// Inserts many rows the fastest way that each database has: COPY, or one prepared statement again and again.
macro_rules! insert_rows {
    ($db:expr, $table:expr, $rows:expr) => {{
        let rows = $rows;
        match $db {
            _ if rows.is_empty() => {}
            $crate::store::Db::Postgres(connection) => {
                diesel::copy_from($table).from_insertable(rows).execute(connection)?;
            }
            $crate::store::Db::Sqlite(connection) => {
                for row in rows {
                    diesel::insert_into($table).values(row).execute(connection)?;
                }
            }
        }
        Ok(())
    }};
}
pub(crate) use insert_rows;

/// Where the database is: `postgres://…`, or the path of a SQLite file (with or without `sqlite://`).
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A PostgreSQL connection string.
    Postgres(String),
    /// The path of a SQLite file, created when missing.
    Sqlite(String),
}

impl DatabaseUrl {
    /// Reads a database URL by its scheme; what has none is the path of a SQLite file.
    pub fn parse(text: &str) -> Self {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Self::Postgres(text.to_owned()),
            Some(("sqlite" | "file", path)) => Self::Sqlite(path.to_owned()),
            _ => Self::Sqlite(text.to_owned()),
        }
    }

    /// The database's kind, for logs: the URL itself may carry a password.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgresql",
            Self::Sqlite(_) => "sqlite",
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}://…", self.kind())
    }
}

/// Every setting is explicit: WAL and FULL make a confirmed commit survive a power cut, and a writer
/// waits for another instead of failing; what is deleted is overwritten, because a donor may have asked for it. The log
/// grows to some 64 MiB before its pages go into the file: a page that many transactions change goes once.
const SQLITE_SETTINGS: &str = "
    PRAGMA busy_timeout = 10000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 16000;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -32768;
";

/// Times on the wire are UTC whatever the server's own setting.
const POSTGRES_SETTINGS: &str = "SET TIME ZONE 'UTC'";

/// Opens r2d2's connections by the URL's scheme; the derived `establish` would try each database in
/// turn and hide the first one's error.
pub(super) struct Manager(pub(super) DatabaseUrl);

impl diesel::r2d2::ManageConnection for Manager {
    type Connection = Db;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Db, Self::Error> {
        let opened = match &self.0 {
            DatabaseUrl::Postgres(url) => PgConnection::establish(url).map(Db::Postgres),
            DatabaseUrl::Sqlite(path) => SqliteConnection::establish(path).map(Db::Sqlite),
        };
        let mut connection = opened.map_err(diesel::r2d2::Error::ConnectionError)?;
        let settings = match connection {
            Db::Postgres(_) => POSTGRES_SETTINGS,
            Db::Sqlite(_) => SQLITE_SETTINGS,
        };
        connection.batch_execute(settings).map_err(diesel::r2d2::Error::QueryError)?;
        Ok(connection)
    }

    fn is_valid(&self, connection: &mut Db) -> Result<(), Self::Error> {
        connection.batch_execute("SELECT 1").map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, connection: &mut Db) -> bool {
        std::thread::panicking()
            || match connection {
                Db::Postgres(connection) => connection.is_broken(),
                Db::Sqlite(connection) => connection.is_broken(),
            }
    }
}

/// Runs `work` in a writing transaction: committed when it returns `Ok`, rolled back otherwise.
///
/// On SQLite the transaction takes the write lock at its start (`BEGIN IMMEDIATE`): one that reads first
/// and writes later fails with `SQLITE_BUSY_SNAPSHOT` at once, whatever the busy timeout.
pub(super) fn in_write_transaction<T, E: From<diesel::result::Error>>(
    db: &mut Db,
    work: impl FnOnce(&mut Db) -> Result<T, E>,
) -> Result<T, E> {
    match db {
        Db::Postgres(connection) => AnsiTransactionManager::begin_transaction(connection)?,
        Db::Sqlite(connection) => {
            AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")?;
        }
    }
    end_transaction(db, work)
}

/// Runs `work` while it sees one state of the database, whatever others commit meanwhile. It MUST NOT write.
pub(super) fn in_snapshot<T, E: From<diesel::result::Error>>(
    db: &mut Db,
    work: impl FnOnce(&mut Db) -> Result<T, E>,
) -> Result<T, E> {
    match db {
        Db::Postgres(connection) => AnsiTransactionManager::begin_transaction_sql(
            connection,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )?,
        Db::Sqlite(connection) => AnsiTransactionManager::begin_transaction(connection)?,
    }
    end_transaction(db, work)
}

/// Lets one writing transaction at a time work on `key`, on all nodes: for a decision about rows that may not be there
/// yet, and so cannot be locked. Whoever comes second waits until the first transaction ends, and then sees what it did.
///
/// Locks in one transaction are taken in one order, so that nobody waits in a circle: an OpenID, a telephone number or
/// a user's name, an account's row, a donor's record. SQLite has one writer anyway.
pub fn one_at_a_time(db: &mut Db, key: &[u8]) -> Result<(), Error> {
    if let Db::Postgres(connection) = db {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(advisory_number(key)?)
            .execute(connection)?;
    }
    Ok(())
}

/// The number by which PostgreSQL knows a key that is locked.
pub(super) fn advisory_number(key: &[u8]) -> Result<i64, Error> {
    let hash: [u8; 32] = Sha256::digest(key).into();
    let (number, _) = hash.split_first_chunk().ok_or_else(|| Error::internal("a hash of no length"))?;
    Ok(i64::from_be_bytes(*number))
}

fn end_transaction<T, E: From<diesel::result::Error>>(
    db: &mut Db,
    work: impl FnOnce(&mut Db) -> Result<T, E>,
) -> Result<T, E> {
    match work(db) {
        Ok(value) => {
            on_each!(db, |connection| AnsiTransactionManager::commit_transaction(connection))?;
            Ok(value)
        }
        Err(error) => {
            // A rollback that fails leaves a connection that `has_broken` recognises.
            let _ = on_each!(db, |connection| AnsiTransactionManager::rollback_transaction(connection));
            Err(error)
        }
    }
}
