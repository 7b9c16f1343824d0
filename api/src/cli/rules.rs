//! `rexue rules`.

use super::output::print;
use super::setup::Setup;
use crate::domain::eligibility::RulePacks;
use crate::error::Error;
use crate::rules;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Rules {
    /// List the rule packs that are honoured, the oldest first.
    List,
    /// Check a rule pack, and its worked examples beside the packs that are honoured; 0 when all is well, 1 when not.
    Check {
        /// The pack.
        pack: PathBuf,
        /// Its worked examples.
        examples: Option<PathBuf>,
    },
}

impl Rules {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        let honoured = rules::open(&setup.config.rules)?;
        match self {
            Self::List => {
                let line = |pack: &crate::domain::eligibility::RulePack| {
                    format!("{}\t{}\t{}\n", pack.effective_from(), pack.id(), pack.title())
                };
                print(&honoured.all().map(line).collect::<String>())
            }
            Self::Check { pack, examples } => {
                let pack = rules::parse(&read(&pack)?)?;
                let others = honoured.all().filter(|other| other.id() != pack.id()).cloned();
                let packs = RulePacks::new(others.chain([pack.clone()]).collect(), true)
                    .map_err(|problem| Error::invalid("bad_rule_pack", problem))?;
                let examples = match examples {
                    Some(file) => rules::read_examples(&read(&file)?)?,
                    None => Vec::new(),
                };
                let wrong: Vec<String> = examples
                    .iter()
                    .filter_map(|example| {
                        example.check(&packs).err().map(|problem| format!("{}: {problem}\n", example.name()))
                    })
                    .collect();
                let right = examples.len() - wrong.len();
                print(&format!("{}{}: {right} of {} examples\n", wrong.concat(), pack.id(), examples.len()))?;
                Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
        }
    }
}

fn read(path: &PathBuf) -> Result<String, Error> {
    std::fs::read_to_string(path)
        .map_err(|failure| Error::invalid("cannot_read", format!("{}: {failure}", path.display())))
}
