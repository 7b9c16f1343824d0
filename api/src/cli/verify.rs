//! `rexue verify`.

use super::output::print;
use super::setup::Setup;
use crate::actions::Context;
use crate::actions::verify::{Answer, verify_online};
use crate::clock::{Clock, unix_time};
use crate::error::Error;
use crate::keyring::{KeyFolder, parse_public};
use crate::store::audit::Actor;
use crate::web::verification::Verification;
use certificates::{Code, Keyset, Light, PREFIX, StatusEvidence, StatusList, judge, verify_bytes};
use chrono::{DateTime, Utc};
use clap::Args;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The longest status list is 4 MiB; nothing that is read here is longer.
const LONGEST_FILE: u64 = 5 * 1024 * 1024;

#[derive(Args)]
pub(super) struct Verify {
    /// The certificate's text, a file that holds it, or `-` for the standard input.
    #[arg(value_name = "TEXT|FILE|-")]
    subject: String,
    /// Verify offline, by this keyset snapshot (`/.well-known/xue-keyset`) instead of the station's own records.
    #[arg(long, value_name = "FILE")]
    keyset: Option<PathBuf>,
    /// The root's public key (base64url, or a file) that signed the snapshot [default: that of the data folder].
    #[arg(long, value_name = "KEY|FILE", requires = "keyset", allow_hyphen_values = true)]
    root: Option<String>,
    /// A status list that was fetched earlier (offline); may be given several times.
    #[arg(long, value_name = "FILE", requires = "keyset")]
    status_list: Vec<PathBuf>,
    /// The instant to verify at, RFC 3339 [default: now].
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    at: Option<DateTime<Utc>>,
    /// Print what was proved, or why not, as JSON.
    #[arg(long)]
    json: bool,
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.with_timezone(&Utc))
        .map_err(|_| "an instant is written 2026-10-31T09:30:00+08:00".to_owned())
}

impl Verify {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        let text = read_subject(&self.subject)?;
        let now = self.at.unwrap_or_else(|| setup.clock.now());
        let answer = match &self.keyset {
            Some(keyset) => self.offline(&text, keyset, setup, now)?,
            None => online(&text, setup, now)?,
        };
        let red = answer.code.light() == Light::Red;
        let verification = Verification::from(answer);
        match self.json {
            true => print(&format!("{}\n", serde_json::to_string(&verification).map_err(Error::internal)?))?,
            false => print(&verification.to_string())?,
        };
        Ok(if red { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn offline(
        &self,
        text: &[u8],
        keyset: &Path,
        setup: &Setup,
        now: DateTime<Utc>,
    ) -> Result<Answer, Error> {
        let root = match &self.root {
            Some(root) => parse_public(&std::fs::read_to_string(root).unwrap_or_else(|_| root.clone()))?,
            None => KeyFolder::in_data(&setup.data).root_public().map_err(|_| {
                Error::invalid(
                    "no_root",
                    "Name the root key that you pinned: --root KEY (`rexue keys root` prints it).",
                )
            })?,
        };
        let refused = |code, detail| Answer {
            code,
            claims: None,
            certificate_no: None,
            superseded: false,
            checked_at: now,
            detail,
        };
        let unix_now = unix_time(now);
        let keyset = Keyset::open(&read_file(keyset)?, &root, unix_now, None).map_err(|refusal| {
            Error::conflict("bad_keyset", format!("The keyset snapshot was refused: {}.", refusal.as_str()))
        })?;
        let certificate = match verify_bytes(text, &keyset, unix_now) {
            Ok(certificate) => certificate,
            Err(refusal) => return Ok(refused(refusal.code(), refusal.detail())),
        };
        let list = self.matching_list(&certificate.claims().status.uri, &keyset, now)?;
        let evidence = list.as_ref().map_or(StatusEvidence::None, StatusEvidence::List);
        let checked_at = list.as_ref().and_then(|list| DateTime::from_timestamp(list.issued_at().0, 0));
        Ok(Answer {
            code: judge(&certificate, evidence, unix_now),
            claims: Some(certificate.claims().clone()),
            checked_at: checked_at.unwrap_or(now),
            ..refused(Code::Valid, "")
        })
    }

    /// The first of the given lists that is the certificate's and can be used.
    fn matching_list(
        &self,
        uri: &str,
        keyset: &Keyset,
        now: DateTime<Utc>,
    ) -> Result<Option<StatusList>, Error> {
        for path in &self.status_list {
            if let Ok(list) = StatusList::open(&read_file(path)?, keyset, uri, unix_time(now)) {
                return Ok(Some(list));
            }
        }
        Ok(None)
    }
}

/// The keys are those in use today, whatever the instant asked about.
fn online(text: &[u8], setup: &Setup, now: DateTime<Utc>) -> Result<Answer, Error> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
    runtime.block_on(async {
        let context = setup.context(setup.migrated_pool()?, Actor::CommandLine)?;
        verify_online(&Context { clock: Clock::Fixed(now), ..context }, text).await
    })
}

/// The text itself, or what the file or the standard input holds.
fn read_subject(subject: &str) -> Result<Vec<u8>, Error> {
    let looks_like_text =
        subject.trim_start().get(..4).is_some_and(|start| PREFIX.starts_with(&start.to_uppercase()));
    match subject {
        "-" => read_all(std::io::stdin()),
        _ if Path::new(subject).is_file() => read_file(Path::new(subject)),
        _ if looks_like_text || !subject.contains(['/', '.']) => Ok(subject.as_bytes().to_vec()),
        _ => Err(Error::invalid("cannot_read", "There is no such file.")),
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::File::open(path).map_err(|failure| cannot_read(&failure)).and_then(read_all)
}

fn read_all(source: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    source.take(LONGEST_FILE).read_to_end(&mut bytes).map_err(|failure| cannot_read(&failure))?;
    Ok(bytes)
}

fn cannot_read(failure: &std::io::Error) -> Error {
    Error::invalid("cannot_read", "The file cannot be read.").because(failure)
}
