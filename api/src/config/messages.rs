//! How messages leave.

use super::bad;
use crate::error::Error;
use notifications::HttpAddress;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
    /// `kannel`: a Kannel gateway; `aliyun`: Alibaba Cloud (Dysmsapi 2017-05-25); `tencent`: Tencent Cloud (SMS 2021-01-11);
    /// `console`: shown on the demonstration's page instead of sent. Empty: no SMS is sent.
    pub provider: String,
    /// The provider's address: of Kannel's `sendsms` (`/cgi-bin/sendsms` when it has no path), `https://dysmsapi.aliyuncs.com`,
    /// `https://sms.tencentcloudapi.com`; `http://…` on this machine only.
    pub url: String,
    /// The `username` of Kannel's `sendsms-user` group; the access key's id at Alibaba and Tencent Cloud.
    pub user: String,
    /// Its password, or the access key's secret.
    pub password: String,
    /// The number that messages come from, as the carrier gave it.
    pub from: String,
    /// A file with the CA certificates that the gateway is trusted by, PEM. Empty: the system's.
    pub ca_file: String,
    /// How long the gateway may take for an answer, seconds, at least 1.
    pub timeout_seconds: u64,
    /// The approved signature without 【】, at Alibaba and Tencent Cloud.
    pub sign_name: String,
    /// Where Tencent Cloud's service runs.
    pub region: String,
    /// The application's number at Tencent Cloud.
    pub app_id: String,
    /// The approved templates by kind of message (`reminder`, or `reminder.en`), at Alibaba and Tencent Cloud.
    pub templates: BTreeMap<String, String>,
    /// What a provider shows when it tells what became of a message: a part of the address that it is given, at least 16
    /// letters and digits. Empty: no receipts are asked for or taken.
    pub receipts_secret: String,
    /// Where Kannel reaches this server for receipts, without a path. Empty: this machine for a Kannel on it, else
    /// `server.public_url`.
    pub receipts_url: String,
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
            sign_name: String::new(),
            region: "ap-guangzhou".to_owned(),
            app_id: String::new(),
            templates: BTreeMap::new(),
            receipts_secret: String::new(),
            receipts_url: String::new(),
        }
    }
}

impl Sms {
    /// What is said of a provider that does not exist.
    pub const PROVIDERS_MESSAGE: &'static str =
        "provider is \"kannel\", \"aliyun\", \"tencent\", \"console\" or empty";

    pub(super) fn check(&self) -> Result<(), Error> {
        if !["", "kannel", "aliyun", "tencent", "console"].contains(&self.provider.as_str()) {
            return Err(bad(format!("sms.{}", Self::PROVIDERS_MESSAGE)));
        }
        let secret = &self.receipts_secret;
        let plain = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !secret.is_empty() && (secret.len() < 16 || !plain) {
            return Err(bad("sms.receipts_secret has at least 16 letters, digits, '-' and '_'"));
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
