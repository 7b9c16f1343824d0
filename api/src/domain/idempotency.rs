//! What is answered to a request that comes twice.

use super::refusal::words;
use chrono::{DateTime, TimeDelta, Utc};

/// By what a request is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The hash of who asks and of the key.
    pub key_hash: [u8; 32],
    /// The hash of the request.
    pub request_hash: [u8; 32],
}

/// Why a request whose key is known gets no first answer again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// The key was used with another request.
    KeyReused,
    /// The first one has not been answered yet.
    Running,
    /// The first one was done, and what it was told is not known any more.
    Lost,
}
words!(Unanswered { KeyReused = "key_reused", Running = "request_running", Lost = "answer_lost" });

/// So long after its beginning, a request that wrote something and has no answer is taken to run, on another node perhaps.
/// After that the server that ran it has most likely ended in between.
const TAKEN_TO_RUN: TimeDelta = TimeDelta::minutes(1);

impl Unanswered {
    /// What is said of a request that began at `began_at`, wrote something and has no answer.
    pub fn without_answer(began_at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        if now < began_at + TAKEN_TO_RUN { Self::Running } else { Self::Lost }
    }

    /// One sentence that the caller can act on.
    pub fn message(self) -> &'static str {
        match self {
            Self::KeyReused => "This Idempotency-Key was used for another request.",
            Self::Running => "The same request is being worked on. Ask again in a moment.",
            Self::Lost => {
                "This request was begun before, and its answer is lost. Look at what became of it; it is not done again."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_an_answer_is_running_for_a_minute_and_lost_after_it() {
        let began = DateTime::from_timestamp(1_796_083_200, 0).unwrap();
        let after = |seconds| Unanswered::without_answer(began, began + TimeDelta::seconds(seconds));

        assert_eq!(after(0), Unanswered::Running);
        assert_eq!(after(59), Unanswered::Running);
        assert_eq!(after(60), Unanswered::Lost);
    }
}
