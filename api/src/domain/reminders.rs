//! When a donor is reminded of an appointment.

use super::quiet_hours::QuietHours;
use super::refusal::Refusal;
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

/// What a donor chose of the station's times, as the database holds it: minutes with commas, each once, the earliest first.
///
/// # Errors
/// `unknown_reminder_time` for hours before an appointment at which the station does not remind, and for one that is there twice.
pub fn choose(hours: &[u32], offered: &[TimeDelta]) -> Result<String, Refusal> {
    let mut minutes: Vec<i64> = hours.iter().map(|hours| i64::from(*hours) * 60).collect();
    minutes.sort_unstable_by(|one, other| other.cmp(one));
    let twice = minutes.windows(2).any(|pair| pair.first() == pair.last());
    if twice || !minutes.iter().all(|minutes| offered.contains(&TimeDelta::minutes(*minutes))) {
        let message = "Choose among the hours before an appointment at which the station reminds, each once.";
        return Err(Refusal::new("reminders", "unknown_reminder_time", message));
    }
    Ok(minutes.iter().map(i64::to_string).collect::<Vec<_>>().join(","))
}

/// Those of the station's times that a donor chose; all when nothing was chosen. A time that the station gave up is none.
pub fn chosen(offered: &[TimeDelta], choice: Option<&str>) -> Vec<TimeDelta> {
    let Some(choice) = choice else { return offered.to_vec() };
    let minutes: Vec<i64> = choice.split(',').filter_map(|minutes| minutes.parse().ok()).collect();
    offered.iter().copied().filter(|before| minutes.contains(&before.num_minutes())).collect()
}

/// Times in hours, without those that are not whole hours.
pub fn in_hours(times: &[TimeDelta]) -> Vec<u32> {
    let whole = times.iter().filter(|before| before.num_minutes() % 60 == 0);
    whole.filter_map(|before| u32::try_from(before.num_hours()).ok()).collect()
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
    fn a_donor_chooses_among_the_station_s_times() {
        let offered = [72, 24, 2].map(TimeDelta::hours);

        assert_eq!(choose(&[2, 72], &offered).unwrap(), "4320,120");
        assert_eq!(choose(&[], &offered).unwrap(), "");
        for hours in [&[3][..], &[24, 24], &[0], &[u32::MAX]] {
            assert_eq!(choose(hours, &offered).unwrap_err().reason, "unknown_reminder_time", "{hours:?}");
        }
    }

    #[test]
    fn what_was_chosen_holds_while_the_station_has_it() {
        let offered = [TimeDelta::hours(72), TimeDelta::minutes(90), TimeDelta::hours(2)];

        assert_eq!(chosen(&offered, None), offered);
        assert_eq!(chosen(&offered, Some("")), []);
        assert_eq!(in_hours(&chosen(&offered, Some("4320,1440,120"))), [72, 2], "24 hours are no more");
        assert_eq!(in_hours(&offered), [72, 2]);
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
