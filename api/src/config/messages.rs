//! How messages leave.

use super::bad;
use crate::error::Error;
use notifications::HttpAddress;
use serde::{Deserialize, Serialize};
use std::fmt;

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

impl fmt::Debug for Mail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Mail").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// Outgoing SMS.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sms {
    /// `kannel`: a Kannel gateway; `console`: written into the log instead of sent, on a developer's machine only.
    /// Empty: no SMS is sent.
    pub provider: String,
    /// The address of Kannel's `sendsms`: `https://…`, or `http://…` on this machine. Without a path it is
    /// `/cgi-bin/sendsms`.
    pub url: String,
    /// The `username` of Kannel's `sendsms-user` group.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The number that messages come from, as the carrier gave it.
    pub from: String,
    /// A file with the CA certificates that the gateway is trusted by, PEM. Empty: the system's.
    pub ca_file: String,
    /// How long the gateway may take for an answer, seconds, at least 1.
    pub timeout_seconds: u64,
}

impl Default for Sms {
    fn default() -> Self {
        Self {
            provider: String::new(),
            url: "http://127.0.0.1:13013".to_owned(),
            user: String::new(),
            password: String::new(),
            from: String::new(),
            ca_file: String::new(),
            timeout_seconds: 15,
        }
    }
}

impl Sms {
    pub(super) fn check(&self) -> Result<(), Error> {
        if !["", "kannel", "console"].contains(&self.provider.as_str()) {
            return Err(bad("sms.provider is neither \"kannel\" nor \"console\" nor empty"));
        }
        if self.timeout_seconds == 0 {
            return Err(bad("sms.timeout_seconds is at least 1"));
        }
        HttpAddress::parse(&self.url).map(drop).map_err(|failure| bad(format!("sms.url: {failure}")))
    }
}

impl fmt::Debug for Sms {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sms")
            .field("provider", &self.provider)
            .field("url", &self.url)
            .field("from", &self.from)
            .field("timeout_seconds", &self.timeout_seconds)
            .finish_non_exhaustive()
    }
}
