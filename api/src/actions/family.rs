//! Records of relatives: seen by an account after their own word, and no longer than they wish.

use super::Context;
use super::own_record::{link, no_such_account};
use crate::chance::Chance;
use crate::error::{Error, Kind};
use crate::store::accounts::{self, LinkedDonor};
use crate::store::audit::{self, Actor, Entry};
use crate::store::{Db, donors, one_at_a_time, sharing};
use crate::vault::Field;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE32_NOPAD;
use serde_json::json;

/// How long a sharing code holds: the two sit beside each other, or are on the telephone.
pub const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// A donor that the account sees, by donor number.
///
/// # Errors
/// `not_found`: there is none, or it is somebody else's.
pub fn visible(db: &mut Db, account_id: &str, donor_no: &str) -> Result<LinkedDonor, Error> {
    let seen = accounts::donors_of(db, account_id)?;
    seen.into_iter().find(|donor| donor.donor_no == donor_no).ok_or_else(no_such_donor)
}

pub(super) fn no_such_donor() -> Error {
    Error::not_found("There is no such donor.")
}

/// The record of the account's own person.
///
/// # Errors
/// `no_record`.
pub(super) fn own_record(db: &mut Db, account_id: &str) -> Result<LinkedDonor, Error> {
    let seen = accounts::donors_of(db, account_id)?;
    seen.into_iter().find(|donor| donor.link.relation == "self").ok_or_else(no_record)
}

pub(super) fn no_record() -> Error {
    Error::conflict("no_record", "This account has no donor record yet: bind one, or register.")
}

/// Makes the code by which a relative may see the record of the account's own person.
///
/// # Errors
/// `no_record`.
pub async fn share(context: &Context, account_id: String) -> Result<String, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let mut chance = Chance::from_system()?;
            let record = own_record(db, &account_id)?;
            let code = BASE32_NOPAD.encode(&chance.bytes::<5>());
            let hash = whole.vault.index(Field::SharingCode, &code);
            sharing::replace(db, &hash, &record.link.donor_id, now + CODE_LIFETIME)?;
            let entry = entry(&account_id, "donor.shared", &record.link.donor_id);
            audit::append(db, [entry], now, &mut chance)?;
            Ok(code)
        })
        .await
}

fn entry(account_id: &str, action: &'static str, donor_id: &str) -> Entry {
    Entry {
        actor: Actor::Account(account_id.to_owned()),
        action,
        subject: donor_id.to_owned(),
        detail: json!({}),
    }
}

/// Takes a relative's code: their record is seen from now on. Returns the donor number.
///
/// # Errors
/// `wrong_sharing_code`; `already_linked`.
pub async fn accept(context: &Context, account_id: String, code: String) -> Result<String, Error> {
    let whole = context.clone();
    let outcome = context.pool.write(move |db| {
        let now = whole.clock.now();
        let hash = whole.vault.index(Field::SharingCode, &code.trim().to_ascii_uppercase());
        let Some(donor_id) = sharing::take(db, &hash, now)? else { return Ok(Err(wrong_sharing_code())) };
        manage(db, &account_id, &donor_id, "confirmation", Actor::Account(account_id.clone()), now).map(Ok)
    });
    outcome.await?
}

fn wrong_sharing_code() -> Error {
    Error::new(
        Kind::NotFound,
        "wrong_sharing_code",
        "The code is wrong, was used already or has expired. Ask your relative for a new one.",
    )
}

/// Lets an account see a record that is not its own person's. Returns the donor number.
///
/// # Errors
/// `already_linked`.
pub(super) fn manage(
    db: &mut Db,
    account_id: &str,
    donor_id: &str,
    proof: &str,
    actor: Actor,
    now: DateTime<Utc>,
) -> Result<String, Error> {
    one_at_a_time(db, donor_id.as_bytes())?;
    accounts::lock(db, account_id)?.ok_or_else(no_such_account)?;
    if accounts::links_to(db, donor_id)?.iter().any(|link| link.account_id == account_id) {
        return Err(Error::conflict("already_linked", "The account sees this record already."));
    }
    let mut chance = Chance::from_system()?;
    link(db, account_id, donor_id, "family", proof, now, &mut chance)?;
    let entry = Entry {
        actor,
        action: "donor.manager_added",
        subject: donor_id.to_owned(),
        detail: json!({ "account": account_id, "proof": proof }),
    };
    audit::append(db, [entry], now, &mut chance)?;
    let donor = donors::by_ids(db, &[donor_id.to_owned()])?.pop().ok_or_else(no_such_donor)?;
    Ok(donor.donor_no)
}

/// Stops seeing a relative's record.
///
/// # Errors
/// `not_found`; `own_record` for the account's own person.
pub async fn leave(context: &Context, account_id: String, donor_no: String) -> Result<(), Error> {
    let now = context.clock.now();
    context
        .pool
        .write(move |db| {
            let donor = visible(db, &account_id, &donor_no)?;
            if donor.link.relation == "self" {
                return Err(Error::conflict(
                    "own_record",
                    "This is your own record; erase the account instead.",
                ));
            }
            end(db, &account_id, &donor.link.id, &donor.link.donor_id, now)
        })
        .await
}

/// Takes the permission to see one's own record back from a relative.
///
/// # Errors
/// `not_found`; `no_record`.
pub async fn withdraw(context: &Context, account_id: String, link_id: String) -> Result<(), Error> {
    let now = context.clock.now();
    context
        .pool
        .write(move |db| {
            let record = own_record(db, &account_id)?;
            let links = accounts::links_to(db, &record.link.donor_id)?;
            let managed = links.iter().any(|link| link.id == link_id && link.relation == "family");
            if !managed {
                return Err(Error::not_found("Nobody sees your record by this."));
            }
            end(db, &account_id, &link_id, &record.link.donor_id, now)
        })
        .await
}

fn end(
    db: &mut Db,
    account_id: &str,
    link_id: &str,
    donor_id: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    accounts::unlink(db, link_id, now)?;
    audit::append(
        db,
        [entry(account_id, "donor.manager_removed", donor_id)],
        now,
        &mut Chance::from_system()?,
    )
}
