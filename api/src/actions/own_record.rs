//! An account and its person's donor record: bound by proof, or registered anew.

use super::Context;
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::donation_number::DonationNumber;
use crate::domain::donor::{Donor, DonorNumber};
use crate::domain::identity::{IdentityDocument, Sex};
use crate::domain::personal::{Email, PersonName, Phone};
use crate::error::{Error, Kind};
use crate::store::accounts::{self, LinkRow};
use crate::store::audit::{self, Actor, Entry};
use crate::store::donors::{self, DonorRow, Key};
use crate::store::{Db, donations, imports, one_at_a_time};
use crate::vault::Field;
use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::BASE32_NOPAD;
use serde_json::json;

/// What a donor number of somebody who registered begins with.
pub const REGISTERED_PREFIX: &str = "R-";
/// A person has one record, or a few that nobody has merged yet.
const RECORDS_OF_A_PERSON: i64 = 16;

/// Binds an account to its person's record: whoever knows the identity number and the number of one donation.
/// Returns the donor number.
///
/// # Errors
/// `record_not_found`, whichever of the two is wrong; `already_bound` when the account has a record;
/// `record_of_a_relative` when the account sees it already;
/// `record_bound_elsewhere` when the record's person signs in otherwise.
pub async fn bind(
    context: &Context,
    account_id: String,
    document: IdentityDocument,
    donation_no: DonationNumber,
) -> Result<String, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            no_record_yet(db, &account_id)?;
            let index = whole.vault.index(Field::IdNumber, document.reveal());
            let records = donors::find(db, &Key::IdNumber(&index), RECORDS_OF_A_PERSON)?;
            let mut found = None;
            for record in records.into_iter().filter(|record| record.id_type == document.kind().as_str()) {
                if donations::is_of(db, donation_no.as_str(), &record.id)? {
                    found = Some(record);
                }
            }
            let record = found.ok_or_else(|| {
                Error::new(
                    Kind::NotFound,
                    "record_not_found",
                    "There is no record with this identity number and donation number. Check both, or ask at a window.",
                )
            })?;
            // A relative sees donation numbers, and may know the identity number: that proves nothing.
            let links = accounts::links_to(db, &record.id)?;
            if links.iter().any(|link| link.account_id == account_id) {
                return Err(Error::conflict(
                    "record_of_a_relative",
                    "You see this record as a relative's. If it is your own, ask at a window.",
                ));
            }
            let actor = Actor::Account(account_id.clone());
            let mut chance = Chance::from_system()?;
            link_to_person(db, &account_id, &record, "donation_number", actor, now, &mut chance)?;
            Ok(record.donor_no)
        })
        .await
}

fn no_record_yet(db: &mut Db, account_id: &str) -> Result<(), Error> {
    accounts::lock(db, account_id)?.ok_or_else(no_such_account)?;
    let has_one = accounts::donors_of(db, account_id)?.iter().any(|donor| donor.link.relation == "self");
    if has_one {
        return Err(Error::conflict("already_bound", "This account has a donor record already."));
    }
    Ok(())
}

/// The account was erased meanwhile.
pub(super) fn no_such_account() -> Error {
    Error::not_found("There is no such account.")
}

/// Makes a record the account's own person's.
///
/// # Errors
/// `record_bound_elsewhere`.
pub(super) fn link_to_person(
    db: &mut Db,
    account_id: &str,
    record: &DonorRow,
    proof: &'static str,
    actor: Actor,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    one_at_a_time(db, record.id.as_bytes())?;
    let links = accounts::links_to(db, &record.id)?;
    if links.iter().any(|link| link.relation == "self") {
        return Err(Error::conflict(
            "record_bound_elsewhere",
            "The record is signed in to with another telephone. If that is not yours any more, ask at a window.",
        ));
    }
    // Who managed the record as a relative's is found to be its person.
    for link in links.iter().filter(|link| link.account_id == account_id) {
        accounts::unlink(db, &link.id, now)?;
    }
    link(db, account_id, &record.id, "self", proof, now, chance)?;
    let entry =
        Entry { actor, action: "donor.bound", subject: record.id.clone(), detail: json!({ "proof": proof }) };
    audit::append(db, [entry], now, chance)
}

pub(super) fn link(
    db: &mut Db,
    account_id: &str,
    donor_id: &str,
    relation: &str,
    proof: &str,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    accounts::link(db, &LinkRow::new(account_id, donor_id, relation, proof, now, chance))
}

/// Who registers.
pub struct Registration {
    /// The full name.
    pub name: PersonName,
    /// The identity document.
    pub document: IdentityDocument,
    /// The date of birth.
    pub birth_date: NaiveDate,
    /// The recorded sex.
    pub sex: Sex,
    /// An e-mail address.
    pub email: Option<Email>,
}

/// Registers the account's person as a donor who has not given yet. Returns the donor number.
///
/// Whether the station knows the person already makes no difference here: nobody learns by registering who
/// gives blood. Two records of one person are merged by staff, who see the document.
///
/// # Errors
/// `already_bound`; `birth_date_mismatch`, `sex_mismatch`, `in_the_future`.
pub async fn register(
    context: &Context,
    account_id: String,
    registration: Registration,
) -> Result<String, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let mut chance = Chance::from_system()?;
            no_record_yet(db, &account_id)?;
            let donor = donor_of(&whole, db, &account_id, registration, now, &mut chance)?;
            let import_id = chance.id(now);
            imports::begin(db, &import_id, now)?;
            imports::finish(db, &import_id, now, &json!({ "source": "registration" }).to_string())?;
            let row = DonorRow::seal(&donor, &import_id, &whole.vault, now, &mut chance)?;
            donors::insert(db, std::slice::from_ref(&row))?;
            let actor = Actor::Account(account_id.clone());
            link_to_person(db, &account_id, &row, "registration", actor, now, &mut chance)?;
            Ok(row.donor_no)
        })
        .await
}

fn donor_of(
    context: &Context,
    db: &mut Db,
    account_id: &str,
    registration: Registration,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<Donor, Error> {
    let account = accounts::by_id(db, account_id)?.ok_or_else(|| Error::internal("no such account"))?;
    let phone = account.phone(&context.vault)?.and_then(|phone| Phone::parse(&phone).ok());
    let number = format!("{REGISTERED_PREFIX}{}", BASE32_NOPAD.encode(&chance.bytes::<10>()));
    let donor = Donor {
        donor_no: DonorNumber::parse(&number)?,
        name: registration.name,
        document: registration.document,
        phone,
        email: registration.email,
        sex: registration.sex,
        birth_date: registration.birth_date,
        abo: None,
        rh: None,
    };
    Ok(donor.check(day_in_china(now))?)
}
