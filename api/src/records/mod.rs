//! Record files: a station's CSV or NDJSON, row by row, into domain types or a named rejection.

pub mod calendar;
mod donation_row;
mod donor_row;
mod fields;
mod lines;
mod reader;
mod rejects;
mod unit_row;

pub use donation_row::{DONATION_COLUMNS, donation};
pub use donor_row::{DONOR_COLUMNS, donor};
pub use fields::Fields;
pub use reader::{Encoding, Line, RecordFile, Rejection};
pub use rejects::RejectsFile;
pub use unit_row::{UNIT_COLUMNS, unit};
