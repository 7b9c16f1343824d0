//! An urgent appeal: who may be asked, how many at a time, when it stops, and what asking came to.

use super::refusal::{Refusal, words};
use chrono::{DateTime, TimeDelta, Utc};

/// How many donors an appeal is for at most.
pub const MOST_NEEDED: u32 = 1_000;
/// An appeal is over after this long at the latest.
pub const LONGEST: TimeDelta = TimeDelta::days(14);
/// How many of a hundred are not asked, when nobody says.
pub const USUAL_HOLDOUT: u32 = 10;
/// Not more of a hundred than this: blood is short, after all.
pub const LARGEST_HOLDOUT: u32 = 50;
/// The farthest that sites may be from the one that is named, km.
pub const FARTHEST_KM: u32 = 500;
/// How long a wave is waited for before the next one.
pub const BETWEEN_WAVES: TimeDelta = TimeDelta::hours(2);
/// For each donor who is needed, and for each place that is free, so many are asked: most do not come.
const ASKED_FOR_ONE: i64 = 3;

/// How many donors are needed, until when, and how many are not asked.
///
/// # Errors
/// `out_of_range` for a number that is not 1 to 1,000 and for more than half not asked; `in_the_past`, `too_far`.
pub fn check(
    needed: u32,
    holdout_percent: u32,
    closes_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    if !(1..=MOST_NEEDED).contains(&needed) {
        return Err(Refusal::new("needed", "out_of_range", "An appeal is for 1 to 1,000 donors."));
    }
    if holdout_percent > LARGEST_HOLDOUT {
        let message = "At most 50 of a hundred are not asked.";
        return Err(Refusal::new("holdout_percent", "out_of_range", message));
    }
    if closes_at <= now {
        return Err(Refusal::new("closes_at", "in_the_past", "The appeal would be over already."));
    }
    if closes_at - now > LONGEST {
        return Err(Refusal::new("closes_at", "too_far", "An appeal is over after at most fourteen days."));
    }
    Ok(())
}

/// How near a site has to be.
///
/// # Errors
/// `site_missing` for a distance from nowhere; `out_of_range` for more than 500 km.
pub fn check_reach(has_site: bool, within_km: Option<u32>) -> Result<u32, Refusal> {
    match within_km {
        Some(_) if !has_site => {
            Err(Refusal::new("within_km", "site_missing", "Say from which site the distance is meant."))
        }
        Some(km) if km > FARTHEST_KM => {
            Err(Refusal::new("within_km", "out_of_range", "Sites are at most 500 km away."))
        }
        within_km => Ok(within_km.unwrap_or(0)),
    }
}

/// How often somebody is asked at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fatigue {
    /// So many appeals …
    pub appeals: i64,
    /// … in so long.
    pub span: TimeDelta,
}

/// What is known of a donor who agreed to appeals and has one of the groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Whether they gave, or were to give, near enough.
    pub near: bool,
    /// Whether the rules allow the day.
    pub eligible: bool,
    /// Whether a place for the product is held or booked for them already.
    pub has_appointment: bool,
    /// Whether an appeal that is not over has drawn them: to be asked, or not to be.
    pub drawn_already: bool,
    /// How many appeals asked them of late.
    pub asked_of_late: i64,
}

impl Candidate {
    /// Whether they can be drawn.
    pub fn fits(&self, fatigue: Fatigue) -> bool {
        self.near
            && self.eligible
            && !self.has_appointment
            && !self.drawn_already
            && self.asked_of_late < fatigue.appeals
    }
}

/// What a lot decided about somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lot {
    /// They are asked.
    Asked,
    /// They are not, and what they do by themselves is compared.
    HeldOut,
    /// They were to be asked, and the need was met before the message left.
    CalledOff,
    /// They were to be asked, and no message could be sent to them: it is not written down with the lot.
    NotReached,
}
words!(Lot { Asked = "asked", HeldOut = "held_out", CalledOff = "called_off", NotReached = "not_reached" });

impl Lot {
    /// What became of a lot that is written down so, by whether a message can have reached them.
    pub fn of(word: &str, reached: bool) -> Option<Self> {
        match Self::from_word(word)? {
            Self::Asked if !reached => Some(Self::NotReached),
            lot => Some(lot),
        }
    }
}

/// What a lot of 0 to 99 decides.
pub fn drawn(lot: u32, holdout_percent: u32) -> Lot {
    if lot < holdout_percent { Lot::HeldOut } else { Lot::Asked }
}

/// Whether an appeal still looks for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It does.
    Open,
    /// Enough of those who were asked have booked.
    Met,
    /// Somebody ended it.
    Closed,
    /// Its time is over.
    Over,
}
words!(Stage { Open = "open", Met = "met", Closed = "closed", Over = "over" });

/// How far an appeal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many are needed.
    pub needed: i64,
    /// How many of those who were asked have booked since.
    pub booked: i64,
    /// When it is over.
    pub closes_at: DateTime<Utc>,
    /// Whether somebody ended it before.
    pub closed: bool,
}

impl Standing {
    /// Where it stands now.
    pub fn stage(&self, now: DateTime<Utc>) -> Stage {
        if self.closed {
            Stage::Closed
        } else if self.closes_at <= now {
            Stage::Over
        } else if self.booked >= self.needed {
            Stage::Met
        } else {
            Stage::Open
        }
    }

    /// How many are asked in the next wave, `asked` having been asked before, while `places` are free: three for each
    /// who is still needed; and never so many that more than three would look for one place.
    pub fn wave(&self, asked: i64, places: i64) -> usize {
        let wanted = (self.needed - self.booked) * ASKED_FOR_ONE;
        let looking = asked - self.booked;
        usize::try_from(wanted.min(places * ASKED_FOR_ONE - looking)).unwrap_or(0)
    }
}

/// How many did something, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Who did.
    pub count: u32,
    /// Of all these.
    pub of: u32,
}

impl Share {
    /// In percent; `None` of nobody.
    pub fn percent(self) -> Option<f64> {
        (self.of > 0).then(|| f64::from(self.count) * 100.0 / f64::from(self.of))
    }
}

/// By how many percentage points, in tenths, more of those who were asked did it than of those who were not; `None` while
/// there is nobody on either side.
pub fn lift(asked: Share, held_out: Share) -> Option<f64> {
    Some(((asked.percent()? - held_out.percent()?) * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn standing(booked: i64) -> Standing {
        Standing { needed: 4, booked, closes_at: at(60), closed: false }
    }

    #[test]
    fn an_appeal_is_for_somebody_and_for_some_days_and_asks_most() {
        assert_eq!(check(1, 0, at(1), at(0)), Ok(()));
        let reason = |needed, holdout, closes| check(needed, holdout, at(closes), at(0)).unwrap_err().reason;
        assert_eq!((reason(0, 10, 1), reason(1_001, 10, 1)), ("out_of_range", "out_of_range"));
        assert_eq!(reason(1, 51, 1), "out_of_range");
        assert_eq!((reason(1, 10, 0), reason(1, 10, 14 * 24 * 60 + 1)), ("in_the_past", "too_far"));
    }

    #[test]
    fn a_distance_is_one_from_a_site() {
        assert_eq!((check_reach(true, Some(30)), check_reach(false, None)), (Ok(30), Ok(0)));
        assert_eq!(check_reach(false, Some(30)).unwrap_err().reason, "site_missing");
        assert_eq!(check_reach(true, Some(501)).unwrap_err().reason, "out_of_range");
    }

    #[test]
    fn nobody_is_asked_who_cannot_come_or_was_asked_enough() {
        let fatigue = Fatigue { appeals: 2, span: TimeDelta::days(30) };
        let fits = Candidate {
            near: true,
            eligible: true,
            has_appointment: false,
            drawn_already: false,
            asked_of_late: 1,
        };

        assert!(fits.fits(fatigue));
        for other in [
            Candidate { near: false, ..fits },
            Candidate { eligible: false, ..fits },
            Candidate { has_appointment: true, ..fits },
            Candidate { drawn_already: true, ..fits },
            Candidate { asked_of_late: 2, ..fits },
        ] {
            assert!(!other.fits(fatigue), "{other:?}");
        }
    }

    #[test]
    fn the_lots_below_the_percentage_are_held_out() {
        let held = |percent| (0..100).filter(|lot| drawn(*lot, percent) == Lot::HeldOut).count();
        assert_eq!((held(0), held(10), held(50)), (0, 10, 50));
    }

    #[test]
    fn it_stops_when_enough_have_booked_and_goes_on_when_one_cancels() {
        assert_eq!(standing(3).stage(at(0)), Stage::Open);
        assert_eq!(standing(4).stage(at(0)), Stage::Met);
        assert_eq!(standing(4).stage(at(60)), Stage::Over);
        assert_eq!(Standing { closed: true, ..standing(4) }.stage(at(90)), Stage::Closed);
    }

    #[test]
    fn a_wave_is_three_for_each_who_is_needed_and_never_more_than_three_for_a_place() {
        assert_eq!(standing(0).wave(0, 100), 12);
        assert_eq!(standing(1).wave(12, 100), 9);
        assert_eq!(standing(0).wave(0, 2), 6);
        assert_eq!(standing(0).wave(12, 5), 3);
        assert_eq!((standing(0).wave(12, 4), standing(0).wave(12, 0), standing(5).wave(12, 9)), (0, 0, 0));
    }

    #[test]
    fn the_lift_is_the_difference_of_two_shares() {
        let share = |count, of| Share { count, of };
        assert_eq!(lift(share(9, 30), share(1, 10)), Some(20.0));
        assert_eq!(lift(share(1, 3), share(2, 3)), Some(-33.3));
        assert_eq!((lift(share(1, 3), share(0, 0)), lift(share(0, 0), share(0, 3))), (None, None));
    }
}
