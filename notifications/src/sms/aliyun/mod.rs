//! Alibaba Cloud's SMS service: Dysmsapi 2017-05-25, operation `SendSms`.

mod codes;
mod signature;

use std::fmt;

use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::hash::sha256_hex;
use super::outgoing::OutgoingSms;
use super::settings::AliyunSettings;
use super::{check_recipient, needed, signable};
use crate::accepted::{Accepted, provider_id};
use crate::call::Call;
use crate::email::settings::SetupRefused;
use crate::failure::{Cause, Failure, Step, plain_code};
use crate::http::{Http, HttpAddress, read_json};
use crate::reason::Reason;
use signature::{Request, authorization, query};

const VERSION: &str = "2017-05-25";
const ACTION: &str = "SendSms";
const OK: &str = "OK";

/// The channel to Alibaba Cloud's SMS service.
pub struct Aliyun {
    http: Http,
    address: HttpAddress,
    host: String,
    settings: AliyunSettings,
}

/// What it answers, with HTTP 200 or without.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Code")]
    code: String,
    #[serde(rename = "BizId", default)]
    biz_id: Option<String>,
}

impl Aliyun {
    /// Checks the settings; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`SetupRefused`] names what cannot be used.
    pub fn new(settings: AliyunSettings) -> Result<Self, SetupRefused> {
        signable("access_key_id", &settings.access_key_id)?;
        needed("access_key_secret", &settings.access_key_secret)?;
        needed("sign_name", &settings.sign_name)?;
        let address = HttpAddress::parse(&settings.url)?.with_path("/");
        let host = if settings.host.is_empty() { address.authority() } else { settings.host.clone() };
        signable("host", &host)?;
        let http = Http::new(settings.timeouts, &settings.trust)?;
        Ok(Self { http, address, host, settings })
    }

    pub(super) async fn send(
        &self,
        to: &str,
        outgoing: &OutgoingSms,
        call: &Call<'_>,
    ) -> Result<Accepted, Failure> {
        check_recipient(to)?;
        call.check()?;
        let template = self.settings.templates.id(outgoing.kind(), outgoing.language());
        let template = template.ok_or_else(|| Failure::new(Step::Compose, Cause::NoTemplate))?;
        let query = self.parameters(to, template, outgoing, call);
        let answer = self.post(&query, call).await?;
        let (status, answer) = read_json(answer).await?;
        outcome(status, answer)
    }

    fn parameters(&self, to: &str, template: &str, outgoing: &OutgoingSms, call: &Call<'_>) -> String {
        // It reads strings only, not numbers (`isv.INVALID_JSON_PARAM`).
        let variables: Map<String, Value> =
            outgoing.variables().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
        let has_variables = !variables.is_empty();
        let variables = Value::Object(variables).to_string();
        let mut parameters = vec![
            ("PhoneNumbers", phone_number(to)),
            ("SignName", &self.settings.sign_name),
            ("TemplateCode", template),
            ("OutId", call.reference),
        ];
        if has_variables {
            parameters.push(("TemplateParam", &variables));
        }
        query(&parameters)
    }

    async fn post(&self, query: &str, call: &Call<'_>) -> Result<crate::http::HttpAnswer, Failure> {
        let date = call.now.to_rfc3339_opts(SecondsFormat::Secs, true);
        let body_hash = sha256_hex(b"");
        let signed = [
            ("host", self.host.as_str()),
            ("x-acs-action", ACTION),
            ("x-acs-content-sha256", &body_hash),
            ("x-acs-date", &date),
            ("x-acs-signature-nonce", call.nonce),
            ("x-acs-version", VERSION),
        ];
        let request = Request { query, headers: &signed, body: b"" };
        let authorization =
            authorization(&request, &self.settings.access_key_id, &self.settings.access_key_secret);
        let mut headers = signed.to_vec();
        headers.extend([("authorization", authorization.as_str()), ("accept", "application/json")]);
        self.http.post_signed(&self.address, query, &headers, Vec::new()).await
    }
}

/// A number of the mainland without its country code, others with it, none with a plus sign ("SendSms", `PhoneNumbers`).
fn phone_number(to: &str) -> &str {
    let digits = to.trim_start_matches('+');
    digits.strip_prefix("86").filter(|national| national.len() == 11).unwrap_or(digits)
}

/// A code that we do not know, under an HTTP status that is a refusal by itself, is what the status says.
fn outcome(status: u16, Answer { code, biz_id }: Answer) -> Result<Accepted, Failure> {
    match (codes::reason(&code), status) {
        _ if code == OK && status == 200 => {
            Ok(Accepted { code: status, text: code, provider_id: biz_id.as_deref().and_then(provider_id) })
        }
        (Reason::Unknown, 300..) => {
            Err(Failure::new(Step::Acceptance, Cause::Http(status)).with_detail(plain_code(&code)))
        }
        (reason, _) => Err(Failure::refused(reason, &code)),
    }
}

impl fmt::Debug for Aliyun {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Aliyun").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_of_the_mainland_lose_their_country_code() {
        assert_eq!(phone_number("+8617000000001"), "17000000001");
        assert_eq!(phone_number("+85261234567"), "85261234567");
        assert_eq!(phone_number("+861234567"), "861234567");
    }
}
