//! Call-ups of emergency teams, and what their members answered.

use super::connection::{Db, insert_rows};
use super::schema::{call_up_answers, call_ups, collection_sessions, sites, team_members, teams};
use crate::domain::call_ups::Standing;
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

/// A call-up as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = call_ups, treat_none_as_default_value = false)]
pub struct CallUpRow {
    /// UUIDv7.
    pub id: String,
    /// The team.
    pub team_id: String,
    /// The session to come to, when it is known.
    pub session_id: Option<String>,
    /// As [`crate::domain::call_ups::listed`] writes them.
    pub blood_groups: String,
    /// What is to be given.
    pub product: String,
    /// How many donors.
    pub needed: i64,
    /// How many said that they come.
    pub coming: i64,
    /// For colleagues.
    pub note: Option<String>,
    /// Who called.
    pub created_by: String,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub closes_at: NaiveDateTime,
    /// UTC: when somebody ended it before.
    pub closed_at: Option<NaiveDateTime>,
    /// Grows whenever it stops or goes on.
    pub version: i64,
}

impl CallUpRow {
    /// How far it has come.
    pub fn standing(&self) -> Standing {
        let closes_at = self.closes_at.and_utc();
        Standing { needed: self.needed, coming: self.coming, closes_at, closed: self.closed_at.is_some() }
    }
}

/// An answer as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = call_up_answers, treat_none_as_default_value = false)]
pub struct AnswerRow {
    /// UUIDv7: what the message is about.
    pub id: String,
    /// The call-up.
    pub call_up_id: String,
    /// Who was asked.
    pub account_id: String,
    /// The account's own person then.
    pub donor_id: String,
    /// `asked`, `coming`, `not_coming` or `withdrawn`.
    pub state: String,
    /// UTC.
    pub asked_at: NaiveDateTime,
    /// UTC.
    pub answered_at: Option<NaiveDateTime>,
}

/// Writes a new call-up and whom it asks.
pub fn insert(db: &mut Db, row: &CallUpRow, asked: &[AnswerRow]) -> Result<(), Error> {
    diesel::insert_into(call_ups::table).values(row).execute(db)?;
    insert_rows!(db, call_up_answers::table, asked)
}

/// The call-up with this id.
pub fn by_id(db: &mut Db, id: &str) -> Result<Option<CallUpRow>, Error> {
    Ok(call_ups::table.find(id).first(db).optional()?)
}

/// These call-ups, in the order of their ids; nobody else answers or ends them until the transaction ends.
pub fn lock(db: &mut Db, ids: &[&str]) -> Result<Vec<CallUpRow>, Error> {
    let wanted = call_ups::table.filter(call_ups::id.eq_any(ids)).order(call_ups::id.asc());
    Ok(match db {
        Db::Postgres(connection) => wanted.for_no_key_update().load(connection)?,
        Db::Sqlite(connection) => wanted.load(connection)?,
    })
}

/// Writes how many are coming, the end and the version of a call-up, which MUST be locked.
pub fn save(db: &mut Db, row: &CallUpRow) -> Result<(), Error> {
    diesel::update(call_ups::table.find(&row.id))
        .set((
            call_ups::coming.eq(row.coming),
            call_ups::closed_at.eq(row.closed_at),
            call_ups::version.eq(row.version),
        ))
        .execute(db)?;
    Ok(())
}

/// A team's call-ups, the newest first.
pub fn of_team(db: &mut Db, team_id: &str, limit: i64) -> Result<Vec<CallUpRow>, Error> {
    let of_team = call_ups::table.filter(call_ups::team_id.eq(team_id));
    Ok(of_team.order(call_ups::id.desc()).limit(limit).load(db)?)
}

/// The ids of a team's call-ups that nobody has ended and whose time is not over.
pub fn running_of(db: &mut Db, team_id: &str, now: DateTime<Utc>) -> Result<Vec<String>, Error> {
    Ok(call_ups::table
        .filter(call_ups::team_id.eq(team_id))
        .filter(call_ups::closed_at.is_null())
        .filter(call_ups::closes_at.gt(now.naive_utc()))
        .select(call_ups::id)
        .load(db)?)
}

/// How often each answer was given to these call-ups, by call-up and state.
pub fn counts(db: &mut Db, ids: &[&str]) -> Result<HashMap<(String, String), i64>, Error> {
    let rows: Vec<(String, String, i64)> = call_up_answers::table
        .filter(call_up_answers::call_up_id.eq_any(ids))
        .group_by((call_up_answers::call_up_id, call_up_answers::state))
        .select((call_up_answers::call_up_id, call_up_answers::state, diesel::dsl::count_star()))
        .load(db)?;
    Ok(rows.into_iter().map(|(id, state, count)| ((id, state), count)).collect())
}

/// Of these donors, those for whom a call-up waits that is not over: they said that they come, or have not answered one
/// that still looks for somebody.
pub fn waited_for(db: &mut Db, donor_ids: &[&str], now: DateTime<Utc>) -> Result<Vec<String>, Error> {
    let unanswered = call_up_answers::state.eq("asked").and(call_ups::coming.lt(call_ups::needed));
    Ok(call_up_answers::table
        .inner_join(call_ups::table)
        .filter(call_up_answers::donor_id.eq_any(donor_ids))
        .filter(call_ups::closed_at.is_null())
        .filter(call_ups::closes_at.gt(now.naive_utc()))
        .filter(call_up_answers::state.eq("coming").or(unanswered))
        .select(call_up_answers::donor_id)
        .load(db)?)
}

/// An account's answer to a call-up, which MUST be locked; `None` when it was not asked, or is no member any more.
pub fn answer_of(db: &mut Db, call_up: &CallUpRow, account_id: &str) -> Result<Option<AnswerRow>, Error> {
    let member = team_members::table
        .filter(team_members::team_id.eq(&call_up.team_id))
        .filter(team_members::account_id.eq(account_id))
        .filter(team_members::left_at.is_null());
    Ok(call_up_answers::table
        .filter(call_up_answers::call_up_id.eq(&call_up.id))
        .filter(call_up_answers::account_id.eq(account_id))
        .filter(call_up_answers::state.ne("withdrawn"))
        .filter(diesel::dsl::exists(member))
        .first(db)
        .optional()?)
}

/// Writes an answer. Its call-up MUST be locked.
pub fn set_answer(db: &mut Db, id: &str, state: &str, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(call_up_answers::table.find(id))
        .set((call_up_answers::state.eq(state), call_up_answers::answered_at.eq(Some(now.naive_utc()))))
        .execute(db)?;
    Ok(())
}

/// The ids of a call-up's answers that nobody has given yet.
pub fn unanswered(db: &mut Db, call_up_id: &str) -> Result<Vec<String>, Error> {
    Ok(call_up_answers::table
        .filter(call_up_answers::call_up_id.eq(call_up_id))
        .filter(call_up_answers::state.eq("asked"))
        .select(call_up_answers::id)
        .load(db)?)
}

/// A donor's view of a call-up.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Asked {
    /// The answer.
    pub answer: AnswerRow,
    /// The call-up.
    pub call_up: CallUpRow,
    /// The team's name.
    pub team: String,
}

/// The call-ups that are not over and ask an account which is still a member, the newest first.
pub fn asked_of(db: &mut Db, account_id: &str, now: DateTime<Utc>) -> Result<Vec<Asked>, Error> {
    let member = team_members::table
        .filter(team_members::account_id.eq(account_id))
        .filter(team_members::left_at.is_null())
        .select(team_members::team_id);
    Ok(call_up_answers::table
        .inner_join(call_ups::table.inner_join(teams::table))
        .filter(call_up_answers::account_id.eq(account_id))
        .filter(call_up_answers::state.ne("withdrawn"))
        .filter(call_ups::closed_at.is_null())
        .filter(call_ups::closes_at.gt(now.naive_utc()))
        .filter(call_ups::team_id.eq_any(member))
        .order(call_ups::id.desc())
        .select((call_up_answers::all_columns, call_ups::all_columns, teams::name))
        .load(db)?)
}

/// What somebody is asked who is still a member, by the answer's id.
pub fn asked_by(db: &mut Db, answer_id: &str) -> Result<Option<Asked>, Error> {
    let asked: Option<Asked> = call_up_answers::table
        .inner_join(call_ups::table.inner_join(teams::table))
        .filter(call_up_answers::id.eq(answer_id))
        .select((call_up_answers::all_columns, call_ups::all_columns, teams::name))
        .first(db)
        .optional()?;
    let Some(asked) = asked else { return Ok(None) };
    Ok(answer_of(db, &asked.call_up, &asked.answer.account_id)?.map(|answer| Asked { answer, ..asked }))
}

/// The answers of an account to call-ups of these teams that were not over at `since`.
pub fn answers_since(
    db: &mut Db,
    account_id: &str,
    team_ids: &[&str],
    since: DateTime<Utc>,
) -> Result<Vec<AnswerRow>, Error> {
    Ok(call_up_answers::table
        .inner_join(call_ups::table)
        .filter(call_up_answers::account_id.eq(account_id))
        .filter(call_up_answers::state.ne("withdrawn"))
        .filter(call_ups::team_id.eq_any(team_ids))
        .filter(call_ups::closes_at.gt(since.naive_utc()))
        .order(call_up_answers::call_up_id.asc())
        .select(call_up_answers::all_columns)
        .load(db)?)
}

/// Everything that an account was ever asked, the oldest first.
pub fn history(db: &mut Db, account_id: &str) -> Result<Vec<Asked>, Error> {
    Ok(call_up_answers::table
        .inner_join(call_ups::table.inner_join(teams::table))
        .filter(call_up_answers::account_id.eq(account_id))
        .order(call_up_answers::id.asc())
        .select((call_up_answers::all_columns, call_ups::all_columns, teams::name))
        .load(db)?)
}

/// Who said that they come, in the order of their answers.
pub fn coming(db: &mut Db, call_up_id: &str) -> Result<Vec<AnswerRow>, Error> {
    Ok(call_up_answers::table
        .filter(call_up_answers::call_up_id.eq(call_up_id))
        .filter(call_up_answers::state.eq("coming"))
        .order((call_up_answers::answered_at.asc(), call_up_answers::id.asc()))
        .load(db)?)
}

/// What a message is about: the answer that is waited for, of somebody who is still a member, and its call-up.
pub fn waited(db: &mut Db, answer_id: &str) -> Result<Option<CallUpRow>, Error> {
    let call_up: Option<(CallUpRow, String)> = call_up_answers::table
        .inner_join(call_ups::table)
        .filter(call_up_answers::id.eq(answer_id))
        .filter(call_up_answers::state.eq("asked"))
        .select((call_ups::all_columns, call_up_answers::account_id))
        .first(db)
        .optional()?;
    let Some((call_up, account_id)) = call_up else { return Ok(None) };
    Ok(answer_of(db, &call_up, &account_id)?.map(|_| call_up))
}

/// Where to come, and when.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Place {
    /// The site's name.
    pub name: String,
    /// The site's address.
    pub address: String,
    /// UTC.
    pub opens_at: NaiveDateTime,
    /// UTC.
    pub closes_at: NaiveDateTime,
}

/// The places of these sessions, by session.
pub fn places(db: &mut Db, session_ids: &[&str]) -> Result<HashMap<String, Place>, Error> {
    let rows: Vec<(String, Place)> = collection_sessions::table
        .inner_join(sites::table)
        .filter(collection_sessions::id.eq_any(session_ids))
        .select((
            collection_sessions::id,
            (sites::name, sites::address, collection_sessions::opens_at, collection_sessions::closes_at),
        ))
        .load(db)?;
    Ok(rows.into_iter().collect())
}

/// Deletes what a donor was asked: before the record itself goes. Those who come MUST have been counted out.
pub fn forget_of(db: &mut Db, donor_id: &str) -> Result<(), Error> {
    diesel::delete(call_up_answers::table.filter(call_up_answers::donor_id.eq(donor_id))).execute(db)?;
    Ok(())
}
