//! The hours in which nobody is woken.

use crate::clock::{day_in_china, instant_in_china};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

/// A station's quiet hours, Asia/Shanghai; over midnight when they begin later than they end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// Minutes after midnight.
    pub from_minute: u32,
    /// Minutes after midnight. Equal to `from_minute`: there are none.
    pub until_minute: u32,
}

impl QuietHours {
    /// From 21:00 to 08:00.
    pub const USUAL: Self = Self { from_minute: 21 * 60, until_minute: 8 * 60 };

    /// None at all.
    pub const NONE: Self = Self { from_minute: 0, until_minute: 0 };

    /// When messages may leave again, if `at` is quiet.
    pub fn end(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let begin = self.begin(at)?;
        let length = (i64::from(self.until_minute) - i64::from(self.from_minute)).rem_euclid(24 * 60);
        Some(begin + TimeDelta::minutes(length))
    }

    /// When the quiet began that `at` falls into.
    pub fn begin(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = instant_in_china(day_in_china(at), NaiveTime::MIN);
        let [from, until] =
            [self.from_minute, self.until_minute].map(|minute| TimeDelta::minutes(minute.into()));
        let since_midnight = at - today;
        match from <= until {
            true => (from <= since_midnight && since_midnight < until).then_some(today + from),
            false if since_midnight >= from => Some(today + from),
            false if since_midnight < until => Some(today + from - TimeDelta::days(1)),
            false => None,
        }
    }

    /// The first instant from `at` on at which messages may leave.
    pub fn after(self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.end(at).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai(time: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("2026-12-{time}:00+08:00")).unwrap().to_utc()
    }

    #[test]
    fn the_night_is_quiet_from_nine_to_eight() {
        for (at, end) in [
            ("03T20:59", None),
            ("03T21:00", Some("04T08:00")),
            ("03T23:59", Some("04T08:00")),
            ("04T00:00", Some("04T08:00")),
            ("04T07:59", Some("04T08:00")),
            ("04T08:00", None),
        ] {
            assert_eq!(QuietHours::USUAL.end(shanghai(at)), end.map(shanghai), "{at}");
        }
        assert_eq!(QuietHours::USUAL.after(shanghai("04T07:00")), shanghai("04T08:00"));
        assert_eq!(QuietHours::USUAL.after(shanghai("04T12:00")), shanghai("04T12:00"));
        assert_eq!(QuietHours::USUAL.begin(shanghai("04T07:00")), Some(shanghai("03T21:00")));
    }

    #[test]
    fn a_station_may_have_other_quiet_hours_or_none() {
        let noon = QuietHours { from_minute: 12 * 60, until_minute: 14 * 60 };
        let none = QuietHours { from_minute: 0, until_minute: 0 };

        assert_eq!(noon.end(shanghai("04T12:30")), Some(shanghai("04T14:00")));
        assert_eq!(noon.end(shanghai("04T14:00")), None);
        assert_eq!(none.end(shanghai("04T00:00")), None);
    }
}
