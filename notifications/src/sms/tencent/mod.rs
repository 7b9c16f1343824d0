//! Tencent Cloud's SMS service: API 2021-01-11, operation `SendSms`.

mod codes;
mod signature;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::outgoing::OutgoingSms;
use super::settings::TencentSettings;
use super::{check_recipient, needed, signable};
use crate::accepted::{Accepted, provider_id};
use crate::call::Call;
use crate::email::settings::SetupRefused;
use crate::failure::{Cause, Failure, Step, plain_code};
use crate::http::{Http, HttpAddress, HttpAnswer, read_json};
use crate::reason::Reason;
use signature::{Request, authorization};

const VERSION: &str = "2021-01-11";
const ACTION: &str = "SendSms";
/// The action as the signature wants it.
const ACTION_LOWER: &str = "sendsms";
const CONTENT_TYPE: &str = "application/json; charset=utf-8";
const SENT: &str = "Ok";

/// The channel to Tencent Cloud's SMS service.
pub struct Tencent {
    http: Http,
    address: HttpAddress,
    host: String,
    settings: TencentSettings,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Question<'a> {
    phone_number_set: [&'a str; 1],
    sms_sdk_app_id: &'a str,
    template_id: &'a str,
    sign_name: &'a str,
    template_param_set: Vec<String>,
    session_context: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    response: Response,
}

/// Either the whole request was refused, or every number has its own outcome.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Response {
    #[serde(default)]
    error: Option<Refused>,
    #[serde(default)]
    send_status_set: Vec<SendStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refused {
    code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendStatus {
    code: String,
    #[serde(default)]
    serial_no: String,
}

impl Tencent {
    /// Checks the settings; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`SetupRefused`] names what cannot be used.
    pub fn new(settings: TencentSettings) -> Result<Self, SetupRefused> {
        signable("secret_id", &settings.secret_id)?;
        signable("region", &settings.region)?;
        needed("secret_key", &settings.secret_key)?;
        needed("app_id", &settings.app_id)?;
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
        let question = Question {
            phone_number_set: [to],
            sms_sdk_app_id: &self.settings.app_id,
            template_id: template,
            sign_name: &self.settings.sign_name,
            template_param_set: outgoing.variables().map(|(_, value)| value).collect(),
            session_context: call.reference,
        };
        let body =
            serde_json::to_vec(&question).map_err(|_| Failure::new(Step::Compose, Cause::Unwritable))?;
        let answer = self.post(body, call).await?;
        let (status, answer) = read_json(answer).await?;
        outcome(status, answer)
    }

    async fn post(&self, body: Vec<u8>, call: &Call<'_>) -> Result<HttpAnswer, Failure> {
        let signed =
            [("content-type", CONTENT_TYPE), ("host", self.host.as_str()), ("x-tc-action", ACTION_LOWER)];
        let request = Request { service: "sms", at: call.now, headers: &signed, body: &body };
        let authorization = authorization(&request, &self.settings.secret_id, &self.settings.secret_key);
        let timestamp = call.now.timestamp().to_string();
        let headers = [
            ("content-type", CONTENT_TYPE),
            ("host", &self.host),
            ("authorization", &authorization),
            ("x-tc-action", ACTION),
            ("x-tc-version", VERSION),
            ("x-tc-region", &self.settings.region),
            ("x-tc-timestamp", &timestamp),
        ];
        self.http.post_signed(&self.address, "", &headers, body).await
    }
}

/// A code that we do not know, under an HTTP status that is a refusal by itself, is what the status says. One number was asked
/// for: another count of outcomes says nothing about it.
fn outcome(status: u16, Answer { response }: Answer) -> Result<Accepted, Failure> {
    let (code, serial_no) = match (response.error, response.send_status_set.as_slice()) {
        (Some(Refused { code }), _) => (code, None),
        (None, [sent]) => (sent.code.clone(), provider_id(&sent.serial_no)),
        (None, _) if status == 200 => return Err(Failure::new(Step::Acceptance, Cause::Unreadable)),
        (None, _) => return Err(Failure::new(Step::Acceptance, Cause::Http(status))),
    };
    match (codes::reason(&code), status) {
        _ if code == SENT && status == 200 => {
            Ok(Accepted { code: status, text: code, provider_id: serial_no })
        }
        (Reason::Unknown, 300..) => {
            Err(Failure::new(Step::Acceptance, Cause::Http(status)).with_detail(plain_code(&code)))
        }
        (reason, _) => Err(Failure::refused(reason, &code)),
    }
}

impl fmt::Debug for Tencent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Tencent").field("address", &self.address).finish_non_exhaustive()
    }
}
