//! `rexue import`.

use super::output::{print, progress, say};
use super::setup::Setup;
use crate::actions::import::{self, Counts, Summary};
use crate::error::Error;
use crate::records::{
    DONATION_COLUMNS, DONOR_COLUMNS, Encoding, RecordFile, Rejection, RejectsFile, UNIT_COLUMNS,
};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Reasons printed when no rejects file takes them.
const REASONS_SHOWN: u64 = 20;

#[derive(Args)]
pub(super) struct Import {
    /// The donors file: CSV with a header, or NDJSON; `-` is the standard input.
    #[arg(long, value_name = "FILE")]
    donors: Option<PathBuf>,
    /// The donations file: CSV with a header, or NDJSON; `-` is the standard input.
    #[arg(long, value_name = "FILE")]
    donations: Option<PathBuf>,
    /// The units file, what became of donations: CSV with a header, or NDJSON; `-` is the standard input.
    #[arg(long, value_name = "FILE")]
    units: Option<PathBuf>,
    /// Do everything and take it back: what would come of it.
    #[arg(long)]
    dry_run: bool,
    /// Write refused rows here, each with its line and the reason. The file holds personal data.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Print the counts as JSON.
    #[arg(long)]
    json: bool,
    /// How the files' bytes mean text.
    #[arg(long, value_enum, default_value = "utf8")]
    encoding: FileEncoding,
}

#[derive(Clone, Copy, ValueEnum)]
enum FileEncoding {
    /// UTF-8, with or without a byte order mark.
    #[value(alias = "utf-8")]
    Utf8,
    /// GB18030 (also GBK and GB 2312).
    #[value(alias = "gbk")]
    Gb18030,
}

impl Import {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        if self.donors.is_none() && self.donations.is_none() && self.units.is_none() {
            return Err(Error::invalid(
                "nothing_to_import",
                "Name a file: --donors FILE, --donations FILE, --units FILE or several.",
            ));
        }
        let donors = self.open(self.donors.as_deref(), DONOR_COLUMNS)?;
        let donations = self.open(self.donations.as_deref(), DONATION_COLUMNS)?;
        let units = self.open(self.units.as_deref(), UNIT_COLUMNS)?;
        let numbering = setup.config.station.numbering()?;
        let mut rejects = self.rejects.as_deref().map(RejectsFile::create).transpose()?;
        let context = setup.command_context()?;
        let bar = progress("rows");
        let mut shown = 0;
        let request = import::Import {
            donors,
            donations,
            units,
            numbering: &numbering,
            on_rejection: &mut |file, rejection| match &mut rejects {
                Some(rejects) => rejects.write(file, rejection),
                None => {
                    shown += 1;
                    bar.suspend(|| show(file, rejection, shown));
                    Ok(())
                }
            },
            on_batch: &mut |_, rows| bar.inc(rows),
        };
        let summary = if self.dry_run {
            import::rehearse(&context, request)
        } else {
            import::import(&context, request)
        };
        bar.finish_and_clear();
        let summary = summary?;
        if let Some(rejects) = rejects {
            rejects.finish()?;
        }
        self.report(&summary)
    }

    fn open(
        &self,
        path: Option<&Path>,
        columns: &'static [&'static str],
    ) -> Result<Option<RecordFile>, Error> {
        let encoding = match self.encoding {
            FileEncoding::Utf8 => Encoding::Utf8,
            FileEncoding::Gb18030 => Encoding::Gb18030,
        };
        let file = path.map(|path| RecordFile::open(path, encoding, columns)).transpose()?;
        for column in file.iter().flat_map(|file| file.unknown_columns()) {
            say(&format!("rexue: the column {column:?} means nothing here and is passed over"));
        }
        Ok(file)
    }

    fn report(&self, summary: &Summary) -> Result<ExitCode, Error> {
        if self.json {
            let text = serde_json::to_string(summary).map_err(Error::internal)?;
            return print(&format!("{text}\n"));
        }
        let line = |what, counts: &Counts| {
            format!(
                "{what:<10} {} created, {} updated, {} unchanged, {} rejected\n",
                counts.created, counts.updated, counts.unchanged, counts.rejected
            )
        };
        let units = summary.units.as_ref().map(|counts| line("units", counts)).unwrap_or_default();
        let rehearsed = if self.dry_run { "Nothing was kept (--dry-run).\n" } else { "" };
        print(&format!(
            "{}{}volume     {} ml\n{units}{rehearsed}",
            line("donors", &summary.donors),
            line("donations", &summary.donations.counts),
            summary.donations.volume_ml
        ))
    }
}

fn show(file: &str, rejection: &Rejection, shown: u64) {
    let refusal = &rejection.refusal;
    if shown <= REASONS_SHOWN {
        say(&format!(
            "{file}:{}: {}: {} {}",
            rejection.line, refusal.column, refusal.reason, refusal.message
        ));
    } else if shown == REASONS_SHOWN + 1 {
        say("more rows were rejected; --rejects FILE keeps them all");
    }
}
