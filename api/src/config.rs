//! Configuration: one struct a concern; defaults < file < environment < flags. Nothing else reads the environment.
//!
//! Every setting `section.key` of the file (TOML) has the variable `REXUE_SECTION_KEY`, and `…_FILE` names a
//! file that holds its value, for secrets. `PORT`, `DATABASE_URL` and `REDIS_URL` are understood as well.

use crate::domain::donation_number::DonationNumbering;
use crate::error::Error;
use certificates::{CertificateNumber, LivesFormula};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Everything that can be set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The HTTP server.
    pub server: Server,
    /// The database.
    pub database: Database,
    /// The cache that several nodes share.
    pub redis: Redis,
    /// What the station settles for itself.
    pub station: Station,
    /// Limits against abuse.
    pub limits: Limits,
    /// Logs.
    pub log: Log,
    /// Outgoing mail.
    pub mail: Mail,
}

/// The HTTP server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The address to listen on.
    pub host: String,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// How the world reaches the server, without a slash at the end. Certificates carry it, so it should be
    /// short and MUST stay reachable as long as they live. Empty: `http://127.0.0.1:<port>`.
    pub public_url: String,
    /// Worker threads; 0 takes one a core.
    pub workers: usize,
    /// How long a stop waits for requests under way, seconds.
    pub shutdown_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        let host = "127.0.0.1".to_owned();
        Self { host, port: 8080, public_url: String::new(), workers: 0, shutdown_seconds: 10 }
    }
}

/// The database.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `postgres://…`, or the path of a SQLite file. Empty: `rexue.db` in the data folder.
    pub url: String,
    /// Connections to PostgreSQL; readers of SQLite.
    pub connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: String::new(), connections: 8 }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Database").field("connections", &self.connections).finish_non_exhaustive()
    }
}

/// The cache that several nodes share.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// `redis://…`. Empty: an in-process cache, which serves one node.
    pub url: String,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Redis").field("in_use", &!self.url.is_empty()).finish()
    }
}

/// What the station settles for itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Station {
    /// The issuer in certificates: a name that no other station has, at most 32 characters.
    pub issuer: String,
    /// The station's name in Chinese.
    pub name: String,
    /// The station's name in English.
    pub name_en: String,
    /// The type code in certificate identifiers (GB/T 36904).
    pub certificate_type: String,
    /// The issuer code in certificate identifiers (GB/T 36904).
    pub certificate_issuer: String,
    /// How long a certificate lives, days, at most 366.
    pub certificate_days: u16,
    /// How lives saved are estimated: `lives/ml200` or `lives/up-to-3`.
    pub lives_formula: String,
    /// The pattern of the station's own donation numbers: a regular expression over the whole number.
    pub donation_number_pattern: String,
    /// Places in a new status list, at most 1,048,576.
    pub status_list_size: u32,
    /// How long a verifier may use a status list without asking again, seconds.
    pub status_list_ttl_seconds: u32,
}

impl Default for Station {
    fn default() -> Self {
        Self {
            issuer: "xue.example".to_owned(),
            name: "热血示范中心血站".to_owned(),
            name_en: "Rexue Demonstration Blood Station".to_owned(),
            certificate_type: "XUE1".to_owned(),
            certificate_issuer: "4199".to_owned(),
            certificate_days: 365,
            lives_formula: "lives/ml200".to_owned(),
            donation_number_pattern: "[0-9]{13}".to_owned(),
            status_list_size: 1 << 20,
            status_list_ttl_seconds: 3_600,
        }
    }
}

impl Station {
    /// The formula of `lives_formula`.
    ///
    /// # Errors
    /// `bad_configuration`.
    pub fn formula(&self) -> Result<LivesFormula, Error> {
        match self.lives_formula.as_str() {
            "lives/ml200" => Ok(LivesFormula::MlPer200),
            "lives/up-to-3" => Ok(LivesFormula::UpToThree),
            _ => Err(bad("station.lives_formula is neither \"lives/ml200\" nor \"lives/up-to-3\"")),
        }
    }

    /// How donations are numbered.
    ///
    /// # Errors
    /// `bad_configuration`.
    pub fn numbering(&self) -> Result<DonationNumbering, Error> {
        DonationNumbering::with_local_pattern(&self.donation_number_pattern)
            .map_err(|_| bad("station.donation_number_pattern is not a regular expression"))
    }

    fn check(&self) -> Result<(), Error> {
        self.formula()?;
        self.numbering()?;
        CertificateNumber::new(&self.certificate_type, &self.certificate_issuer, "0", 1).map_err(|_| {
            bad("station.certificate_type and .certificate_issuer are digits and capital letters")
        })?;
        let sizes = [
            (1..=366).contains(&self.certificate_days),
            (1..=1 << 20).contains(&self.status_list_size),
            (1..=32).contains(&self.issuer.len()),
            (60..=86_400).contains(&self.status_list_ttl_seconds),
        ];
        if sizes.contains(&false) {
            return Err(bad("station: certificate_days 1 to 366, status_list_size 1 to 1048576, \
                 status_list_ttl_seconds 60 to 86400, issuer 1 to 32 characters"));
        }
        Ok(())
    }
}

/// Limits against abuse.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests a minute from one address; 0 sets no limit.
    pub requests_per_minute: u32,
    /// The largest body that is read, bytes; a photo has a limit of its own.
    pub body_bytes: usize,
    /// Whether the client's address is the last one in `X-Forwarded-For`: only behind a proxy that sets it.
    pub behind_proxy: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests_per_minute: 1_200, body_bytes: 16 * 1024, behind_proxy: false }
    }
}

/// Logs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`.
    pub format: String,
    /// A filter such as `info` or `rexue=debug,warn`.
    pub filter: String,
    /// Whether every request is a line, and not only the failed and slow ones.
    pub requests: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: "text".to_owned(), filter: "info".to_owned(), requests: true }
    }
}

/// Outgoing mail.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The SMTP server's name. Empty: no mail is sent.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `starttls`, `tls`, or `plain` (loopback only).
    pub security: String,
    /// The user name, when the server asks for one.
    pub user: String,
    /// The password.
    pub password: String,
    /// The sender's address.
    pub from: String,
    /// A file with further CA certificates, PEM.
    pub ca_file: String,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 587,
            security: "starttls".to_owned(),
            user: String::new(),
            password: String::new(),
            from: String::new(),
            ca_file: String::new(),
        }
    }
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Mail").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl Config {
    /// The configuration of defaults, then `file`, then the environment.
    ///
    /// # Errors
    /// `bad_configuration`, naming the setting.
    pub fn load(file: Option<&Path>) -> Result<Self, Error> {
        Self::layered(file, environment)
    }

    fn layered(file: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let mut settings = serde_json::to_value(Self::default()).map_err(Error::internal)?;
        if let Some(file) = file {
            let text = std::fs::read_to_string(file)
                .map_err(|failure| bad(format!("{}: {failure}", file.display())))?;
            let written: Value =
                toml::from_str(&text).map_err(|failure| bad(failure.message().to_owned()))?;
            merge(&mut settings, written);
        }
        overlay(&mut settings, &variable)?;
        let config: Self = serde_json::from_value(settings).map_err(|failure| bad(failure.to_string()))?;
        config.station.check()?;
        Ok(config)
    }

    /// How the world reaches the server.
    pub fn public_url(&self) -> String {
        match self.server.public_url.trim_end_matches('/') {
            "" => format!("http://127.0.0.1:{}", self.server.port),
            url => url.to_owned(),
        }
    }

    /// The database's URL, `rexue.db` in `data` when none is set.
    pub fn database_url(&self, data: &Path) -> crate::store::DatabaseUrl {
        match self.database.url.as_str() {
            "" => crate::store::DatabaseUrl::Sqlite(data.join("rexue.db").to_string_lossy().into_owned()),
            url => crate::store::DatabaseUrl::parse(url),
        }
    }
}

fn merge(settings: &mut Value, written: Value) {
    match (settings, written) {
        (Value::Object(settings), Value::Object(written)) => {
            for (key, value) in written {
                merge(settings.entry(key).or_insert(Value::Null), value);
            }
        }
        (settings, written) => *settings = written,
    }
}

/// The short names that hosting platforms set.
const SHORT_NAMES: [(&str, &str); 3] =
    [("REXUE_SERVER_PORT", "PORT"), ("REXUE_DATABASE_URL", "DATABASE_URL"), ("REXUE_REDIS_URL", "REDIS_URL")];

fn overlay(settings: &mut Value, variable: &impl Fn(&str) -> Option<String>) -> Result<(), Error> {
    let sections = settings.as_object_mut().into_iter().flatten();
    for (section, keys) in sections {
        for (key, value) in keys.as_object_mut().into_iter().flatten() {
            let name = format!("REXUE_{section}_{key}").to_uppercase();
            let short = SHORT_NAMES.iter().find_map(|(long, short)| (*long == name).then_some(*short));
            let found = match variable(&format!("{name}_FILE")) {
                Some(file) => Some(
                    std::fs::read_to_string(&file)
                        .map(|text| text.trim_end().to_owned())
                        .map_err(|failure| bad(format!("{name}_FILE: {failure}")))?,
                ),
                None => variable(&name).or_else(|| short.and_then(variable)),
            };
            if let Some(text) = found {
                *value = typed(value, &text)
                    .ok_or_else(|| bad(format!("{name} has a value of the wrong kind")))?;
            }
        }
    }
    Ok(())
}

/// The text as a value of the same kind as the default.
fn typed(like: &Value, text: &str) -> Option<Value> {
    match like {
        Value::Number(_) => text.parse::<u64>().ok().map(Value::from),
        Value::Bool(_) => text.parse::<bool>().ok().map(Value::from),
        _ => Some(Value::from(text)),
    }
}

/// The data folder: the flag, `REXUE_DATA`, or `./data`.
pub fn data_folder(flag: Option<PathBuf>) -> PathBuf {
    flag.or_else(|| environment("REXUE_DATA").map(PathBuf::from)).unwrap_or_else(|| PathBuf::from("data"))
}

/// The configuration file: the flag, `REXUE_CONFIG`, or `rexue.toml` in the data folder when there is one.
pub fn config_file(flag: Option<PathBuf>, data: &Path) -> Option<PathBuf> {
    let usual = Some(data.join("rexue.toml")).filter(|file| file.exists());
    flag.or_else(|| environment("REXUE_CONFIG").map(PathBuf::from)).or(usual)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn bad(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::invalid("bad_configuration", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rexue.toml");
        std::fs::write(&file, "[server]\nport = 1\nhost = \"::1\"\n[log]\nformat = \"json\"\n").unwrap();

        let config = Config::layered(Some(&file), |name| (name == "PORT").then(|| "2".to_owned())).unwrap();

        assert_eq!((config.server.port, config.server.host.as_str()), (2, "::1"));
        assert_eq!(config.log.format, "json");
        assert_eq!(config.database.connections, 8);
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rexue.toml");
        std::fs::write(&file, "[server]\nprot = 1\n").unwrap();

        let error = Config::layered(Some(&file), |_| None).unwrap_err();

        assert_eq!(error.code, "bad_configuration");
        assert!(error.message.contains("prot"));
    }

    #[test]
    fn a_secret_may_stand_in_a_file_and_never_shows() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "hunter2\n").unwrap();
        let path = file.to_string_lossy().into_owned();

        let config =
            Config::layered(None, |name| (name == "REXUE_MAIL_PASSWORD_FILE").then(|| path.clone())).unwrap();

        assert_eq!(config.mail.password, "hunter2");
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named() {
        let error = Config::layered(None, |name| (name == "PORT").then(|| "http".to_owned())).unwrap_err();

        assert!(error.message.contains("REXUE_SERVER_PORT"));
    }
}
