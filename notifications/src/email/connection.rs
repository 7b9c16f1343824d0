//! One conversation with a mail server, step by step, so that a failure knows how far it had come.

use std::error::Error as _;
use std::future::Future;
use std::io;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::address::EmailAddress;
use super::line_by_line::LineByLine;
use super::settings::{Login, Timeouts};
use crate::failure::{Cause, Failure, Step};

/// How to open a connection, from checked settings.
pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub protection: Protection,
    pub login: Option<Login>,
    pub hello: ClientId,
    pub timeouts: Timeouts,
}

pub(super) enum Protection {
    StartTls(TlsParameters),
    Tls(TlsParameters),
    None,
}

/// A connection that is greeted, protected and logged in.
pub(super) struct Connection(AsyncSmtpConnection);

impl Server {
    pub async fn connect(&self) -> Result<Connection, Failure> {
        let mut smtp = match &self.protection {
            Protection::StartTls(tls) => self.connect_and_secure(tls).await?,
            Protection::Tls(tls) => self.connect_to(Some(tls)).await?,
            Protection::None => self.connect_to(None).await?,
        };
        if let Some(login) = &self.login {
            let credentials = Credentials::new(login.user.clone(), login.password.clone());
            let answer = smtp.auth(&[Mechanism::Plain, Mechanism::Login], &credentials);
            within(self.timeouts.step, Step::Login, answer).await?;
        }
        Ok(Connection(smtp))
    }

    async fn connect_to(&self, tls: Option<&TlsParameters>) -> Result<AsyncSmtpConnection, Failure> {
        let address = (self.host.as_str(), self.port);
        let greeted = AsyncSmtpConnection::connect_tokio1(address, None, &self.hello, tls.cloned(), None);
        within(self.timeouts.step, Step::Connect, greeted).await
    }

    async fn connect_and_secure(&self, tls: &TlsParameters) -> Result<AsyncSmtpConnection, Failure> {
        let step = self.timeouts.step;
        let connected = TcpStream::connect((self.host.as_str(), self.port));
        let disconnected = |error: io::Error| {
            Failure::new(Step::Connect, Cause::Disconnected).with_detail(error.kind().to_string())
        };
        let stream = timeout(step, connected)
            .await
            .map_err(|_| Failure::new(Step::Connect, Cause::TimedOut))?
            .map_err(disconnected)?;
        // A letter's last line leaves at once: it would wait for the server to acknowledge the lines before, which takes its time.
        stream.set_nodelay(true).map_err(disconnected)?;
        let stream = Box::new(LineByLine(stream));
        let greeted = AsyncSmtpConnection::connect_with_transport(stream, &self.hello);
        let mut smtp = within(step, Step::Connect, greeted).await?;
        within(step, Step::Secure, smtp.starttls(tls.clone(), &self.hello)).await?;
        Ok(smtp)
    }
}

impl Connection {
    /// Hands one letter over; the answer is the server's to the whole letter.
    pub async fn hand_over(
        &mut self,
        from: &EmailAddress,
        to: &EmailAddress,
        letter: &[u8],
        timeouts: Timeouts,
    ) -> Result<Response, Failure> {
        let Self(smtp) = self;
        let sender = Mail::new(Some(from.address().clone()), vec![]);
        within(timeouts.step, Step::Sender, smtp.command(sender)).await?;
        let recipient = Rcpt::new(to.address().clone(), vec![]);
        within(timeouts.step, Step::Recipient, smtp.command(recipient)).await?;
        let ready = within(timeouts.step, Step::Content, smtp.command(Data)).await?;
        if !ready.has_code(354) {
            return Err(Failure::new(Step::Content, Cause::Disconnected));
        }

        let answer = within(timeouts.acceptance, Step::Acceptance, smtp.message(letter)).await?;
        if u16::from(answer.code()) / 100 != 2 {
            return Err(Failure::new(Step::Acceptance, Cause::Disconnected));
        }
        Ok(answer)
    }

    /// Whether the server still listens; forgets a half-finished letter.
    pub async fn is_usable(&mut self, limit: Duration) -> bool {
        timeout(limit, self.0.command(Rset)).await.is_ok_and(|answer| answer.is_ok())
    }

    /// Says good-bye; whether it is heard does not matter.
    pub async fn close(mut self, limit: Duration) {
        let _ = timeout(limit, self.0.quit()).await;
    }
}

async fn within<T>(
    limit: Duration,
    step: Step,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    match timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            let words = error.source().map(ToString::to_string).unwrap_or_default();
            Err(Failure::new(step, cause_of(&error)).with_detail(words))
        }
        Err(_) => Err(Failure::new(step, Cause::TimedOut)),
    }
}

fn cause_of(error: &Error) -> Cause {
    match error.status() {
        Some(code) => Cause::Answer(code.into()),
        // lettre's word for: STARTTLS or our ways to log in are not offered.
        None if error.is_client() || is_refused_handshake(error) => Cause::Unacceptable,
        None => Cause::Disconnected,
    }
}

/// rustls reports a certificate it does not trust, and bytes that are not TLS, as invalid data inside an I/O error.
fn is_refused_handshake(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        cause = error.source();
    }
    false
}
