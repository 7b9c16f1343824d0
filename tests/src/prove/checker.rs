//! The checker: from what the clients were told and what the database says to named violations. It asks nobody.

mod keys;
mod lives;
mod places;
#[cfg(test)]
mod tests;

use super::history::{Appointment, Asked, History, Told};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::fmt;

/// The tables, as they are at the end.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// The slots.
    pub slots: Vec<Slot>,
    /// The appointments.
    pub appointments: Vec<Row>,
    /// The actions in the trail about each appointment, in no order.
    pub trail: HashMap<String, Vec<String>>,
    /// When the tables were read.
    pub read_at: DateTime<Utc>,
}

/// A slot's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its id.
    pub id: String,
    /// Places.
    pub capacity: i64,
    /// Places that are held, by its own count.
    pub held: i64,
    /// Places that are booked, by its own count.
    pub booked: i64,
    /// Places that are kept, by its own count …
    pub kept: i64,
    /// … and by the rows that say so.
    pub kept_rows: i64,
}

/// An appointment's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its slot.
    pub slot: String,
    /// The donor's number.
    pub donor_no: String,
    /// The product.
    pub product: String,
    /// Its state.
    pub state: String,
    /// Until when it is held.
    pub hold_expires_at: Option<DateTime<Utc>>,
    /// How often it was renewed.
    pub renewals: i64,
    /// How often it was changed by its owner.
    pub sequence: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub changed_at: DateTime<Utc>,
}

impl Row {
    fn is_active(&self) -> bool {
        ["held", "booked", "checked_in"].contains(&self.state.as_str())
    }
}

/// What must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// More places were given than there are.
    OverCapacity,
    /// A slot counts otherwise than its appointments.
    WrongCount,
    /// A donor had two active appointments for one product.
    TwoActive,
    /// What was confirmed to a client is not in the database.
    AnswerLost,
    /// What clients were told of an appointment cannot have led to what it is.
    WrongEnd,
    /// One key got two answers.
    TwoAnswers,
    /// A key that was used was taken for another request.
    KeyTakenTwice,
    /// An appointment that nobody asked for, or that was made twice.
    NobodyAsked,
    /// A hold was taken back too early, or confirmed although it was over.
    WrongTime,
    /// A hold that is over keeps its place although it was swept.
    LeakedHold,
    /// The trail tells something else than what happened.
    WrongTrail,
    /// An answer that this request cannot get.
    StrangeAnswer,
}

/// One thing that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its name.
    pub kind: Kind,
    /// Where, and how.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}: {}", self.kind, self.what)
    }
}

/// What was found.
#[derive(Debug, Default)]
struct Findings(Vec<Violation>);

impl Findings {
    fn add(&mut self, kind: Kind, what: impl Into<String>) {
        self.0.push(Violation { kind, what: what.into() });
    }
}

/// A request, however often it was sent.
#[derive(Debug)]
struct Request<'a> {
    donor_no: &'a str,
    key: &'a str,
    asked: &'a Asked,
    from: DateTime<Utc>,
    /// When its first answer came; never, when it got none.
    until: Option<DateTime<Utc>>,
    told: &'a Told,
}

impl Request<'_> {
    fn done(&self) -> Option<&Appointment> {
        match self.told {
            Told::Done(appointment) => Some(appointment),
            Told::Refused { .. } | Told::Nothing => None,
        }
    }

    /// Whether it may have changed something.
    fn may_be_done(&self) -> bool {
        !matches!(self.told, Told::Refused { .. })
    }
}

/// Everything that is wrong. The holds that are over MUST have been swept before the tables were read.
pub fn check(history: &History, tables: &Tables) -> Vec<Violation> {
    let mut findings = Findings::default();
    let requests = keys::requests(history, &mut findings);
    places::check_tables(tables, &mut findings);
    places::check_times(history, &requests, tables, &mut findings);
    lives::check(history, &requests, tables, &mut findings);
    findings.0
}
