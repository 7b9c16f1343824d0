//! A donation: a fact that happened, here or elsewhere.

use super::donation_number::DonationNumber;
use super::donor::DonorNumber;
use super::refusal::{Refusal, words};
use crate::clock::day_in_china;
use chrono::{DateTime, NaiveDate, Utc};

/// What was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Product {
    /// 全血: whole blood, measured in ml.
    WholeBlood,
    /// 单采血小板: apheresis platelets, measured in therapeutic units.
    ApheresisPlatelets,
}
words!(Product { WholeBlood = "whole_blood", ApheresisPlatelets = "apheresis_platelets" });

/// What became of the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Blood was given; it counts.
    Donated,
    /// 暂缓献血: the donor was asked to wait; nothing was given.
    Deferred,
    /// Begun and broken off; nothing counts.
    Incomplete,
}
words!(Outcome { Donated = "donated", Deferred = "deferred", Incomplete = "incomplete" });

/// The most that one donation of whole blood can be, in ml: more is a typing error. Donations from
/// elsewhere have volumes that GB 18467-2011 does not know (250 ml), and are facts all the same.
pub const VOLUME_LIMIT_ML: u32 = 1_000;
/// The most therapeutic units that one apheresis can give.
pub const UNITS_LIMIT: u32 = 4;

/// What was collected, and when: the part of a donation that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection {
    /// When it was collected, UTC.
    pub collected_at: DateTime<Utc>,
    /// What was given.
    pub product: Product,
    /// The collected volume, ml.
    pub volume_ml: u32,
    /// Therapeutic units of platelets; 0 for whole blood.
    pub units: u32,
    /// What became of it.
    pub outcome: Outcome,
}

/// One donation as the station's records hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Donation {
    /// The donation identification number.
    pub donation_no: DonationNumber,
    /// Whose donation it is.
    pub donor_no: DonorNumber,
    /// Where it was collected: the station's code of the site.
    pub site_code: String,
    /// What was collected, and when.
    pub collection: Collection,
}

impl Collection {
    /// Checks what only the whole record can tell: that the amounts fit the product and the outcome, and
    /// that it has happened.
    ///
    /// # Errors
    /// `out_of_range` for amounts, `in_the_future` for the time.
    pub fn check(self, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let range = |column, message: &'static str| Err(Refusal::new(column, "out_of_range", message));
        match (self.outcome, self.product) {
            (Outcome::Donated, Product::WholeBlood) if !(1..=VOLUME_LIMIT_ML).contains(&self.volume_ml) => {
                return range("volume_ml", "Whole blood is given in volumes of 1 to 1000 ml.");
            }
            (Outcome::Donated, Product::ApheresisPlatelets) if !(1..=UNITS_LIMIT).contains(&self.units) => {
                return range("units", "Apheresis gives 1 to 4 therapeutic units.");
            }
            (_, Product::WholeBlood) if self.units != 0 => {
                return range("units", "Whole blood has no therapeutic units.");
            }
            _ if self.volume_ml > VOLUME_LIMIT_ML => {
                return range("volume_ml", "No donation is larger than 1000 ml.");
            }
            _ => {}
        }
        if self.collected_at > now {
            return Err(Refusal::new("collected_at", "in_the_future", "The donation lies in the future."));
        }
        Ok(self)
    }

    /// The calendar day of the donation in Asia/Shanghai.
    pub fn day(&self) -> NaiveDate {
        day_in_china(self.collected_at)
    }
}
