//! A database for one test, gone with it. On PostgreSQL it is a copy of a template that the first process migrates.

use super::{program, repository, set_by_test};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use rexue::store::{DatabaseUrl, Pool};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One file in the data folder.
    Sqlite,
    /// One database of the server at `REXUE_TEST_POSTGRES_URL`.
    Postgres,
}

/// One test's database.
pub(super) struct Database {
    pub(super) kind: Kind,
    pub(super) url: String,
    /// A database of the server on which it lies; nothing on SQLite.
    server: String,
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Databases that this process has made.
static DATABASES: AtomicUsize = AtomicUsize::new(0);

/// The key of the advisory lock under which the template is made: `rexue` in ASCII, and 1.
const TEMPLATE_LOCK: &str = "pg_advisory_lock(125779853665585)";

impl Database {
    /// A migrated database; SQLite's file in `folder` is migrated by the first command that opens it.
    pub(super) fn new(kind: Kind, folder: &Path) -> Self {
        match kind {
            Kind::Sqlite => Self::file(folder),
            Kind::Postgres => Self::on(&set_by_test("REXUE_TEST_POSTGRES_URL")),
        }
    }

    /// A migrated database on the PostgreSQL server behind a URL.
    pub(super) fn on(server: &str) -> Self {
        let like = format!("TEMPLATE {}", template(server));
        Self::make(server, &like)
    }

    /// A database without tables.
    pub(super) fn empty(kind: Kind, folder: &Path) -> Self {
        match kind {
            Kind::Sqlite => Self::file(folder),
            Kind::Postgres => Self::make(&set_by_test("REXUE_TEST_POSTGRES_URL"), "TEMPLATE template0"),
        }
    }

    fn file(folder: &Path) -> Self {
        let url = folder.join("rexue.db").to_string_lossy().into_owned();
        Self { kind: Kind::Sqlite, url, server: String::new() }
    }

    fn make(server: &str, like: &str) -> Self {
        let name = format!("test_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
        connection(server).batch_execute(&format!("CREATE DATABASE {name} {like}")).unwrap();
        Self { kind: Kind::Postgres, url: url_of(server, &name), server: server.to_owned() }
    }

    pub(super) fn pool(&self) -> Pool {
        Pool::open(&DatabaseUrl::parse(&self.url), 2).unwrap()
    }

    /// The column `text` of a query.
    pub(super) fn texts(&self, query: &str) -> Vec<String> {
        let rows: Vec<TextRow> = self.load(query);
        rows.into_iter().map(|row| row.text).collect()
    }

    /// The column `number` of a query with one row.
    pub(super) fn number(&self, query: &str) -> i64 {
        let rows: Vec<NumberRow> = self.load(query);
        rows[0].number
    }

    fn load<T>(&self, query: &str) -> Vec<T>
    where
        T: QueryableByName<diesel::pg::Pg> + QueryableByName<diesel::sqlite::Sqlite> + 'static,
    {
        match self.kind {
            Kind::Sqlite => diesel::sql_query(query).load(&mut self.sqlite()),
            Kind::Postgres => diesel::sql_query(query).load(&mut PgConnection::establish(&self.url).unwrap()),
        }
        .unwrap_or_else(|failure| panic!("{failure} in {query}"))
    }

    /// Runs statements.
    pub(super) fn execute(&self, statements: &str) -> QueryResult<()> {
        match self.kind {
            Kind::Sqlite => self.sqlite().batch_execute(statements),
            Kind::Postgres => PgConnection::establish(&self.url).unwrap().batch_execute(statements),
        }
    }

    fn sqlite(&self) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(&self.url).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
        connection
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.kind == Kind::Postgres {
            let name = self.url.rsplit('/').next().unwrap();
            let dropped =
                connection(&self.server).batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
            // A second panic would hide why the test failed.
            if !std::thread::panicking() {
                dropped.unwrap();
            }
        }
    }
}

/// The name of the migrated template. Each test is a process of its own: the first one makes it, under a lock that
/// ends with the connection, and it gets its name when it is whole.
fn template(server_url: &str) -> String {
    let name = format!("rexue_template_{}", version_of_migrations());
    let server = &mut connection(server_url);
    server.batch_execute(&format!("SELECT {TEMPLATE_LOCK}")).unwrap();
    let there: NumberRow =
        diesel::sql_query(format!("SELECT count(*) AS number FROM pg_database WHERE datname = '{name}'"))
            .get_result(server)
            .unwrap();
    if there.number == 0 {
        let draft = format!("{name}_draft");
        server.batch_execute(&format!("DROP DATABASE IF EXISTS {draft}")).unwrap();
        server.batch_execute(&format!("CREATE DATABASE {draft} TEMPLATE template0")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let migrated = Command::new(program())
            .args(["--data", folder.path().to_str().unwrap(), "migrate"])
            .env("DATABASE_URL", url_of(server_url, &draft))
            .status();
        assert!(migrated.unwrap().success(), "`rexue migrate` failed");
        server.batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}")).unwrap();
    }
    server.batch_execute(&format!("SELECT {}", TEMPLATE_LOCK.replace("lock", "unlock"))).unwrap();
    name
}

fn connection(server: &str) -> PgConnection {
    PgConnection::establish(server).unwrap()
}

fn url_of(server: &str, database: &str) -> String {
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{database}")
}

/// The beginning of a hash over the migrations.
fn version_of_migrations() -> String {
    let mut files = Vec::new();
    gather(&repository().join("migrations"), &mut files);
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.to_string_lossy().as_bytes());
        hash.update(std::fs::read(&file).unwrap());
    }
    data_encoding::HEXLOWER.encode(&hash.finalize()[..8])
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { gather(&path, files) } else { files.push(path) }
    }
}
