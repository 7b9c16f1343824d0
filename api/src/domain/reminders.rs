//! When a donor is reminded of an appointment.

use super::quiet_hours::QuietHours;
use chrono::{DateTime, TimeDelta, Utc};

/// What would fall into the quiet hours goes out so long before them.
const BEFORE_THE_QUIET: TimeDelta = TimeDelta::hours(1);

/// A reminder of one appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reminder {
    /// Not before.
    pub due_at: DateTime<Utc>,
    /// Not after: a reminder that comes late misleads.
    pub expires_at: DateTime<Utc>,
}

/// The reminder `before` a start; what would fall into the quiet hours comes on the evening before them.
pub fn reminder(starts_at: DateTime<Utc>, before: TimeDelta, quiet: QuietHours) -> Reminder {
    let at = starts_at - before;
    let due_at = quiet.begin(at).map_or(at, |begin| begin - BEFORE_THE_QUIET);
    Reminder { due_at, expires_at: due_at + (before / 4).min(TimeDelta::hours(12)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(starts_at: &str, before: TimeDelta) -> String {
        let starts_at = DateTime::parse_from_rfc3339(starts_at).unwrap().to_utc();
        let shanghai =
            reminder(starts_at, before, QuietHours::USUAL).due_at.naive_utc() + TimeDelta::hours(8);
        shanghai.format("%m-%d %H:%M").to_string()
    }

    #[test]
    fn a_reminder_comes_so_long_before() {
        assert_eq!(due("2026-12-04T10:00:00+08:00", TimeDelta::days(3)), "12-01 10:00");
        assert_eq!(due("2026-12-04T10:00:00+08:00", TimeDelta::hours(2)), "12-04 08:00");
        assert_eq!(due("2026-03-01T10:00:00+08:00", TimeDelta::days(1)), "02-28 10:00");
    }

    #[test]
    fn what_would_wake_people_comes_the_evening_before() {
        assert_eq!(due("2026-12-04T09:59:00+08:00", TimeDelta::hours(2)), "12-03 20:00");
        assert_eq!(due("2026-12-04T07:30:00+08:00", TimeDelta::days(1)), "12-02 20:00");
        assert_eq!(due("2026-12-04T22:30:00+08:00", TimeDelta::hours(1)), "12-04 20:00");
        assert_eq!(due("2026-12-04T23:00:00+08:00", TimeDelta::hours(2)), "12-04 20:00");
        assert_eq!(due("2026-12-04T22:59:00+08:00", TimeDelta::hours(2)), "12-04 20:59");
    }

    #[test]
    fn it_does_not_come_late() {
        let starts_at = DateTime::parse_from_rfc3339("2026-12-04T12:00:00+08:00").unwrap().to_utc();

        let late = |before| {
            reminder(starts_at, before, QuietHours::USUAL).expires_at
                - reminder(starts_at, before, QuietHours::USUAL).due_at
        };
        assert_eq!(late(TimeDelta::hours(2)), TimeDelta::minutes(30));
        assert_eq!(late(TimeDelta::days(3)), TimeDelta::hours(12));
    }
}
