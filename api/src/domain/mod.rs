//! What the station decides: pure functions from facts and an instant to a decision or a named refusal.
//! No database, no clock, no randomness, no environment.

pub mod audit_chain;
pub mod awards;
pub mod certificate;
pub mod correction;
pub mod donation;
pub mod donation_number;
pub mod donor;
pub mod identity;
pub mod key_schedule;
pub mod lives;
pub mod personal;
pub mod rate;
pub mod refusal;
pub mod standing;
pub mod totals;
