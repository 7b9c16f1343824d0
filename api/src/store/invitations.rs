//! Who was told that they may give again, or that a donation was used; and what is done once a day.

use super::appeals::Person;
use super::connection::{Db, on_each};
use super::schema::{
    account_donors, accounts, consents, daily_work, donations, donor_totals, donors, invitations_again,
    units, used_notices,
};
use crate::error::Error;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

/// Whether a task is still to be done on this day.
pub fn is_due(db: &mut Db, task: &str, day: NaiveDate) -> Result<bool, Error> {
    let due = daily_work::table.find(task).filter(daily_work::done_on.lt(day));
    Ok(diesel::select(exists(due)).get_result(db)?)
}

/// Takes a day's task: `false` when another node has it.
pub fn take(db: &mut Db, task: &str, day: NaiveDate) -> Result<bool, Error> {
    let due = daily_work::table.find(task).filter(daily_work::done_on.lt(day));
    Ok(diesel::update(due).set(daily_work::done_on.eq(day)).execute(db)? == 1)
}

/// That somebody was told that they may give again.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = invitations_again, treat_none_as_default_value = false)]
pub struct InvitationRow {
    /// UUIDv7: what the message is about.
    pub id: String,
    /// Who is told.
    pub account_id: String,
    /// The account's own person.
    pub donor_id: String,
    /// The last one.
    pub donation_no: String,
    /// What may be given.
    pub product: String,
    /// Since when, Asia/Shanghai.
    pub from_day: NaiveDate,
    /// UTC.
    pub queued_at: NaiveDateTime,
}

/// Writes an invitation; `false` when there was one after this donation.
pub fn invite(db: &mut Db, row: &InvitationRow) -> Result<bool, Error> {
    let written = on_each!(db, |connection| diesel::insert_into(invitations_again::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(written == 1)
}

/// The invitation with this id.
pub fn invitation(db: &mut Db, id: &str) -> Result<Option<InvitationRow>, Error> {
    Ok(invitations_again::table.find(id).first(db).optional()?)
}

/// An account's invitations, the oldest first.
pub fn invitations_of(db: &mut Db, account_id: &str) -> Result<Vec<InvitationRow>, Error> {
    let own = invitations_again::table.filter(invitations_again::account_id.eq(account_id));
    Ok(own.order(invitations_again::id.asc()).load(db)?)
}

/// Up to `limit` accounts behind this one that agreed to appeals and whose own person has given, by account.
pub fn who_gave(db: &mut Db, after: &str, limit: i64) -> Result<Vec<Person>, Error> {
    let agreed = consents::table
        .filter(consents::account_id.eq(account_donors::account_id))
        .filter(consents::purpose.eq("appeals"))
        .filter(consents::withdrawn_at.is_null());
    let gave = donor_totals::table
        .filter(donor_totals::donor_id.eq(account_donors::donor_id))
        .filter(donor_totals::last_donated_on.is_not_null());
    Ok(account_donors::table
        .inner_join(donors::table)
        .inner_join(accounts::table)
        .filter(account_donors::relation.eq("self"))
        .filter(account_donors::ended_at.is_null())
        .filter(account_donors::account_id.gt(after))
        .filter(accounts::erased_at.is_null())
        .filter(exists(agreed))
        .filter(exists(gave))
        .order(account_donors::account_id.asc())
        .limit(limit)
        .select((account_donors::account_id, account_donors::donor_id))
        .load(db)?)
}

/// That somebody was told that a donation was used.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = used_notices, treat_none_as_default_value = false)]
pub struct NoticeRow {
    /// UUIDv7: what the message is about.
    pub id: String,
    /// Who is told.
    pub account_id: String,
    /// The donation.
    pub donation_no: String,
    /// UTC.
    pub queued_at: NaiveDateTime,
}

/// Writes a notice; `false` when there was one of this donation.
pub fn notify(db: &mut Db, row: &NoticeRow) -> Result<bool, Error> {
    let written = on_each!(db, |connection| diesel::insert_into(used_notices::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(written == 1)
}

/// The notice with this id.
pub fn notice(db: &mut Db, id: &str) -> Result<Option<NoticeRow>, Error> {
    Ok(used_notices::table.find(id).first(db).optional()?)
}

/// An account's notices, the oldest first.
pub fn notices_of(db: &mut Db, account_id: &str) -> Result<Vec<NoticeRow>, Error> {
    Ok(used_notices::table
        .filter(used_notices::account_id.eq(account_id))
        .order(used_notices::id.asc())
        .load(db)?)
}

/// A donation of which a unit was used, and whom to tell.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct UsedDonation {
    /// The donation.
    pub donation_no: String,
    /// The account.
    pub account_id: String,
    /// The donor.
    pub donor_id: String,
}

/// Up to `limit` donations behind this one of which a unit was used after `since` and until `until`, and after their donor,
/// who has not been told, agreed to news; by number.
pub fn used(
    db: &mut Db,
    after: &str,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<UsedDonation>, Error> {
    let own = account_donors::donor_id
        .eq(donations::donor_id)
        .and(account_donors::relation.eq("self"))
        .and(account_donors::ended_at.is_null());
    let agreed = consents::account_id
        .eq(account_donors::account_id)
        .and(consents::purpose.eq("news"))
        .and(consents::withdrawn_at.is_null())
        .and(consents::given_at.le(units::status_at));
    let told = used_notices::table.filter(used_notices::donation_no.eq(donations::donation_no));
    Ok(units::table
        .inner_join(donations::table)
        .inner_join(account_donors::table.on(own))
        .inner_join(consents::table.on(agreed))
        .filter(units::status.eq("used"))
        .filter(units::status_at.gt(since.naive_utc()))
        .filter(units::status_at.le(until.naive_utc()))
        .filter(donations::donation_no.gt(after))
        .filter(not(exists(told)))
        .select((donations::donation_no, account_donors::account_id, account_donors::donor_id))
        .distinct()
        .order((
            donations::donation_no.asc(),
            account_donors::account_id.asc(),
            account_donors::donor_id.asc(),
        ))
        .limit(limit)
        .load(db)?)
}
