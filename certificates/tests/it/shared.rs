//! Independent test material that lies outside the repository; SOURCES.md beside it says where it comes from.

use std::path::Path;

/// The text of a file of the shared vectors; `None`, and a line that says so, when they are not there.
pub fn vectors(file: &str) -> Option<String> {
    let shared = option_env!("REXUE_SHARED").unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared"));
    let text = std::fs::read_to_string(Path::new(shared).join("vectors").join(file)).ok();
    if text.is_none() {
        println!("skipped: shared vectors not present ({file})");
    }
    text
}
