//! Deferrals: who was asked to wait, and until when.

use super::connection::Db;
use super::schema::{deferrals, donors};
use crate::error::Error;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A deferral as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = deferrals, treat_none_as_default_value = false)]
pub struct DeferralRow {
    /// UUIDv7.
    pub id: String,
    /// The donor.
    pub donor_id: String,
    /// The visit at which it was said.
    pub visit_id: Option<String>,
    /// A word of the rule, never a diagnosis.
    pub rule: String,
    /// The first day on which it does not block any more; `None` is for good.
    pub until: Option<NaiveDate>,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// Who said so.
    pub user_id: String,
    /// UTC.
    pub lifted_at: Option<NaiveDateTime>,
    /// Who lifted it.
    pub lifted_by: Option<String>,
}

/// Writes a new deferral.
pub fn insert(db: &mut Db, row: &DeferralRow) -> Result<(), Error> {
    diesel::insert_into(deferrals::table).values(row).execute(db)?;
    Ok(())
}

/// The deferrals of these donors that nobody lifted, those of records that were merged into theirs among them; by the id
/// of the donor whom they concern.
pub fn standing(db: &mut Db, donor_ids: &[&str]) -> Result<Vec<(String, DeferralRow)>, Error> {
    let rows: Vec<(DeferralRow, Option<String>)> = deferrals::table
        .inner_join(donors::table)
        .filter(donors::id.eq_any(donor_ids).or(donors::merged_into.eq_any(donor_ids)))
        .filter(deferrals::lifted_at.is_null())
        .select((deferrals::all_columns, donors::merged_into))
        .load(db)?;
    Ok(rows.into_iter().map(|(row, kept)| (kept.unwrap_or_else(|| row.donor_id.clone()), row)).collect())
}

/// Whether anybody ever asked this donor to wait.
pub fn any_of(db: &mut Db, donor_id: &str) -> Result<bool, Error> {
    let count: i64 = deferrals::table.filter(deferrals::donor_id.eq(donor_id)).count().get_result(db)?;
    Ok(count > 0)
}

/// All deferrals of a donor, the newest first.
pub fn of_donor(db: &mut Db, donor_id: &str) -> Result<Vec<DeferralRow>, Error> {
    Ok(deferrals::table.filter(deferrals::donor_id.eq(donor_id)).order(deferrals::id.desc()).load(db)?)
}

/// Lifts a deferral; its donor, or `None` when it is none that stands.
pub fn lift(db: &mut Db, id: &str, user_id: &str, now: DateTime<Utc>) -> Result<Option<String>, Error> {
    let standing = deferrals::table.find(id).filter(deferrals::lifted_at.is_null());
    let lifted = diesel::update(standing)
        .set((deferrals::lifted_at.eq(Some(now.naive_utc())), deferrals::lifted_by.eq(Some(user_id))))
        .execute(db)?;
    if lifted == 0 {
        return Ok(None);
    }
    Ok(deferrals::table.find(id).select(deferrals::donor_id).first(db).optional()?)
}
