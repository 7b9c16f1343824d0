//! What may be lost and must be shared between nodes: Redis, or this process alone. Truth is never here.

mod memory;
mod redis;

pub use memory::Memory;
pub use redis::Shared;

use crate::domain::rate::{Decision, Limit, Quota, Verdict, Window};
use crate::error::Error;
use chrono::{DateTime, Utc};
use std::sync::Arc;

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
        Ok(Self::Redis(Arc::new(Shared::open(url)?)))
    }

    /// Counts one request of `key` against `quota`. Where it was counted comes with the decision.
    pub async fn spend(&self, key: &str, quota: Quota, now: DateTime<Utc>) -> (Decision, CountedBy) {
        if let Self::Redis(shared) = self
            && let Some(decision) = shared.spend(key, quota, now).await
        {
            return (decision, CountedBy::Redis);
        }
        (self.memory().spend(key, quota, now), CountedBy::Process)
    }

    /// Counts one event against a limit for each key, exactly: for all of them when all allow it, for none when one
    /// refuses. Where it was counted comes with what was decided. The keys MUST differ from each other.
    pub async fn spend_all(&self, keys: &[(String, &Limit)], now: DateTime<Utc>) -> (Spent, CountedBy) {
        if let Self::Redis(shared) = self
            && let Some(verdict) = shared.spend_all(keys, now).await
        {
            return (verdict.into(), CountedBy::Redis);
        }
        (self.memory().spend_all(keys, now).into(), CountedBy::Process)
    }

    /// Raises a flag for so many seconds: on all nodes, and on this one even when Redis is gone.
    pub async fn put_flag(&self, key: &str, ttl_seconds: u32, now: DateTime<Utc>) {
        self.memory().put_flag(key, ttl_seconds, now);
        if let Self::Redis(shared) = self {
            shared.put_flag(key, ttl_seconds, now).await;
        }
    }

    /// Whether a flag is raised: by this node, or by any while Redis answers.
    pub async fn has_flag(&self, key: &str, now: DateTime<Utc>) -> bool {
        if self.memory().has_flag(key, now) {
            return true;
        }
        match self {
            Self::Memory(_) => false,
            Self::Redis(shared) => shared.has_flag(key, now).await.unwrap_or(false),
        }
    }

    fn memory(&self) -> &Memory {
        match self {
            Self::Memory(memory) => memory,
            Self::Redis(shared) => shared.memory(),
        }
    }
}

/// What came of counting an event against limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// It was counted; what the tightest window says now.
    Allowed {
        /// The limit's name; `none` when nothing limits.
        limit: &'static str,
        /// The window.
        window: Window,
        /// Events left in it.
        remaining: u32,
        /// Whole seconds after which one more is left.
        reset_seconds: u64,
    },
    /// It was one too many, and not counted.
    Refused {
        /// The limit's name.
        limit: &'static str,
        /// The window.
        window: Window,
        /// Whole seconds after which it may be tried again, at least 1.
        retry_after_seconds: u64,
    },
}

impl From<Verdict> for Spent {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allowed { limit, window, remaining, reset_micros } => {
                Self::Allowed { limit, window, remaining, reset_seconds: whole_seconds(reset_micros) }
            }
            Verdict::Refused { limit, window, retry_after_micros } => {
                Self::Refused { limit, window, retry_after_seconds: whole_seconds(retry_after_micros).max(1) }
            }
        }
    }
}

/// Rounded up: who comes back then does not come too soon.
fn whole_seconds(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0).div_ceil(1_000_000)
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
