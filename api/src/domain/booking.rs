//! Who may have which place: decided from facts, one request after the other.

use super::refusal::{Refusal, words};
use super::waitlist::WaitingPolicy;
use crate::clock::day_in_china;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// Why somebody does not get a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotBooked {
    /// There is no such slot.
    UnknownSlot,
    /// It has begun, or begins too soon.
    TooLate,
    /// It is further ahead than may be booked.
    TooFarAhead,
    /// Its session is paused or cancelled.
    SessionClosed,
    /// There is no place left.
    Full,
    /// The rules do not allow that day.
    NotEligible,
    /// Whoever did not come twice books for today and tomorrow only.
    Limited,
    /// The donor has an appointment for this product already.
    AlreadyBooked,
    /// There is no such donor for this caller.
    UnknownDonor,
    /// There is no such appointment for this caller.
    UnknownAppointment,
    /// It is not a hold, or not any more.
    NotHeld,
    /// The hold was not confirmed in time.
    HoldExpired,
    /// The hold was renewed as often as it may be.
    RenewedAlready,
    /// It is over, or was cancelled already.
    NotActive,
    /// It is too late to cancel or move it by oneself.
    TooLateToChange,
    /// The key was used with another request.
    KeyReused,
    /// The appointment has changed since the version that was meant.
    ChangedMeanwhile,
    /// Nobody joins a group by this code.
    UnknownGroup,
    /// The group has no place left in this slot, or has given them back.
    GroupFull,
}
words!(NotBooked {
    UnknownSlot = "unknown_slot", TooLate = "too_late", TooFarAhead = "too_far_ahead",
    SessionClosed = "session_closed", Full = "slot_full", NotEligible = "not_eligible", Limited = "limited",
    AlreadyBooked = "already_booked", UnknownDonor = "unknown_donor", UnknownAppointment = "unknown_appointment",
    NotHeld = "not_held", HoldExpired = "hold_expired", RenewedAlready = "renewed_already",
    NotActive = "not_active", TooLateToChange = "too_late_to_change", KeyReused = "key_reused",
    ChangedMeanwhile = "changed_meanwhile", UnknownGroup = "unknown_group", GroupFull = "group_full",
});

impl NotBooked {
    /// One sentence that the donor can act on.
    pub fn message(self) -> &'static str {
        match self {
            Self::UnknownSlot => "There is no such place. Look for the soonest ones again.",
            Self::TooLate => "It is too late for this place. Look for the soonest ones again.",
            Self::TooFarAhead => "Places are given out two weeks ahead. Please come back nearer the day.",
            Self::SessionClosed => "This session does not take bookings at the moment. Choose another one.",
            Self::Full => "Somebody was faster: the place is taken. Look for the soonest ones again.",
            Self::NotEligible => "On that day you may not give yet. See when you may in your eligibility.",
            Self::Limited => {
                "Twice you could not come. For some weeks you can book for today and tomorrow; please call us for more."
            }
            Self::AlreadyBooked => "You have an appointment for this already. Move it, or cancel it first.",
            Self::UnknownDonor => "There is no such donor.",
            Self::UnknownAppointment => "There is no such appointment.",
            Self::NotHeld => "This appointment is no hold that could be confirmed or renewed.",
            Self::HoldExpired => {
                "The place was held for you for some minutes, which are over. Take it again."
            }
            Self::RenewedAlready => {
                "The place was held longer for you already. Confirm it, or take it again."
            }
            Self::NotActive => "This appointment is over, or was cancelled already.",
            Self::TooLateToChange => {
                "It is too late to cancel or move this by yourself. Please call the station."
            }
            Self::ChangedMeanwhile => {
                "The appointment has changed meanwhile. Look at it again, and repeat the change."
            }
            Self::UnknownGroup => "No group has this code. Ask whoever organises it.",
            Self::GroupFull => "Your group has no place left at this time. Choose another time of it.",
            Self::KeyReused => "This Idempotency-Key was used for another request.",
        }
    }
}

/// What a station settles about booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How far ahead may be booked.
    pub window: TimeDelta,
    /// How long before the start at the latest.
    pub notice: TimeDelta,
    /// Until how long before the start one may cancel or move by oneself.
    pub cancel_until: TimeDelta,
    /// How long a hold lives.
    pub hold: TimeDelta,
    /// How often it may be renewed.
    pub renewals: i64,
    /// How long a place is held that the station offers for one that it cancelled.
    pub rebooking_hold: TimeDelta,
    /// Whoever did not come so often …
    pub no_show_limit: i64,
    /// … within so long …
    pub no_show_span: TimeDelta,
    /// … books for today and tomorrow only, for so long.
    pub limited_for: TimeDelta,
    /// What becomes of freed places.
    pub waiting: WaitingPolicy,
    /// Grows with each change.
    pub version: i64,
}

impl Policy {
    /// Checks that it makes sense.
    ///
    /// # Errors
    /// `out_of_range`, by the name of what it settles.
    pub fn check(&self) -> Result<(), Refusal> {
        let (hour, day) = (TimeDelta::hours(1).num_minutes(), TimeDelta::days(1).num_minutes());
        let ranges = [
            ("window_days", self.window.num_days(), 1..=90),
            ("notice_minutes", self.notice.num_minutes(), 0..=7 * day),
            ("cancel_until_minutes", self.cancel_until.num_minutes(), 0..=7 * day),
            ("hold_minutes", self.hold.num_minutes(), 1..=hour),
            ("hold_renewals", self.renewals, 0..=10),
            ("rebooking_hold_minutes", self.rebooking_hold.num_minutes(), 10..=7 * day),
            ("no_show_limit", self.no_show_limit, 1..=100),
            ("no_show_days", self.no_show_span.num_days(), 1..=730),
            ("limited_days", self.limited_for.num_days(), 0..=90),
            ("offer_minutes", self.waiting.offer.num_minutes(), 5..=day),
            ("offer_minutes_when_near", self.waiting.offer_when_near.num_minutes(), 5..=day),
            ("near_minutes", self.waiting.near.num_minutes(), 0..=7 * day),
            ("offers_passed_over", self.waiting.passed_over, 1..=20),
            ("public_delay_minutes", self.waiting.public_delay.num_minutes(), 0..=day),
        ];
        for (column, value, range) in ranges {
            if !range.contains(&value) {
                let message = format!("This lies between {} and {}.", range.start(), range.end());
                return Err(Refusal::new(column, "out_of_range", message));
            }
        }
        Ok(())
    }

    /// Whether somebody who missed these starts may book for today and tomorrow only. It is a nudge and never a ban.
    pub fn limits(&self, missed: &[DateTime<Utc>], now: DateTime<Utc>) -> bool {
        let counted = missed.iter().filter(|at| **at + self.no_show_span > now).count();
        let last = missed.iter().max();
        i64::try_from(counted).is_ok_and(|counted| counted >= self.no_show_limit)
            && last.is_some_and(|last| *last + self.limited_for > now)
    }
}

/// A slot as it stands while a transaction decides on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its start.
    pub starts_at: DateTime<Utc>,
    /// Whether its session takes bookings.
    pub open: bool,
    /// When its kept places become everybody's.
    pub release_at: DateTime<Utc>,
    /// Donors who can start then.
    pub capacity: i64,
    /// Kept for walk-ins and groups.
    pub reserved: i64,
    /// Held by somebody.
    pub held: i64,
    /// Booked.
    pub booked: i64,
    /// Kept for those who wait and for groups.
    pub kept: i64,
}

impl Place {
    /// The day of its start, Asia/Shanghai.
    pub fn day(&self) -> NaiveDate {
        day_in_china(self.starts_at)
    }

    /// Whether anybody can have a place in it now.
    ///
    /// # Errors
    /// `TooLate`, `TooFarAhead`, `SessionClosed`, `Full`.
    pub fn offer(&self, policy: &Policy, now: DateTime<Utc>) -> Result<(), NotBooked> {
        if self.starts_at > now + policy.window {
            return Err(NotBooked::TooFarAhead);
        }
        self.takes_bookings(policy, now)?;
        if self.is_full(now) { Err(NotBooked::Full) } else { Ok(()) }
    }

    /// Whether whoever has a place kept for them can have it now.
    ///
    /// # Errors
    /// `TooLate`, `SessionClosed`.
    pub fn takes_bookings(&self, policy: &Policy, now: DateTime<Utc>) -> Result<(), NotBooked> {
        match () {
            () if self.starts_at <= now + policy.notice => Err(NotBooked::TooLate),
            () if !self.open => Err(NotBooked::SessionClosed),
            () => Ok(()),
        }
    }

    /// Whether no place is left that anybody could have.
    pub fn is_full(&self, now: DateTime<Utc>) -> bool {
        let reserved = if self.release_at <= now { 0 } else { self.reserved };
        self.held + self.booked + self.kept + reserved >= self.capacity
    }
}

/// Whether a donor may cancel or move by themselves what starts at `starts_at`.
///
/// # Errors
/// `TooLateToChange`.
pub fn may_change(starts_at: DateTime<Utc>, policy: &Policy, now: DateTime<Utc>) -> Result<(), NotBooked> {
    if now + policy.cancel_until <= starts_at { Ok(()) } else { Err(NotBooked::TooLateToChange) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        window: TimeDelta::days(14),
        notice: TimeDelta::minutes(30),
        cancel_until: TimeDelta::hours(1),
        hold: TimeDelta::minutes(5),
        renewals: 1,
        rebooking_hold: TimeDelta::days(1),
        no_show_limit: 2,
        no_show_span: TimeDelta::days(180),
        limited_for: TimeDelta::days(30),
        waiting: WaitingPolicy {
            offer: TimeDelta::minutes(30),
            offer_when_near: TimeDelta::minutes(10),
            near: TimeDelta::days(1),
            passed_over: 3,
            public_delay: TimeDelta::hours(1),
        },
        version: 1,
    };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_796_083_200, 0).unwrap()
    }

    fn place() -> Place {
        Place {
            starts_at: now() + TimeDelta::days(1),
            open: true,
            release_at: now() + TimeDelta::hours(1),
            capacity: 4,
            reserved: 1,
            held: 1,
            booked: 1,
            kept: 0,
        }
    }

    #[test]
    fn a_place_is_offered_while_there_is_one_and_kept_ones_only_after_their_release() {
        let full = Place { booked: 2, ..place() };

        assert_eq!(place().offer(&POLICY, now()), Ok(()));
        assert_eq!(full.offer(&POLICY, now()), Err(NotBooked::Full));
        assert_eq!(Place { kept: 1, ..place() }.offer(&POLICY, now()), Err(NotBooked::Full));
        assert_eq!(Place { release_at: now(), ..full }.offer(&POLICY, now()), Ok(()));
        assert_eq!(
            Place { release_at: now(), booked: 3, ..full }.offer(&POLICY, now()),
            Err(NotBooked::Full)
        );
    }

    #[test]
    fn not_too_late_not_too_early_and_only_in_an_open_session() {
        let at = |starts_at| Place { starts_at, ..place() }.offer(&POLICY, now());

        assert_eq!(at(now() + TimeDelta::minutes(30)), Err(NotBooked::TooLate));
        assert_eq!(at(now() + TimeDelta::minutes(31)), Ok(()));
        assert_eq!(at(now() + TimeDelta::days(14)), Ok(()));
        assert_eq!(at(now() + TimeDelta::days(14) + TimeDelta::seconds(1)), Err(NotBooked::TooFarAhead));
        assert_eq!(Place { open: false, ..place() }.offer(&POLICY, now()), Err(NotBooked::SessionClosed));
    }

    #[test]
    fn two_misses_within_half_a_year_limit_for_thirty_days_after_the_last() {
        let ago = |days| now() - TimeDelta::days(days);

        assert!(!POLICY.limits(&[ago(3)], now()));
        assert!(POLICY.limits(&[ago(3), ago(179)], now()));
        assert!(!POLICY.limits(&[ago(3), ago(180)], now()), "the first is too long ago");
        assert!(!POLICY.limits(&[ago(30), ago(40)], now()), "the last is thirty days ago");
        assert!(POLICY.limits(&[ago(29), ago(40)], now()));
    }

    #[test]
    fn who_cancels_late_has_to_call() {
        let starts_at = now() + TimeDelta::hours(1);

        assert_eq!(may_change(starts_at, &POLICY, now()), Ok(()));
        let late = now() + TimeDelta::seconds(1);
        assert_eq!(may_change(starts_at, &POLICY, late), Err(NotBooked::TooLateToChange));
    }
}
