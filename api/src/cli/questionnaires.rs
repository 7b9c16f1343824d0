//! `rexue questionnaires`.

use super::output::print;
use super::setup::Setup;
use crate::domain::language::Language;
use crate::domain::questionnaire::Questionnaire;
use crate::error::Error;
use crate::questionnaires;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Questionnaires {
    /// List the questionnaires that are known, the oldest first.
    List,
    /// Check a questionnaire, and its worked examples; 0 when all is well, 1 when not.
    Check {
        /// The questionnaire.
        questionnaire: PathBuf,
        /// Its worked examples.
        examples: Option<PathBuf>,
    },
}

impl Questionnaires {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        match self {
            Self::List => {
                let line = |one: &Questionnaire| {
                    format!(
                        "{}\t{}\t{}\n",
                        one.valid_from(),
                        one.name(),
                        one.title().written_in(Language::Chinese)
                    )
                };
                let known = questionnaires::open(&setup.config.questionnaires)?;
                print(&known.all().map(|one| line(one)).collect::<String>())
            }
            Self::Check { questionnaire, examples } => {
                let document = questionnaires::parse(&read(&questionnaire)?)?;
                let examples = match examples {
                    Some(file) => Some(questionnaires::read_examples(&read(&file)?)?),
                    None => None,
                };
                let (all, wrong) = match &examples {
                    Some(examples) => (examples.len(), examples.wrong(&document)),
                    None => (0, Vec::new()),
                };
                let right = all - wrong.len();
                let lines: String = wrong.iter().map(|problem| format!("{problem}\n")).collect();
                print(&format!("{lines}{}: {right} of {all} examples\n", document.name()))?;
                Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
        }
    }
}

fn read(path: &PathBuf) -> Result<String, Error> {
    std::fs::read_to_string(path)
        .map_err(|failure| Error::invalid("cannot_read", format!("{}: {failure}", path.display())))
}
