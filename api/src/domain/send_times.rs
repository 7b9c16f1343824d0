//! When a message may leave: not at night, and what can wait, not on a public holiday.

use super::delivery::Purpose;
use super::quiet_hours::QuietHours;
use crate::clock::{day_in_china, instant_in_china};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// What waited for the end of the holidays leaves at this hour, Asia/Shanghai.
const MORNING: TimeDelta = TimeDelta::hours(8);

/// Whether a kind of message can wait for the end of the holidays: it is not urgent, and about nothing that the donor arranged.
/// Thanks say how to look after oneself on the day; an appeal is urgent.
pub fn can_wait(kind: &str) -> bool {
    matches!(kind, "may_give_again" | "blood_used")
}

/// The days that the state has given off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holidays(BTreeSet<NaiveDate>);

impl Holidays {
    /// Of days of the calendar, each with whether it is off. A weekend on which people work is none, nor is one that the calendar
    /// does not name.
    pub fn of(calendar: impl IntoIterator<Item = (NaiveDate, bool)>) -> Self {
        Self(calendar.into_iter().filter_map(|(day, is_off)| is_off.then_some(day)).collect())
    }

    /// The morning after the holidays that `at` falls into, if it does.
    pub fn end(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let first = day_in_china(at);
        let next = first.iter_days().find(|day| !self.0.contains(day))?;
        (next != first).then(|| instant_in_china(next, NaiveTime::MIN) + MORNING)
    }
}

/// What a station and the state settle about when messages leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendTimes {
    /// The hours in which nobody is woken.
    pub quiet: QuietHours,
    /// The days on which nobody is bothered.
    pub holidays: Holidays,
}

impl SendTimes {
    /// When a message of this kind may leave, if not at `at`.
    pub fn later(&self, kind: &str, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if Purpose::of(kind).leaves_at_night() {
            return None;
        }
        let awake = self.quiet.after(at);
        let end = self.holidays.end(awake).filter(|_| can_wait(kind));
        let leaves = end.map_or(awake, |end| self.quiet.after(end));
        (leaves > at).then_some(leaves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai(time: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("2026-{time}:00+08:00")).unwrap().to_utc()
    }

    /// National Day of 2026: off from Thursday 1 to Wednesday 7 October; people work on Saturday 10.
    fn october() -> SendTimes {
        let day = |day: u32| NaiveDate::from_ymd_opt(2026, 10, day).unwrap();
        let calendar = (1..=7).map(|number| (day(number), true)).chain([(day(10), false)]);
        SendTimes { quiet: QuietHours::USUAL, holidays: Holidays::of(calendar) }
    }

    #[test]
    fn what_can_wait_leaves_on_the_morning_after_the_holidays() {
        for (at, leaves) in [
            ("09-30T20:59", None),
            ("09-30T21:00", Some("10-08T08:00")),
            ("10-01T10:00", Some("10-08T08:00")),
            ("10-07T23:30", Some("10-08T08:00")),
            ("10-08T08:00", None),
            // A weekend, and a Saturday on which people work.
            ("10-09T22:00", Some("10-10T08:00")),
            ("10-10T10:00", None),
            ("10-11T10:00", None),
        ] {
            for kind in ["may_give_again", "blood_used"] {
                assert_eq!(october().later(kind, shanghai(at)), leaves.map(shanghai), "{kind} {at}");
            }
        }
    }

    #[test]
    fn what_cannot_wait_leaves_on_holidays_too() {
        for kind in ["reminder", "appointment_booked", "session_cancelled", "thanks", "call_up", "appeal"] {
            assert_eq!(october().later(kind, shanghai("10-01T10:00")), None, "{kind}");
            assert_eq!(
                october().later(kind, shanghai("10-01T22:00")),
                Some(shanghai("10-02T08:00")),
                "{kind}"
            );
        }
        assert_eq!(october().later("sign_in_code", shanghai("10-01T22:00")), None);
    }

    #[test]
    fn nobody_is_woken_after_the_holidays_either() {
        let late = QuietHours { from_minute: 20 * 60, until_minute: 9 * 60 };
        let times = SendTimes { quiet: late, ..october() };

        assert_eq!(times.later("blood_used", shanghai("10-05T12:00")), Some(shanghai("10-08T09:00")));
        let never_quiet = SendTimes { quiet: QuietHours::NONE, ..october() };
        assert_eq!(never_quiet.later("blood_used", shanghai("10-05T12:00")), Some(shanghai("10-08T08:00")));
    }
}
