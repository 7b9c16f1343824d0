//! Staff look a donor up: for a stated purpose, with a trace that the donor can read.

use super::Context;
use crate::chance::Chance;
use crate::domain::look_up::Purpose;
use crate::domain::totals::Totals;
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::donors::{self, DonorRow, Key};
use crate::store::{Db, accounts, totals};
use crate::vault::Field;
use chrono::NaiveDate;
use serde_json::json;

/// More than so many of one name and birthday are not one person's records.
const LIMIT: i64 = 20;

/// By what a donor is looked up.
pub enum LookUp {
    /// The station's own number.
    Number(String),
    /// A telephone number in the record, or one that signs in.
    Phone(crate::domain::personal::Phone),
    /// The number of an identity document.
    IdNumber(String),
    /// The full name and the date of birth.
    NameAndBirthDate(String, NaiveDate),
}

impl LookUp {
    fn word(&self) -> &'static str {
        match self {
            Self::Number(_) => "donor_no",
            Self::Phone(_) => "phone",
            Self::IdNumber(_) => "id_number",
            Self::NameAndBirthDate(..) => "name_and_birth_date",
        }
    }
}

/// A donor who was found.
pub struct Found {
    /// The record.
    pub donor: DonorRow,
    /// What was given in all.
    pub totals: Totals,
}

/// Finds donors. Each who is found gets a line in the trail, as does a search that found nobody.
///
/// # Errors
/// Failures of the database.
pub async fn find(context: &Context, by: LookUp, purpose: Purpose) -> Result<Vec<Found>, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let rows = look(&whole, db, &by)?;
            let detail = json!({ "purpose": purpose.as_str(), "by": by.word() });
            let entry = |subject: String| Entry {
                actor: whole.actor.clone(),
                action: "donor.found",
                subject,
                detail: detail.clone(),
            };
            let entries: Vec<Entry> = match rows.as_slice() {
                [] => vec![entry("nobody".to_owned())],
                rows => rows.iter().map(|row| entry(row.id.clone())).collect(),
            };
            audit::append(db, entries, whole.clock.now(), &mut Chance::from_system()?)?;
            let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
            let mut sums = totals::of_donors(db, &ids)?;
            Ok(rows
                .into_iter()
                .map(|donor| Found { totals: sums.remove(&donor.id).unwrap_or_default(), donor })
                .collect())
        })
        .await
}

fn look(context: &Context, db: &mut Db, by: &LookUp) -> Result<Vec<DonorRow>, Error> {
    let vault = &context.vault;
    match by {
        LookUp::Number(number) => donors::find(db, &Key::Number(number), LIMIT),
        LookUp::IdNumber(number) => {
            donors::find(db, &Key::IdNumber(&vault.index(Field::IdNumber, number)), LIMIT)
        }
        LookUp::NameAndBirthDate(name, date) => donors::find(db, &Key::NameAndBirthDate(name, *date), LIMIT),
        LookUp::Phone(phone) => {
            let index = vault.index(Field::Phone, phone.reveal());
            let mut rows = donors::find(db, &Key::Phone(&index), LIMIT)?;
            let account = accounts::by_phone(db, &vault.index(Field::AccountPhone, phone.reveal()))?;
            let seen = match account {
                Some(account) => accounts::donors_of(db, &account.id)?,
                None => Vec::new(),
            };
            let own = seen.into_iter().filter(|donor| donor.link.relation == "self");
            let missing: Vec<String> = own
                .map(|donor| donor.link.donor_id)
                .filter(|id| rows.iter().all(|row| row.id != *id))
                .collect();
            rows.extend(donors::by_ids(db, &missing)?);
            Ok(rows)
        }
    }
}
