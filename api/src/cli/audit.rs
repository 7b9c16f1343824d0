//! `rexue audit`.

use super::output::{print, say};
use super::setup::Setup;
use crate::actions::audit::{Report, export_heads, verify};
use crate::domain::audit_chain::{Finding, Head, read_exported};
use crate::error::Error;
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Findings that `--json` lists; all are counted.
const LISTED: usize = 1_000;

#[derive(Subcommand)]
pub(super) enum Audit {
    /// Walk the audit trail and say what was changed, moved or taken away; 0 when it is whole, 1 when not.
    Verify(Verify),
    /// Write down where the audit trail ends, to be kept where whoever can write to the database cannot.
    Head {
        /// The file to write [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Args)]
pub(super) struct Verify {
    /// What `rexue audit head` wrote earlier: the trail must still agree with it. May be given several times.
    #[arg(long, value_name = "FILE")]
    head: Vec<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        match self {
            Self::Verify(verify) => verify.run(setup),
            Self::Head { out } => {
                let text = export_heads(&setup.migrated_pool()?, setup.clock.now())?;
                let Some(file) = out else { return print(&text) };
                std::fs::write(file, text).map_err(|failure| {
                    Error::invalid("cannot_write", "The file cannot be written.").because(failure)
                })?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

impl Verify {
    fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        let mut exported = Vec::new();
        for file in &self.head {
            exported.extend(read_head(file)?);
        }
        let mut findings = Vec::new();
        let report = verify(&setup.migrated_pool()?, &exported, &mut |finding| match self.json {
            true => {
                if findings.len() < LISTED {
                    findings.push(finding);
                }
                Ok(())
            }
            false => print(&format!("{finding}\n")).map(drop),
        })?;
        match self.json {
            true => print(&as_json(report, &findings))?,
            false => print(&in_words(report))?,
        };
        Ok(if report.findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn read_head(file: &Path) -> Result<Vec<Head>, Error> {
    let text = std::fs::read_to_string(file)
        .map_err(|failure| Error::invalid("cannot_read", "The file cannot be read.").because(failure))?;
    read_exported(&text).inspect_err(|_| say(&format!("in {}:", file.display())))
}

fn as_json(report: Report, findings: &[Finding]) -> String {
    let whole = report.findings == 0;
    let Report { streams, rows, before_chain, checkpoints, findings: found } = report;
    format!(
        "{}\n",
        json!({
            "whole": whole, "streams": streams, "rows": rows, "before_chain": before_chain,
            "checkpoints": checkpoints, "found": found, "findings": findings,
        })
    )
}

fn in_words(report: Report) -> String {
    let Report { streams, rows, before_chain, checkpoints, findings } = report;
    let verdict = match findings {
        0 => "The audit trail is whole".to_owned(),
        1 => "The audit trail is NOT whole, 1 finding".to_owned(),
        many => format!("The audit trail is NOT whole, {many} findings"),
    };
    format!(
        "{verdict}: {rows} rows in {streams} streams, {checkpoints} checkpoints; {before_chain} rows from before the chain.\n"
    )
}
