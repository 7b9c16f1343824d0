//! What the rules need to know of a donor.

use super::family::{own_record, visible};
use crate::clock::day_in_china;
use crate::domain::donation::Product;
use crate::domain::eligibility::{Deferral, Facts, Given, Planned};
use crate::domain::identity::Sex;
use crate::error::Error;
use crate::store::appointments::{self, AppointmentRow};
use crate::store::donors::{self, DonorRow};
use crate::store::{Db, deferrals, donations, reactions};
use std::collections::{HashMap, HashSet};

/// What happened to some donors: what they gave, what they were asked, and who fared badly.
#[derive(Default)]
pub struct Histories {
    given: HashMap<String, Vec<Given>>,
    deferrals: HashMap<String, Vec<Deferral>>,
    had_reaction: HashSet<String>,
}

impl Histories {
    /// Loads them, with one query a kind.
    ///
    /// # Errors
    /// Failures of the database.
    pub fn load(db: &mut Db, donor_ids: &[&str]) -> Result<Self, Error> {
        let mut histories = Self::default();
        for row in donations::of_donors(db, donor_ids)? {
            let given = Given { collection: row.collection()?, donation_no: row.donation_no };
            histories.given.entry(row.donor_id).or_default().push(given);
        }
        for (donor_id, row) in deferrals::standing(db, donor_ids)? {
            let deferral = Deferral { until: row.until, rule: row.rule };
            histories.deferrals.entry(donor_id).or_default().push(deferral);
        }
        histories.had_reaction = reactions::donors_with(db, donor_ids)?.into_iter().collect();
        Ok(histories)
    }

    /// The facts of one of them, without what is planned.
    pub fn facts(&self, donor_id: &str, birth_date: chrono::NaiveDate, sex: Sex) -> Facts {
        Facts {
            birth_date,
            sex,
            history: self.given.get(donor_id).cloned().unwrap_or_default(),
            deferrals: self.deferrals.get(donor_id).cloned().unwrap_or_default(),
            had_reaction: self.had_reaction.contains(donor_id),
            planned: Vec::new(),
        }
    }
}

/// The facts of a donor whom the account sees, with what is planned.
///
/// # Errors
/// `not_found`, `no_record`.
pub fn facts(db: &mut Db, account_id: &str, donor_no: Option<&str>) -> Result<Facts, Error> {
    let donor = match donor_no {
        Some(number) => visible(db, account_id, number)?,
        None => own_record(db, account_id)?,
    };
    let record = donors::by_ids(db, &[donor.link.donor_id])?.pop();
    let record = record.ok_or_else(|| Error::internal("a link to no record"))?;
    let planned = planned(&appointments::active_of(db, &[&record.id])?, &record.id);
    Ok(Facts { planned, ..facts_of(db, &record)? })
}

/// What a donor is to give, of these active appointments.
pub fn planned<'a>(
    appointments: impl IntoIterator<Item = &'a AppointmentRow>,
    donor_id: &str,
) -> Vec<Planned> {
    let own = appointments.into_iter().filter(|row| row.donor_id == donor_id && row.is_active());
    let planned = own.filter_map(|row| {
        let product = Product::from_word(&row.product)?;
        let day = day_in_china(row.starts_at.and_utc());
        Some(Planned { appointment_id: row.id.clone(), product, day })
    });
    planned.collect()
}

/// The facts of a donor, without what is planned: at the door the day has come.
///
/// # Errors
/// Failures of the database.
pub fn facts_of(db: &mut Db, record: &DonorRow) -> Result<Facts, Error> {
    let sex = Sex::from_word(&record.sex).ok_or_else(|| Error::internal("a sex that does not exist"))?;
    Ok(Histories::load(db, &[&record.id])?.facts(&record.id, record.birth_date, sex))
}
