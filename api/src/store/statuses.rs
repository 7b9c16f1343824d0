//! Status lists: where a certificate's status stands, and the few certificates that are not simply valid.

use super::certificates::CertificateRow;
use super::connection::{Db, on_each};
use super::schema::{certificate_statuses, status_lists};
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A status list as the table holds one.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = status_lists, treat_none_as_default_value = false)]
pub struct StatusListRow {
    /// The list's name: the last part of its address.
    pub id: String,
    /// The server's public address when the list was opened: certificates carry it, so it stays.
    pub base_url: String,
    /// The seed of the shuffle that gives each certificate its place.
    pub seed: Vec<u8>,
    /// How many places there are.
    pub size: i64,
    /// How many are taken.
    pub taken: i64,
    /// Grows with each change of a status, so that a cached list is known to be old.
    pub version: i64,
}

impl StatusListRow {
    /// The list's address.
    pub fn uri(&self) -> String {
        list_uri(&self.base_url, &self.id)
    }
}

/// The address of the list `id` of a server that the world reaches at `base_url`.
pub fn list_uri(base_url: &str, id: &str) -> String {
    format!("{base_url}/status/{id}")
}

/// The newest list of this server that still has room.
pub fn open_list(db: &mut Db, base_url: &str) -> Result<Option<StatusListRow>, Error> {
    Ok(status_lists::table
        .filter(status_lists::base_url.eq(base_url))
        .filter(status_lists::taken.lt(status_lists::size))
        .order(status_lists::id.desc())
        .first(db)
        .optional()?)
}

/// All lists' addresses.
pub fn list_uris(db: &mut Db) -> Result<Vec<String>, Error> {
    let lists: Vec<(String, String)> =
        status_lists::table.select((status_lists::base_url, status_lists::id)).load(db)?;
    Ok(lists.iter().map(|(base_url, id)| list_uri(base_url, id)).collect())
}

/// The name of the next list.
pub fn next_list_id(db: &mut Db) -> Result<String, Error> {
    let lists: i64 = status_lists::table.count().get_result(db)?;
    Ok((lists + 1).to_string())
}

/// The list with this name.
pub fn list(db: &mut Db, id: &str) -> Result<Option<StatusListRow>, Error> {
    Ok(status_lists::table.find(id).first(db).optional()?)
}

/// Writes a new list.
pub fn insert_list(db: &mut Db, row: &StatusListRow) -> Result<(), Error> {
    on_each!(db, |connection| diesel::insert_into(status_lists::table).values(row).execute(connection))?;
    Ok(())
}

/// Takes `count` places of a list: the ordinals `n..n + count`, where `n` is the answer; `None` when the
/// list has not that much room. A conditional update, so that two nodes never take the same place.
pub fn take_places(db: &mut Db, id: &str, count: i64) -> Result<Option<i64>, Error> {
    let taken: Option<i64> = diesel::update(
        status_lists::table.find(id).filter((status_lists::taken + count).le(status_lists::size)),
    )
    .set(status_lists::taken.eq(status_lists::taken + count))
    .returning(status_lists::taken)
    .get_result(db)
    .optional()?;
    Ok(taken.map(|taken| taken - count))
}

/// A certificate that is not simply valid.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = certificate_statuses)]
pub struct StatusRow {
    certificate_no: String,
    status_list_id: String,
    status_index: i64,
    /// `revoked` or `suspended`.
    pub status: String,
    /// Why, in the words of whoever changed it.
    pub reason: String,
    /// UTC.
    pub changed_at: NaiveDateTime,
}

/// What a certificate's status is, when it is not simply valid.
pub fn of_certificate(db: &mut Db, certificate_no: &str) -> Result<Option<StatusRow>, Error> {
    Ok(certificate_statuses::table.find(certificate_no).first(db).optional()?)
}

/// Writes a certificate's status over what was there.
pub fn set(
    db: &mut Db,
    certificate: &CertificateRow,
    status: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = StatusRow {
        certificate_no: certificate.certificate_no.clone(),
        status_list_id: certificate.status_list_id.clone(),
        status_index: certificate.status_index,
        status: status.to_owned(),
        reason: reason.to_owned(),
        changed_at: now.naive_utc(),
    };
    on_each!(db, |connection| {
        diesel::insert_into(certificate_statuses::table)
            .values(&row)
            .on_conflict(certificate_statuses::certificate_no)
            .do_update()
            .set(&row)
            .execute(connection)
    })?;
    touch_list(db, &certificate.status_list_id)
}

/// Makes a certificate simply valid again.
pub fn clear(db: &mut Db, certificate: &CertificateRow) -> Result<(), Error> {
    diesel::delete(certificate_statuses::table.find(&certificate.certificate_no)).execute(db)?;
    touch_list(db, &certificate.status_list_id)
}

fn touch_list(db: &mut Db, id: &str) -> Result<(), Error> {
    diesel::update(status_lists::table.find(id))
        .set(status_lists::version.eq(status_lists::version + 1))
        .execute(db)?;
    Ok(())
}

/// The places of a list that do not say "valid", in order, each with its status.
pub fn entries(db: &mut Db, id: &str) -> Result<Vec<(i64, String)>, Error> {
    Ok(certificate_statuses::table
        .filter(certificate_statuses::status_list_id.eq(id))
        .order(certificate_statuses::status_index)
        .select((certificate_statuses::status_index, certificate_statuses::status))
        .load(db)?)
}
