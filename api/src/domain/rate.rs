//! How many requests are too many: the generic cell rate algorithm (GCRA), as a pure decision.

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
}
