//! `rexue schedule`: the calendar of days off, and sessions from weekly templates.

use super::output::print;
use super::setup::Setup;
use crate::actions::schedule;
use crate::error::Error;
use crate::records::calendar;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Schedule {
    /// Import days off and make-up workdays: the JSON of holiday-cn, one file a year.
    Calendar {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Make the sessions that weekly templates ask for, thirty days ahead. The server does so by itself.
    Plan,
}

impl Schedule {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        let context = setup.command_context()?;
        let runtime = actix_web::rt::System::new();
        match self {
            Self::Calendar { files } => {
                let mut days = Vec::new();
                for file in &files {
                    let text = std::fs::read_to_string(file).map_err(|failure| {
                        Error::invalid("cannot_read", format!("{}: {failure}", file.display()))
                    })?;
                    days.extend(calendar::read(&text).map_err(|refusal| {
                        Error::invalid(refusal.reason, format!("{}: {}", file.display(), refusal.message))
                    })?);
                }
                let count = runtime.block_on(schedule::import_calendar(&context, days))?;
                print(&format!("{count} days\n"))
            }
            Self::Plan => {
                let made = runtime.block_on(schedule::plan_ahead(&context))?;
                print(&format!("{made} sessions\n"))
            }
        }
    }
}
