//! The calendar of days off: the JSON of holiday-cn, one file a year.

use crate::domain::refusal::Refusal;
use chrono::NaiveDate;
use serde::Deserialize;

#[derive(Deserialize)]
struct Year {
    days: Vec<Day>,
}

/// A day of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Day {
    /// The holiday's name.
    pub name: String,
    /// The day.
    pub date: NaiveDate,
    /// Whether it is a day off; otherwise people work although it is a weekend.
    #[serde(rename = "isOffDay")]
    pub is_off: bool,
}

/// Reads a year.
///
/// # Errors
/// `not_a_calendar`.
pub fn read(text: &str) -> Result<Vec<Day>, Refusal> {
    let year: Result<Year, _> = serde_json::from_str(text);
    year.map(|year| year.days).map_err(|failure| {
        let message = format!("This is not the JSON of holiday-cn (line {}).", failure.line());
        Refusal::new("days", "not_a_calendar", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_read_and_anything_else_is_refused() {
        let text = r#"{"year": 2026, "days": [{"name": "元旦", "date": "2026-01-04", "isOffDay": false}]}"#;

        let days = read(text).unwrap();

        assert_eq!(
            days,
            [Day { name: "元旦".to_owned(), date: "2026-01-04".parse().unwrap(), is_off: false }]
        );
        assert_eq!(read("{}").unwrap_err().reason, "not_a_calendar");
        assert_eq!(read(&text.replace("01-04", "02-30")).unwrap_err().reason, "not_a_calendar");
    }
}
