//! How to reach a mail server, checked once.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use crate::line::ControlCharacter;

/// A mail server (a submission service, RFC 6409) and how to use it.
#[derive(Debug, Clone)]
pub struct EmailSettings {
    /// Host name or IP address; the server's certificate must bear it.
    pub host: String,
    /// TCP port: 465 for [`Security::Tls`], 587 for [`Security::StartTls`].
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Whose word for the server's identity is taken.
    pub trust: Trust,
    /// User and password; `None` when the server takes letters without.
    pub login: Option<Login>,
    /// The name we greet with (`EHLO`): this machine's public host name.
    pub hello_name: String,
    /// How long we wait.
    pub timeouts: Timeouts,
    /// How many connections may be open at once; further letters wait their turn.
    pub connections: NonZeroUsize,
}

/// How the connection to the mail server is protected; it is never weaker than asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Plain at first, then encrypted before anything is said (RFC 3207). A server that does not offer it is refused.
    StartTls,
    /// Encrypted from the first byte (RFC 8314): to be preferred.
    Tls,
    /// Not encrypted; allowed to `localhost` and loopback addresses only.
    PlainOnLoopback,
}

/// Whose word for the server's identity is taken.
#[derive(Debug, Clone)]
pub enum Trust {
    /// The certificate authorities that the operating system trusts.
    System,
    /// Only these: the bytes of a PEM file with one or more certificates.
    Only(Vec<u8>),
}

/// User and password; `Debug` shows neither.
#[derive(Clone)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: String,
}

/// How long to wait for the server.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For every single step before the letter's content: connecting, greeting, logging in, each command.
    pub step: Duration,
    /// For sending the letter and the answer to it. Too short makes letters ambiguous that were accepted; RFC 5321 §4.5.3.2.6 asks
    /// for ten minutes.
    pub acceptance: Duration,
}

impl Default for Timeouts {
    /// 30 seconds for a step, ten minutes for the acceptance.
    fn default() -> Self {
        Self { step: Duration::from_secs(30), acceptance: Duration::from_secs(600) }
    }
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupRefused {
    /// A host or greeting name holds a line break or another control character.
    #[error(transparent)]
    ControlCharacter(#[from] ControlCharacter),
    /// A connection without encryption to another machine.
    #[error("a connection without encryption is allowed to this machine only (localhost, 127.0.0.1, ::1)")]
    PlainBeyondLoopback,
    /// Not an `https://` or `http://` address, or one with a user, a query or a fragment.
    #[error("this is not an https:// or http:// address without user, query and fragment")]
    NotAnAddress,
    /// A template is set for a kind of message or a language that does not exist.
    #[error("{0} is no kind of message")]
    NotAKind(String),
    /// A template's id is empty or holds a space.
    #[error("the template id of {0} cannot be used")]
    NotATemplate(String),
    /// A setting that a provider cannot do without is empty, or holds what cannot be signed or sent.
    #[error("{0} is empty or holds characters that it may not hold")]
    Unusable(&'static str),
    /// The certificate bundle is not PEM, holds no certificate or one that cannot be used; or the host is no name.
    #[error("the TLS set-up cannot be used: {0}")]
    Tls(String),
}

impl EmailSettings {
    pub(super) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Login(***)")
    }
}
