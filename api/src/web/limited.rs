//! Limits of single operations, and the headers that tell of them (draft-ietf-httpapi-ratelimit-headers).

use crate::actions::Context;
use crate::cache::Spent;
use crate::domain::rate::{Limit, Window};
use crate::error::{Error, Kind};
use actix_web::HttpResponseBuilder;

/// What is left of the tightest limit that a request counted against.
#[derive(Debug)]
pub struct Left {
    limit: &'static str,
    window: Window,
    remaining: u32,
    reset_seconds: u64,
}

/// Counts a request against limits, each with whom it is counted for. Either all count it or none.
///
/// # Errors
/// `limit_reached`, when one of them does not allow it.
pub async fn spend(context: &Context, limits: &[(&'static Limit, &str)]) -> Result<Left, Error> {
    let keys: Vec<(String, &Limit)> =
        limits.iter().map(|(limit, whom)| (format!("limit:{}:{whom}", limit.name), *limit)).collect();
    match context.cache.spend_all(&keys, context.clock.now()).await {
        (Spent::Allowed { limit, window, remaining, reset_seconds }, _) => {
            Ok(Left { limit, window, remaining, reset_seconds })
        }
        (Spent::Refused { retry_after_seconds, .. }, _) => Err(Error::new(
            Kind::TooMany { retry_after_seconds },
            "limit_reached",
            "This was tried too often. Please wait before the next attempt.",
        )),
    }
}

impl Left {
    /// Tells the caller.
    pub fn tell(&self, answer: &mut HttpResponseBuilder) {
        let Self { limit, window, remaining, reset_seconds } = self;
        let policy = format!("\"{limit}\";q={};w={}", window.limit, window.seconds);
        answer.insert_header(("ratelimit-policy", policy));
        answer.insert_header(("ratelimit", format!("\"{limit}\";r={remaining};t={reset_seconds}")));
    }
}
