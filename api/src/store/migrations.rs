//! Migrations: `migrations/common` on both databases, and each one's own beside it.

use super::connection::{Db, on_each};
use crate::error::Error;
use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const COMMON: EmbeddedMigrations = embed_migrations!("../migrations/common");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");

/// The common migrations and a database's own, as one sequence.
struct Both(EmbeddedMigrations);

impl<DB: Backend> MigrationSource<DB> for Both {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<DB>>>> {
        let mut migrations = MigrationSource::<DB>::migrations(&COMMON)?;
        migrations.extend(MigrationSource::<DB>::migrations(&self.0)?);
        Ok(migrations)
    }
}

fn source(db: &Db) -> Both {
    Both(match db {
        Db::Postgres(_) => POSTGRES,
        Db::Sqlite(_) => SQLITE,
    })
}

/// Brings the schema up to date. Nodes that start together take turns.
///
/// # Errors
/// `internal`, naming the migration that failed.
pub fn run(db: &mut Db) -> Result<(), Error> {
    let source = source(db);
    take_turns(db)?;
    let outcome = on_each!(db, |connection| connection.run_pending_migrations(source).map(drop));
    outcome.map_err(|failure| Error::internal(format_args!("migration: {failure}")))
}

/// Takes everything away again: for tests of the migrations themselves.
///
/// # Errors
/// `internal`, naming the migration that failed.
pub fn revert_all(db: &mut Db) -> Result<(), Error> {
    let source = source(db);
    let outcome = on_each!(db, |connection| connection.revert_all_migrations(source).map(drop));
    outcome.map_err(|failure| Error::internal(format_args!("migration: {failure}")))
}

/// A lock that PostgreSQL holds until the transaction ends; SQLite's single writer needs none.
fn take_turns(db: &mut Db) -> Result<(), Error> {
    use diesel::connection::SimpleConnection;
    if let Db::Postgres(connection) = db {
        connection.batch_execute("SELECT pg_advisory_xact_lock(7265787565)")?;
    }
    Ok(())
}
