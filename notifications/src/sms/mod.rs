//! SMS through Kannel's HTTP interface.

pub(crate) mod news;
pub(crate) mod settings;
pub(crate) mod text;
mod words;

use std::fmt;

use crate::accepted::Accepted;
use crate::email::settings::SetupRefused;
use crate::failure::{Cause, Failure, Step};
use crate::http::{Http, HttpAddress};
use crate::line::one_line;
use settings::SmsSettings;
use words::Words;

/// Where `sendsms` is when the settings name no path.
const USUAL_PATH: &str = "/cgi-bin/sendsms";
/// "Accepted for delivery" and "Queued for later delivery", says Kannel with it.
const ACCEPTED: u16 = 202;

/// The channel to one SMS gateway.
///
/// Use it from one tokio runtime: its connections live there. Dropping a `send` that is under way leaves it unknown whether that
/// message was taken.
pub struct Sms {
    http: Http,
    address: HttpAddress,
    user: String,
    password: String,
    from: String,
}

impl Sms {
    /// Checks the settings; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`SetupRefused`] names what cannot be used.
    pub fn new(settings: SmsSettings) -> Result<Self, SetupRefused> {
        one_line("user", &settings.user)?;
        one_line("from", &settings.from)?;
        let address = HttpAddress::parse(&settings.url)?;
        let address = if address.path() == "/" { address.with_path(USUAL_PATH) } else { address };
        let http = Http::new(settings.timeouts, &settings.trust)?;
        let SmsSettings { user, password, from, .. } = settings;
        Ok(Self { http, address, user, password, from })
    }

    /// Hands a text to the gateway, once.
    ///
    /// `to` is a telephone number in E.164 form (`+8617000000001`). The text goes as UCS-2; the gateway cuts what is longer than
    /// one SMS into parts (see [`SmsText::parts`](crate::SmsText::parts)).
    ///
    /// # Errors
    ///
    /// [`Failure`], whose class says whether it may be tried again. It holds neither the number nor the text nor the password.
    pub async fn send(&self, to: &str, text: &str) -> Result<Accepted, Failure> {
        if !is_e164(to) || text.is_empty() {
            return Err(Failure::new(Step::Compose, Cause::Unwritable));
        }
        let query = [
            ("username", self.user.as_str()),
            ("password", &self.password),
            ("from", &self.from),
            ("to", to),
            ("coding", "2"),
            ("charset", "UTF-8"),
            ("text", text),
        ];

        let answer = self.http.get(&self.address, &query).await?;
        let status = answer.status();
        // The status is the answer; a body that breaks off takes nothing of it back.
        let body = answer.body().await.unwrap_or_default();
        let words = Words { secrets: &[&self.user, &self.password, to, text] }.of(&body);

        if status == ACCEPTED {
            Ok(Accepted { code: status, text: words })
        } else {
            Err(Failure::new(Step::Acceptance, Cause::Http(status)).with_detail(words))
        }
    }
}

/// E.164 §6: a plus sign and up to 15 digits, the first of which is no zero.
fn is_e164(to: &str) -> bool {
    let digits = to.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Debug for Sms {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sms").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_international_numbers_are_written_to() {
        for good in ["+8617000000001", "+16502530000"] {
            assert!(is_e164(good), "{good}");
        }
        for bad in [
            "",
            "+",
            "17000000001",
            "+0861700000000",
            "+86 170",
            "+8617000000001,+8617000000002",
            "+123456",
            "+1234567890123456",
        ] {
            assert!(!is_e164(bad), "{bad}");
        }
    }
}
