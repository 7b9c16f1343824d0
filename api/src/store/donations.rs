//! Donations.

use super::connection::{Db, insert_rows};
use super::schema::donations;
use crate::domain::donation::{Collection, Donation, Outcome, Product};
use crate::error::Error;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::HashMap;

/// A donation as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = donations, treat_none_as_default_value = false)]
pub struct DonationRow {
    /// The donation identification number.
    pub donation_no: String,
    /// The donor's id.
    pub donor_id: String,
    /// UTC.
    pub collected_at: NaiveDateTime,
    /// The station's code of the site.
    pub site_code: String,
    product: String,
    volume_ml: i64,
    units: i64,
    outcome: String,
    /// The import that wrote the row last.
    pub import_id: String,
}

impl DonationRow {
    /// The row of a donation of the donor `donor_id`.
    pub fn new(donation: &Donation, donor_id: &str, import_id: &str) -> Self {
        Self {
            donation_no: donation.donation_no.as_str().to_owned(),
            donor_id: donor_id.to_owned(),
            collected_at: donation.collection.collected_at.naive_utc(),
            site_code: donation.site_code.clone(),
            product: donation.collection.product.as_str().to_owned(),
            volume_ml: i64::from(donation.collection.volume_ml),
            units: i64::from(donation.collection.units),
            outcome: donation.collection.outcome.as_str().to_owned(),
            import_id: import_id.to_owned(),
        }
    }

    /// What was collected, and when.
    ///
    /// # Errors
    /// `internal` when the row holds a word or an amount that no code of ours wrote.
    pub fn collection(&self) -> Result<Collection, Error> {
        let broken = || Error::internal(format_args!("donation {} cannot be read", self.donation_no));
        Ok(Collection {
            collected_at: self.collected_at.and_utc(),
            product: Product::from_word(&self.product).ok_or_else(broken)?,
            volume_ml: u32::try_from(self.volume_ml).map_err(|_| broken())?,
            units: u32::try_from(self.units).map_err(|_| broken())?,
            outcome: Outcome::from_word(&self.outcome).ok_or_else(broken)?,
        })
    }

    /// What the audit trail keeps of a row.
    pub fn facts(&self) -> serde_json::Value {
        serde_json::json!({
            "donor_id": self.donor_id,
            "collected_at": self.collected_at.and_utc(),
            "site_code": self.site_code,
            "product": self.product,
            "volume_ml": self.volume_ml,
            "units": self.units,
            "outcome": self.outcome,
        })
    }

    /// The columns in which two rows of one donation number differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        [
            ("donor_no", self.donor_id == other.donor_id),
            ("collected_at", self.collected_at == other.collected_at),
            ("site_code", self.site_code == other.site_code),
            ("product", self.product == other.product),
            ("volume_ml", self.volume_ml == other.volume_ml),
            ("units", self.units == other.units),
            ("outcome", self.outcome == other.outcome),
        ]
        .into_iter()
        .filter_map(|(column, same)| (!same).then_some(column))
        .collect()
    }
}

/// The donations with these numbers, by number.
pub fn by_numbers<'a>(
    db: &mut Db,
    numbers: impl IntoIterator<Item = &'a str>,
) -> Result<HashMap<String, DonationRow>, Error> {
    let numbers: Vec<&str> = numbers.into_iter().collect();
    let rows: Vec<DonationRow> = donations::table.filter(donations::donation_no.eq_any(numbers)).load(db)?;
    Ok(rows.into_iter().map(|row| (row.donation_no.clone(), row)).collect())
}

/// All donations of these donors, in no particular order.
pub fn of_donors(db: &mut Db, donor_ids: &[&str]) -> Result<Vec<DonationRow>, Error> {
    Ok(donations::table.filter(donations::donor_id.eq_any(donor_ids)).load(db)?)
}

/// Whether the donation is one of this donor's.
pub fn is_of(db: &mut Db, donation_no: &str, donor_id: &str) -> Result<bool, Error> {
    let found = donations::table.find(donation_no).filter(donations::donor_id.eq(donor_id));
    let count: i64 = found.count().get_result(db)?;
    Ok(count == 1)
}

/// Writes new donations.
pub fn insert(db: &mut Db, rows: &[DonationRow]) -> Result<(), Error> {
    insert_rows!(db, donations::table, rows)
}

/// Writes a corrected donation over the one with the same number.
pub fn correct(db: &mut Db, row: &DonationRow) -> Result<(), Error> {
    diesel::update(donations::table.find(&row.donation_no)).set(row).execute(db)?;
    Ok(())
}

/// How many donations there are.
pub fn count(db: &mut Db) -> Result<i64, Error> {
    Ok(donations::table.count().get_result(db)?)
}
