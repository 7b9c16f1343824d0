//! Rows and queries, for both databases; no decisions.

pub mod accounts;
pub mod appointments;
pub mod audit;
pub mod booking_policy;
pub mod calendar_feeds;
pub mod call_ups;
pub mod certificates;
mod connection;
pub mod consents;
pub mod deferrals;
pub mod donations;
pub mod donors;
pub mod hospitals;
pub mod imports;
pub mod lockouts;
pub mod merges;
pub mod migrations;
pub mod outbox;
mod pool;
pub mod questionnaires;
pub mod reactions;
pub mod schedule;
mod schema;
pub mod session_notices;
pub mod sessions;
pub mod sharing;
pub mod sign_in_codes;
pub mod standings;
pub mod statuses;
pub mod teams;
pub mod totals;
pub mod units;
pub mod users;
pub mod visits;

pub use connection::{DatabaseUrl, Db, one_at_a_time};
pub use pool::Pool;
