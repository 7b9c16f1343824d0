//! Hospitals, and the systems of theirs that may call us.

use super::connection::{Db, on_each};
use super::schema::{clients, hospitals, used_assertions};
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A hospital as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = hospitals)]
pub struct HospitalRow {
    /// The code that the station gave it.
    pub code: String,
    /// Its name.
    pub name: String,
    /// UTC.
    pub created_at: NaiveDateTime,
}

/// Writes a new hospital; `false` when the code is taken.
pub fn insert(db: &mut Db, row: &HospitalRow) -> Result<bool, Error> {
    let inserted = on_each!(db, |connection| diesel::insert_into(hospitals::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

/// The hospital with this code.
pub fn by_code(db: &mut Db, code: &str) -> Result<Option<HospitalRow>, Error> {
    Ok(hospitals::table.find(code).first(db).optional()?)
}

/// All hospitals, by code.
pub fn list(db: &mut Db) -> Result<Vec<HospitalRow>, Error> {
    Ok(hospitals::table.order(hospitals::code.asc()).load(db)?)
}

/// A hospital's system as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = clients, treat_none_as_default_value = false)]
pub struct ClientRow {
    /// UUIDv7: the `client_id`.
    pub id: String,
    /// The hospital.
    pub hospital_code: String,
    /// What the hospital calls it.
    pub name: String,
    /// The Ed25519 key of its assertions, 32 bytes.
    pub public_key: Option<Vec<u8>>,
    /// The SHA-256 of its API key.
    pub key_hash: Option<Vec<u8>>,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub revoked_at: Option<NaiveDateTime>,
}

/// Writes a new system.
pub fn insert_client(db: &mut Db, row: &ClientRow) -> Result<(), Error> {
    diesel::insert_into(clients::table).values(row).execute(db)?;
    Ok(())
}

/// The system with this id, unless it was revoked.
pub fn client(db: &mut Db, id: &str) -> Result<Option<ClientRow>, Error> {
    Ok(clients::table.find(id).filter(clients::revoked_at.is_null()).first(db).optional()?)
}

/// A hospital's systems, revoked ones too, the newest first.
pub fn clients_of(db: &mut Db, hospital_code: &str) -> Result<Vec<ClientRow>, Error> {
    Ok(clients::table.filter(clients::hospital_code.eq(hospital_code)).order(clients::id.desc()).load(db)?)
}

/// Revokes a hospital's system; `false` when it has none with this id that is not revoked.
pub fn revoke_client(db: &mut Db, hospital_code: &str, id: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let own = clients::table
        .find(id)
        .filter(clients::hospital_code.eq(hospital_code))
        .filter(clients::revoked_at.is_null());
    Ok(diesel::update(own).set(clients::revoked_at.eq(Some(now.naive_utc()))).execute(db)? == 1)
}

/// Notes that a client assertion was used; `false` when it was before.
pub fn use_assertion(db: &mut Db, id: &[u8], expires_at: DateTime<Utc>) -> Result<bool, Error> {
    let row = (used_assertions::id.eq(id), used_assertions::expires_at.eq(expires_at.naive_utc()));
    let inserted = on_each!(db, |connection| diesel::insert_into(used_assertions::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

/// Deletes the assertions that could not be used again anyway.
pub fn forget_assertions(db: &mut Db, now: DateTime<Utc>) -> Result<usize, Error> {
    let over = used_assertions::table.filter(used_assertions::expires_at.lt(now.naive_utc()));
    Ok(diesel::delete(over).execute(db)?)
}
