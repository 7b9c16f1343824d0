//! What all nodes share, while Redis answers.

use super::Memory;
use crate::domain::rate::{Decision, Limit, Quota, Verdict};
use crate::error::Error;
use chrono::{DateTime, TimeDelta, Utc};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script, ScriptInvocation};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// How long an answer of Redis is waited for.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long Redis is left alone after it failed: requests must not queue up behind it.
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// [`spend`](crate::domain::rate::spend), where all nodes share one state.
const SPEND: &str = include_str!("redis/spend.lua");
/// [`decide`](crate::domain::rate::decide) and [`record`](crate::domain::rate::record), likewise, for several keys.
const SPEND_ALL: &str = include_str!("redis/spend_all.lua");

/// Redis, and what stands in for it.
pub struct Shared {
    client: Client,
    /// Made by the first who asks something: it belongs to a runtime, and a cache may be opened before there is one.
    connection: OnceLock<ConnectionManager>,
    spend: Script,
    spend_all: Script,
    memory: Memory,
    paused_until: AtomicI64,
}

impl Shared {
    pub(super) fn open(url: &str) -> Result<Self, Error> {
        let bad = |failure| Error::invalid("bad_configuration", "redis.url cannot be used.").because(failure);
        Ok(Self {
            client: Client::open(url).map_err(bad)?,
            connection: OnceLock::new(),
            spend: Script::new(SPEND),
            spend_all: Script::new(SPEND_ALL),
            memory: Memory::default(),
            paused_until: AtomicI64::new(0),
        })
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// `None` when Redis did not decide.
    pub(super) async fn spend(&self, key: &str, quota: Quota, now: DateTime<Utc>) -> Option<Decision> {
        let mut script = self.spend.key(format!("rexue:quota:{key}"));
        script.arg(now.timestamp_micros()).arg(quota.interval_micros());
        let (allowed, micros): (i64, i64) = self.run(&script, now).await?;
        Some(match allowed {
            1 => Decision::Allowed { whole_again_at: micros },
            _ => Decision::Refused { retry_after: micros },
        })
    }

    /// `None` when Redis did not decide.
    pub(super) async fn spend_all(&self, keys: &[(String, &Limit)], now: DateTime<Utc>) -> Option<Verdict> {
        let mut script = self.spend_all.prepare_invoke();
        script.arg(now.timestamp_micros());
        for (key, limit) in keys {
            script.key(format!("rexue:log:{key}")).arg(limit.windows.len());
            for window in limit.windows {
                script.arg(window.events()).arg(window.micros());
            }
        }
        verdict(keys, self.run(&script, now).await?)
    }

    pub(super) async fn put_flag(&self, key: &str, ttl_seconds: u32, now: DateTime<Utc>) {
        let mut command = redis::cmd("SET");
        command.arg(flag(key)).arg(1).arg("EX").arg(ttl_seconds.max(1));
        // Whether it is known elsewhere makes no difference here, and the failure is in the log.
        let _: Option<()> = self.query(&command, now).await;
    }

    /// `None` when Redis did not say.
    pub(super) async fn has_flag(&self, key: &str, now: DateTime<Utc>) -> Option<bool> {
        self.query(redis::cmd("EXISTS").arg(flag(key)), now).await
    }

    async fn run<T: redis::FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
        now: DateTime<Utc>,
    ) -> Option<T> {
        let mut connection = self.unless_paused(now)?;
        self.answer(script.invoke_async(&mut connection).await, now)
    }

    async fn query<T: redis::FromRedisValue>(&self, command: &redis::Cmd, now: DateTime<Utc>) -> Option<T> {
        let mut connection = self.unless_paused(now)?;
        self.answer(command.query_async(&mut connection).await, now)
    }

    fn unless_paused(&self, now: DateTime<Utc>) -> Option<ConnectionManager> {
        let paused = now.timestamp_micros() < self.paused_until.load(Ordering::Relaxed);
        if paused {
            return None;
        }
        match self.connection.get() {
            Some(connection) => Some(connection.clone()),
            None => {
                let fresh = self.answer(self.client.get_connection_manager_lazy(patience()), now)?;
                Some(self.connection.get_or_init(|| fresh).clone())
            }
        }
    }

    /// The answer; a failure begins a pause.
    fn answer<T>(&self, answer: Result<T, RedisError>, now: DateTime<Utc>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
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

fn patience() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
}

fn flag(key: &str) -> String {
    format!("rexue:flag:{key}")
}

/// What the script's numbers mean: allowed or not, which key and window decided (from 1; 0 when none), events left,
/// microseconds.
fn verdict(keys: &[(String, &Limit)], answer: (i64, usize, usize, u32, i64)) -> Option<Verdict> {
    let (allowed, key, window, remaining, micros) = answer;
    if key == 0 {
        return Some(Verdict::UNLIMITED);
    }
    let (_, limit) = keys.get(key.checked_sub(1)?)?;
    let window = *limit.windows.get(window.checked_sub(1)?)?;
    let limit = limit.name;
    Some(match allowed {
        1 => Verdict::Allowed { limit, window, remaining, reset_micros: micros },
        _ => Verdict::Refused { limit, window, retry_after_micros: micros },
    })
}
