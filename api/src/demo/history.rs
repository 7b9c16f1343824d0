//! A donor's history: attempts that keep the intervals of GB 18467-2011, drawn from the last one backwards.

use super::calendar::{day_up_to, days_before, time};
use super::draw::{between, happens, shared};
use super::sites::{APHERESIS_SITE, Area, ELSEWHERE_SITE};
use crate::chance::Chance;
use crate::domain::donation::{Outcome, Product};
use chrono::{Months, NaiveDate, NaiveTime};

/// One visit to a site, and what came of it.
pub struct Attempt {
    /// The day, Asia/Shanghai.
    pub day: NaiveDate,
    /// The time, Asia/Shanghai.
    pub time: NaiveTime,
    /// The site's code.
    pub site: &'static str,
    /// What was to be given.
    pub product: Product,
    /// What became of it.
    pub outcome: Outcome,
    /// What was collected, ml.
    pub volume_ml: u32,
    /// Therapeutic units of platelets.
    pub units: u32,
}

/// Who has come more often gives platelets: whole blood would take them longer than people may give.
pub const MOST_WHOLE_BLOOD: u32 = 36;

/// A history of `count` attempts that ends before `today`, the oldest first.
pub fn attempts(count: u32, today: NaiveDate, chance: &mut Chance) -> Vec<Attempt> {
    let area = Area::drawn(chance);
    let mut history: Vec<Attempt> = Vec::new();
    for number in (0..count).rev() {
        let product = product(number, count, chance);
        let day = match history.last() {
            None => last_day(count, today, chance),
            Some(next) => earlier_day(product, next, count, chance),
        };
        history.push(attempt(day, product, area, chance));
    }
    history.reverse();
    history
}

/// What the donor gives at the attempt with this number, the first being 0: platelet donors begin with
/// whole blood and return to it now and then.
fn product(number: u32, count: u32, chance: &mut Chance) -> Product {
    let platelets_per_mille = match count {
        0..=3 => 0,
        4..=MOST_WHOLE_BLOOD => 10,
        _ if number < count / 10 => 0,
        _ => 930,
    };
    if happens(platelets_per_mille, chance) { Product::ApheresisPlatelets } else { Product::WholeBlood }
}

/// The day of the last attempt: those who come often came of late.
fn last_day(count: u32, today: NaiveDate, chance: &mut Chance) -> NaiveDate {
    let years_ago = match count {
        0..=3 => {
            let shares =
                [(290, 0), (180, 1), (130, 2), (100, 3), (80, 4), (60, 5), (50, 6), (40, 7), (35, 8)];
            shared(&shares, 9, chance)
        }
        4..=12 => shared(&[(640, 0), (150, 1), (80, 2), (50, 3), (40, 4)], 6, chance),
        _ => shared(&[(900, 0), (70, 1)], 2, chance),
    };
    day_up_to(days_before(today, 1 + 365 * years_ago), 365, chance)
}

/// A day on which `product` could be given so that `next` was possible when it came. Now and then it is
/// somewhat too early: the records hold what happened.
fn earlier_day(product: Product, next: &Attempt, count: u32, chance: &mut Chance) -> NaiveDate {
    let latest = if happens(3, chance) {
        days_before(next.day, between(7, 150, chance))
    } else {
        latest_before(next.day, product, next.product)
    };
    let spread_days = match count {
        0..=3 => 900,
        4..=6 => 420,
        7..=12 => 240,
        13..=MOST_WHOLE_BLOOD => 75,
        37..=200 => 30,
        _ => 7,
    };
    day_up_to(latest, spread_days, chance)
}

/// The latest day of a donation of `earlier` that lets one of `later` be given on `day`: GB 18467-2011.
fn latest_before(day: NaiveDate, earlier: Product, later: Product) -> NaiveDate {
    let months = |months| day.checked_sub_months(Months::new(months)).unwrap_or(day);
    match (earlier, later) {
        (Product::WholeBlood, Product::WholeBlood) => months(6),
        (Product::WholeBlood, Product::ApheresisPlatelets) => months(3),
        (Product::ApheresisPlatelets, Product::WholeBlood) => days_before(day, 28),
        (Product::ApheresisPlatelets, Product::ApheresisPlatelets) => days_before(day, 14),
    }
}

fn attempt(day: NaiveDate, product: Product, area: Area, chance: &mut Chance) -> Attempt {
    let outcome = shared(&[(50, Outcome::Deferred), (5, Outcome::Incomplete)], Outcome::Donated, chance);
    let site = match product {
        Product::WholeBlood => area.whole_blood_site(chance),
        Product::ApheresisPlatelets => APHERESIS_SITE,
    };
    let (volume_ml, units) = match (outcome, product) {
        (Outcome::Deferred, _) => (0, 0),
        (Outcome::Incomplete, _) => (between(2, 15, chance) * 10, 0),
        (Outcome::Donated, Product::WholeBlood) => (shared(&[(25, 200), (45, 300)], 400, chance), 0),
        (Outcome::Donated, Product::ApheresisPlatelets) => {
            let units = shared(&[(500, 2)], 1, chance);
            (units * 200 + between(0, 5, chance) * 10, units)
        }
    };
    let from_elsewhere = outcome == Outcome::Donated && product == Product::WholeBlood && happens(6, chance);
    let (site, volume_ml) = if from_elsewhere { (ELSEWHERE_SITE, 250) } else { (site, volume_ml) };
    Attempt { day, time: time(chance), site, product, outcome, volume_ml, units }
}
