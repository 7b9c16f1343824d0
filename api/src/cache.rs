//! What may be lost and must be shared between nodes: Redis, or this process alone. Truth is never here.

use crate::domain::rate::{Decision, Quota, spend};
use crate::error::Error;
use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache as Bounded;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Script};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Keys that an in-process cache holds; the least used leave first.
const KEYS: usize = 100_000;
/// How long an answer of Redis is waited for.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long Redis is left alone after it failed: requests must not queue up behind it.
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// The cache. Cheap to clone; all clones share what they hold.
#[derive(Clone)]
pub enum Cache {
    /// Shared between nodes; this process's own while Redis does not answer.
    Redis(Arc<Shared>),
    /// This process's own: for one node, a deployment in its own right.
    Memory(Arc<Memory>),
}

impl Cache {
    /// The cache at `url` (`redis://…`), or in this process when it is empty. Redis is not waited for.
    ///
    /// # Errors
    /// `bad_configuration` when the URL is none.
    pub fn open(url: &str) -> Result<Self, Error> {
        if url.is_empty() {
            return Ok(Self::Memory(Arc::default()));
        }
        let bad = |failure| Error::invalid("bad_configuration", "redis.url cannot be used.").because(failure);
        let client = Client::open(url).map_err(bad)?;
        let patience = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connection = client.get_connection_manager_lazy(patience).map_err(bad)?;
        let script = Script::new(SPEND);
        Ok(Self::Redis(Arc::new(Shared {
            connection,
            script,
            memory: Memory::default(),
            paused_until: AtomicI64::new(0),
        })))
    }

    /// Counts one request of `key` against `quota`. Where it was counted comes with the decision.
    pub async fn spend(&self, key: &str, quota: Quota, now: DateTime<Utc>) -> (Decision, CountedBy) {
        match self {
            Self::Memory(memory) => (memory.spend(key, quota, now), CountedBy::Process),
            Self::Redis(shared) => match shared.spend(key, quota, now).await {
                Some(decision) => (decision, CountedBy::Redis),
                None => (shared.memory.spend(key, quota, now), CountedBy::Process),
            },
        }
    }
}

/// Who counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedBy {
    /// All nodes together.
    Redis,
    /// This process for itself.
    Process,
}

impl CountedBy {
    /// The word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Process => "process",
        }
    }
}

/// [`spend`] of `domain/rate.rs`, once more, where all nodes share one state. ARGV: now, interval, microseconds.
const SPEND: &str = "
local now, interval = tonumber(ARGV[1]), tonumber(ARGV[2])
local after = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + interval
local excess = after - now - 60000000
if excess > 0 then return {0, excess} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', 61000)
return {1, string.format('%.0f', after)}
";

/// Redis, and what stands in for it.
pub struct Shared {
    connection: ConnectionManager,
    script: Script,
    memory: Memory,
    paused_until: AtomicI64,
}

impl Shared {
    /// `None` when Redis did not decide.
    async fn spend(&self, key: &str, quota: Quota, now: DateTime<Utc>) -> Option<Decision> {
        if now.timestamp_micros() < self.paused_until.load(Ordering::Relaxed) {
            return None;
        }
        let mut connection = self.connection.clone();
        let answer: Result<(i64, i64), _> = self
            .script
            .key(key)
            .arg(now.timestamp_micros())
            .arg(quota.interval_micros())
            .invoke_async(&mut connection)
            .await;
        match answer {
            Ok((1, whole_again_at)) => Some(Decision::Allowed { whole_again_at }),
            Ok((_, retry_after)) => Some(Decision::Refused { retry_after }),
            Err(failure) => {
                let until = (now + PAUSE).timestamp_micros();
                if self.paused_until.swap(until, Ordering::Relaxed) < now.timestamp_micros() {
                    tracing::warn!(kind = ?failure.kind(), "Redis does not answer; this node counts for itself");
                }
                None
            }
        }
    }
}

/// An in-process cache of bounded size.
pub struct Memory {
    rates: Bounded<String, Arc<Mutex<i64>>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { rates: Bounded::new(KEYS) }
    }
}

impl Memory {
    fn spend(&self, key: &str, quota: Quota, now: DateTime<Utc>) -> Decision {
        let state = match self.rates.get(key) {
            Some(state) => state,
            None => {
                let fresh =
                    self.rates.get_or_insert_with(key, || Ok::<_, std::convert::Infallible>(Arc::default()));
                fresh.unwrap_or_default()
            }
        };
        let mut whole_again_at = state.lock().unwrap_or_else(PoisonError::into_inner);
        let decision = spend(quota, *whole_again_at, now.timestamp_micros());
        if let Decision::Allowed { whole_again_at: after } = decision {
            *whole_again_at = after;
        }
        decision
    }
}
