//! Fault tests: many clients, servers that are killed, a database that is stopped, and a checker that compares what the
//! clients were told with what the database says.
//!
//! ```text
//! clients ──► history (request, key, answer or nothing) ─┐
//!                                                        ├─► checker ──► violations, each by its name
//! database ─► tables (slots, appointments, trail) ───────┘
//! ```
//! What a client did not learn may have happened or not, never both. `./prove` runs the whole, `./test` a hundredth.

pub mod checker;
pub mod expiry;
pub mod history;
pub mod last_place;
pub mod reminders;
pub mod report;
pub mod storm;

mod caller;
mod crowd;
mod donor;
mod nodes;
mod tables;
