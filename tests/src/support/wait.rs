//! Waiting for what something else brings about: a worker, another process.

use std::time::{Duration, Instant};

/// What takes longer is not coming.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tries until it holds.
///
/// # Panics
/// When it does not within a minute.
#[track_caller]
pub fn until(what: &str, holds: impl FnMut() -> bool) {
    until_within(PATIENCE, what, holds);
}

/// Waits until it holds, for as long as `patience`.
///
/// # Panics
/// When it does not by then.
#[track_caller]
pub fn until_within(patience: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < patience, "{what}: it never came true");
        std::thread::yield_now();
    }
}
