//! How many requests are too many, as pure decisions: the generic cell rate algorithm (GCRA) for plain requests, and
//! an exact log of instants for what is counted in several windows at once.

use std::cmp::Reverse;
use std::collections::VecDeque;

/// One minute, in microseconds.
const MINUTE: i64 = 60_000_000;

/// So many requests a minute, which may come all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests a minute, at least 1.
    pub per_minute: u32,
}

impl Quota {
    /// The time that one request takes from the quota, microseconds.
    pub fn interval_micros(self) -> i64 {
        MINUTE / i64::from(self.per_minute.max(1))
    }
}

/// Whether a request may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may; the quota is whole again at this instant.
    Allowed {
        /// Microseconds since 1970-01-01.
        whole_again_at: i64,
    },
    /// It may not.
    Refused {
        /// Microseconds after which one may.
        retry_after: i64,
    },
}

/// Decides on one request at `now`, when the quota would be whole again at `whole_again_at` (both in
/// microseconds since 1970-01-01).
pub fn spend(quota: Quota, whole_again_at: i64, now: i64) -> Decision {
    let after = whole_again_at.max(now) + quota.interval_micros();
    match after - now - MINUTE {
        excess if excess > 0 => Decision::Refused { retry_after: excess },
        _ => Decision::Allowed { whole_again_at: after },
    }
}

/// So many events in any span of so many seconds. Exact: no span, wherever it begins, sees more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Events, at least 1.
    pub limit: u32,
    /// The length of the span, seconds.
    pub seconds: u32,
}

impl Window {
    /// The length of the span, microseconds.
    pub fn micros(self) -> i64 {
        i64::from(self.seconds) * 1_000_000
    }

    /// Events, at least 1.
    pub fn events(self) -> u32 {
        self.limit.max(1)
    }
}

/// A named limit: one or more windows, all of which must allow an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The name, as it is told to whoever meets it.
    pub name: &'static str,
    /// The windows; none allows everything.
    pub windows: &'static [Window],
}

impl Limit {
    /// How many instants a log must hold to decide.
    pub fn log_length(&self) -> u32 {
        self.windows.iter().map(|window| window.events()).max().unwrap_or(0)
    }

    /// The longest window, microseconds: so long after its newest event a log says nothing any more.
    pub fn longest_micros(&self) -> i64 {
        self.windows.iter().map(|window| window.micros()).max().unwrap_or(0)
    }
}

/// Instants of events, microseconds since 1970-01-01, the newest first.
pub type Log = VecDeque<i64>;

/// What the windows of one or several limits say to one more event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All allow it; what the tightest of them says when it is counted.
    Allowed {
        /// The limit's name.
        limit: &'static str,
        /// The window with the fewest events left.
        window: Window,
        /// Events left in it.
        remaining: u32,
        /// Microseconds after which one more is left.
        reset_micros: i64,
    },
    /// One refuses it.
    Refused {
        /// The limit's name.
        limit: &'static str,
        /// The window in which too much happened; when there are several, the one that takes longest.
        window: Window,
        /// Microseconds after which the event may be tried again.
        retry_after_micros: i64,
    },
}

impl Verdict {
    /// What is said where nothing limits.
    pub const UNLIMITED: Self = Self::Allowed {
        limit: "none",
        window: Window { limit: u32::MAX, seconds: 0 },
        remaining: u32::MAX,
        reset_micros: 0,
    };

    /// The stricter one of two; the first, when they are alike.
    #[must_use]
    pub fn or_stricter(self, other: Self) -> Self {
        if other.strictness() > self.strictness() { other } else { self }
    }

    /// Greater is stricter: a refusal before all, the longest first; then the fewest left, the longest first.
    fn strictness(&self) -> (bool, Reverse<u32>, i64) {
        match *self {
            Self::Refused { retry_after_micros, .. } => (true, Reverse(0), retry_after_micros),
            Self::Allowed { remaining, reset_micros, .. } => (false, Reverse(remaining), reset_micros),
        }
    }
}

/// Decides on one more event at `now` (microseconds since 1970-01-01), after the events in `log`.
///
/// Time does not go back: what comes from a clock that lags counts as at the newest event.
pub fn decide(limit: &Limit, log: &Log, now: i64) -> Verdict {
    let now = not_before(log, now);
    let one = |window: &Window| decide_window(limit.name, *window, log, now);
    limit.windows.iter().map(one).fold(Verdict::UNLIMITED, Verdict::or_stricter)
}

/// Counts an event at `now` that was allowed.
pub fn record(limit: &Limit, log: &mut Log, now: i64) {
    log.push_front(not_before(log, now));
    log.truncate(usize::try_from(limit.log_length()).unwrap_or(usize::MAX));
}

fn not_before(log: &Log, now: i64) -> i64 {
    log.front().map_or(now, |newest| now.max(*newest))
}

fn decide_window(limit: &'static str, window: Window, log: &Log, now: i64) -> Verdict {
    let leaves_after = |event: i64| event + window.micros() - now;
    let inside = log.iter().copied().take_while(|event| leaves_after(*event) > 0);
    let (mut used, mut oldest, mut in_the_way) = (0_u32, now, None);
    for event in inside {
        used = used.saturating_add(1);
        oldest = event;
        if used == window.events() {
            in_the_way = Some(event);
        }
    }
    match in_the_way {
        Some(event) => Verdict::Refused { limit, window, retry_after_micros: leaves_after(event) },
        None => Verdict::Allowed {
            limit,
            window,
            remaining: window.events().saturating_sub(used).saturating_sub(1),
            reset_micros: leaves_after(oldest),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { per_minute: 3 };

    #[test]
    fn a_quota_may_be_spent_at_once_and_comes_back_steadily() {
        let mut state = 0;
        for _ in 0..3 {
            match spend(QUOTA, state, 1_000) {
                Decision::Allowed { whole_again_at } => state = whole_again_at,
                refused => panic!("{refused:?}"),
            }
        }

        assert_eq!(spend(QUOTA, state, 1_000), Decision::Refused { retry_after: 20_000_000 });
        assert_eq!(spend(QUOTA, state, 20_001_000), Decision::Allowed { whole_again_at: 80_001_000 });
    }
    const TWO_WINDOWS: Limit = Limit {
        name: "codes",
        windows: &[Window { limit: 2, seconds: 60 }, Window { limit: 3, seconds: 3_600 }],
    };
    const SECOND: i64 = 1_000_000;

    /// What the limit says to events at these seconds, one after the other.
    fn verdicts(limit: &Limit, seconds: &[i64]) -> Vec<Verdict> {
        let mut log = Log::new();
        let mut event = |second: &i64| {
            let verdict = decide(limit, &log, second * SECOND);
            if matches!(verdict, Verdict::Allowed { .. }) {
                record(limit, &mut log, second * SECOND);
            }
            verdict
        };
        seconds.iter().map(&mut event).collect()
    }

    fn allowed(window: usize, remaining: u32, reset_seconds: i64) -> Verdict {
        let window = TWO_WINDOWS.windows[window];
        Verdict::Allowed { limit: "codes", window, remaining, reset_micros: reset_seconds * SECOND }
    }

    fn refused(window: usize, seconds: i64) -> Verdict {
        let window = TWO_WINDOWS.windows[window];
        Verdict::Refused { limit: "codes", window, retry_after_micros: seconds * SECOND }
    }

    #[test]
    fn the_tightest_window_speaks_and_the_one_that_takes_longest_refuses() {
        assert_eq!(
            verdicts(&TWO_WINDOWS, &[0, 10, 20, 59, 60, 61, 3_599, 3_600]),
            [
                allowed(0, 1, 60),
                allowed(0, 0, 50),
                refused(0, 40),
                refused(0, 1),
                allowed(1, 0, 3_540), // both windows are full now; the longer one takes longer to have room
                refused(1, 3_539),
                refused(1, 1),
                allowed(1, 0, 10),
            ]
        );
    }

    #[test]
    fn what_was_refused_is_not_counted() {
        let mut seconds = vec![0, 1];
        seconds.extend([30; 100]);
        seconds.push(60);

        assert!(matches!(verdicts(&TWO_WINDOWS, &seconds).last(), Some(Verdict::Allowed { .. })));
    }

    #[test]
    fn no_span_of_a_window_ever_sees_more_than_its_limit() {
        let mut chance = crate::chance::Chance::from_seed(7);
        let (mut now, mut log, mut events) = (0, Log::new(), Vec::new());
        for _ in 0..5_000 {
            now += i64::from(chance.below(40)) * SECOND;
            if matches!(decide(&TWO_WINDOWS, &log, now), Verdict::Allowed { .. }) {
                record(&TWO_WINDOWS, &mut log, now);
                events.push(now);
            }
        }

        for window in TWO_WINDOWS.windows {
            let spans = events.windows(usize::try_from(window.limit).unwrap() + 1);
            assert!(events.len() > 50);
            assert!(
                spans.into_iter().all(|span| span[span.len() - 1] - span[0] >= window.micros()),
                "{window:?}"
            );
        }
    }

    #[test]
    fn a_clock_that_lags_wins_nothing() {
        assert_eq!(
            verdicts(&TWO_WINDOWS, &[100, 100, 50]),
            [allowed(0, 1, 60), allowed(0, 0, 60), refused(0, 60)]
        );
    }

    #[test]
    fn of_two_limits_the_stricter_one_speaks() {
        let (wide, tight) = (allowed(0, 1, 5), allowed(1, 0, 3));

        assert_eq!(wide.or_stricter(tight), tight);
        assert_eq!(tight.or_stricter(refused(0, 1)), refused(0, 1));
        assert_eq!(refused(0, 2).or_stricter(refused(1, 1)), refused(0, 2));
        assert_eq!(Verdict::UNLIMITED.or_stricter(wide), wide);
        assert_eq!(decide(&Limit { name: "none", windows: &[] }, &Log::new(), 0), Verdict::UNLIMITED);
    }
}
