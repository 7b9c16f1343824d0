//! `WeChat`'s server, asked on behalf of the station's mini-program (微信小程序): who signs in, and with which number.
//!
//! What it answers is about a person: the errors hold WeChat's `errcode` and nothing else of it. Each call may take as
//! long as `wechat.timeout_seconds` allows, twice or three times when an access token is needed first.
//!
//! Messages to subscribers leave by `notifications`, with the token that is kept here. Not supported: `unionid`, decrypting data with the session key.

mod answers;

use crate::clock::Clock;
use crate::config;
use crate::domain::personal::Phone;
use crate::domain::refusal::Refusal;
use crate::error::{Error, Kind};
use answers::{PhoneAnswer, SessionAnswer, Status, TokenAnswer};
use chrono::{DateTime, TimeDelta, Utc};
use notifications::{Cause, Failure, Http, HttpAddress, HttpAnswer, HttpTimeouts, Trust};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// A token is not used in its last minutes: it must outlive the request, and WeChat makes the next one then.
const TOKEN_RESERVE: TimeDelta = TimeDelta::minutes(5);
/// The longest token or OpenID that is believed, bytes; the documented ones have some 150 and 28.
const LONGEST_ID_BYTES: usize = 512;
/// WeChat allows 100 sign-ins a user and minute (`45011`).
const THROTTLED_SECONDS: u64 = 60;
/// A connection takes less than this; the whole answer has `wechat.timeout_seconds`.
const CONNECT: Duration = Duration::from_secs(5);

/// The name by which WeChat knows somebody in this one mini-program; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OpenId(String);

impl OpenId {
    /// Reads an OpenID.
    ///
    /// # Errors
    /// `not_an_openid`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if text.is_empty() || text.len() > LONGEST_ID_BYTES || !text.bytes().all(allowed) {
            return Err(Refusal::new("openid", "not_an_openid", "This is not an OpenID."));
        }
        Ok(Self(text.to_owned()))
    }

    /// The OpenID in clear: for storage, and for WeChat.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The mini-program's token for WeChat's other calls; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    /// The token in clear: for WeChat only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The client of one mini-program; every call of one that is not configured is refused.
pub struct WeChat {
    account: Option<Account>,
    address: HttpAddress,
    http: Http,
    token: Mutex<Option<Kept>>,
    /// How often no token could be had.
    failures: AtomicU64,
}

struct Account {
    app_id: String,
    secret: String,
}

/// A token and the instant from which it is not used any more.
struct Kept {
    token: AccessToken,
    until: DateTime<Utc>,
}

impl WeChat {
    /// A client with these settings; nothing is connected yet.
    ///
    /// # Errors
    /// `bad_configuration`.
    pub fn new(settings: &config::WeChat) -> Result<Self, Error> {
        let total = Duration::from_secs(settings.timeout_seconds);
        let timeouts = HttpTimeouts { connect: CONNECT.min(total / 2), total };
        let account = Account { app_id: settings.app_id.clone(), secret: settings.secret.clone() };
        Ok(Self {
            account: Some(account).filter(|account| !account.app_id.is_empty()),
            address: settings.address()?,
            http: Http::new(timeouts, &Trust::System).map_err(Error::internal)?,
            token: Mutex::new(None),
            failures: AtomicU64::new(0),
        })
    }

    /// Who signs in: the OpenID behind the code of `wx.login`, which is good for one use within five minutes. The
    /// session key is dropped here, so that nobody can store it.
    ///
    /// # Errors
    /// `wechat_code_refused`, `wechat_unavailable` (also `TooMany`, when WeChat asks for a pause),
    /// `wechat_not_configured`.
    pub async fn code_to_session(&self, js_code: &str) -> Result<OpenId, Error> {
        let Account { app_id, secret } = self.account()?;
        let query = [
            ("appid", app_id.as_str()),
            ("secret", secret),
            ("js_code", js_code),
            ("grant_type", "authorization_code"),
        ];
        let answer = self.http.get(&self.address.with_path("/sns/jscode2session"), &query).await;
        let SessionAnswer { status, openid } = read(answer).await?;
        status.refused_by(&[40029, 40163, 40226])?;
        OpenId::parse(&openid).map_err(|_| unavailable("an answer without an OpenID"))
    }

    /// The telephone number behind the code of a `getPhoneNumber` button, which is good for one use within five
    /// minutes. The code must be of this mini-program, and of the same person as `openid`.
    ///
    /// # Errors
    /// As [`WeChat::code_to_session`].
    pub async fn phone_number(&self, clock: Clock, code: &str, openid: &OpenId) -> Result<Phone, Error> {
        let Account { app_id, .. } = self.account()?;
        let question = json!({ "code": code, "openid": openid.reveal() });
        let token = self.access_token(clock).await?;
        let mut answer: PhoneAnswer = self.ask_for_phone(&token, &question).await?;
        if answer.status.token_expired() {
            let token = self.token_after(&token, clock).await?;
            answer = self.ask_for_phone(&token, &question).await?;
        }

        // Of another mini-program (40013), of another person (40003).
        answer.status.refused_by(&[40029, 40163, 40013, 40003])?;
        let info = answer.phone_info.ok_or_else(|| unavailable("an answer without a number"))?;
        if info.watermark.appid != *app_id {
            return Err(code_refused("the watermark of another mini-program"));
        }
        Phone::parse(&info.e164()).map_err(|_| unavailable("a number that cannot be dialled"))
    }

    async fn ask_for_phone(&self, token: &AccessToken, question: &Value) -> Result<PhoneAnswer, Error> {
        let path = self.address.with_path("/wxa/business/getuserphonenumber");
        let query = [("access_token", token.reveal())];
        read(self.http.post_json(&path, &query, question.to_string().into_bytes()).await).await
    }

    /// The mini-program's access token, from memory until five minutes before it expires. Whoever asks while it is
    /// being fetched waits for the same one, or fails with it; nodes do not invalidate each other's (`stable_token`).
    ///
    /// # Errors
    /// `wechat_unavailable`, `wechat_not_configured`.
    pub async fn access_token(&self, clock: Clock) -> Result<AccessToken, Error> {
        let failures = self.failures.load(Ordering::Relaxed);
        let mut kept = self.token.lock().await;
        match kept.as_ref() {
            Some(kept) if clock.now() < kept.until => Ok(kept.token.clone()),
            _ => self.fetch_unless_failed(failures, &mut kept, clock, Refresh::WhenDue).await,
        }
    }

    /// Another token than the refused one: the one that somebody else has fetched since, here or on another node, or a new
    /// one. WeChat makes a new one only when the refused one is still the one that it gives out: a new one ends the others'.
    ///
    /// # Errors
    /// As [`WeChat::access_token`].
    pub async fn token_after(&self, refused: &AccessToken, clock: Clock) -> Result<AccessToken, Error> {
        let failures = self.failures.load(Ordering::Relaxed);
        let mut kept = self.token.lock().await;
        match kept.as_ref() {
            Some(kept) if kept.token != *refused => return Ok(kept.token.clone()),
            _ => {}
        }
        let given = self.fetch_unless_failed(failures, &mut kept, clock, Refresh::WhenDue).await?;
        if given != *refused {
            return Ok(given);
        }
        self.fetch_unless_failed(failures, &mut kept, clock, Refresh::Now).await
    }

    /// Who waited while somebody else asked in vain does not ask again: many would wait for each other's time-outs.
    async fn fetch_unless_failed(
        &self,
        failures: u64,
        kept: &mut Option<Kept>,
        clock: Clock,
        refresh: Refresh,
    ) -> Result<AccessToken, Error> {
        if self.failures.load(Ordering::Relaxed) != failures {
            return Err(unavailable("somebody else asked for an access token in vain"));
        }
        let fetched = self.fetch(kept, clock, refresh).await;
        if fetched.is_err() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        fetched
    }

    async fn fetch(
        &self,
        kept: &mut Option<Kept>,
        clock: Clock,
        refresh: Refresh,
    ) -> Result<AccessToken, Error> {
        let Account { app_id, secret } = self.account()?;
        let asked_at = clock.now();
        let question = json!({
            "grant_type": "client_credential",
            "appid": app_id,
            "secret": secret,
            "force_refresh": matches!(refresh, Refresh::Now),
        });
        let path = self.address.with_path("/cgi-bin/stable_token");
        let answer = self.http.post_json(&path, &[], question.to_string().into_bytes()).await;
        let TokenAnswer { status, access_token, expires_in } = read(answer).await?;
        status.refused_by(&[])?;
        if access_token.is_empty() || access_token.len() > LONGEST_ID_BYTES {
            return Err(unavailable("an answer without an access token"));
        }

        let token = AccessToken(access_token);
        let until = asked_at + TimeDelta::seconds(i64::from(expires_in)) - TOKEN_RESERVE;
        *kept = Some(Kept { token: token.clone(), until });
        Ok(token)
    }

    fn account(&self) -> Result<&Account, Error> {
        self.account.as_ref().ok_or_else(|| {
            Error::conflict("wechat_not_configured", "This station has no sign-in with WeChat yet.")
        })
    }
}

/// Whether WeChat shall make a new token although the old one has time left; it does so twenty times a day.
enum Refresh {
    WhenDue,
    Now,
}

impl Status {
    /// Fails for every `errcode` but 0; those of `refused` are about the code that the person brought.
    fn refused_by(self, refused: &[i64]) -> Result<(), Error> {
        let Self { errcode } = self;
        let context = format!("errcode {errcode}");
        match errcode {
            0 => Ok(()),
            45011 => {
                let kind = Kind::TooMany { retry_after_seconds: THROTTLED_SECONDS };
                Err(Error { kind, ..unavailable(context) })
            }
            _ if refused.contains(&errcode) => Err(code_refused(context)),
            _ => Err(unavailable(context)),
        }
    }

    /// Invalid, or expired.
    fn token_expired(self) -> bool {
        matches!(self.errcode, 40001 | 40014 | 42001)
    }
}

/// The JSON of an answer; what cannot be read says nothing about itself, because it may hold a session key.
async fn read<T: DeserializeOwned>(answer: Result<HttpAnswer, Failure>) -> Result<T, Error> {
    let broken = |failure: Failure| unavailable(failure.cause);
    let answer = answer.map_err(broken)?;
    if answer.status() != 200 {
        return Err(unavailable(Cause::Http(answer.status())));
    }
    let body = answer.body().await.map_err(broken)?;
    serde_json::from_slice(&body).map_err(|_| unavailable("an answer that cannot be read"))
}

fn code_refused(context: impl fmt::Display) -> Error {
    Error::invalid("wechat_code_refused", "WeChat does not accept this code any more. Please try again.")
        .because(context)
}

fn unavailable(context: impl fmt::Display) -> Error {
    Error::new(
        Kind::Unavailable,
        "wechat_unavailable",
        "WeChat does not answer as it should. Please try again in a moment, or sign in by SMS.",
    )
    .because(context)
}

impl fmt::Debug for OpenId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("OpenId(…)")
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AccessToken(…)")
    }
}

impl fmt::Debug for WeChat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("WeChat").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_openid_is_what_wechat_makes_and_hides_itself() {
        let good = OpenId::parse("oABC-123_def").unwrap();

        assert_eq!(good.reveal(), "oABC-123_def");
        assert_eq!(format!("{good:?}"), "OpenId(…)");
        for wrong in ["", "o ABC", "o/../x", "张", &"o".repeat(LONGEST_ID_BYTES + 1)] {
            assert_eq!(OpenId::parse(wrong).unwrap_err().reason, "not_an_openid", "{wrong}");
        }
    }

    #[test]
    fn an_errcode_is_about_the_code_the_pace_or_wechat() {
        let outcome = |errcode| {
            let error = Status { errcode }.refused_by(&[40029, 40163]).unwrap_err();
            (error.kind, error.code, error.context.unwrap())
        };

        assert!(Status { errcode: 0 }.refused_by(&[40029]).is_ok());
        for (errcode, kind, code) in [
            (40029, Kind::Invalid, "wechat_code_refused"),
            (40163, Kind::Invalid, "wechat_code_refused"),
            (45011, Kind::TooMany { retry_after_seconds: 60 }, "wechat_unavailable"),
            (-1, Kind::Unavailable, "wechat_unavailable"),
            (40125, Kind::Unavailable, "wechat_unavailable"),
        ] {
            assert_eq!(outcome(errcode), (kind, code, format!("errcode {errcode}")));
        }
    }
}
