//! What a donation becomes: units of a component, what is told of each, and how much of it the donor is shown.

use super::donation_number::DonationNumber;
use super::hospital::HospitalCode;
use super::refusal::{Refusal, words};
use crate::clock::day_in_china;
use chrono::{DateTime, TimeDelta, Utc};

/// What a unit consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// 红细胞.
    RedCells,
    /// 血浆.
    Plasma,
    /// 血小板.
    Platelets,
    /// 冷沉淀.
    Cryoprecipitate,
    /// 全血.
    WholeBlood,
}
words!(Component {
    RedCells = "red_cells", Plasma = "plasma", Platelets = "platelets", Cryoprecipitate = "cryoprecipitate",
    WholeBlood = "whole_blood",
});

/// What the station's system tells of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Taken from the donor.
    Collected,
    /// Tested, and fit for use.
    Tested,
    /// In the store.
    Stored,
    /// Sent to a hospital.
    Issued,
    /// Transfused.
    Used,
    /// Thrown away, for whatever reason.
    Discarded,
    /// A test reacted. MUST reach no donor but as the request to call the station.
    Reactive,
}
words!(Status {
    Collected = "collected", Tested = "tested", Stored = "stored", Issued = "issued", Used = "used",
    Discarded = "discarded", Reactive = "reactive",
});

/// What a donor may be shown of a status: there is no word for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Taken from the donor.
    Collected,
    /// Tested, and fit for use.
    Tested,
    /// In the store.
    Stored,
    /// Sent to a hospital.
    Issued,
    /// Transfused.
    Used,
}
words!(Step {
    Collected = "collected", Tested = "tested", Stored = "stored", Issued = "issued", Used = "used",
});

impl Status {
    fn step(self) -> Option<Step> {
        match self {
            Self::Collected => Some(Step::Collected),
            Self::Tested => Some(Step::Tested),
            Self::Stored => Some(Step::Stored),
            Self::Issued => Some(Step::Issued),
            Self::Used => Some(Step::Used),
            Self::Discarded | Self::Reactive => None,
        }
    }
}

/// A unit's number: 1 to 64 letters, digits, `-`, `_`, `.` and `=`, in capital letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitNumber(String);

impl UnitNumber {
    /// Reads a unit's number.
    ///
    /// # Errors
    /// `missing`, `not_a_unit_number`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let number = text.trim().to_ascii_uppercase();
        if number.is_empty() {
            return Err(Refusal::new("unit_no", "missing", "The unit's number is missing."));
        }
        let plain = number.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.=".contains(&byte));
        if number.len() > 64 || !plain {
            let message = "A unit's number has at most 64 letters, digits, '-', '_', '.' and '='.";
            return Err(Refusal::new("unit_no", "not_a_unit_number", message));
        }
        Ok(Self(number))
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A temperature of -100 to 100 degrees Celsius, in tenths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Temperature(i32);

impl Temperature {
    /// Reads degrees Celsius, such as `4`, `3.9` or `-18.25`, and rounds to tenths.
    ///
    /// # Errors
    /// `not_a_temperature`, `out_of_range`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let are_digits = |text: &str| {
            !text.is_empty() && text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !are_digits(whole) || !are_digits(fraction) {
            let message = "A temperature is written 4.0 or -18.5 (degrees Celsius).";
            return Err(Refusal::new("temperature_celsius", "not_a_temperature", message));
        }
        let out_of_range = || {
            let message = "A temperature lies between -100 and 100 degrees Celsius.";
            Refusal::new("temperature_celsius", "out_of_range", message)
        };
        let degrees: i32 = whole.parse().map_err(|_| out_of_range())?;
        let mut decimals = fraction.bytes().map(|digit| i32::from(digit.saturating_sub(b'0')));
        let tenths = decimals.next().unwrap_or_default();
        let rounded_up = i32::from(decimals.next().is_some_and(|hundredths| hundredths >= 5));
        let tenths = sign * (degrees * 10 + tenths + rounded_up);
        if (-1_000..=1_000).contains(&tenths) { Ok(Self(tenths)) } else { Err(out_of_range()) }
    }

    /// Tenths of a degree Celsius.
    pub fn tenths(self) -> i32 {
        self.0
    }
}

/// A reading of the cold chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// How warm it was.
    pub temperature: Temperature,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

/// Something that happened to a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// What it became.
    pub status: Status,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

/// What one row of the station's records tells of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The unit.
    pub unit_no: UnitNumber,
    /// The donation that it was made of.
    pub donation_no: DonationNumber,
    /// What it consists of.
    pub component: Component,
    /// What happened.
    pub event: Event,
    /// The hospital that it went to.
    pub hospital: Option<HospitalCode>,
    /// How warm it was.
    pub reading: Option<Reading>,
}

impl Report {
    /// Checks that everything has happened.
    ///
    /// # Errors
    /// `in_the_future`.
    pub fn check(self, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let future = |column| Err(Refusal::new(column, "in_the_future", "The instant lies in the future."));
        if self.event.at > now {
            return future("status_at");
        }
        if self.reading.is_some_and(|reading| reading.at > now) {
            return future("temperature_at");
        }
        Ok(self)
    }
}

/// What a unit's events, in whatever order they were told, come to: the newest, but a unit that was used stays used.
pub fn standing(events: &[Event]) -> Option<Event> {
    let used = events.iter().filter(|event| event.status == Status::Used).min_by_key(|event| event.at);
    used.or_else(|| events.iter().max_by_key(|event| event.at)).copied()
}

/// A unit of a donation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// What it consists of.
    pub component: Component,
    /// What happened to it, in any order.
    pub events: Vec<Event>,
}

/// How far a unit has come, as its donor is shown it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// What it consists of.
    pub component: Component,
    /// How far it has come.
    pub step: Step,
    /// In which calendar month of Asia/Shanghai, `YYYY-MM`.
    pub month: String,
}

/// What a donor is shown of a donation's units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Journey {
    /// How far each unit has come.
    Steps(Vec<Shown>),
    /// Nothing of any unit: the donor is asked to contact the station.
    ContactStation,
}

/// When donors are shown what became of a donation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long after it happened: whole days.
    pub delay: TimeDelta,
    /// Grows with each change.
    pub version: i64,
}

impl Policy {
    /// The longest delay: whoever gave is told within a year.
    const LONGEST_DAYS: i64 = 365;

    /// Checks that it makes sense.
    ///
    /// # Errors
    /// `out_of_range`, by the name of what it settles.
    pub fn check(&self) -> Result<(), Refusal> {
        let longest = Self::LONGEST_DAYS;
        match self.delay.num_days() {
            days if (0..=longest).contains(&days) => Ok(()),
            _ => {
                Err(Refusal::new("delay_days", "out_of_range", format!("This lies between 0 and {longest}.")))
            }
        }
    }
}

/// What a donor is shown at `now` of a donation's units, each event `delay` after it happened.
///
/// Once a test has reacted, nothing is added to what was shown before, and `delay` later all of it gives way to the
/// request to contact the station: neither tells which unit it is.
pub fn journey(units: &[Unit], delay: TimeDelta, now: DateTime<Utc>) -> Journey {
    let events = units.iter().flat_map(|unit| &unit.events);
    let reacted_at = events.filter(|event| event.status == Status::Reactive).map(|event| event.at).min();
    if reacted_at.is_some_and(|at| at + delay <= now) {
        return Journey::ContactStation;
    }
    let shown_at = reacted_at.map_or(now, |at| at.min(now));
    let mut steps: Vec<Shown> =
        units.iter().filter_map(|unit| shown(unit, |event| event.at + delay <= shown_at)).collect();
    steps.sort();
    Journey::Steps(steps)
}

fn shown(unit: &Unit, is_due: impl Fn(&Event) -> bool) -> Option<Shown> {
    let has_a_step = |event: &&Event| event.status.step().is_some() && is_due(event);
    let events: Vec<Event> = unit.events.iter().filter(has_a_step).copied().collect();
    let event = standing(&events)?;
    let month = day_in_china(event.at).format("%Y-%m").to_string();
    event.status.step().map(|step| Shown { component: unit.component, step, month })
}

#[cfg(test)]
mod tests;
