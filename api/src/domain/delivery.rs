//! What becomes of a message after an attempt, and whom it may be sent to at all.

use super::refusal::words;
use chrono::{DateTime, TimeDelta, Utc};

/// What a message is for: it decides consent, quiet hours and what an unknown fate means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A code that somebody waits for.
    Code,
    /// What the donor arranged with the station.
    Service,
    /// An appeal to give.
    Appeal,
    /// News of the station.
    News,
}
words!(Purpose { Code = "code", Service = "service", Appeal = "appeal", News = "news" });

impl Purpose {
    /// The purpose of a kind of message, as the outbox names it.
    pub fn of(kind: &str) -> Self {
        match kind {
            "sign_in_code" => Self::Code,
            "appeal" | "may_give_again" => Self::Appeal,
            "blood_used" => Self::News,
            _ => Self::Service,
        }
    }

    /// The consent without which it is not sent.
    pub fn consent(self) -> Option<super::consent::Purpose> {
        match self {
            Self::Code | Self::Service => None,
            Self::Appeal => Some(super::consent::Purpose::Appeals),
            Self::News => Some(super::consent::Purpose::News),
        }
    }

    /// Whether it leaves at night, because somebody waits for it (`domain/send_times.rs`).
    pub fn leaves_at_night(self) -> bool {
        self == Self::Code
    }
}

/// What a channel said of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It took the message.
    Accepted,
    /// It will never take it for this recipient.
    Permanent,
    /// Not so fast.
    Throttled,
    /// Our account or set-up is refused.
    Account,
    /// It could not be reached, or asks to be tried again.
    Transient,
    /// Nothing, after the message was handed over.
    Ambiguous,
}
words!(Said {
    Accepted = "accepted", Permanent = "permanent", Throttled = "throttled", Account = "account",
    Transient = "transient", Ambiguous = "ambiguous",
});

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It was handed over.
    Sent,
    /// It is tried again at that time; whether the attempt counts.
    Again {
        /// Not before.
        at: DateTime<Utc>,
        /// Whether it was one of the attempts that a message has.
        counts: bool,
    },
    /// Another channel is tried at once.
    OtherChannel,
    /// A person has to look at it.
    Dead,
    /// Nobody knows whether it arrived; from that time on it may be sent again if nothing is known then. A code is not.
    Unknown {
        /// When to look again.
        look_at: Option<DateTime<Utc>>,
    },
    /// It would come too late.
    Expired,
}

/// An attempt that was made.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// What for.
    pub purpose: Purpose,
    /// The attempts that counted, this one too.
    pub attempts: i64,
    /// When it would come too late.
    pub expires_at: DateTime<Utc>,
    /// Whether another channel is left.
    pub has_other: bool,
}

/// How often and how patiently.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Attempts that a message has.
    pub attempts: i64,
    /// How long an unknown fate is waited for.
    pub unknown: TimeDelta,
}

/// The first back-off; it doubles.
const FIRST: TimeDelta = TimeDelta::seconds(4);
/// The longest one.
const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// A channel whose account is refused is left alone for so long.
pub const CIRCUIT: TimeDelta = TimeDelta::minutes(5);

/// What happens after `said`; `chance` lies between 0 and 65,535.
pub fn next(said: Said, attempt: &Attempt, patience: &Patience, now: DateTime<Utc>, chance: u16) -> Next {
    let again = |at, counts| if at < attempt.expires_at { Next::Again { at, counts } } else { Next::Expired };
    match said {
        Said::Accepted => Next::Sent,
        Said::Permanent if attempt.has_other => Next::OtherChannel,
        Said::Permanent => Next::Dead,
        Said::Throttled => again(now + TimeDelta::seconds(10) + share(TimeDelta::seconds(20), chance), false),
        Said::Account if attempt.has_other => Next::OtherChannel,
        Said::Account => again(now + CIRCUIT, false),
        Said::Transient if attempt.attempts >= patience.attempts && attempt.has_other => Next::OtherChannel,
        Said::Transient if attempt.attempts >= patience.attempts => Next::Dead,
        Said::Transient => again(now + back_off(attempt.attempts, chance), true),
        Said::Ambiguous => {
            let look_at = now + patience.unknown;
            let may_repeat = attempt.purpose != Purpose::Code
                && attempt.attempts < patience.attempts
                && look_at < attempt.expires_at;
            Next::Unknown { look_at: may_repeat.then_some(look_at) }
        }
    }
}

/// Exponential, with full jitter, so that what failed together does not come back together.
fn back_off(attempts: i64, chance: u16) -> TimeDelta {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    share((FIRST * (1 << doublings)).min(LONGEST), chance)
}

fn share(whole: TimeDelta, chance: u16) -> TimeDelta {
    TimeDelta::milliseconds(whole.num_milliseconds() * i64::from(chance) / i64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { attempts: 8, unknown: TimeDelta::minutes(15) };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_796_083_200, 0).unwrap()
    }

    fn attempt(attempts: i64) -> Attempt {
        let expires_at = now() + TimeDelta::hours(12);
        Attempt { purpose: Purpose::Service, attempts, expires_at, has_other: false }
    }

    fn after(said: Said, attempt: Attempt) -> Next {
        next(said, &attempt, &PATIENCE, now(), u16::MAX)
    }

    fn again(seconds: i64, counts: bool) -> Next {
        Next::Again { at: now() + TimeDelta::seconds(seconds), counts }
    }

    #[test]
    fn back_off_doubles_up_to_a_quarter_of_an_hour_and_ends_as_a_dead_letter() {
        for (attempts, seconds) in [(1, 4), (2, 8), (3, 16), (7, 256)] {
            assert_eq!(after(Said::Transient, attempt(attempts)), again(seconds, true));
        }
        assert_eq!(back_off(40, u16::MAX), LONGEST);
        assert_eq!(next(Said::Transient, &attempt(1), &PATIENCE, now(), 0), again(0, true));
        assert_eq!(after(Said::Transient, attempt(8)), Next::Dead);
        assert_eq!(after(Said::Transient, Attempt { has_other: true, ..attempt(8) }), Next::OtherChannel);
    }

    #[test]
    fn a_refusal_for_good_takes_the_next_channel_or_a_person() {
        assert_eq!(after(Said::Permanent, attempt(1)), Next::Dead);
        assert_eq!(after(Said::Permanent, Attempt { has_other: true, ..attempt(1) }), Next::OtherChannel);
    }

    #[test]
    fn a_busy_or_closed_provider_costs_no_attempt() {
        assert_eq!(after(Said::Throttled, attempt(8)), again(30, false));
        assert_eq!(after(Said::Account, attempt(8)), again(300, false));
    }

    #[test]
    fn a_closed_provider_stops_nobody_who_has_another_channel() {
        for purpose in [Purpose::Code, Purpose::Service] {
            let other = Attempt { purpose, has_other: true, ..attempt(1) };
            assert_eq!(after(Said::Account, other), Next::OtherChannel);
        }
    }

    #[test]
    fn an_unknown_fate_is_waited_for_and_a_code_is_never_repeated() {
        let look_at = Some(now() + TimeDelta::minutes(15));

        assert_eq!(after(Said::Ambiguous, attempt(1)), Next::Unknown { look_at });
        assert_eq!(after(Said::Ambiguous, attempt(8)), Next::Unknown { look_at: None });
        let code = Attempt { purpose: Purpose::Code, ..attempt(1) };
        assert_eq!(after(Said::Ambiguous, code), Next::Unknown { look_at: None });
    }

    #[test]
    fn nothing_is_tried_again_that_would_come_too_late() {
        let soon = Attempt { expires_at: now() + TimeDelta::seconds(4), ..attempt(1) };

        assert_eq!(after(Said::Transient, soon), Next::Expired);
        assert_eq!(after(Said::Throttled, soon), Next::Expired);
        assert_eq!(after(Said::Ambiguous, soon), Next::Unknown { look_at: None });
    }
}
