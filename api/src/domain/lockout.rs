//! How long somebody who guesses has to wait: longer each time.

use chrono::{DateTime, TimeDelta, Utc};

/// Wrong guesses that cost nothing: people mistype.
const FREE: i64 = 5;
/// The longest wait: whoever guesses at another's telephone number must not shut its owner out for good.
const LONGEST: TimeDelta = TimeDelta::hours(1);
/// After so long without a wrong guess the count begins anew.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(24);

/// What is known of somebody's wrong guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// Wrong guesses in a row.
    pub failures: i64,
    /// The last of them.
    pub last_failed_at: DateTime<Utc>,
    /// Until when no guess is looked at.
    pub locked_until: DateTime<Utc>,
}

impl Lockout {
    /// How long to wait still; `None` when a guess is looked at. Wrong guesses that cost nothing cost nothing to whoever
    /// guessed an instant before them either, or at a node whose clock lags.
    pub fn wait(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        Some(self.locked_until - now).filter(|wait| self.failures >= FREE && *wait > TimeDelta::zero())
    }
}

/// What is known after one more wrong guess: the fifth in a row costs a minute, each further one twice the
/// wait before, up to an hour.
pub fn after_failure(before: Option<Lockout>, now: DateTime<Utc>) -> Lockout {
    let recent = before.filter(|before| now - before.last_failed_at < FORGOTTEN_AFTER);
    let failures = recent.map_or(0, |before| before.failures) + 1;
    let doublings = u32::try_from((failures - FREE).clamp(0, 6)).unwrap_or(0);
    let wait = match failures {
        ..FREE => TimeDelta::zero(),
        _ => TimeDelta::minutes(1_i64 << doublings).min(LONGEST),
    };
    Lockout { failures, last_failed_at: now, locked_until: now + wait }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_each_wrong_guess_and_are_forgotten_after_a_day() {
        let mut now = DateTime::UNIX_EPOCH;
        let mut lockout = None;
        let mut waits = Vec::new();
        for _ in 0..13 {
            let after = after_failure(lockout, now);
            let wait = after.wait(now).unwrap_or_default();
            waits.push(wait.num_minutes());
            now += wait;
            lockout = Some(after);
        }

        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(after_failure(lockout, now + FORGOTTEN_AFTER).failures, 1);
    }

    #[test]
    fn a_free_guess_makes_nobody_wait_whose_clock_lags() {
        let now = DateTime::UNIX_EPOCH;
        let lockout = after_failure(None, now);

        assert_eq!(lockout.wait(now - TimeDelta::seconds(1)), None);
    }
}
