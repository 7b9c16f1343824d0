//! Urgent appeals: whom they asked, whom they did not, and what became of both.

mod reached;
mod tally;

pub use reached::{Changed, changed, mark_reached};
pub use tally::{Tally, booked_since, tallies};

use super::connection::{Db, insert_rows};
use super::message_policy;
use super::schema::{
    account_donors, accounts, appeal_recipients, appeals, appointments, collection_sessions, consents,
    donations, donors, outbox, slots, visits,
};
use crate::domain::appeals::{Fatigue, Lot, Standing};
use crate::domain::call_ups::BloodGroup;
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// How often somebody is asked at most.
///
/// # Errors
/// Failures of the database.
pub fn fatigue(db: &mut Db) -> Result<Fatigue, Error> {
    let (appeals, span) = message_policy::appeals(db)?;
    Ok(Fatigue { appeals, span })
}

/// An appeal as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = appeals, treat_none_as_default_value = false)]
pub struct AppealRow {
    /// UUIDv7.
    pub id: String,
    /// As [`crate::domain::call_ups::listed`] writes them.
    pub blood_groups: String,
    /// What is to be given.
    pub product: String,
    /// Where to come; anywhere when `None`.
    pub site_code: Option<String>,
    /// Other sites so near are as good, km.
    pub within_km: i64,
    /// How many donors.
    pub needed: i64,
    /// How many of a hundred are not asked.
    pub holdout_percent: i64,
    /// Who appealed.
    pub created_by: String,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub closes_at: NaiveDateTime,
    /// UTC: since when enough have booked.
    pub met_at: Option<NaiveDateTime>,
    /// UTC: when somebody ended it before its time.
    pub closed_at: Option<NaiveDateTime>,
    /// How many waves were sent.
    pub waves: i64,
    /// UTC: when the next wave is sent.
    pub next_wave_at: NaiveDateTime,
    /// Grows whenever it stops or goes on.
    pub version: i64,
}

impl AppealRow {
    /// How far it has come, so many of those who were asked having booked.
    pub fn standing(&self, booked: i64) -> Standing {
        let closes_at = self.closes_at.and_utc();
        Standing { needed: self.needed, booked, closes_at, closed: self.closed_at.is_some() }
    }
}

/// What a lot decided about somebody, as the table holds it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = appeal_recipients, treat_none_as_default_value = false)]
pub struct RecipientRow {
    /// UUIDv7: what the message is about.
    pub id: String,
    /// The appeal.
    pub appeal_id: String,
    /// The account.
    pub account_id: String,
    /// The account's own person then.
    pub donor_id: String,
    /// `asked`, `held_out` or `called_off`.
    pub state: String,
    /// In which wave, from 1.
    pub wave: i64,
    /// UTC.
    pub drawn_at: NaiveDateTime,
    /// Whether a message can have reached them, if they were asked.
    pub reached: bool,
}

/// Writes a new appeal.
pub fn insert(db: &mut Db, row: &AppealRow) -> Result<(), Error> {
    diesel::insert_into(appeals::table).values(row).execute(db)?;
    Ok(())
}

/// Writes what lots decided.
pub fn insert_recipients(db: &mut Db, rows: &[RecipientRow]) -> Result<(), Error> {
    insert_rows!(db, appeal_recipients::table, rows)
}

/// The appeal with this id.
pub fn by_id(db: &mut Db, id: &str) -> Result<Option<AppealRow>, Error> {
    Ok(appeals::table.find(id).first(db).optional()?)
}

/// The newest appeals.
pub fn newest(db: &mut Db, limit: i64) -> Result<Vec<AppealRow>, Error> {
    Ok(appeals::table.order(appeals::id.desc()).limit(limit).load(db)?)
}

/// The appeals that nobody has ended and whose time is not over, the oldest first.
pub fn running(db: &mut Db, now: DateTime<Utc>) -> Result<Vec<AppealRow>, Error> {
    Ok(appeals::table
        .filter(appeals::closed_at.is_null())
        .filter(appeals::closes_at.gt(now.naive_utc()))
        .order(appeals::id.asc())
        .load(db)?)
}

/// Writes the stage, the waves and the version of an appeal. Whoever does so MUST work on appeals alone.
pub fn save(db: &mut Db, row: &AppealRow) -> Result<(), Error> {
    diesel::update(appeals::table.find(&row.id))
        .set((
            appeals::met_at.eq(row.met_at),
            appeals::closed_at.eq(row.closed_at),
            appeals::waves.eq(row.waves),
            appeals::next_wave_at.eq(row.next_wave_at),
            appeals::version.eq(row.version),
        ))
        .execute(db)?;
    Ok(())
}

/// An account with its own person's record.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Person {
    /// The account.
    pub account_id: String,
    /// The donor.
    pub donor_id: String,
}

/// The accounts that agreed to appeals and whose own record has this group, without those whom the appeal has drawn.
pub fn consenting(db: &mut Db, group: BloodGroup, appeal_id: &str) -> Result<Vec<Person>, Error> {
    let agreed = consents::table
        .filter(consents::account_id.eq(account_donors::account_id))
        .filter(consents::purpose.eq("appeals"))
        .filter(consents::withdrawn_at.is_null());
    let drawn = appeal_recipients::table
        .filter(appeal_recipients::donor_id.eq(account_donors::donor_id))
        .filter(appeal_recipients::appeal_id.eq(appeal_id));
    Ok(account_donors::table
        .inner_join(donors::table)
        .inner_join(accounts::table)
        .filter(account_donors::relation.eq("self"))
        .filter(account_donors::ended_at.is_null())
        .filter(accounts::erased_at.is_null())
        .filter(donors::abo.eq(group.abo.as_str()))
        .filter(donors::rh.eq(group.rh.as_str()))
        .filter(exists(agreed))
        .filter(not(exists(drawn)))
        .order(account_donors::account_id.asc())
        .select((account_donors::account_id, account_donors::donor_id))
        .load(db)?)
}

/// How many appeals asked each of these donors after `since`, and reached them.
pub fn asked_since(
    db: &mut Db,
    donor_ids: &[&str],
    since: DateTime<Utc>,
) -> Result<HashMap<String, i64>, Error> {
    let rows: Vec<(String, i64)> = appeal_recipients::table
        .filter(appeal_recipients::donor_id.eq_any(donor_ids))
        .filter(appeal_recipients::drawn_at.gt(since.naive_utc()))
        .filter(appeal_recipients::state.eq(Lot::Asked.as_str()))
        .filter(appeal_recipients::reached.eq(true))
        .group_by(appeal_recipients::donor_id)
        .select((appeal_recipients::donor_id, diesel::dsl::count_star()))
        .load(db)?;
    Ok(rows.into_iter().collect())
}

/// Of these donors, those whom an appeal that is not over has drawn.
pub fn drawn_now(db: &mut Db, donor_ids: &[&str], now: DateTime<Utc>) -> Result<HashSet<String>, Error> {
    let rows: Vec<String> = appeal_recipients::table
        .inner_join(appeals::table)
        .filter(appeal_recipients::donor_id.eq_any(donor_ids))
        .filter(appeal_recipients::state.ne(Lot::CalledOff.as_str()))
        .filter(appeals::closed_at.is_null())
        .filter(appeals::closes_at.gt(now.naive_utc()))
        .select(appeal_recipients::donor_id)
        .load(db)?;
    Ok(rows.into_iter().collect())
}

/// The codes of the sites at which each of these donors gave, had an appointment, or was at the door.
pub fn sites_of(db: &mut Db, donor_ids: &[&str]) -> Result<HashMap<String, HashSet<String>>, Error> {
    let mut rows: Vec<(String, String)> = donations::table
        .filter(donations::donor_id.eq_any(donor_ids))
        .select((donations::donor_id, donations::site_code))
        .distinct()
        .load(db)?;
    rows.extend(
        appointments::table
            .inner_join(slots::table.inner_join(collection_sessions::table))
            .filter(appointments::donor_id.eq_any(donor_ids))
            .select((appointments::donor_id, collection_sessions::site_code))
            .distinct()
            .load::<(String, String)>(db)?,
    );
    rows.extend(
        visits::table
            .inner_join(collection_sessions::table)
            .filter(visits::donor_id.eq_any(donor_ids))
            .select((visits::donor_id, collection_sessions::site_code))
            .distinct()
            .load::<(String, String)>(db)?,
    );
    let mut sites: HashMap<String, HashSet<String>> = HashMap::new();
    for (donor_id, code) in rows {
        sites.entry(donor_id).or_default().insert(code);
    }
    Ok(sites)
}

/// Those who are asked by an appeal and whose message of this kind is in this state.
pub fn with_message(db: &mut Db, appeal_id: &str, kind: &str, state: &str) -> Result<Vec<String>, Error> {
    let there = outbox::table
        .filter(outbox::subject.eq(appeal_recipients::id.nullable()))
        .filter(outbox::kind.eq(kind))
        .filter(outbox::state.eq(state));
    Ok(appeal_recipients::table
        .filter(appeal_recipients::appeal_id.eq(appeal_id))
        .filter(appeal_recipients::state.eq(Lot::Asked.as_str()))
        .filter(exists(there))
        .select(appeal_recipients::id)
        .load(db)?)
}

/// Writes down that the messages to these recipients were called off.
pub fn mark_called_off(db: &mut Db, ids: &[&str]) -> Result<(), Error> {
    diesel::update(appeal_recipients::table.filter(appeal_recipients::id.eq_any(ids)))
        .set(appeal_recipients::state.eq(Lot::CalledOff.as_str()))
        .execute(db)?;
    Ok(())
}

/// Forgets whose message was called off: they can be drawn again.
pub fn forget_called_off(db: &mut Db, appeal_id: &str) -> Result<(), Error> {
    let called_off = appeal_recipients::table
        .filter(appeal_recipients::appeal_id.eq(appeal_id))
        .filter(appeal_recipients::state.eq(Lot::CalledOff.as_str()));
    diesel::delete(called_off).execute(db)?;
    Ok(())
}

/// What a message is about: somebody who is asked, and the appeal.
pub fn asked(db: &mut Db, recipient_id: &str) -> Result<Option<(RecipientRow, AppealRow)>, Error> {
    Ok(appeal_recipients::table
        .inner_join(appeals::table)
        .filter(appeal_recipients::id.eq(recipient_id))
        .filter(appeal_recipients::state.eq(Lot::Asked.as_str()))
        .select((appeal_recipients::all_columns, appeals::all_columns))
        .first(db)
        .optional()?)
}

/// What appeals drew of an account, the oldest first, each with the appeal.
pub fn history(db: &mut Db, account_id: &str) -> Result<Vec<(RecipientRow, AppealRow)>, Error> {
    Ok(appeal_recipients::table
        .inner_join(appeals::table)
        .filter(appeal_recipients::account_id.eq(account_id))
        .order(appeal_recipients::id.asc())
        .select((appeal_recipients::all_columns, appeals::all_columns))
        .load(db)?)
}

/// Deletes what appeals drew of a donor: before the record itself goes.
pub fn forget_of(db: &mut Db, donor_id: &str) -> Result<(), Error> {
    diesel::delete(appeal_recipients::table.filter(appeal_recipients::donor_id.eq(donor_id))).execute(db)?;
    Ok(())
}
