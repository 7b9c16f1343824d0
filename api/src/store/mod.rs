//! Rows and queries, for both databases; no decisions.

pub mod audit;
pub mod certificates;
mod connection;
pub mod donations;
pub mod donors;
pub mod imports;
pub mod migrations;
mod pool;
mod schema;
pub mod standings;
pub mod statuses;
pub mod totals;

pub use connection::{DatabaseUrl, Db};
pub use pool::Pool;
