//! Emergency teams, and who agreed to be called.

use super::connection::{Db, on_each};
use super::schema::{account_donors, donors, team_members, teams};
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

/// A team as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = teams, treat_none_as_default_value = false)]
pub struct TeamRow {
    /// UUIDv7.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who entered it.
    pub created_by: String,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC: when it was given up.
    pub closed_at: Option<NaiveDateTime>,
    /// Grows with each change.
    pub version: i64,
}

/// Writes a new team.
pub fn insert(db: &mut Db, row: &TeamRow) -> Result<(), Error> {
    diesel::insert_into(teams::table).values(row).execute(db)?;
    Ok(())
}

/// The team with this id.
pub fn by_id(db: &mut Db, id: &str) -> Result<Option<TeamRow>, Error> {
    Ok(teams::table.find(id).first(db).optional()?)
}

/// The team with this id; nobody else joins, calls up or closes it until the transaction ends. Whoever needs a member's
/// account too locks that after the team.
pub fn lock(db: &mut Db, id: &str) -> Result<Option<TeamRow>, Error> {
    let there = teams::table.find(id);
    Ok(match db {
        // What refers to the team may be written meanwhile.
        Db::Postgres(connection) => there.for_no_key_update().first(connection).optional()?,
        Db::Sqlite(connection) => there.first(connection).optional()?,
    })
}

/// Teams, the newest first.
pub fn newest(db: &mut Db, limit: i64) -> Result<Vec<TeamRow>, Error> {
    Ok(teams::table.order(teams::id.desc()).limit(limit).load(db)?)
}

/// Teams that are not closed, by name.
pub fn open(db: &mut Db, limit: i64) -> Result<Vec<TeamRow>, Error> {
    let open = teams::table.filter(teams::closed_at.is_null());
    Ok(open.order((teams::name.asc(), teams::id.asc())).limit(limit).load(db)?)
}

/// Closes a team; `false` when it is closed already, or not in this version.
pub fn close(db: &mut Db, id: &str, version: i64, now: DateTime<Utc>) -> Result<bool, Error> {
    let open = teams::table.find(id).filter(teams::closed_at.is_null()).filter(teams::version.eq(version));
    let changed = diesel::update(open)
        .set((teams::closed_at.eq(Some(now.naive_utc())), teams::version.eq(version + 1)))
        .execute(db)?;
    Ok(changed == 1)
}

/// A membership as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = team_members, treat_none_as_default_value = false)]
pub struct MemberRow {
    /// UUIDv7.
    pub id: String,
    /// The team.
    pub team_id: String,
    /// Who agreed.
    pub account_id: String,
    /// The account's own person then.
    pub donor_id: String,
    /// To which version of the text.
    pub text_version: String,
    /// UTC.
    pub joined_at: NaiveDateTime,
    /// UTC.
    pub left_at: Option<NaiveDateTime>,
}

/// Writes a new membership; `false` when there is one already.
pub fn join(db: &mut Db, row: &MemberRow) -> Result<bool, Error> {
    let written = on_each!(db, |connection| diesel::insert_into(team_members::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(written == 1)
}

/// The memberships of an account that stand.
pub fn memberships(db: &mut Db, account_id: &str) -> Result<Vec<MemberRow>, Error> {
    Ok(team_members::table
        .filter(team_members::account_id.eq(account_id))
        .filter(team_members::left_at.is_null())
        .order(team_members::id.asc())
        .load(db)?)
}

/// All memberships that an account ever had, with the teams' names, the oldest first.
pub fn history(db: &mut Db, account_id: &str) -> Result<Vec<(MemberRow, String)>, Error> {
    Ok(team_members::table
        .inner_join(teams::table)
        .filter(team_members::account_id.eq(account_id))
        .order(team_members::id.asc())
        .select((team_members::all_columns, teams::name))
        .load(db)?)
}

/// Ends a membership; `false` when it has ended already.
pub fn leave(db: &mut Db, id: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let standing = team_members::table.find(id).filter(team_members::left_at.is_null());
    Ok(diesel::update(standing).set(team_members::left_at.eq(Some(now.naive_utc()))).execute(db)? == 1)
}

/// Ends all memberships of a team: how many.
pub fn dissolve(db: &mut Db, team_id: &str, now: DateTime<Utc>) -> Result<usize, Error> {
    let standing =
        team_members::table.filter(team_members::team_id.eq(team_id)).filter(team_members::left_at.is_null());
    Ok(diesel::update(standing).set(team_members::left_at.eq(Some(now.naive_utc()))).execute(db)?)
}

/// How many members each of these teams has.
pub fn sizes(db: &mut Db, team_ids: &[&str]) -> Result<HashMap<String, i64>, Error> {
    let rows: Vec<(String, i64)> = team_members::table
        .filter(team_members::team_id.eq_any(team_ids))
        .filter(team_members::left_at.is_null())
        .group_by(team_members::team_id)
        .select((team_members::team_id, diesel::dsl::count_star()))
        .load(db)?;
    Ok(rows.into_iter().collect())
}

/// Somebody who can be called: the account, and the record of its own person.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Member {
    /// The account.
    pub account_id: String,
    /// The donor: who agreed, also when that record was merged into another meanwhile.
    pub donor_id: String,
}

/// The members of a team whose account is still their own record's, by account.
pub fn roster(db: &mut Db, team_id: &str) -> Result<Vec<Member>, Error> {
    let own = account_donors::account_id
        .eq(team_members::account_id)
        .and(account_donors::relation.eq("self"))
        .and(account_donors::ended_at.is_null());
    let same_person = account_donors::donor_id
        .eq(team_members::donor_id)
        .or(donors::merged_into.eq(account_donors::donor_id.nullable()));
    Ok(team_members::table
        .inner_join(donors::table)
        .inner_join(account_donors::table.on(own))
        .filter(team_members::team_id.eq(team_id))
        .filter(team_members::left_at.is_null())
        .filter(same_person)
        .order(team_members::account_id.asc())
        .select((account_donors::account_id, account_donors::donor_id))
        .load(db)?)
}

/// Deletes a donor's memberships: before the record itself goes.
pub fn forget_of(db: &mut Db, donor_id: &str) -> Result<(), Error> {
    diesel::delete(team_members::table.filter(team_members::donor_id.eq(donor_id))).execute(db)?;
    Ok(())
}
