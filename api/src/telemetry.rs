//! Logs: a sentence and fields, to standard error, as text or JSON.

use crate::config::Log;
use crate::error::Error;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging.
///
/// # Errors
/// `bad_configuration` when the format or the filter is none; `internal` when logs were started already.
pub fn start(log: &Log) -> Result<(), Error> {
    let filter = EnvFilter::try_new(&log.filter).map_err(|failure| {
        Error::invalid("bad_configuration", "log.filter is not a filter.").because(failure)
    })?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match log.format.as_str() {
        "json" => logs.json().flatten_event(true).try_init(),
        "text" => logs.try_init(),
        _ => return Err(Error::invalid("bad_configuration", "log.format is neither \"text\" nor \"json\".")),
    }
    .map_err(Error::internal)
}
