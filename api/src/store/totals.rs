//! Donor totals: one row a donor, kept by the transaction that records a donation.

use super::connection::Db;
use super::schema::donor_totals;
use crate::domain::totals::Totals;
use crate::error::Error;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::upsert::excluded;
use std::collections::HashMap;

/// PostgreSQL binds at most 65,535 values in one statement; a row has six.
const ROWS_A_STATEMENT: usize = 8_192;

/// A donor's totals as the table holds them.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = donor_totals, treat_none_as_default_value = false)]
pub struct TotalsRow {
    donor_id: String,
    whole_blood_ml: i64,
    donations: i64,
    platelet_units: i64,
    platelet_units_before_2010: i64,
    last_donated_on: Option<NaiveDate>,
}

impl TotalsRow {
    fn new(donor_id: &str, totals: &Totals) -> Result<Self, Error> {
        Ok(Self {
            donor_id: donor_id.to_owned(),
            whole_blood_ml: i64::try_from(totals.whole_blood_ml).map_err(Error::internal)?,
            donations: i64::from(totals.donations),
            platelet_units: i64::from(totals.platelet_units),
            platelet_units_before_2010: i64::from(totals.platelet_units_before_2010),
            last_donated_on: totals.last_donated_on,
        })
    }

    /// The totals.
    ///
    /// # Errors
    /// `internal` when a sum is negative or too large to be one of ours.
    pub fn totals(&self) -> Result<Totals, Error> {
        Ok(Totals {
            whole_blood_ml: u64::try_from(self.whole_blood_ml).map_err(Error::internal)?,
            donations: u32::try_from(self.donations).map_err(Error::internal)?,
            platelet_units: u32::try_from(self.platelet_units).map_err(Error::internal)?,
            platelet_units_before_2010: u32::try_from(self.platelet_units_before_2010)
                .map_err(Error::internal)?,
            last_donated_on: self.last_donated_on,
        })
    }
}

macro_rules! upsert {
    ($insert:expr) => {
        $insert.on_conflict(donor_totals::donor_id).do_update().set((
            donor_totals::whole_blood_ml.eq(excluded(donor_totals::whole_blood_ml)),
            donor_totals::donations.eq(excluded(donor_totals::donations)),
            donor_totals::platelet_units.eq(excluded(donor_totals::platelet_units)),
            donor_totals::platelet_units_before_2010.eq(excluded(donor_totals::platelet_units_before_2010)),
            donor_totals::last_donated_on.eq(excluded(donor_totals::last_donated_on)),
        ))
    };
}

/// The totals of these donors, by id; who has never donated has none.
pub fn of_donors(db: &mut Db, donor_ids: &[&str]) -> Result<HashMap<String, Totals>, Error> {
    let rows: Vec<TotalsRow> =
        donor_totals::table.filter(donor_totals::donor_id.eq_any(donor_ids)).load(db)?;
    rows.into_iter().map(|row| Ok((row.donor_id.clone(), row.totals()?))).collect()
}

/// Writes totals over what was there.
pub fn save<'a>(db: &mut Db, totals: impl IntoIterator<Item = (&'a str, &'a Totals)>) -> Result<(), Error> {
    let rows = totals
        .into_iter()
        .map(|(donor_id, totals)| TotalsRow::new(donor_id, totals))
        .collect::<Result<Vec<_>, Error>>()?;
    match db {
        Db::Postgres(connection) => {
            for rows in rows.chunks(ROWS_A_STATEMENT) {
                let insert = diesel::insert_into(donor_totals::table).values(rows);
                upsert!(insert).execute(connection)?;
            }
        }
        Db::Sqlite(connection) => {
            for row in &rows {
                let insert = diesel::insert_into(donor_totals::table).values(row);
                upsert!(insert).execute(connection)?;
            }
        }
    }
    Ok(())
}
