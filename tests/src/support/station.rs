//! A blood station of its own.

use super::database::{Database, Kind};
use super::people::{Town, UNITS_HEADER};
use super::postgres::Postgres;
use super::program::{Ran, program};
use super::server::Server;
use rexue::store::Pool;
use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// How the world is told to reach every test's server: what is issued does not depend on the port.
pub const PUBLIC_URL: &str = "https://xue.example";

/// A station: a data folder, keys, and a database that ends with it.
pub struct Station {
    // The database goes first: its file is in the folder.
    database: Database,
    folder: TempDir,
}

/// A capability link, taken apart.
#[derive(Debug, Clone)]
pub struct Link {
    /// The certificate's number.
    pub number: String,
    /// The key.
    pub key: String,
}

impl Link {
    /// The path of the QR code in a format, opened with the link's key.
    pub fn path(&self, format: &str) -> String {
        format!("/v1/certificates/{}/qr.{format}?key={}", self.number, self.key)
    }
}

impl Station {
    /// A station with keys and an empty, migrated database.
    pub fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(kind, folder.path());
        Self { database, folder }.with_keys()
    }

    /// A station with keys and an empty, migrated database on a PostgreSQL of the test's own, which outlives it.
    pub fn on(postgres: &Postgres) -> Self {
        let database = Database::on(&postgres.url());
        Self { database, folder: tempfile::tempdir().unwrap() }.with_keys()
    }

    fn with_keys(self) -> Self {
        self.rexue(["keys", "init"]).well();
        self.never_quiet();
        self
    }

    /// Messages leave at every hour: tests run at night, too.
    pub fn never_quiet(&self) {
        self.execute("UPDATE message_policy SET quiet_from_minute = 0, quiet_until_minute = 0").unwrap();
    }

    /// It is night, but for the minute after midnight.
    pub fn always_quiet(&self) {
        self.execute("UPDATE message_policy SET quiet_from_minute = 1, quiet_until_minute = 0").unwrap();
    }

    /// A station without keys, whose database has no tables.
    pub fn bare(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { database: Database::empty(kind, folder.path()), folder }
    }

    /// Which database it has.
    pub fn kind(&self) -> Kind {
        self.database.kind
    }

    /// The program with these arguments, in an environment that holds nothing else.
    pub fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments)
            .env_clear()
            .env("REXUE_DATA", self.folder.path())
            .env("DATABASE_URL", &self.database.url)
            .env("REXUE_SERVER_PUBLIC_URL", PUBLIC_URL)
            .stdin(Stdio::null());
        command
    }

    /// Runs the program with these arguments.
    pub fn rexue(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
        Ran::new(self.command(arguments).output().unwrap())
    }

    /// Runs the program with these arguments and this standard input.
    pub fn rexue_reading(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>, input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut pipe = process.stdin.take().unwrap();
        // A program that refuses its input may close it early.
        let _ = pipe.write_all(input);
        drop(pipe);
        Ran::new(process.wait_with_output().unwrap())
    }

    /// Starts the server.
    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// Starts the server with further settings. It logs all that it can: nothing personal may be in it.
    pub fn serve_with(&self, settings: &[(&str, &str)]) -> Server {
        let mut command = self.command(["serve", "--port", "0"]);
        command.env("REXUE_LOG_FILTER", "debug,rexue=trace").envs(settings.iter().copied());
        Server::start(command)
    }

    /// A file's place in the data folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the data folder.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Imports both files of a town; the counts.
    pub fn import(&self, town: &Town) -> Value {
        self.import_text(town.donors(), town.donations())
    }

    /// Imports two files with these contents; the counts. Refused rows are in `rejects.csv`.
    pub fn import_text(&self, donors: impl AsRef<[u8]>, donations: impl AsRef<[u8]>) -> Value {
        let (donors, donations) = (self.file("donors.csv", donors), self.file("donations.csv", donations));
        self.import_files(&donors, &donations, &[])
    }

    /// Imports two files; the counts.
    pub fn import_files(&self, donors: &Path, donations: &Path, more: &[&str]) -> Value {
        let mut command = self.command(["import", "--json", "--donors"]);
        command
            .arg(donors)
            .arg("--donations")
            .arg(donations)
            .arg("--rejects")
            .arg(self.path("rejects.csv"))
            .args(more);
        Ran::new(command.output().unwrap()).well().json()
    }

    /// Imports a units file with these rows; the counts. Refused rows are in `rejects.csv`.
    pub fn import_units(&self, rows: &[String], more: &[&str]) -> Value {
        let units = self.file("units.csv", format!("{UNITS_HEADER}\n{}\n", rows.join("\n")));
        let mut command = self.command(["import", "--json", "--units"]);
        command.arg(units).arg("--rejects").arg(self.path("rejects.csv")).args(more);
        Ran::new(command.output().unwrap()).well().json()["units"].clone()
    }

    /// What the rejects file says, without its header.
    pub fn rejects(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("rejects.csv")).unwrap();
        text.lines().skip(1).map(str::to_owned).collect()
    }

    /// Issues certificates for everybody; how many.
    pub fn issue_all(&self) -> i64 {
        self.rexue(["certificates", "issue", "--all", "--json"]).well().json()["issued"].as_i64().unwrap()
    }

    /// Issues a certificate for one donor: its text.
    pub fn issue(&self, donor_no: &str) -> String {
        let out = self.path("out");
        self.rexue([
            OsStr::new("certificates"),
            "issue".as_ref(),
            "--donor".as_ref(),
            donor_no.as_ref(),
            "--out".as_ref(),
            out.as_ref(),
        ])
        .well();
        std::fs::read_to_string(out.join(format!("{donor_no}.txt"))).unwrap().trim_end().to_owned()
    }

    /// The number of the donor's newest certificate.
    pub fn certificate_no(&self, donor_no: &str) -> String {
        let query = format!(
            "SELECT certificate_no AS text FROM certificates JOIN donors ON donors.id = donor_id
             WHERE donor_no = '{donor_no}' ORDER BY version DESC LIMIT 1"
        );
        self.texts(&query).remove(0)
    }

    /// The capability link of the donor's newest certificate.
    pub fn link(&self, donor_no: &str) -> Link {
        let number = self.certificate_no(donor_no);
        let link = self.rexue(["certificates", "link", &number]).well().out;
        let (_, key) = link.trim_end().split_once("?key=").unwrap();
        assert!(link.starts_with(&format!("{PUBLIC_URL}/v1/certificates/{number}/qr.svg?key=")), "{link}");
        Link { number, key: key.to_owned() }
    }

    /// The database through the product's own store.
    pub fn pool(&self) -> Pool {
        self.database.pool()
    }

    /// The column `text` of a query.
    pub fn texts(&self, query: &str) -> Vec<String> {
        self.database.texts(query)
    }

    /// The column `number` of a query with one row.
    pub fn number(&self, query: &str) -> i64 {
        self.database.number(query)
    }

    /// Runs statements that the product would not.
    pub fn execute(&self, statements: &str) -> diesel::QueryResult<()> {
        self.database.execute(statements)
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) AS number FROM {table}"))
    }
}
