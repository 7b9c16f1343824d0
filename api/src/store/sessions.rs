//! Sessions, and the refresh tokens of each.

use super::connection::Db;
use super::schema::{refresh_tokens, sessions};
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A session as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub struct SessionRow {
    /// UUIDv7.
    pub id: String,
    /// `account`, `user` or `client`.
    pub subject_kind: String,
    /// The account's, user's or client's id.
    pub subject_id: String,
    /// What the device calls itself.
    pub device: String,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC: the last sign-in or refresh.
    pub last_used_at: NaiveDateTime,
    /// UTC: without a refresh until then it is over.
    pub expires_at: NaiveDateTime,
    /// UTC.
    pub ended_at: Option<NaiveDateTime>,
    /// Why it was ended.
    pub ended_because: Option<String>,
}

/// Writes a new session.
pub fn insert(db: &mut Db, row: &SessionRow) -> Result<(), Error> {
    diesel::insert_into(sessions::table).values(row).execute(db)?;
    Ok(())
}

/// Writes a new refresh token of a session.
pub fn insert_refresh_token(db: &mut Db, hash: &[u8], session_id: &str) -> Result<(), Error> {
    diesel::insert_into(refresh_tokens::table)
        .values((refresh_tokens::token_hash.eq(hash), refresh_tokens::session_id.eq(session_id)))
        .execute(db)?;
    Ok(())
}

/// The session of a refresh token, whatever has become of either.
pub fn of_refresh_token(db: &mut Db, hash: &[u8]) -> Result<Option<SessionRow>, Error> {
    let found = refresh_tokens::table
        .inner_join(sessions::table)
        .filter(refresh_tokens::token_hash.eq(hash))
        .select(sessions::all_columns)
        .first(db);
    Ok(found.optional()?)
}

/// Marks a refresh token used; `false` when it was used before.
pub fn use_refresh_token(db: &mut Db, hash: &[u8], now: DateTime<Utc>) -> Result<bool, Error> {
    let unused = refresh_tokens::table.find(hash).filter(refresh_tokens::used_at.is_null());
    Ok(diesel::update(unused).set(refresh_tokens::used_at.eq(now.naive_utc())).execute(db)? == 1)
}

/// Notes that a session was used, and until when it lives now.
pub fn extend(db: &mut Db, id: &str, now: DateTime<Utc>, expires_at: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(sessions::table.find(id))
        .set((sessions::last_used_at.eq(now.naive_utc()), sessions::expires_at.eq(expires_at.naive_utc())))
        .execute(db)?;
    Ok(())
}

/// The open sessions of an account or user, the last used first.
pub fn open_of(db: &mut Db, subject_id: &str, now: DateTime<Utc>) -> Result<Vec<SessionRow>, Error> {
    Ok(sessions::table
        .filter(sessions::subject_id.eq(subject_id))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now.naive_utc()))
        .order(sessions::last_used_at.desc())
        .load(db)?)
}

/// Ends one open session of an account or user; `false` when there is none with this id.
pub fn end(
    db: &mut Db,
    id: &str,
    subject_id: &str,
    because: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let open = sessions::table
        .find(id)
        .filter(sessions::subject_id.eq(subject_id))
        .filter(sessions::ended_at.is_null());
    let ended = diesel::update(open)
        .set((sessions::ended_at.eq(now.naive_utc()), sessions::ended_because.eq(because)))
        .execute(db)?;
    Ok(ended == 1)
}

/// When an account, user or client last signed in or refreshed, as far as sessions are kept.
pub fn last_use(db: &mut Db, subject_id: &str) -> Result<Option<DateTime<Utc>>, Error> {
    let last: Option<NaiveDateTime> = sessions::table
        .filter(sessions::subject_id.eq(subject_id))
        .select(diesel::dsl::max(sessions::last_used_at))
        .first(db)?;
    Ok(last.map(|last| last.and_utc()))
}

/// Ends all open sessions of an account, user or client: their ids.
pub fn end_all(
    db: &mut Db,
    subject_id: &str,
    because: &str,
    now: DateTime<Utc>,
) -> Result<Vec<String>, Error> {
    let open = sessions::table
        .filter(sessions::subject_id.eq(subject_id))
        .filter(sessions::expires_at.gt(now.naive_utc()))
        .filter(sessions::ended_at.is_null());
    let ids: Vec<String> = open.select(sessions::id).load(db)?;
    diesel::update(sessions::table.filter(sessions::id.eq_any(&ids)))
        .set((sessions::ended_at.eq(now.naive_utc()), sessions::ended_because.eq(because)))
        .execute(db)?;
    Ok(ids)
}

/// Deletes what is over since before `before`: how many sessions.
pub fn forget(db: &mut Db, before: DateTime<Utc>) -> Result<usize, Error> {
    let over = sessions::table.filter(sessions::expires_at.lt(before.naive_utc())).select(sessions::id);
    let ids: Vec<String> = over.limit(10_000).load(db)?;
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::session_id.eq_any(&ids))).execute(db)?;
    Ok(diesel::delete(sessions::table.filter(sessions::id.eq_any(&ids))).execute(db)?)
}
