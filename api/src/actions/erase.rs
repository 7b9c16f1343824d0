//! Erases an account; what the law says must be kept stays, and the answer says so.

use super::book::{Request, Wish};
use super::own_record::{REGISTERED_PREFIX, no_such_account};
use super::{Context, book, questionnaire, sessions, teams};
use crate::chance::Chance;
use crate::error::Error;
use crate::store::accounts::{self, LinkedDonor};
use crate::store::audit::{self, Actor, Entry};
use crate::store::{
    Db, appeals, appointments, booking_policy, calendar_feeds, call_ups, certificates, consents, deferrals,
    donations, donors, merges, message_preferences, sharing, teams as memberships, visits, waitlist,
};
use chrono::{DateTime, Utc};
use serde_json::json;

/// What an erasure came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// Whether a donation record stays.
    pub donations_kept: bool,
}

/// Erases the account: what signs in to it, its sessions, its view of any record, its memberships of teams; its consents end, and answers that no
/// donation used go. The record
/// of somebody who registered and never gave goes too. A donation record stays, as the law asks.
///
/// # Errors
/// `not_found` when it was erased already.
pub async fn erase(context: &Context, account_id: String) -> Result<Erased, Error> {
    let whole = context.clone();
    sessions::ending(context, move |db| {
        let now = whole.clock.now();
        let mut chance = Chance::from_system()?;
        accounts::lock(db, &account_id)?.ok_or_else(no_such_account)?;
        let left = teams::leave_all(db, &account_id, now)?;
        cancel_appointments(&whole, db, &account_id)?;
        let own = accounts::donors_of(db, &account_id)?;
        let own = own.into_iter().find(|donor| donor.link.relation == "self");
        let donor_ids: Vec<&str> = own.iter().map(|donor| donor.link.donor_id.as_str()).collect();
        waitlist::end_of(db, &account_id, &donor_ids, now)?;
        accounts::unlink_all(db, &account_id, now)?;
        consents::withdraw_all(db, &account_id, now)?;
        calendar_feeds::remove(db, &account_id)?;
        message_preferences::forget(db, &account_id)?;
        let donations_kept = match own {
            Some(donor) => !forget_record(db, &donor, now)?,
            None => false,
        };
        let actor = Actor::Account(account_id.clone());
        let ended = sessions::end_all(db, actor.clone(), &account_id, "account_erased", now, &mut chance)?;
        accounts::erase(db, &account_id, now)?;
        let detail = json!({ "donations_kept": donations_kept });
        let entry = Entry { actor, action: "account.erased", subject: account_id, detail };
        audit::append(db, left.into_iter().chain([entry]), now, &mut chance)?;
        Ok((Erased { donations_kept }, ended))
    })
    .await
}

/// Cancels what the account's own person has booked. What begins within the hour is the door's to settle: it stays.
fn cancel_appointments(context: &Context, db: &mut Db, account_id: &str) -> Result<(), Error> {
    let own = accounts::donors_of(db, account_id)?;
    let own: Vec<&str> = own
        .iter()
        .filter(|donor| donor.link.relation == "self")
        .map(|donor| donor.link.donor_id.as_str())
        .collect();
    let cancellations: Vec<Request> = appointments::active_of(db, &own)?
        .into_iter()
        .map(|row| Request {
            account_id: account_id.to_owned(),
            wish: Wish::Cancel { appointment: row.id },
            key: None,
            at_version: None,
        })
        .collect();
    book::run(&context.rules, context.clock.now(), db, &cancellations).map(drop)
}

/// Deletes a record that nothing but the account's own registration made; `false` when it has to stay.
fn forget_record(db: &mut Db, donor: &LinkedDonor, now: DateTime<Utc>) -> Result<bool, Error> {
    let id = donor.link.donor_id.as_str();
    for link in accounts::links_to(db, id)? {
        accounts::unlink(db, &link.id, now)?;
    }
    sharing::clear(db, id)?;
    questionnaire::forget_unused(db, id)?;
    merges::forget_proposals(db, id)?;
    let used = !donor.donor_no.starts_with(REGISTERED_PREFIX)
        || !donations::of_donors(db, &[id])?.is_empty()
        || !certificates::of_donor(db, id)?.is_empty()
        || merges::mention(db, id)?
        || !questionnaire::submitted_by(db, id)?.is_empty()
        || visits::any_of(db, id)?
        || deferrals::any_of(db, id)?
        || !appointments::active_of(db, &[id])?.is_empty();
    if used {
        return Ok(false);
    }
    appeals::forget_of(db, id)?;
    call_ups::forget_of(db, id)?;
    memberships::forget_of(db, id)?;
    appointments::forget_of(db, id)?;
    waitlist::forget_of(db, id)?;
    booking_policy::forget_of(db, id)?;
    accounts::forget_links_to(db, id)?;
    donors::delete(db, id)?;
    Ok(true)
}
