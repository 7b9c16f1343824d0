//! What the station decides: pure functions from facts and an instant to a decision or a named refusal.
//! No database, no clock, no randomness, no environment.

pub mod awards;
pub mod correction;
pub mod donation;
pub mod donation_number;
pub mod donor;
pub mod identity;
pub mod lives;
pub mod personal;
pub mod refusal;
pub mod totals;
