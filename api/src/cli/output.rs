//! What the command line prints.

use crate::error::Error;
use std::io::Write;
use std::process::ExitCode;

/// Prints a result to standard output.
///
/// # Errors
/// `cannot_write`, but not when the reader has simply gone (`| head`).
pub fn print(text: &str) -> Result<ExitCode, Error> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(failure) if failure.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::internal(format_args!("standard output: {failure}")))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Tells whoever sits at the terminal, on standard error.
pub fn say(text: &str) {
    // There is nobody to tell that nobody can be told.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A progress bar on a terminal; nothing where there is none.
pub fn progress(what: &'static str) -> indicatif::ProgressBar {
    let style =
        indicatif::ProgressStyle::with_template("{prefix} {spinner} {human_pos} ({per_sec}) {elapsed}");
    let bar = indicatif::ProgressBar::new_spinner().with_prefix(what);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
