//! A real SMTP server of one test's own: `tests/servers/smtp_server.py`, which asks for STARTTLS and a password.

use super::{python, run_python, until};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use tempfile::TempDir;

/// A mail server; it ends when it goes out of scope.
///
/// It takes every letter but those to `full@…` (452), `grey@…` (451), `gone@…` (550) and `spam@…` (554); the script names
/// further recipients that it plays tricks on.
pub struct MailServer {
    process: Child,
    port: u16,
    folder: TempDir,
}

/// A letter that was accepted.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Whom the envelope names; there is only one in what the product sends.
    pub to: String,
    /// The subject, decoded.
    pub subject: String,
    /// The letter as it was received.
    pub raw: Vec<u8>,
    /// How Python's own mail parser reads it: `headers`, `structure`, `parts` with `type` and `content`, `encrypted`, `user`.
    pub read: Value,
}

impl MailServer {
    /// The user who may send.
    pub const USER: &str = "rexue";
    /// Their password.
    pub const PASSWORD: &str = "correct horse";
    /// Who the product's letters are from.
    pub const FROM: &str = "noreply@rexue.example";

    /// Starts on a free port of this machine.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one that keeps letters as they come and does not read them, for measuring how fast they come.
    pub fn start_unread() -> Self {
        Self::start_with(&["--unread"])
    }

    fn start_with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let complaints = folder.path().join("complaints.log");
        let mut process = python("servers/smtp_server.py")
            .arg(folder.path())
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&complaints).unwrap())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let port =
            port.trim().parse().unwrap_or_else(|_| panic!("{}", fs::read_to_string(&complaints).unwrap()));
        Self { process, port, folder }
    }

    /// Its port on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The file with the authority that its certificate is from, PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The settings that lead a server here, as variables.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("REXUE_MAIL_HOST", "127.0.0.1".to_owned()),
            ("REXUE_MAIL_PORT", self.port.to_string()),
            ("REXUE_MAIL_SECURITY", "starttls".to_owned()),
            ("REXUE_MAIL_USER", Self::USER.to_owned()),
            ("REXUE_MAIL_PASSWORD", Self::PASSWORD.to_owned()),
            ("REXUE_MAIL_FROM", Self::FROM.to_owned()),
            ("REXUE_MAIL_CA_FILE", self.ca_file().to_str().unwrap().to_owned()),
        ]
    }

    /// Every letter that was accepted, in order.
    pub fn letters(&self) -> Vec<Letter> {
        (1..).map_while(|number: u32| self.letter(number)).collect()
    }

    /// The newest letter to an address; waits for the first one.
    #[track_caller]
    pub fn wait_for(&self, to: &str) -> Letter {
        let mut found = None;
        until(&format!("a letter to {to}"), || {
            found = self.letters().into_iter().rfind(|letter| letter.to == to);
            found.is_some()
        });
        found.unwrap()
    }

    fn letter(&self, number: u32) -> Option<Letter> {
        let file = self.folder.path().join(number.to_string());
        // The script writes the letter first, and the description at once.
        let read: Value = serde_json::from_slice(&fs::read(file.with_extension("json")).ok()?).unwrap();
        Some(Letter {
            to: read["rcpt_tos"][0].as_str().unwrap().to_owned(),
            subject: read["headers"]["Subject"].as_str().unwrap_or_default().to_owned(),
            raw: fs::read(file.with_extension("eml")).unwrap(),
            read,
        })
    }
}

impl Letter {
    /// The content of the first part of a media type.
    pub fn part(&self, media_type: &str) -> Option<&str> {
        let parts = self.read["parts"].as_array().unwrap();
        parts.iter().find(|part| part["type"] == media_type)?["content"].as_str()
    }

    /// Its calendar part, as PyPI `icalendar` reads it: `method`, `events`, `errors`; see
    /// `tests/interop/read_calendars.py`.
    #[track_caller]
    pub fn calendar(&self) -> Value {
        let text = self.part("text/calendar").expect("the letter has a calendar part");
        let text = text.replace('\n', "\r\n");
        run_python("interop/read_calendars.py", &json!({ "calendars": [text] }))["calendars"][0].take()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It ends when its standard input does.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
