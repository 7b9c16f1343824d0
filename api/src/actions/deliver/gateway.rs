//! The way to telephones, as the configuration names it.

use crate::config;
use crate::error::Error;
use chrono::DateTime;
use notifications::{Accepted, Call, Failure, HttpTimeouts, Kannel, KannelSettings, Trust};
use std::time::Duration;

/// Kannel without receipts, which takes any text.
pub struct Texts(Kannel);

impl Texts {
    /// Hands a text over, once. Nothing of the call leaves: Kannel signs nothing, and no receipts are asked for.
    ///
    /// # Errors
    /// What Kannel said instead of yes.
    pub async fn send(&self, recipient: &str, text: &str) -> Result<Accepted, Failure> {
        self.0.send_text(recipient, text, &Call::new("none", DateTime::UNIX_EPOCH, "none")).await
    }
}

/// The way to telephones.
pub enum Gateway {
    /// By SMS.
    Sms(Texts),
    /// Nowhere: the demonstration's page shows them.
    Console,
    /// No way is configured.
    None,
}

impl Gateway {
    /// The way that the configuration names.
    ///
    /// # Errors
    /// `bad_configuration`.
    pub fn open(settings: &config::Sms) -> Result<Self, Error> {
        let bad = |failure: String| Error::invalid("bad_configuration", format!("sms: {failure}"));
        let trust = match settings.ca_file.as_str() {
            "" => Trust::System,
            file => Trust::Only(std::fs::read(file).map_err(|failure| bad(format!("ca_file: {failure}")))?),
        };
        match settings.provider.as_str() {
            "" => Ok(Self::None),
            "console" => Ok(Self::Console),
            "kannel" => {
                let total = Duration::from_secs(settings.timeout_seconds);
                let kannel = Kannel::new(KannelSettings {
                    url: settings.url.clone(),
                    user: settings.user.clone(),
                    password: settings.password.clone(),
                    from: settings.from.clone(),
                    receipts_url: String::new(),
                    timeouts: HttpTimeouts { total, ..HttpTimeouts::default() },
                    trust,
                });
                kannel.map(Texts).map(Self::Sms).map_err(|failure| bad(failure.to_string()))
            }
            _ => Err(bad("provider is neither \"kannel\" nor \"console\" nor empty".to_owned())),
        }
    }

    /// Whether messages can leave at all.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::None)
    }
}
