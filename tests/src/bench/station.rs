//! A station: a data folder with keys and a migrated database, and `rexue` run upon it.

use crate::city::City;
use crate::database::{Database, Place};
use crate::process::{Ended, Server, part, run};
use crate::{Outcome, role};
use rexue::store::certificates::newest;
use rexue::store::{DatabaseUrl, Pool};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Certificates read at once.
const PAGE: i64 = 1_000;

/// A station's data folder and database, gone with this value.
pub struct Station {
    /// The database.
    pub database: Database,
    folder: TempDir,
}

impl Station {
    /// A station with keys and an empty database.
    pub fn found(place: &Place) -> Outcome<Self> {
        let folder = TempDir::new()?;
        let station = Self { database: Database::create(place, folder.path())?, folder };
        run(station.rexue()?.args(["keys", "init"]).stderr(std::process::Stdio::null()))?;
        Ok(station)
    }

    /// `rexue`, with this station's data.
    pub fn rexue(&self) -> Outcome<Command> {
        let mut command = part(role::REXUE)?;
        command.env("DATABASE_URL", &self.database.url).arg("--data").arg(self.folder());
        Ok(command)
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Imports a city.
    pub fn import(&self, city: &City) -> Outcome<Ended> {
        let mut command = self.rexue()?;
        command
            .args(["import", "--json", "--donors"])
            .arg(&city.donors)
            .arg("--donations")
            .arg(&city.donations);
        run(&mut command)
    }

    /// Issues certificates for everybody: how many, and what it took.
    pub fn issue(&self) -> Outcome<(u64, Ended)> {
        let ended = run(self.rexue()?.args(["certificates", "issue", "--all", "--json"]))?;
        let said: serde_json::Value = serde_json::from_str(&ended.output)?;
        Ok((said.get("issued").and_then(serde_json::Value::as_u64).ok_or("no count of certificates")?, ended))
    }

    /// Serves; `log_requests` is the setting of that name. The rate limiter works, and lets everything pass.
    pub fn serve(&self, log_requests: bool) -> Outcome<Server> {
        let mut command = self.rexue()?;
        command
            .args(["serve", "--port", "0"])
            .env("REXUE_LIMITS_REQUESTS_PER_MINUTE", "4000000000")
            .env("REXUE_LOG_REQUESTS", log_requests.to_string());
        Server::start(&mut command, &self.folder().join("server.log"))
    }

    /// The texts of all certificates.
    pub fn tokens(&self) -> Outcome<Vec<String>> {
        let pool = Pool::open(&DatabaseUrl::parse(&self.database.url), 1)?;
        let mut texts = Vec::new();
        let mut after = String::new();
        loop {
            let page = pool.read_blocking(|db| newest(db, None, &after, PAGE))?;
            let Some((last, _)) = page.last() else { return Ok(texts) };
            after.clone_from(last);
            for (_, row) in &page {
                texts.push(row.token()?);
            }
        }
    }
}
