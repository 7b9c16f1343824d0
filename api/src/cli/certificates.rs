//! `rexue certificates`.

use super::output::{print, progress, say};
use super::setup::Setup;
use crate::actions::Context;
use crate::actions::issue::{Selection, issue};
use crate::actions::mail::mail;
use crate::actions::status::set_status;
use crate::domain::standing::Change;
use crate::error::Error;
use crate::links;
use crate::store::certificates::{self as store, CertificateRow};
use certificates::QrImage;
use clap::{Args, Subcommand, ValueEnum};
use notifications::Language;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The pixels of a module in the pictures that are written: 0.5 mm at 254 dpi, and then some.
const PIXELS_PER_MODULE: u32 = 8;
const PAGE: i64 = 500;

#[derive(Subcommand)]
pub(super) enum Certificates {
    /// Issue certificates; each supersedes the donor's earlier one.
    Issue(Issue),
    /// Take a certificate back for good.
    Revoke(Standing),
    /// Make a certificate invalid until further notice.
    Suspend(Standing),
    /// End a suspension.
    Reinstate(Standing),
    /// Show a certificate's QR code in the terminal.
    Show {
        /// The certificate's number.
        certificate_no: String,
    },
    /// Send a donor's newest certificate to the donor's e-mail address.
    Mail {
        /// The donor's number.
        #[arg(long, value_name = "NO")]
        donor: String,
        /// The letter's language.
        #[arg(long, value_enum, default_value = "zh")]
        lang: LetterLanguage,
    },
    /// Print the link under which a certificate's QR can be seen: whoever has the link can see it.
    Link {
        /// The certificate's number.
        certificate_no: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum LetterLanguage {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl From<LetterLanguage> for Language {
    fn from(language: LetterLanguage) -> Self {
        match language {
            LetterLanguage::Zh => Self::Chinese,
            LetterLanguage::En => Self::English,
        }
    }
}

#[derive(Args)]
pub(super) struct Issue {
    /// For everybody who has donated.
    #[arg(long, conflicts_with_all = ["changed", "donor"])]
    all: bool,
    /// For whoever has no certificate yet, has donated since, or whose certificate ends soon.
    #[arg(long, conflicts_with = "donor")]
    changed: bool,
    /// For the donor with this number.
    #[arg(long, value_name = "NO", required_unless_present_any = ["all", "changed"])]
    donor: Option<String>,
    /// Write NO.txt, NO.svg and NO.png by donor number into this folder. They are personal data.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the count as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Standing {
    /// The certificate's number.
    certificate_no: String,
    /// Why; kept in the audit trail. No personal data.
    #[arg(long)]
    reason: String,
}

impl Certificates {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        let context = setup.command_context()?;
        match self {
            Self::Issue(issue) => issue.run(&context),
            Self::Revoke(standing) => standing.change(&context, Change::Revoke),
            Self::Suspend(standing) => standing.change(&context, Change::Suspend),
            Self::Reinstate(standing) => standing.change(&context, Change::Reinstate),
            Self::Mail { donor, lang } => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let letter = mail(&context, &setup.config.mail, &donor, lang.into());
                runtime.map_err(Error::internal)?.block_on(letter)?;
                say(&format!("{donor}: the mail server has taken the letter"));
                Ok(ExitCode::SUCCESS)
            }
            Self::Show { certificate_no } => {
                let qr = QrImage::of(&one(&context, &certificate_no)?.token()?).map_err(Error::internal)?;
                print(&format!("{}\n", qr.terminal()))
            }
            Self::Link { certificate_no } => {
                print(&format!("{}\n", links::certificate(&context, &one(&context, &certificate_no)?)?))
            }
        }
    }
}

impl Standing {
    fn change(self, context: &Context, change: Change) -> Result<ExitCode, Error> {
        set_status(context, &self.certificate_no, change, &self.reason)?;
        say(&format!("{}: {}", self.certificate_no, change.action()));
        Ok(ExitCode::SUCCESS)
    }
}

impl Issue {
    fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let selection = match (&self.donor, self.changed) {
            (Some(donor), _) => Selection::Donor(donor.clone()),
            (None, true) => Selection::Changed,
            (None, false) => Selection::All,
        };
        let bar = progress("certificates");
        let issued = issue(context, &selection, &mut |count| bar.inc(count));
        bar.finish_and_clear();
        let issued = issued?;
        if let Some(folder) = &self.out {
            write_files(context, folder, self.donor.as_deref())?;
        }
        match self.json {
            true => print(&format!("{}\n", serde_json::json!({ "issued": issued }))),
            false => print(&format!("{issued} certificates issued\n")),
        }
    }
}

fn one(context: &Context, certificate_no: &str) -> Result<CertificateRow, Error> {
    let row = context.pool.read_blocking(|db| store::by_number(db, certificate_no))?;
    row.ok_or_else(|| Error::not_found("There is no certificate with this number."))
}

/// Writes the newest certificates: of one donor, or of everybody.
fn write_files(context: &Context, folder: &Path, donor: Option<&str>) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(cannot_write)?;
    let mut after = String::new();
    loop {
        let page = context.pool.read_blocking(|db| store::newest(db, donor, &after, PAGE))?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after.clone_from(last);
        for (donor_no, row) in &page {
            write_one(folder, donor_no, row)?;
        }
    }
}

fn write_one(folder: &Path, donor_no: &str, row: &CertificateRow) -> Result<(), Error> {
    let text = row.token()?;
    let qr = QrImage::of(&text).map_err(Error::internal)?;
    let png = qr.png(PIXELS_PER_MODULE).map_err(Error::internal)?;
    let write = |ending: &str, bytes: &[u8]| {
        std::fs::write(folder.join(format!("{donor_no}.{ending}")), bytes).map_err(cannot_write)
    };
    write("txt", format!("{text}\n").as_bytes())?;
    write("svg", qr.svg().as_bytes())?;
    write("png", &png)
}

fn cannot_write(failure: std::io::Error) -> Error {
    Error::invalid("cannot_write", "The output folder cannot be written.").because(failure)
}
