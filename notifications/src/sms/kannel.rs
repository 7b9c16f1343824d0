//! Kannel's HTTP interface.

use std::fmt;

use super::check_recipient;
use super::settings::KannelSettings;
use super::words::Words;
use crate::accepted::Accepted;
use crate::call::Call;
use crate::email::settings::SetupRefused;
use crate::failure::{Cause, Failure, Step};
use crate::http::{Http, HttpAddress};
use crate::line::one_line;

/// Where `sendsms` is when the settings name no path.
const USUAL_PATH: &str = "/cgi-bin/sendsms";
/// "Accepted for delivery" and "Queued for later delivery", says Kannel with it.
const ACCEPTED: u16 = 202;
/// Delivered, failed, buffered, submitted and rejected: every receipt there is.
const EVERY_RECEIPT: &str = "31";

/// The channel to one Kannel.
pub struct Kannel {
    http: Http,
    address: HttpAddress,
    user: String,
    password: String,
    from: String,
    /// What stands before the reference; empty when no receipts are asked for.
    receipts: String,
}

impl Kannel {
    /// Checks the settings; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`SetupRefused`] names what cannot be used.
    pub fn new(settings: KannelSettings) -> Result<Self, SetupRefused> {
        one_line("user", &settings.user)?;
        one_line("from", &settings.from)?;
        let address = HttpAddress::parse(&settings.url)?;
        let address = if address.path() == "/" { address.with_path(USUAL_PATH) } else { address };
        let receipts = receipts(&settings.receipts_url)?;
        let http = Http::new(settings.timeouts, &settings.trust)?;
        let KannelSettings { user, password, from, .. } = settings;
        Ok(Self { http, address, user, password, from, receipts })
    }

    /// Hands a text to the gateway, once, as UCS-2; the gateway cuts what is longer than one SMS into parts (see
    /// [`SmsText::parts`](crate::SmsText::parts)).
    ///
    /// `to` is a telephone number in E.164 form (`+8617000000001`).
    ///
    /// # Errors
    ///
    /// [`Failure`], whose class says whether it may be tried again. It holds neither the number nor the text nor the password.
    pub async fn send_text(&self, to: &str, text: &str, call: &Call<'_>) -> Result<Accepted, Failure> {
        check_recipient(to)?;
        call.check()?;
        if text.is_empty() {
            return Err(Failure::new(Step::Compose, Cause::Unwritable));
        }
        let receipts = format!("{}reference={}&status=%d&smsc=%F", self.receipts, call.reference);
        let mut query = vec![
            ("username", self.user.as_str()),
            ("password", &self.password),
            ("from", &self.from),
            ("to", to),
            ("coding", "2"),
            ("charset", "UTF-8"),
            ("text", text),
        ];
        if !self.receipts.is_empty() {
            query.extend([("dlr-mask", EVERY_RECEIPT), ("dlr-url", &receipts)]);
        }

        let answer = self.http.get(&self.address, &query).await?;
        let status = answer.status();
        // The status is the answer; a body that breaks off takes nothing of it back.
        let body = answer.body().await.unwrap_or_default();
        let words = Words { secrets: &[&self.user, &self.password, to, text, &receipts] }.of(&body);

        if status == ACCEPTED {
            Ok(Accepted { code: status, text: words, provider_id: None })
        } else {
            Err(Failure::new(Step::Acceptance, Cause::Http(status)).with_detail(words))
        }
    }
}

/// The address for receipts up to where our parameters begin. Kannel reads `%` as the beginning of a placeholder, `%%` as itself.
fn receipts(url: &str) -> Result<String, SetupRefused> {
    if url.is_empty() {
        return Ok(String::new());
    }
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    HttpAddress::parse(place)?;
    if !url.bytes().all(|byte| byte.is_ascii_graphic()) || query.contains('#') {
        return Err(SetupRefused::Unusable("receipts_url"));
    }
    let end = if url.ends_with(['?', '&']) {
        ""
    } else if url.contains('?') {
        "&"
    } else {
        "?"
    };
    Ok(format!("{}{end}", url.replace('%', "%%")))
}

impl fmt::Debug for Kannel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Kannel").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_parameters_follow_those_of_the_settings() {
        for (url, expected) in [
            ("", ""),
            ("https://a.example/r", "https://a.example/r?"),
            ("https://a.example/r?token=x", "https://a.example/r?token=x&"),
            ("https://a.example/r?token=a%2Fb", "https://a.example/r?token=a%%2Fb&"),
            ("http://127.0.0.1:8080/r?", "http://127.0.0.1:8080/r?"),
        ] {
            assert_eq!(receipts(url).unwrap(), expected);
        }
        for wrong in [
            "a.example",
            "http://a.example/r",
            "https://a.example/#x",
            "https://a.example/?a#b",
            "https://a.example/?a b",
        ] {
            assert!(receipts(wrong).is_err(), "{wrong}");
        }
    }
}
