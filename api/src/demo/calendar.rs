//! When people come: the day in the year and the hour in the day.

use super::draw::{one_of, shared};
use crate::chance::Chance;
use chrono::{Datelike, Days, NaiveDate, NaiveTime};

/// How busy a day is; an ordinary one is 10.
const BUSIEST: u32 = 75;

/// 14 June is World Blood Donor Day; December has the drives at the year's end; around the Spring
/// Festival few people come.
fn busyness(day: NaiveDate) -> u32 {
    match (day.month(), day.day()) {
        (6, 14) => BUSIEST,
        (12, _) => 16,
        (1 | 2, _) => 7,
        (5 | 6 | 9 | 10, _) => 11,
        _ => 10,
    }
}

/// The day `days` before `day`.
pub fn days_before(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(days))).unwrap_or(day)
}

/// One of the `days` days up to `last`, busy ones more likely.
pub fn day_up_to(last: NaiveDate, days: u32, chance: &mut Chance) -> NaiveDate {
    const TRIES: u32 = 64;
    let mut day = last;
    for _ in 0..TRIES {
        day = days_before(last, chance.below(days));
        if chance.below(BUSIEST) < busyness(day) {
            break;
        }
    }
    day
}

/// A time at which sites are open: the morning is busier than the afternoon.
pub fn time(chance: &mut Chance) -> NaiveTime {
    let hours = [(60, 8), (170, 9), (190, 10), (120, 11), (50, 12), (50, 13), (120, 14), (130, 15), (80, 16)];
    let hour = shared(&hours, 17, chance);
    let minute = one_of(&[0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55], chance);
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default()
}
