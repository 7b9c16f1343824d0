//! The clock: the only caller of `Utc::now`.

use certificates::UnixTime;
use chrono::{DateTime, DurationRound, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Utc};

/// Where the time comes from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still, for replays and tests.
    Fixed(DateTime<Utc>),
}

impl Clock {
    /// The present instant, UTC, whole microseconds: both databases store exactly that much, so that
    /// what is stored, signed and read again is the same instant.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine for the time")]
    pub fn now(self) -> DateTime<Utc> {
        let now = match self {
            Self::System => Utc::now(),
            Self::Fixed(instant) => instant,
        };
        now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
    }
}

/// The certificates' instant of a UTC instant: whole seconds, rounded down.
pub fn unix_time(instant: DateTime<Utc>) -> UnixTime {
    UnixTime(instant.timestamp())
}

/// The instant of a wall-clock time in Asia/Shanghai (UTC+8).
pub fn instant_in_china(day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    (day.and_time(time) - TimeDelta::hours(8)).and_utc()
}

/// The calendar day of an instant in Asia/Shanghai (UTC+8, without summer time since 1991-09-15).
pub fn day_in_china(instant: DateTime<Utc>) -> NaiveDate {
    match FixedOffset::east_opt(8 * 3600) {
        Some(shanghai) => instant.with_timezone(&shanghai).date_naive(),
        None => instant.date_naive(),
    }
}

/// An instant in Asia/Shanghai as people write it: `2026-11-23 12:00`.
pub fn minute_in_china(instant: DateTime<Utc>) -> String {
    let shanghai = instant.naive_utc() + TimeDelta::hours(8);
    shanghai.format("%Y-%m-%d %H:%M").to_string()
}
