//! Freed places: who is offered them, for how long, and when they are everybody's.

use super::quiet_hours::QuietHours;
use super::refusal::{Refusal, words};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// What a station settles about those who wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingPolicy {
    /// How long an offer lives …
    pub offer: TimeDelta,
    /// … when the start is near …
    pub offer_when_near: TimeDelta,
    /// … which it is from so long before it.
    pub near: TimeDelta,
    /// So many offers passed over end the wait.
    pub passed_over: i64,
    /// A freed place is everybody's after a random time up to this one, so that nobody can hand a place on by cancelling it.
    pub public_delay: TimeDelta,
}

/// What can be done with a kept place now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It can be offered until then.
    Offer(DateTime<Utc>),
    /// Those who wait sleep: it is kept until they can be asked.
    Wait,
    /// Nobody could be asked in time.
    TooLate,
}

impl WaitingPolicy {
    /// Whether a place that starts at `starts_at` can be offered at `now`; `last` is the last instant to book it.
    pub fn moment(
        &self,
        starts_at: DateTime<Utc>,
        last: DateTime<Utc>,
        quiet: QuietHours,
        now: DateTime<Utc>,
    ) -> Moment {
        let asked_at = quiet.after(now);
        let length = if starts_at - asked_at < self.near { self.offer_when_near } else { self.offer };
        match asked_at + length {
            until if until > last => Moment::TooLate,
            until if asked_at == now => Moment::Offer(until),
            _ => Moment::Wait,
        }
    }

    /// From when a place freed at `now` is everybody's; `chance` lies between 0 and 65,535.
    pub fn public_at(&self, starts_at: DateTime<Utc>, now: DateTime<Utc>, chance: u16) -> DateTime<Utc> {
        // A place that starts soon is not withheld for most of the time that is left.
        let longest = self.public_delay.min((starts_at - now) / 4).max(TimeDelta::zero());
        now + TimeDelta::seconds(longest.num_seconds() * i64::from(chance) / i64::from(u16::MAX))
    }
}

/// Who is served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The station took their place away.
    Displaced,
    /// Everybody else.
    Ordinary,
}

impl Class {
    /// As it is written down: the lower, the sooner.
    pub fn rank(self) -> i64 {
        match self {
            Self::Displaced => 0,
            Self::Ordinary => 1,
        }
    }
}

/// What became of who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// No place yet.
    Waiting,
    /// A place is held for them.
    Offered,
    /// They have a place.
    Placed,
    /// They left, passed over too many offers, or the days are over.
    Ended,
}
words!(Waiting { Waiting = "waiting", Offered = "offered", Placed = "placed", Ended = "ended" });

/// Checks the days that somebody would wait for.
///
/// # Errors
/// `days_reversed`, `in_the_past`, `too_far_ahead`, by the name of the field.
pub fn check_days(
    first: NaiveDate,
    last: NaiveDate,
    today: NaiveDate,
    farthest: NaiveDate,
) -> Result<(), Refusal> {
    match () {
        () if last < first => {
            Err(Refusal::new("last_day", "days_reversed", "The last day is before the first one."))
        }
        () if last < today => Err(Refusal::new("last_day", "in_the_past", "These days are over.")),
        () if last > farthest => {
            Err(Refusal::new("last_day", "too_far_ahead", "So far ahead no places are given out yet."))
        }
        () => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: WaitingPolicy = WaitingPolicy {
        offer: TimeDelta::minutes(30),
        offer_when_near: TimeDelta::minutes(10),
        near: TimeDelta::days(1),
        passed_over: 3,
        public_delay: TimeDelta::hours(1),
    };

    fn at(time: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("2026-12-{time}:00+08:00")).unwrap().to_utc()
    }

    fn moment(starts_at: &str, now: &str) -> Moment {
        POLICY.moment(at(starts_at), at(starts_at), QuietHours::USUAL, at(now))
    }

    #[test]
    fn an_offer_lives_half_an_hour_and_ten_minutes_when_the_start_is_near() {
        assert_eq!(moment("05T09:00", "04T09:00"), Moment::Offer(at("04T09:30")));
        assert_eq!(moment("05T09:00", "04T09:01"), Moment::Offer(at("04T09:11")));
        assert_eq!(moment("04T09:11", "04T09:01"), Moment::Offer(at("04T09:11")));
        assert_eq!(moment("04T09:10", "04T09:01"), Moment::TooLate);
    }

    #[test]
    fn nobody_is_asked_at_night() {
        assert_eq!(moment("05T09:00", "04T21:00"), Moment::Wait);
        assert_eq!(moment("05T08:10", "04T23:00"), Moment::Wait);
        assert_eq!(moment("05T08:09", "04T23:00"), Moment::TooLate);
    }

    #[test]
    fn a_freed_place_is_everybodys_within_the_hour_or_a_quarter_of_the_time_left() {
        let public = |starts_at, chance| POLICY.public_at(at(starts_at), at("04T09:00"), chance);

        assert_eq!(public("06T09:00", 0), at("04T09:00"));
        assert_eq!(public("06T09:00", u16::MAX), at("04T10:00"));
        assert_eq!(public("04T10:00", u16::MAX), at("04T09:15"));
        assert_eq!(public("04T08:00", u16::MAX), at("04T09:00"), "it is over");
    }

    #[test]
    fn days_lie_in_front_of_us_and_in_order() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
        let check = |first, last| {
            check_days(day(first), day(last), day(4), day(18)).map_err(|refusal| refusal.reason.to_string())
        };

        assert_eq!(check(4, 4), Ok(()));
        assert_eq!(check(1, 18), Ok(()));
        assert_eq!(check(6, 5), Err("days_reversed".to_owned()));
        assert_eq!(check(2, 3), Err("in_the_past".to_owned()));
        assert_eq!(check(5, 19), Err("too_far_ahead".to_owned()));
    }
}
