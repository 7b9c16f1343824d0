//! Configuration: one struct a concern; defaults < file < environment < flags. Nothing else reads the environment.
//!
//! Every setting `section.key` of the file (TOML) has the variable `REXUE_SECTION_KEY`, and `…_FILE` names a
//! file that holds its value, for secrets. `PORT`, `DATABASE_URL` and `REDIS_URL` are understood as well.

mod messages;
mod questionnaires;
mod rules;
mod server;
mod station;
mod storage;
mod wechat;

pub use messages::{Mail, Sms};
pub use questionnaires::Questionnaires;
pub use rules::Rules;
pub use server::{Limits, Log, Server};
pub use station::Station;
pub use storage::{Database, Redis};
pub use wechat::{SubscribeMessage, WeChat};

use crate::error::Error;
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
    /// Outgoing SMS.
    pub sms: Sms,
    /// The station's WeChat mini-program.
    pub wechat: WeChat,
    /// Rule packs: who may give, and when.
    pub rules: Rules,
    /// Questionnaires: what is asked before a donation.
    pub questionnaires: Questionnaires,
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
        config.sms.check()?;
        config.wechat.check()?;
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
        Value::Object(_) => serde_json::from_str(text).ok(),
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
        let file = folder.path().join("secret");
        std::fs::write(&file, "hunter2\n").unwrap();
        let path = file.to_string_lossy().into_owned();

        let config = Config::layered(None, |name| match name {
            "REXUE_MAIL_PASSWORD_FILE" | "REXUE_SMS_PASSWORD_FILE" | "REXUE_WECHAT_SECRET_FILE" => {
                Some(path.clone())
            }
            "REXUE_WECHAT_APP_ID" => Some("wx0123456789abcdef".to_owned()),
            _ => None,
        })
        .unwrap();

        for secret in [&config.mail.password, &config.sms.password, &config.wechat.secret] {
            assert_eq!(secret, "hunter2");
        }
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn settings_of_providers_that_cannot_work_are_named() {
        for (name, value, named) in [
            ("REXUE_SMS_PROVIDER", "pigeon", "sms.provider"),
            ("REXUE_SMS_URL", "http://sms.example", "sms.url"),
            ("REXUE_SMS_TIMEOUT_SECONDS", "0", "sms.timeout_seconds"),
            ("REXUE_WECHAT_APP_ID", "wx0123456789abcdef", "wechat.secret"),
            ("REXUE_WECHAT_BASE_URL", "http://wechat.example", "wechat.base_url"),
            ("REXUE_WECHAT_TIMEOUT_SECONDS", "0", "wechat.timeout_seconds"),
            ("REXUE_WECHAT_OPENS", "beta", "wechat.opens"),
            ("REXUE_WECHAT_TEMPLATES", r#"{"reminder":{"id":"T","fields":{}}}"#, "wechat.templates"),
        ] {
            let error = Config::layered(None, |asked| (asked == name).then(|| value.to_owned())).unwrap_err();

            assert_eq!(error.code, "bad_configuration");
            assert!(error.message.contains(named), "{}", error.message);
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named() {
        let error = Config::layered(None, |name| (name == "PORT").then(|| "http".to_owned())).unwrap_err();

        assert!(error.message.contains("REXUE_SERVER_PORT"));
    }
}
