//! E-mail over SMTP.
//!
//! lettre speaks the protocol; the steps of the conversation and the pool are ours, because lettre's own `send` does not say
//! whether a connection broke before or after the letter was handed over, and that is the difference between a retry and a
//! possible duplicate.

pub(crate) mod address;
mod connection;
pub(crate) mod letter;
mod line_by_line;
pub(crate) mod settings;

use std::fmt;
use std::sync::{Mutex, PoisonError};

use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::sync::Semaphore;

use crate::accepted::Accepted;
use crate::failure::{Cause, Failure};
use crate::line::one_line;
use crate::render::Rendered;
use connection::{Connection, Protection, Server};
use letter::{Envelope, compose};
use settings::{EmailSettings, Security, SetupRefused, Trust};

/// The channel to one mail server, with a pool of connections.
///
/// Use it from one tokio runtime: its connections live
/// there. Dropping a `send` that is under way closes its connection; whether that letter arrived is then unknown.
pub struct Email {
    server: Server,
    idle: Mutex<Vec<Connection>>,
    places: Semaphore,
}

impl Email {
    /// Checks the settings and reads the trusted certificates; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`SetupRefused`] names what cannot be used.
    pub fn new(settings: EmailSettings) -> Result<Self, SetupRefused> {
        one_line("host", &settings.host)?;
        one_line("hello_name", &settings.hello_name)?;
        let protection = match settings.security {
            Security::StartTls => Protection::StartTls(tls_parameters(&settings.host, &settings.trust)?),
            Security::Tls => Protection::Tls(tls_parameters(&settings.host, &settings.trust)?),
            Security::PlainOnLoopback if settings.is_loopback() => Protection::None,
            Security::PlainOnLoopback => return Err(SetupRefused::PlainBeyondLoopback),
        };
        let server = Server {
            host: settings.host,
            port: settings.port,
            protection,
            login: settings.login,
            hello: ClientId::Domain(settings.hello_name),
            timeouts: settings.timeouts,
        };
        Ok(Self { server, idle: Mutex::new(Vec::new()), places: Semaphore::new(settings.connections.get()) })
    }

    /// Hands a letter to the mail server, once.
    ///
    /// # Errors
    ///
    /// [`Failure`], whose class says whether it may be tried again.
    pub async fn send(&self, rendered: &Rendered, envelope: &Envelope<'_>) -> Result<Accepted, Failure> {
        let letter = compose(rendered, envelope)?;
        let from = envelope.from.address();
        let hidden = |words: &str| envelope.to.hide_in(words);
        let hide = |failure: Failure| Failure { detail: hidden(&failure.detail), ..failure };

        // The semaphore is never closed; were it, the letter would go without waiting for its turn.
        let _place = self.places.acquire().await.ok();
        let mut connection = self.connection().await.map_err(hide)?;
        let outcome = connection.hand_over(from, envelope.to, &letter, self.server.timeouts).await;
        if outcome.as_ref().map_or_else(server_still_listens, |_| true) {
            self.put_back(connection);
        }

        let answer = outcome.map_err(hide)?;
        let words: Vec<&str> = answer.message().collect();
        Ok(Accepted { code: answer.code().into(), text: hidden(&words.join(" ")), provider_id: None })
    }

    /// Says good-bye to the idle connections, at the end of the process.
    pub async fn close(&self) {
        while let Some(connection) = self.take_idle() {
            connection.close(self.server.timeouts.step).await;
        }
    }

    /// An idle connection that still answers, or a new one.
    async fn connection(&self) -> Result<Connection, Failure> {
        while let Some(mut connection) = self.take_idle() {
            if connection.is_usable(self.server.timeouts.step).await {
                return Ok(connection);
            }
        }
        self.server.connect().await
    }

    fn take_idle(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// A server that said no goes on listening; `RSET` at the next use makes sure (RFC 5321 §4.1.1.5).
fn server_still_listens(failure: &Failure) -> bool {
    matches!(failure.cause, Cause::Answer(_))
}

impl fmt::Debug for Email {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Email")
            .field("host", &self.server.host)
            .field("port", &self.server.port)
            .finish_non_exhaustive()
    }
}

fn tls_parameters(host: &str, trust: &Trust) -> Result<TlsParameters, SetupRefused> {
    let refused = |error: lettre::transport::smtp::Error| SetupRefused::Tls(error.to_string());
    let builder = TlsParameters::builder(host.to_owned());
    let builder = match trust {
        Trust::System => builder,
        Trust::Only(pem) => {
            if !pem.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") {
                return Err(SetupRefused::Tls("the bundle holds no certificate".to_owned()));
            }
            builder
                .certificate_store(CertificateStore::None)
                .add_root_certificate(Certificate::from_pem(pem).map_err(refused)?)
        }
    };
    builder.build_rustls().map_err(refused)
}
