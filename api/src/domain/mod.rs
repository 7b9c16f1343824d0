//! What the station decides: pure functions from facts and an instant to a decision or a named refusal.
//! No database, no clock, no randomness, no environment.

pub mod access;
pub mod audit_chain;
pub mod awards;
pub mod booking;
pub mod certificate;
pub mod consent;
pub mod correction;
pub mod donation;
pub mod donation_number;
pub mod donor;
pub mod eligibility;
pub mod hospital;
pub mod identity;
pub mod key_schedule;
pub mod language;
pub mod limits;
pub mod lives;
pub mod lockout;
pub mod look_up;
pub mod password;
pub mod personal;
pub mod place;
pub mod questionnaire;
pub mod queue;
pub mod rate;
pub mod refusal;
pub mod reminders;
pub mod schedule;
pub mod screening;
pub mod session;
pub mod site;
pub mod standing;
pub mod totals;
pub mod totp;
pub mod user_name;
