//! What staff do for a donor who stands at the window with a document in hand.

use super::own_record::link_to_person;
use super::sign_in::account_of_phone;
use super::{Context, family, sessions};
use crate::chance::Chance;
use crate::domain::personal::Phone;
use crate::error::Error;
use crate::store::accounts::AccountRow;
use crate::store::audit::{self, Entry};
use crate::store::donors::DonorRow;
use crate::store::{Db, accounts, donors, one_at_a_time};
use crate::vault::Field;
use serde_json::json;

/// Makes `phone` the number that signs in to the donor's record, and the only thing that does: for somebody who has
/// never signed in, and for somebody who lost the number. Sessions of before end, WeChat is taken away; an account
/// that had the number and has no person's record loses it.
///
/// # Errors
/// `not_found`; `phone_in_use` when the number signs in to another person's record.
pub async fn set_sign_in_phone(context: &Context, donor_no: String, phone: Phone) -> Result<(), Error> {
    let whole = context.clone();
    sessions::ending(context, move |db| {
        let now = whole.clock.now();
        let mut chance = Chance::from_system()?;
        let index = whole.vault.index(Field::AccountPhone, phone.reveal());
        one_at_a_time(db, &index)?;
        let donor = donor(db, &donor_no)?;
        let own = owner(db, &donor)?;
        let other = accounts::by_phone(db, &index)?;
        let other = other.filter(|other| own.as_ref().is_none_or(|own| own.id != other.id));
        let mut ended = Vec::new();
        let actor = &whole.actor;
        let mut end = |db: &mut Db, account: &AccountRow, chance: &mut Chance| {
            accounts::clear_openid(db, &account.id)?;
            ended.extend(sessions::end_all(db, actor.clone(), &account.id, "phone_changed", now, chance)?);
            Ok::<(), Error>(())
        };
        if let Some(other) = other {
            let seen = accounts::donors_of(db, &other.id)?;
            if seen.iter().any(|donor| donor.link.relation == "self") {
                return Err(phone_in_use());
            }
            accounts::clear_phone(db, &other.id)?;
            end(db, &other, &mut chance)?;
        }
        match own {
            Some(account) => {
                accounts::set_phone(db, &account, &phone, &whole.vault, &mut chance)?;
                end(db, &account, &mut chance)?;
            }
            None => {
                let account = account_of_phone(&whole, db, &phone, actor, now, &mut chance)?;
                link_to_person(db, &account.id, &donor, "window", actor.clone(), now, &mut chance)?;
            }
        }
        audit::append(db, [entry(&whole, "donor.sign_in_phone_set", &donor)], now, &mut chance)?;
        Ok(((), ended))
    })
    .await
}

/// The account of a record's own person, locked. A link that an erased account left behind is ended.
fn owner(db: &mut Db, donor: &DonorRow) -> Result<Option<AccountRow>, Error> {
    let links = accounts::links_to(db, &donor.id)?;
    match links.into_iter().find(|link| link.relation == "self") {
        Some(link) => accounts::lock(db, &link.account_id),
        None => Ok(None),
    }
}

fn phone_in_use() -> Error {
    Error::conflict("phone_in_use", "This telephone number signs in to another person's record.")
}

fn donor(db: &mut Db, donor_no: &str) -> Result<DonorRow, Error> {
    donors::by_number(db, donor_no)?.ok_or_else(|| Error::not_found("There is no such donor."))
}

fn entry(context: &Context, action: &'static str, donor: &DonorRow) -> Entry {
    Entry {
        actor: context.actor.clone(),
        action,
        subject: donor.id.clone(),
        detail: json!({ "document_seen": true }),
    }
}

/// Lets whoever signs in with `phone` see the donor's record: both stand at the window, and the donor agrees.
///
/// # Errors
/// `not_found`; `already_linked`.
pub async fn add_manager(context: &Context, donor_no: String, phone: Phone) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let donor = donor(db, &donor_no)?;
            let account =
                account_of_phone(&whole, db, &phone, &whole.actor, now, &mut Chance::from_system()?)?;
            family::manage(db, &account.id, &donor.id, "window", whole.actor.clone(), now)?;
            Ok(())
        })
        .await
}
