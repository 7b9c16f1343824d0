//! Birthdays and months as the rules count them.

use chrono::{Datelike, Months, NaiveDate};

/// The day on which somebody completes so many years. Who was born on 29 February does so on 1 March of a year
/// without one: the day before, the year is not complete.
pub fn birthday(born: NaiveDate, age: u32) -> NaiveDate {
    let year = born.year().saturating_add(i32::try_from(age).unwrap_or(i32::MAX));
    let same_day = born.with_year(year);
    same_day.or_else(|| NaiveDate::from_ymd_opt(year, 3, 1)).unwrap_or(NaiveDate::MAX)
}

/// So many calendar months later, clamped at the month's end: 31 August and 6 months is 28 or 29 February.
pub fn months_after(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_leap_day_s_child_is_of_age_on_the_first_of_march() {
        assert_eq!(birthday(day("2008-02-29"), 18), day("2026-03-01"));
        assert_eq!(birthday(day("2008-02-29"), 20), day("2028-02-29"));
        assert_eq!(birthday(day("2008-03-01"), 18), day("2026-03-01"));
    }

    #[test]
    fn months_end_with_the_month() {
        assert_eq!(months_after(day("2026-08-31"), 6), day("2027-02-28"));
        assert_eq!(months_after(day("2027-08-31"), 6), day("2028-02-29"));
        assert_eq!(months_after(day("2026-11-30"), 3), day("2027-02-28"));
        assert_eq!(months_after(day("2026-02-28"), 6), day("2026-08-28"));
    }
}
