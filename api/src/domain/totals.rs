//! What a donor has given in all: the sums that a certificate certifies.

use super::donation::{Collection, Outcome, Product};
use chrono::NaiveDate;

/// Sums over a donor's donations. Adding a donation to the sums and summing all donations give the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Whole blood, ml.
    pub whole_blood_ml: u64,
    /// How many times something was given.
    pub donations: u32,
    /// Therapeutic units of platelets.
    pub platelet_units: u32,
    /// How many of these were given before 2010-01-01: they count fourfold towards awards.
    pub platelet_units_before_2010: u32,
    /// The day of the last donation, Asia/Shanghai.
    pub last_donated_on: Option<NaiveDate>,
}

/// 表彰奖励办法: platelets given before this day count fourfold.
const FOURFOLD_BEFORE: Option<NaiveDate> = NaiveDate::from_ymd_opt(2010, 1, 1);

impl Totals {
    /// The sums over all of a donor's donations.
    pub fn of<'a>(collections: impl IntoIterator<Item = &'a Collection>) -> Self {
        collections.into_iter().fold(Self::default(), Self::plus)
    }

    /// The sums with one donation more. Deferred and broken-off attempts change nothing.
    #[must_use]
    pub fn plus(self, collection: &Collection) -> Self {
        if collection.outcome != Outcome::Donated {
            return self;
        }
        let day = collection.day();
        let mut totals = self;
        totals.donations += 1;
        totals.last_donated_on = totals.last_donated_on.max(Some(day));
        match collection.product {
            Product::WholeBlood => totals.whole_blood_ml += u64::from(collection.volume_ml),
            Product::ApheresisPlatelets => {
                totals.platelet_units += collection.units;
                if FOURFOLD_BEFORE.is_some_and(|limit| day < limit) {
                    totals.platelet_units_before_2010 += collection.units;
                }
            }
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};

    fn collection(at: &str, product: Product, volume_ml: u32, units: u32, outcome: Outcome) -> Collection {
        let collected_at = DateTime::parse_from_rfc3339(at).unwrap().with_timezone(&Utc);
        Collection { collected_at, product, volume_ml, units, outcome }
    }

    #[test]
    fn only_what_was_given_counts() {
        let history = [
            collection("2009-12-31T23:00:00+08:00", Product::ApheresisPlatelets, 250, 1, Outcome::Donated),
            collection("2010-01-01T00:00:00+08:00", Product::ApheresisPlatelets, 250, 2, Outcome::Donated),
            collection("2020-05-05T09:00:00+08:00", Product::WholeBlood, 400, 0, Outcome::Donated),
            collection("2021-05-05T09:00:00+08:00", Product::WholeBlood, 0, 0, Outcome::Deferred),
        ];

        let totals = Totals::of(&history);

        assert_eq!(totals.whole_blood_ml, 400);
        assert_eq!(totals.donations, 3);
        assert_eq!((totals.platelet_units, totals.platelet_units_before_2010), (3, 1));
        assert_eq!(totals.last_donated_on, NaiveDate::from_ymd_opt(2020, 5, 5));
    }

    #[test]
    fn the_day_of_a_donation_is_the_day_in_china() {
        let late = collection("2020-05-05T23:30:00Z", Product::WholeBlood, 200, 0, Outcome::Donated);

        assert_eq!(Totals::of([&late]).last_donated_on, NaiveDate::from_ymd_opt(2020, 5, 6));
    }
}
