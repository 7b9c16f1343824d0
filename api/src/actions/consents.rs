//! Consents: given to one version of one text, withdrawn at any time.

use super::Context;
use super::own_record::no_such_account;
use super::{questionnaire, teams};
use crate::chance::Chance;
use crate::domain::consent::{Place, Purpose, TextVersion};
use crate::error::Error;
use crate::store::accounts;
use crate::store::audit::{self, Actor, Entry};
use crate::store::consents::{self as store, ConsentRow};
use crate::vault::Field;
use serde_json::json;

/// A consent as it is given.
pub struct Given {
    /// To what.
    pub purpose: Purpose,
    /// To which text.
    pub text_version: TextVersion,
    /// Where.
    pub place: Place,
    /// From which address.
    pub address: String,
}

/// Writes a consent down; an earlier one to the same purpose ends.
///
/// # Errors
/// Failures of the database.
pub async fn give(context: &Context, account_id: String, given: Given) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let mut chance = Chance::from_system()?;
            let (purpose, version) = (given.purpose.as_str(), given.text_version.as_str());
            accounts::lock(db, &account_id)?.ok_or_else(no_such_account)?;
            store::withdraw(db, &account_id, purpose, now)?;
            let id = chance.id(now);
            let row = ConsentRow {
                address_sealed: whole.vault.seal(Field::ConsentAddress, &id, &given.address, &mut chance)?,
                data_key_id: whole.vault.current_key().to_owned(),
                id,
                account_id: account_id.clone(),
                purpose: purpose.to_owned(),
                text_version: version.to_owned(),
                given_at: now.naive_utc(),
                given_from: given.place.as_str().to_owned(),
                withdrawn_at: None,
            };
            store::insert(db, &row)?;
            let detail = json!({ "purpose": purpose, "text_version": version });
            audit::append(db, [entry(&account_id, "consent.given", detail)], now, &mut chance)
        })
        .await
}

fn entry(account_id: &str, action: &'static str, detail: serde_json::Value) -> Entry {
    Entry { actor: Actor::Account(account_id.to_owned()), action, subject: account_id.to_owned(), detail }
}

/// Withdraws the consent to a purpose. With the one to health data go the donor's answers that no donation used; who wants
/// no appeals leaves the emergency teams.
///
/// # Errors
/// `not_found` when none was given.
pub async fn withdraw(context: &Context, account_id: String, purpose: Purpose) -> Result<(), Error> {
    let now = context.clock.now();
    context
        .pool
        .write(move |db| {
            accounts::lock(db, &account_id)?.ok_or_else(no_such_account)?;
            if !store::withdraw(db, &account_id, purpose.as_str(), now)? {
                return Err(Error::not_found("No such consent was given, or it was withdrawn already."));
            }
            if purpose == Purpose::HealthData {
                for donor in accounts::donors_of(db, &account_id)? {
                    if donor.link.relation == "self" {
                        questionnaire::forget_unused(db, &donor.link.donor_id)?;
                    }
                }
            }
            let left = match purpose {
                Purpose::Appeals => teams::leave_all(db, &account_id, now)?,
                _ => Vec::new(),
            };
            let entry = entry(&account_id, "consent.withdrawn", json!({ "purpose": purpose.as_str() }));
            audit::append(db, left.into_iter().chain([entry]), now, &mut Chance::from_system()?)
        })
        .await
}
