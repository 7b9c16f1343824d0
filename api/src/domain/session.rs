//! How long a sign-in lasts.

use super::access::Role;
use chrono::{DateTime, TimeDelta, Utc};

/// How long a session lives without a refresh, and in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lifetime {
    idle: TimeDelta,
    whole: TimeDelta,
}

/// A donor comes a few times a year; a member of staff works a shift at a machine that others use too.
fn lifetime(role: Role) -> Lifetime {
    match role {
        Role::Donor => Lifetime { idle: TimeDelta::days(90), whole: TimeDelta::days(366) },
        _ => Lifetime { idle: TimeDelta::hours(2), whole: TimeDelta::hours(12) },
    }
}

/// When a session begun at `created_at` and refreshed at `now` ends if nobody refreshes it again; not later
/// than `now` when it is over.
pub fn ends_at(role: Role, created_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let Lifetime { idle, whole } = lifetime(role);
    (now + idle).min(created_at + whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_prolongs_a_session_but_not_for_ever() {
        let begun = DateTime::UNIX_EPOCH;
        let hours = |role, after| (ends_at(role, begun, begun + TimeDelta::hours(after)) - begun).num_hours();

        assert_eq!(hours(Role::Operator, 0), 2);
        assert_eq!(hours(Role::Operator, 9), 11);
        assert_eq!(hours(Role::Operator, 11), 12);
        assert_eq!(hours(Role::Donor, 0), 90 * 24);
        assert_eq!(hours(Role::Donor, 365 * 24), 366 * 24);
    }
}
