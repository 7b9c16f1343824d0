//! Imports: which run wrote a record last.

use super::connection::Db;
use super::schema::imports;
use crate::error::Error;
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

/// Writes down that an import has begun.
pub fn begin(db: &mut Db, id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::insert_into(imports::table)
        .values((imports::id.eq(id), imports::started_at.eq(now.naive_utc())))
        .execute(db)?;
    Ok(())
}

/// Writes down that an import is through, and what came of it (JSON).
pub fn finish(db: &mut Db, id: &str, now: DateTime<Utc>, summary: &str) -> Result<(), Error> {
    diesel::update(imports::table.find(id))
        .set((imports::finished_at.eq(now.naive_utc()), imports::summary.eq(summary)))
        .execute(db)?;
    Ok(())
}

/// Keeps every other import out until this transaction ends, so that what a batch has looked up stays true
/// while it writes. SQLite's writing transaction does so by itself.
pub fn exclude_others(db: &mut Db) -> Result<(), Error> {
    if let Db::Postgres(connection) = db {
        connection.batch_execute("SELECT pg_advisory_xact_lock(7265787566)")?;
    }
    Ok(())
}
