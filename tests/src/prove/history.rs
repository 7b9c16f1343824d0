//! What clients asked for, and what they were told.

use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// What a client asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Asked {
    /// A place for some minutes.
    Hold {
        /// The slot.
        slot: String,
    },
    /// A place.
    Book {
        /// The slot.
        slot: String,
    },
    /// To keep what is held.
    Confirm {
        /// The appointment.
        appointment: String,
    },
    /// Some minutes more.
    Renew {
        /// The appointment.
        appointment: String,
    },
    /// Not to come.
    Cancel {
        /// The appointment.
        appointment: String,
    },
    /// Another place.
    Move {
        /// The appointment.
        appointment: String,
        /// The new slot.
        slot: String,
    },
}

impl Asked {
    /// The appointment that it is about; a new one has no name yet.
    pub fn appointment(&self) -> Option<&str> {
        match self {
            Self::Hold { .. } | Self::Book { .. } => None,
            Self::Confirm { appointment }
            | Self::Renew { appointment }
            | Self::Cancel { appointment }
            | Self::Move { appointment, .. } => Some(appointment),
        }
    }

    /// The slot that it wants a place in.
    pub fn slot(&self) -> Option<&str> {
        match self {
            Self::Hold { slot } | Self::Book { slot } | Self::Move { slot, .. } => Some(slot),
            Self::Confirm { .. } | Self::Renew { .. } | Self::Cancel { .. } => None,
        }
    }

    /// The state of the appointment once it is done.
    pub fn state_after(&self) -> &'static str {
        match self {
            Self::Hold { .. } | Self::Renew { .. } => "held",
            Self::Book { .. } | Self::Confirm { .. } | Self::Move { .. } => "booked",
            Self::Cancel { .. } => "cancelled",
        }
    }
}

/// What a client was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It was done: the appointment as it is then.
    Done(Appointment),
    /// It was refused.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The problem's code.
        code: String,
    },
    /// Nothing: a broken connection, a time-out, or a 5xx.
    Nothing,
}

/// An appointment as an answer shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: String,
    /// Its slot.
    pub slot: String,
    /// The donor's number.
    pub donor_no: String,
    /// Until when it is held.
    pub hold_expires_at: Option<DateTime<Utc>>,
}

/// One sending of a request. A client may send it again with the same key.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The donor's number.
    pub donor_no: String,
    /// The `Idempotency-Key`, unlike every other one.
    pub key: String,
    /// What was asked for.
    pub asked: Asked,
    /// When it was sent.
    pub from: DateTime<Utc>,
    /// When the answer came, or the hope for one went.
    pub until: DateTime<Utc>,
    /// The answer.
    pub told: Told,
}

/// All that all clients sent, and what was done to the database behind the product's back.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The sendings, in any order.
    pub sent: Vec<Sent>,
    /// The ends of holds that a test set by itself, by appointment.
    pub ends_of_holds: HashMap<String, DateTime<Utc>>,
}
