//! `rexue hospitals`.

use super::output::print;
use super::setup::Setup;
use crate::actions::hospitals;
use crate::domain::hospital::HospitalCode;
use crate::domain::personal::visible_text;
use crate::error::Error;
use crate::store::hospitals as store;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Hospitals {
    /// Enter a hospital.
    Enter {
        /// The code that the station gives it.
        code: String,
        /// Its name.
        name: String,
    },
    /// List hospitals.
    List,
}

impl Hospitals {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        let context = setup.command_context()?;
        match self {
            Self::Enter { code, name } => {
                let (code, name) = (HospitalCode::parse(&code)?, visible_text("name", &name)?);
                actix_web::rt::System::new().block_on(hospitals::enter(&context, code, name))?;
                Ok(ExitCode::SUCCESS)
            }
            Self::List => {
                let rows = context.pool.read_blocking(store::list)?;
                print(&rows.iter().map(|row| format!("{}\t{}\n", row.code, row.name)).collect::<String>())
            }
        }
    }
}
