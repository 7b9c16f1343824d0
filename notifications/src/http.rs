//! One HTTP client for whoever speaks to a provider: it waits only so long and reads only so much.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, Response, Url, redirect, retry};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore, crypto};
use serde::de::DeserializeOwned;

use crate::email::settings::{SetupRefused, Trust};
use crate::failure::{Cause, Failure, Step};

/// The longest body that is read; the providers' answers have some hundred bytes.
const LONGEST_BODY_BYTES: usize = 64 * 1024;
/// Idle connections are closed before the other side closes them: a request on a connection that is just being closed has an
/// unknown fate.
const IDLE: Duration = Duration::from_secs(5);

/// How long to wait for an HTTP server.
#[derive(Debug, Clone, Copy)]
pub struct HttpTimeouts {
    /// For the connection: name look-up, TCP and TLS.
    pub connect: Duration,
    /// For all of it, from the look-up to the last byte of the answer. Longer than `connect`, or a slow connection is taken for a
    /// request of unknown fate.
    pub total: Duration,
}

impl Default for HttpTimeouts {
    /// 5 seconds for the connection, 15 for all of it.
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(15) }
    }
}

/// Where a provider's server is: `https://`, or `http://` on this machine; without user, query or fragment.
///
/// ```
/// use notifications::HttpAddress;
///
/// assert!(HttpAddress::parse("https://api.weixin.qq.com").is_ok());
/// assert!(HttpAddress::parse("http://127.0.0.1:13013/cgi-bin/sendsms").is_ok());
/// assert!(HttpAddress::parse("http://sms.example/").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAddress(Url);

/// A pool of connections, HTTP/1.1.
///
/// One call is one attempt. It follows no redirect (a password would go with it) and asks no proxy of the environment. Use it from
/// one tokio runtime: its connections live there. A clone shares the pool.
#[derive(Clone)]
pub struct Http(Client);

/// The beginning of an answer: the server has read the request and made up its mind.
pub struct HttpAnswer(Response);

impl HttpAddress {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// [`SetupRefused::NotAnAddress`], [`SetupRefused::PlainBeyondLoopback`].
    pub fn parse(text: &str) -> Result<Self, SetupRefused> {
        let url = Url::parse(text).map_err(|_| SetupRefused::NotAnAddress)?;
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        match url.scheme() {
            _ if !bare => Err(SetupRefused::NotAnAddress),
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            "http" => Err(SetupRefused::PlainBeyondLoopback),
            _ => Err(SetupRefused::NotAnAddress),
        }
    }

    /// The address with another path, which begins with a slash.
    #[must_use]
    pub fn with_path(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(path);
        Self(url)
    }

    /// The path; `/` when there is none.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// The host, and the port when it is not the scheme's own: what the `Host` header says.
    pub(crate) fn authority(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The parameters are written as HTML forms do (UTF-8, `+` for a space).
    fn with_query(&self, query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Http {
    /// A client that trusts these authorities; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`SetupRefused::Tls`] when the bundle cannot be used.
    pub fn new(timeouts: HttpTimeouts, trust: &Trust) -> Result<Self, SetupRefused> {
        let refused = |error: &dyn fmt::Display| SetupRefused::Tls(error.to_string());
        let tls = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(&error))?
            .with_root_certificates(authorities(trust)?)
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.total)
            .pool_idle_timeout(IDLE)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .build()
            .map_err(|error| refused(&error))?;
        Ok(Self(client))
    }

    /// Asks with GET.
    ///
    /// # Errors
    ///
    /// [`Failure`] at [`Step::Connect`] when nothing was sent, at [`Step::Acceptance`] when something may have been. It never holds
    /// the address or the query.
    pub async fn get(&self, address: &HttpAddress, query: &[(&str, &str)]) -> Result<HttpAnswer, Failure> {
        send(self.0.get(address.with_query(query))).await
    }

    /// Sends JSON with POST.
    ///
    /// # Errors
    ///
    /// As [`Http::get`].
    pub async fn post_json(
        &self,
        address: &HttpAddress,
        query: &[(&str, &str)],
        json: Vec<u8>,
    ) -> Result<HttpAnswer, Failure> {
        let request = self.0.post(address.with_query(query)).header(CONTENT_TYPE, "application/json");
        send(request.body(json)).await
    }

    /// Sends what was signed, with POST: a query that is written already, and headers that are signed with it.
    pub(crate) async fn post_signed(
        &self,
        address: &HttpAddress,
        query: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<HttpAnswer, Failure> {
        let mut url = address.0.clone();
        if !query.is_empty() {
            url.set_query(Some(query));
        }
        let request =
            headers.iter().fold(self.0.post(url), |request, (name, value)| request.header(*name, *value));
        send(request.body(body)).await
    }
}

impl HttpAnswer {
    /// The HTTP status, 100 to 999.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// Reads the body, at most 64 KiB of it.
    ///
    /// # Errors
    ///
    /// [`Failure`] at [`Step::Acceptance`], with [`Cause::TooLarge`], [`Cause::TimedOut`] or [`Cause::Disconnected`].
    pub async fn body(mut self) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(part) = self.0.chunk().await.map_err(|error| failure(&error))? {
            if body.len() + part.len() > LONGEST_BODY_BYTES {
                return Err(Failure::new(Step::Acceptance, Cause::TooLarge));
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }
}

/// The JSON with which a provider answers, and the HTTP status. What HTTP says counts when the body says nothing.
pub(crate) async fn read_json<T: DeserializeOwned>(answer: HttpAnswer) -> Result<(u16, T), Failure> {
    const OK: u16 = 200;

    let status = answer.status();
    let body = match answer.body().await {
        Ok(body) => body,
        Err(failure) if status == OK => return Err(failure),
        Err(_) => return Err(Failure::new(Step::Acceptance, Cause::Http(status))),
    };
    let cause = if status == OK { Cause::Unreadable } else { Cause::Http(status) };
    let read = serde_json::from_slice(&body).map_err(|_| Failure::new(Step::Acceptance, cause))?;
    Ok((status, read))
}

async fn send(request: RequestBuilder) -> Result<HttpAnswer, Failure> {
    request.send().await.map(HttpAnswer).map_err(|error| failure(&error))
}

/// The words of the error are left out: they hold the address with its query, and so passwords and messages.
fn failure(error: &reqwest::Error) -> Failure {
    if error.is_builder() {
        return Failure::new(Step::Compose, Cause::Unwritable);
    }
    let step = if error.is_connect() { Step::Connect } else { Step::Acceptance };
    let cause = match error {
        _ if error.is_timeout() => Cause::TimedOut,
        _ if error.is_connect() && is_refused_handshake(error) => Cause::Unacceptable,
        _ => Cause::Disconnected,
    };
    Failure::new(step, cause)
}

/// Whether rustls is somewhere in it. An I/O error names what it wraps by `get_ref` and passes over it in `source`.
fn is_refused_handshake(error: &(dyn Error + 'static)) -> bool {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>()
        || wrapped.is_some_and(|wrapped| is_refused_handshake(wrapped))
        || error.source().is_some_and(is_refused_handshake)
}

/// A machine without certificates trusts nobody: plain HTTP to itself works, every `https://` is refused.
fn authorities(trust: &Trust) -> Result<RootCertStore, SetupRefused> {
    let mut store = RootCertStore::empty();
    match trust {
        Trust::System => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Trust::Only(pem) => {
            let unusable = |error: &dyn fmt::Display| SetupRefused::Tls(error.to_string());
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| unusable(&error))?;
                store.add(certificate).map_err(|error| unusable(&error))?;
            }
            if store.is_empty() {
                return Err(SetupRefused::Tls("the bundle holds no certificate".to_owned()));
            }
        }
    }
    Ok(store)
}

impl fmt::Debug for Http {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Http(…)")
    }
}

impl fmt::Debug for HttpAnswer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "HttpAnswer({})", self.status())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_encrypted_address_or_this_machine_is_spoken_to() {
        for good in
            ["https://sms.example", "http://localhost:13013/", "http://127.0.0.1", "http://[::1]:80/cgi-bin"]
        {
            assert!(HttpAddress::parse(good).is_ok(), "{good}");
        }
        for plain in [
            "http://sms.example",
            "http://10.0.0.1:13013/",
            "http://localhost.example",
            "http://[2001:db8::1]/",
        ] {
            let refused = HttpAddress::parse(plain).unwrap_err();
            assert!(matches!(refused, SetupRefused::PlainBeyondLoopback), "{plain}: {refused:?}");
        }
        for wrong in [
            "",
            "sms.example",
            "ftp://127.0.0.1/",
            "https://u:p@sms.example",
            "https://a/?b=c",
            "https://a/#b",
        ] {
            let refused = HttpAddress::parse(wrong).unwrap_err();
            assert!(matches!(refused, SetupRefused::NotAnAddress), "{wrong}: {refused:?}");
        }
    }

    #[test]
    fn a_parameter_cannot_become_two() {
        let address = HttpAddress::parse("http://127.0.0.1/send").unwrap();

        let url = address.with_query(&[("to", "+8617000000001"), ("text", "【站】a b&from=c#d%41")]);

        assert_eq!(
            url.query(),
            Some("to=%2B8617000000001&text=%E3%80%90%E7%AB%99%E3%80%91a+b%26from%3Dc%23d%2541")
        );
    }
}
