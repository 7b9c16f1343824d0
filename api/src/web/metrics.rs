//! What is counted. Labels are routes and codes: never a number, a name or an address.

use crate::error::Error;
use chrono::TimeDelta;
use prometheus::{
    Encoder, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
};
use std::time::Duration;

/// The process's metrics. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    limited: IntCounterVec,
    messages: IntGaugeVec,
    delays: GaugeVec,
}

impl Metrics {
    /// Metrics that start from nothing.
    ///
    /// # Errors
    /// `internal` when two have one name.
    pub fn new() -> Result<Self, Error> {
        let buckets =
            vec![0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
        let requests =
            HistogramOpts::new("rexue_http_request_seconds", "Time to answer a request.").buckets(buckets);
        let requests =
            HistogramVec::new(requests, &["method", "route", "status"]).map_err(Error::internal)?;
        let limited =
            Opts::new("rexue_http_limited_total", "Requests that were too many, by where it was counted.");
        let limited = IntCounterVec::new(limited, &["counted_by"]).map_err(Error::internal)?;
        let registry = Registry::new();
        registry.register(Box::new(requests.clone())).map_err(Error::internal)?;
        registry.register(Box::new(limited.clone())).map_err(Error::internal)?;
        let messages = Opts::new(
            "rexue_messages",
            "Messages of the last thirty days and those that are open, by state and by what receipts say.",
        );
        let messages = IntGaugeVec::new(messages, &["state", "delivery"]).map_err(Error::internal)?;
        let delays = Opts::new(
            "rexue_message_delay_seconds",
            "From due to handed over, of the messages of the last ten minutes.",
        );
        let delays = GaugeVec::new(delays, &["quantile"]).map_err(Error::internal)?;
        registry.register(Box::new(messages.clone())).map_err(Error::internal)?;
        registry.register(Box::new(delays.clone())).map_err(Error::internal)?;
        Ok(Self { registry, requests, limited, messages, delays })
    }

    /// Counts an answered request.
    pub fn request(&self, method: &str, route: &str, status: &str, took: Duration) {
        self.requests.with_label_values(&[method, route, status]).observe(took.as_secs_f64());
    }

    /// Counts a request that was one too many.
    pub fn limited(&self, counted_by: &str) {
        self.limited.with_label_values(&[counted_by]).inc();
    }

    /// Tells how many messages are in each state, and how late those were that left lately. It is read from the database, so
    /// that any node tells of all workers.
    pub fn messages(&self, states: &[(String, String, i64)], mut delays: Vec<TimeDelta>) {
        self.messages.reset();
        for (state, delivery, count) in states {
            self.messages.with_label_values(&[state, delivery]).set(*count);
        }
        delays.sort_unstable();
        for (name, percent) in [("0.5", 50), ("0.99", 99), ("1", 100)] {
            let rank = (delays.len() * percent).div_ceil(100).saturating_sub(1);
            let delay = delays.get(rank).map_or(0.0, |delay| delay.as_seconds_f64());
            self.delays.with_label_values(&[name]).set(delay);
        }
    }

    /// All of it, in Prometheus' text format 0.0.4.
    ///
    /// # Errors
    /// `internal`.
    pub fn text(&self) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text).map_err(Error::internal)?;
        Ok(text)
    }
}
