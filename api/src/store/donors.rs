//! Donors.

use super::connection::{Db, insert_rows, on_each};
use super::schema::donors;
use crate::chance::Chance;
use crate::domain::donor::Donor;
use crate::error::Error;
use crate::vault::{Field, Vault};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use std::collections::HashMap;
use zeroize::Zeroizing;

/// A donor as the table holds one: personal data sealed, and indexed by keyed hashes.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = donors, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct DonorRow {
    /// UUIDv7.
    pub id: String,
    /// The station's own number.
    pub donor_no: String,
    /// The full name.
    pub name: String,
    /// The kind of the identity document.
    pub id_type: String,
    id_number_sealed: Vec<u8>,
    id_number_index: Vec<u8>,
    phone_sealed: Option<Vec<u8>>,
    phone_index: Option<Vec<u8>>,
    email_sealed: Option<Vec<u8>>,
    email_index: Option<Vec<u8>>,
    data_key_id: String,
    /// `M` or `F`.
    pub sex: String,
    /// The date of birth.
    pub birth_date: NaiveDate,
    /// The ABO group.
    pub abo: Option<String>,
    /// The Rh(D) factor.
    pub rh: Option<String>,
    /// The import that wrote the row last.
    pub import_id: String,
    /// The record that this one was merged into: a duplicate of the same person.
    #[diesel(skip_update)]
    pub merged_into: Option<String>,
}

impl DonorRow {
    /// The row of a donor, its personal data sealed.
    ///
    /// # Errors
    /// `internal` when a value cannot be sealed.
    pub fn seal(
        donor: &Donor,
        import_id: &str,
        vault: &Vault,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<Self, Error> {
        let number = donor.donor_no.as_str();
        let mut seal = |field, value: Option<&str>| {
            value.map(|value| vault.seal(field, number, value, chance)).transpose()
        };
        let index = |field, value: Option<&str>| value.map(|value| vault.index(field, value));
        let document = Some(donor.document.reveal());
        let phone = donor.phone.as_ref().map(|phone| phone.reveal());
        let email = donor.email.as_ref().map(|email| email.reveal());
        Ok(Self {
            donor_no: number.to_owned(),
            name: donor.name.reveal().to_owned(),
            id_type: donor.document.kind().as_str().to_owned(),
            id_number_sealed: seal(Field::IdNumber, document)?.unwrap_or_default(),
            id_number_index: index(Field::IdNumber, document).unwrap_or_default(),
            phone_sealed: seal(Field::Phone, phone)?,
            phone_index: index(Field::Phone, phone),
            email_sealed: seal(Field::Email, email)?,
            email_index: index(Field::Email, email),
            data_key_id: vault.current_key().to_owned(),
            sex: donor.sex.as_str().to_owned(),
            birth_date: donor.birth_date,
            abo: donor.abo.map(|abo| abo.as_str().to_owned()),
            rh: donor.rh.map(|rh| rh.as_str().to_owned()),
            import_id: import_id.to_owned(),
            merged_into: None,
            id: chance.id(now),
        })
    }

    /// The row in the place of the one with this id.
    #[must_use]
    pub fn in_place_of(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// The columns in which two rows of one donor number differ. Sealed values are compared by their
    /// indexes: a value sealed twice looks different each time.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        [
            ("name", self.name == other.name),
            ("id_type", self.id_type == other.id_type),
            ("id_number", self.id_number_index == other.id_number_index),
            ("phone", self.phone_index == other.phone_index),
            ("email", self.email_index == other.email_index),
            ("sex", self.sex == other.sex),
            ("birth_date", self.birth_date == other.birth_date),
            ("abo", self.abo == other.abo),
            ("rh", self.rh == other.rh),
        ]
        .into_iter()
        .filter_map(|(column, same)| (!same).then_some(column))
        .collect()
    }

    /// The identity document's number in clear.
    ///
    /// # Errors
    /// `internal` when it does not open.
    pub fn id_number(&self, vault: &Vault) -> Result<Zeroizing<String>, Error> {
        vault.open(&self.data_key_id, Field::IdNumber, &self.donor_no, &self.id_number_sealed)
    }

    /// The telephone number in clear, when there is one.
    ///
    /// # Errors
    /// `internal` when it does not open.
    pub fn phone(&self, vault: &Vault) -> Result<Option<Zeroizing<String>>, Error> {
        let open = |sealed| vault.open(&self.data_key_id, Field::Phone, &self.donor_no, sealed);
        self.phone_sealed.as_deref().map(open).transpose()
    }

    /// The e-mail address in clear, when there is one.
    ///
    /// # Errors
    /// `internal` when it does not open.
    pub fn email(&self, vault: &Vault) -> Result<Option<Zeroizing<String>>, Error> {
        let open = |sealed| vault.open(&self.data_key_id, Field::Email, &self.donor_no, sealed);
        self.email_sealed.as_deref().map(open).transpose()
    }
}

/// The donors with these numbers, by number.
pub fn by_numbers<'a>(
    db: &mut Db,
    numbers: impl IntoIterator<Item = &'a str>,
) -> Result<HashMap<String, DonorRow>, Error> {
    let numbers: Vec<&str> = numbers.into_iter().collect();
    let rows: Vec<DonorRow> = donors::table.filter(donors::donor_no.eq_any(numbers)).load(db)?;
    Ok(rows.into_iter().map(|row| (row.donor_no.clone(), row)).collect())
}

/// What a donation needs to know of its donor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DonorReference {
    /// The station's own number.
    pub donor_no: String,
    /// UUIDv7: of the record that it was merged into, when it was.
    pub id: String,
    /// The date of birth.
    pub birth_date: NaiveDate,
}

/// References to the donors with these numbers, by number.
pub fn references<'a>(
    db: &mut Db,
    numbers: impl IntoIterator<Item = &'a str>,
) -> Result<HashMap<String, DonorReference>, Error> {
    let numbers: Vec<&str> = numbers.into_iter().collect();
    let rows: Vec<(String, String, Option<String>, NaiveDate)> = donors::table
        .filter(donors::donor_no.eq_any(numbers))
        .select((donors::donor_no, donors::id, donors::merged_into, donors::birth_date))
        .load(db)?;
    let reference = |(donor_no, id, merged_into, birth_date): (String, String, Option<String>, NaiveDate)| {
        let reference =
            DonorReference { donor_no: donor_no.clone(), id: merged_into.unwrap_or(id), birth_date };
        (donor_no, reference)
    };
    Ok(rows.into_iter().map(reference).collect())
}

/// The donors with these ids.
pub fn by_ids(db: &mut Db, ids: &[String]) -> Result<Vec<DonorRow>, Error> {
    Ok(donors::table.filter(donors::id.eq_any(ids)).load(db)?)
}

/// By what donors are looked up.
pub enum Key<'a> {
    /// The station's own number.
    Number(&'a str),
    /// The keyed index of an identity number.
    IdNumber(&'a [u8]),
    /// The keyed index of a telephone number.
    Phone(&'a [u8]),
    /// The name and the date of birth.
    NameAndBirthDate(&'a str, NaiveDate),
}

/// The donors behind a key, at most `limit`; a merged record leads to the one it was merged into.
pub fn find(db: &mut Db, key: &Key<'_>, limit: i64) -> Result<Vec<DonorRow>, Error> {
    let all = donors::table.order(donors::donor_no.asc()).limit(limit).into_boxed();
    let found: Vec<DonorRow> = match key {
        Key::Number(number) => all.filter(donors::donor_no.eq(*number)).load(db)?,
        Key::IdNumber(index) => all.filter(donors::id_number_index.eq(*index)).load(db)?,
        Key::Phone(index) => all.filter(donors::phone_index.eq(*index)).load(db)?,
        Key::NameAndBirthDate(name, birth_date) => {
            all.filter(donors::birth_date.eq(*birth_date)).filter(donors::name.eq(*name)).load(db)?
        }
    };
    let kept: Vec<String> = found.iter().filter_map(|row| row.merged_into.clone()).collect();
    let mut rows: Vec<DonorRow> = found.into_iter().filter(|row| row.merged_into.is_none()).collect();
    for row in by_ids(db, &kept)? {
        if rows.iter().all(|known| known.id != row.id) {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The donor with this number, or the record that it was merged into.
pub fn by_number(db: &mut Db, donor_no: &str) -> Result<Option<DonorRow>, Error> {
    Ok(find(db, &Key::Number(donor_no), 1)?.pop())
}

/// A record and those that were merged into it: one person's, by their ids.
pub fn with_merged(db: &mut Db, id: &str) -> Result<Vec<String>, Error> {
    let of_person = donors::table.filter(donors::id.eq(id).or(donors::merged_into.eq(id)));
    Ok(of_person.select(donors::id).load(db)?)
}

/// Deletes a donor to whom nothing refers.
pub fn delete(db: &mut Db, id: &str) -> Result<(), Error> {
    diesel::delete(donors::table.find(id)).execute(db)?;
    Ok(())
}

/// Writes new donors.
pub fn insert(db: &mut Db, rows: &[DonorRow]) -> Result<(), Error> {
    insert_rows!(db, donors::table, rows)
}

/// Writes a corrected donor over the one with the same id.
pub fn correct(db: &mut Db, row: &DonorRow) -> Result<(), Error> {
    on_each!(db, |connection| diesel::update(donors::table.find(&row.id)).set(row).execute(connection))?;
    Ok(())
}

/// How many donors there are.
pub fn count(db: &mut Db) -> Result<i64, Error> {
    Ok(donors::table.count().get_result(db)?)
}
