//! What one process holds for itself: of bounded size, and nothing longer than it means something.

use crate::domain::rate::{Decision, Limit, Log, Quota, Verdict, decide, record, spend};
use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache as Bounded;
use quick_cache::unsync::Cache as BoundedAlone;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keys of one kind that are held; the least used leave first.
const KEYS: usize = 100_000;
/// How often what has expired is thrown out.
const SWEEP: TimeDelta = TimeDelta::minutes(1);

/// An in-process cache of bounded size.
pub struct Memory {
    rates: Bounded<String, Arc<Mutex<i64>>>,
    /// One lock for all: what is counted for several keys is counted for all of them at once.
    logs: Mutex<Expiring<Log>>,
    flags: Mutex<Expiring<()>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { rates: Bounded::new(KEYS), logs: Mutex::default(), flags: Mutex::default() }
    }
}

impl Memory {
    pub(super) fn spend(&self, key: &str, quota: Quota, now: DateTime<Utc>) -> Decision {
        let state = match self.rates.get(key) {
            Some(state) => state,
            None => {
                let fresh =
                    self.rates.get_or_insert_with(key, || Ok::<_, std::convert::Infallible>(Arc::default()));
                fresh.unwrap_or_default()
            }
        };
        let mut whole_again_at = lock(&state);
        let decision = spend(quota, *whole_again_at, now.timestamp_micros());
        if let Decision::Allowed { whole_again_at: after } = decision {
            *whole_again_at = after;
        }
        decision
    }

    pub(super) fn spend_all(&self, keys: &[(String, &Limit)], now: DateTime<Utc>) -> Verdict {
        let mut logs = lock(&self.logs);
        let at = now.timestamp_micros();
        let nothing = Log::new();
        let one = |(key, limit): &(String, &Limit)| decide(limit, logs.get(key, now).unwrap_or(&nothing), at);
        let verdict = keys.iter().map(one).fold(Verdict::UNLIMITED, Verdict::or_stricter);
        if let Verdict::Allowed { .. } = verdict {
            for (key, limit) in keys {
                let mut log = logs.take(key, now).unwrap_or_default();
                record(limit, &mut log, at);
                // The newest event counts, and not `now`: a clock that lags must not shorten its time.
                let until = log.front().map_or(at, |newest| newest + limit.longest_micros());
                logs.put(key, log, DateTime::from_timestamp_micros(until).unwrap_or(now), now);
            }
        }
        verdict
    }

    pub(super) fn put_flag(&self, key: &str, ttl_seconds: u32, now: DateTime<Utc>) {
        lock(&self.flags).put(key, (), now + TimeDelta::seconds(i64::from(ttl_seconds)), now);
    }

    pub(super) fn has_flag(&self, key: &str, now: DateTime<Utc>) -> bool {
        lock(&self.flags).get(key, now).is_some()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Values that are there until an instant.
struct Expiring<T> {
    values: BoundedAlone<String, (DateTime<Utc>, T)>,
    swept_at: DateTime<Utc>,
}

impl<T> Default for Expiring<T> {
    fn default() -> Self {
        Self { values: BoundedAlone::new(KEYS), swept_at: DateTime::UNIX_EPOCH }
    }
}

impl<T> Expiring<T> {
    fn get(&self, key: &str, now: DateTime<Utc>) -> Option<&T> {
        self.values.get(key).filter(|(until, _)| *until > now).map(|(_, value)| value)
    }

    fn take(&mut self, key: &str, now: DateTime<Utc>) -> Option<T> {
        self.values.remove(key).filter(|(_, (until, _))| *until > now).map(|(_, (_, value))| value)
    }

    fn put(&mut self, key: &str, value: T, until: DateTime<Utc>, now: DateTime<Utc>) {
        self.sweep(now);
        self.values.insert(key.to_owned(), (until, value));
    }

    fn sweep(&mut self, now: DateTime<Utc>) {
        if now - self.swept_at >= SWEEP {
            // For whoever's clock lags, what has only just expired has not.
            self.values.retain(|_, (until, _)| *until > now - SWEEP);
            self.swept_at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rate::Window;

    const ADDRESS: Limit = Limit { name: "address", windows: &[Window { limit: 3, seconds: 60 }] };
    const PHONE: Limit = Limit { name: "phone", windows: &[Window { limit: 1, seconds: 60 }] };

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn name(verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Allowed { .. } => "allowed",
            Verdict::Refused { limit, .. } => limit,
        }
    }

    #[test]
    fn an_event_is_counted_for_all_keys_or_for_none() {
        let memory = Memory::default();
        let send = |phone: &str, second| {
            name(memory.spend_all(&[("a".to_owned(), &ADDRESS), (phone.to_owned(), &PHONE)], at(second)))
        };

        assert_eq!(send("1", 0), "allowed");
        for _ in 0..10 {
            assert_eq!(send("1", 1), "phone", "and the address pays nothing for it");
        }
        assert_eq!([send("2", 2), send("3", 3)], ["allowed"; 2]);
        assert_eq!(send("4", 4), "address");
        assert_eq!(send("4", 60), "allowed", "the phone paid nothing for the refusal");
    }

    #[test]
    fn flags_are_down_again_after_their_time() {
        let memory = Memory::default();
        memory.put_flag("session", 10, at(0));

        assert!(memory.has_flag("session", at(9)));
        assert!(!memory.has_flag("session", at(10)));
        assert!(!memory.has_flag("another", at(0)));
    }

    #[test]
    fn what_has_expired_is_thrown_out_and_what_is_too_much_too() {
        let memory = Memory::default();
        for n in 0..2 * KEYS {
            memory.put_flag(&n.to_string(), 10, at(0));
        }
        assert!(lock(&memory.flags).values.len() <= KEYS);

        memory.put_flag("one", 10, at(120));

        assert_eq!(lock(&memory.flags).values.len(), 1);
    }
}
