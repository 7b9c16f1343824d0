//! How a collection session becomes slots: chairs, staff, and how long each product takes.

use super::donation::Product;
use super::refusal::Refusal;
use crate::clock::{day_in_china, instant_in_china};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The longest session, hours.
const LONGEST_HOURS: i64 = 16;

/// What a session can do at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// For each product; staff are given out in this order.
    pub products: Vec<ProductPlan>,
    /// Members of staff who collect.
    pub staff: u32,
    /// Donors whom one of them can look after at a time.
    pub donors_per_staff: u32,
    /// The share of places kept for walk-ins and groups until `release_hours_before`, percent.
    pub reserved_percent: u32,
    /// How long before the session opens the kept places become everybody's, hours.
    pub release_hours_before: u32,
}

/// What a session can do of one product: a whole-blood chair is not an apheresis machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductPlan {
    /// `whole_blood` or `apheresis_platelets`.
    pub product: String,
    /// Chairs or machines.
    pub chairs: u32,
    /// How long one donor takes one, minutes.
    pub minutes: u32,
}

/// A session's hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// When it opens.
    pub opens_at: DateTime<Utc>,
    /// When it closes.
    pub closes_at: DateTime<Utc>,
}

/// A slot as a plan makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedSlot {
    /// The product.
    pub product: Product,
    /// Its start.
    pub starts_at: DateTime<Utc>,
    /// Donors who can start then.
    pub capacity: u32,
    /// How many of these places are kept for walk-ins and groups.
    pub reserved: u32,
}

impl Hours {
    /// The hours of a day, in minutes after midnight, Asia/Shanghai.
    ///
    /// # Errors
    /// `bad_hours`.
    pub fn of(day: NaiveDate, opens_minute: u32, closes_minute: u32) -> Result<Self, Refusal> {
        let at = |minute: u32| {
            let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)?;
            Some(instant_in_china(day, time))
        };
        match (at(opens_minute), at(closes_minute)) {
            (Some(opens_at), Some(closes_at)) => Self::new(opens_at, closes_at),
            _ => Err(bad_hours()),
        }
    }

    /// Hours within one day of Asia/Shanghai.
    ///
    /// # Errors
    /// `bad_hours`.
    pub fn new(opens_at: DateTime<Utc>, closes_at: DateTime<Utc>) -> Result<Self, Refusal> {
        let one_day = day_in_china(opens_at) == day_in_china(closes_at);
        let length = closes_at - opens_at;
        if !one_day || length <= TimeDelta::zero() || length > TimeDelta::hours(LONGEST_HOURS) {
            return Err(bad_hours());
        }
        Ok(Self { opens_at, closes_at })
    }
}

fn bad_hours() -> Refusal {
    Refusal::new(
        "closes_at",
        "bad_hours",
        "A session closes after it opens, on the same day (Asia/Shanghai), and is at most 16 hours long.",
    )
}

impl Plan {
    /// Whether the plan makes sense.
    ///
    /// # Errors
    /// `bad_plan`, naming the member.
    pub fn check(&self) -> Result<(), Refusal> {
        let bad = |column, message: &'static str| Err(Refusal::new(column, "bad_plan", message));
        if !(1..=2).contains(&self.products.len()) {
            return bad("products", "A session offers one or two products.");
        }
        let words: Vec<&str> = self.products.iter().map(|plan| plan.product.as_str()).collect();
        if words.iter().any(|word| Product::from_word(word).is_none()) || words.first() == words.get(1) {
            return bad("products", "The products are whole_blood and apheresis_platelets, each once.");
        }
        if self.products.iter().any(|plan| !(1..=200).contains(&plan.chairs)) {
            return bad("chairs", "There are 1 to 200 chairs.");
        }
        if self.products.iter().any(|plan| !(5..=240).contains(&plan.minutes)) {
            return bad("minutes", "A donation takes 5 to 240 minutes.");
        }
        if !(1..=100).contains(&self.staff) || !(1..=10).contains(&self.donors_per_staff) {
            return bad("staff", "1 to 100 members of staff look after 1 to 10 donors each.");
        }
        if self.reserved_percent > 100 || self.release_hours_before > 24 * 14 {
            return bad("reserved_percent", "At most 100 percent are kept, for at most 336 hours.");
        }
        Ok(())
    }

    /// When the kept places become everybody's.
    pub fn release_at(&self, hours: Hours) -> DateTime<Utc> {
        hours.opens_at - TimeDelta::hours(i64::from(self.release_hours_before))
    }

    /// The slots of a session, in the order of products and time. A slot that would end after the session closes
    /// is none; chairs without staff are no places.
    pub fn slots(&self, hours: Hours) -> Vec<PlannedSlot> {
        let mut hands = self.staff * self.donors_per_staff;
        let mut slots = Vec::new();
        for plan in &self.products {
            let capacity = plan.chairs.min(hands);
            hands -= capacity;
            let Some(product) = Product::from_word(&plan.product).filter(|_| capacity > 0) else { continue };
            let length = TimeDelta::minutes(i64::from(plan.minutes));
            let reserved = capacity * self.reserved_percent / 100;
            let mut starts_at = hours.opens_at;
            while starts_at + length <= hours.closes_at {
                slots.push(PlannedSlot { product, starts_at, capacity, reserved });
                starts_at += length;
            }
        }
        slots
    }
}

/// Whether a weekly template opens on a day: not on a day off, unless it says so.
pub fn opens_on(on_holidays: bool, is_off: Option<bool>) -> bool {
    on_holidays || is_off != Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(staff: u32) -> Plan {
        let product =
            |product: &str, chairs, minutes| ProductPlan { product: product.to_owned(), chairs, minutes };
        Plan {
            products: vec![product("whole_blood", 4, 30), product("apheresis_platelets", 2, 90)],
            staff,
            donors_per_staff: 2,
            reserved_percent: 25,
            release_hours_before: 24,
        }
    }

    fn hours(opens: u32, closes: u32) -> Hours {
        Hours::of("2026-12-01".parse().unwrap(), opens * 60, closes * 60).unwrap()
    }

    #[test]
    fn chairs_hands_and_minutes_make_places() {
        let slots = plan(3).slots(hours(9, 12));

        let of = |product| slots.iter().filter(move |slot| slot.product == product).collect::<Vec<_>>();
        assert_eq!(of(Product::WholeBlood).len(), 6);
        assert!(of(Product::WholeBlood).iter().all(|slot| (slot.capacity, slot.reserved) == (4, 1)));
        assert_eq!(of(Product::ApheresisPlatelets).len(), 2);
        assert!(of(Product::ApheresisPlatelets).iter().all(|slot| (slot.capacity, slot.reserved) == (2, 0)));
        assert_eq!(slots[0].starts_at.to_rfc3339(), "2026-12-01T01:00:00+00:00");
    }

    #[test]
    fn a_chair_without_hands_is_no_place() {
        let slots = plan(2).slots(hours(9, 12));

        assert!(slots.iter().all(|slot| slot.product == Product::WholeBlood && slot.capacity == 4));
    }

    #[test]
    fn nobody_starts_who_would_end_after_closing() {
        assert_eq!(plan(3).slots(hours(9, 10)).len(), 2, "no platelets within an hour");
    }

    #[test]
    fn hours_lie_within_one_day_in_china() {
        let day: NaiveDate = "2026-12-01".parse().unwrap();

        assert!(Hours::of(day, 9 * 60, 9 * 60).is_err());
        assert!(Hours::of(day, 9 * 60, 24 * 60).is_err());
        assert!(Hours::of(day, 60, 23 * 60).is_err(), "22 hours");
        let midnight_utc = DateTime::from_timestamp(1_796_083_200, 0).unwrap();
        assert!(Hours::new(midnight_utc - TimeDelta::hours(1), midnight_utc + TimeDelta::hours(1)).is_ok());
    }

    #[test]
    fn plans_that_make_no_sense_are_refused() {
        let refused = |change: &dyn Fn(&mut Plan)| {
            let mut plan = plan(3);
            change(&mut plan);
            plan.check().unwrap_err().column
        };

        assert!(plan(3).check().is_ok());
        assert_eq!(refused(&|plan| plan.products.clear()), "products");
        assert_eq!(refused(&|plan| plan.products[1].product = "whole_blood".to_owned()), "products");
        assert_eq!(refused(&|plan| plan.products[0].chairs = 0), "chairs");
        assert_eq!(refused(&|plan| plan.products[0].minutes = 4), "minutes");
        assert_eq!(refused(&|plan| plan.staff = 0), "staff");
        assert_eq!(refused(&|plan| plan.reserved_percent = 101), "reserved_percent");
    }

    #[test]
    fn a_day_off_is_off_unless_the_template_says_otherwise() {
        assert!(opens_on(false, None) && opens_on(false, Some(false)) && !opens_on(false, Some(true)));
        assert!(opens_on(true, Some(true)));
    }
}
