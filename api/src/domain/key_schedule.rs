//! When signing keys come and go: a key signs for 90 days, and verifies what it signed for as long as that
//! may live; the next one is published two snapshot lifetimes before its first use.

use certificates::{KeyRecord, KeyState, LONGEST_LIFETIME_SECONDS, Role, UnixTime};

/// How long a key signs, days.
pub const SIGNS_DAYS: i64 = 90;
/// How long a keyset snapshot lives, days.
pub const SNAPSHOT_DAYS: i64 = 30;
/// The roles whose keys the station keeps at hand.
pub const ROLES: [Role; 2] = [Role::Certificate, Role::Status];

/// When a key signs and verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first instant at which it may sign.
    pub not_before: UnixTime,
    /// The last instant at which it may sign.
    pub signs_until: UnixTime,
    /// The last instant at which anything that it signed may still be valid.
    pub not_after: UnixTime,
}

impl Window {
    fn from(not_before: UnixTime) -> Self {
        let signs_until = not_before.plus_days(SIGNS_DAYS);
        Self { not_before, signs_until, not_after: signs_until.plus_seconds(LONGEST_LIFETIME_SECONDS) }
    }
}

/// The windows of the keys that a new snapshot of `now` needs beside `records` for `role`: one that signs
/// now, and one that goes on when it ends, if it ends within two snapshot lifetimes.
pub fn missing(records: &[KeyRecord], role: Role, now: UnixTime) -> Vec<Window> {
    let horizon = now.plus_days(2 * SNAPSHOT_DAYS);
    let ours = records.iter().filter(|record| record.role == role && record.state == KeyState::Active);
    let mut covered = ours.map(|record| record.signs_until).max().filter(|until| *until > now);
    let mut windows = Vec::new();
    while covered.is_none_or(|until| until < horizon) {
        let window = Window::from(covered.unwrap_or(now));
        covered = Some(window.signs_until);
        windows.push(window);
    }
    windows
}

/// Whether nothing that the key signed can still be valid.
pub fn is_over(record: &KeyRecord, now: UnixTime) -> bool {
    record.not_after < now
}

/// Whether a snapshot issued at `issued_at` should be renewed: in the second half of its life.
pub fn should_renew(issued_at: UnixTime, now: UnixTime) -> bool {
    now > issued_at.plus_days(SNAPSHOT_DAYS / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use certificates::SecretKey;

    const NOW: UnixTime = UnixTime(1_790_000_000);

    fn record(not_before: UnixTime) -> KeyRecord {
        let window = Window::from(not_before);
        KeyRecord {
            issuer: "xue.example".to_owned(),
            key: SecretKey::generate(Role::Certificate, [7; 32]).public().clone(),
            role: Role::Certificate,
            not_before,
            not_after: window.not_after,
            signs_until: window.signs_until,
            state: KeyState::Active,
        }
    }

    #[test]
    fn the_first_snapshot_needs_one_key() {
        let windows = missing(&[], Role::Certificate, NOW);

        assert_eq!(windows, [Window::from(NOW)]);
    }

    #[test]
    fn the_next_key_is_published_two_snapshots_before_its_first_use() {
        let early = [record(NOW.plus_days(-30))];
        let late = [record(NOW.plus_days(-31))];

        assert_eq!(missing(&early, Role::Certificate, NOW), []);
        assert_eq!(missing(&late, Role::Certificate, NOW), [Window::from(NOW.plus_days(59))]);
        assert_eq!(missing(&early, Role::Status, NOW), [Window::from(NOW)]);
    }

    #[test]
    fn a_key_that_ended_long_ago_is_replaced_from_now_on() {
        let windows = missing(&[record(NOW.plus_days(-500))], Role::Certificate, NOW);

        assert_eq!(windows, [Window::from(NOW)]);
    }
}
