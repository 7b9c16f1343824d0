//! How to reach an SMS gateway.

use std::fmt;

use crate::email::settings::Trust;
use crate::http::HttpTimeouts;

/// A Kannel `smsbox` and its user (Kannel 1.4 user guide, "SMS push").
///
/// `Debug` shows the address only.
#[derive(Clone)]
pub struct SmsSettings {
    /// The address of `sendsms`: `https://`, or `http://` on this machine. Without a path it is `/cgi-bin/sendsms`.
    pub url: String,
    /// The `username` of a `sendsms-user` group.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The number that messages come from, as the carrier gave it.
    pub from: String,
    /// How long we wait.
    pub timeouts: HttpTimeouts,
    /// Whose word for the gateway's identity is taken, when it is reached by `https://`.
    pub trust: Trust,
}

impl fmt::Debug for SmsSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SmsSettings").field("url", &self.url).finish_non_exhaustive()
    }
}
