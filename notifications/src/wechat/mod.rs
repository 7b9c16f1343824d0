//! Subscribe messages (订阅消息) to a mini-program's users.

mod codes;
mod field;
pub(crate) mod outgoing;
pub(crate) mod settings;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use self::field::Field;
use self::outgoing::OutgoingWeChat;
use self::settings::{WeChatSettings, WeChatTemplate};
use crate::accepted::{Accepted, provider_id};
use crate::call::Call;
use crate::email::settings::SetupRefused;
use crate::failure::{Cause, Failure, Step};
use crate::http::{Http, HttpAddress, read_json};
use crate::message::Language;
use crate::reason::Reason;

const PATH: &str = "/cgi-bin/message/subscribe/send";
/// The longest OpenID and access token, bytes; the documented ones have 28 and some 150.
const LONGEST_ID: usize = 512;

/// The channel to `WeChat`.
///
/// A person consents to one message at a time: what was sent uses the consent up, and the next one fails with
/// [`Reason::NotSubscribed`] until they consent again. Values that are too long for their field are cut: `thing` at 20 characters,
/// `name` at 10, `phrase` at 5, `number`, `letter` and `character_string` at 32; `time` and `date` are written `2019年10月1日 15:01`,
/// Asia/Shanghai.
pub struct WeChat {
    http: Http,
    address: HttpAddress,
    settings: WeChatSettings,
}

#[derive(Serialize)]
struct Question<'a> {
    touser: &'a str,
    template_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    miniprogram_state: &'a str,
    lang: &'a str,
    data: BTreeMap<&'a str, Written>,
}

#[derive(Serialize)]
struct Written {
    value: String,
}

#[derive(Deserialize)]
struct Answer {
    errcode: i64,
    #[serde(default)]
    msgid: Option<serde_json::Value>,
}

impl WeChat {
    /// Checks the settings; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`SetupRefused`] names what cannot be used.
    pub fn new(settings: WeChatSettings) -> Result<Self, SetupRefused> {
        settings.check()?;
        let address = HttpAddress::parse(&settings.url)?.with_path(PATH);
        let http = Http::new(settings.timeouts, &settings.trust)?;
        Ok(Self { http, address, settings })
    }

    /// The template that says this kind of message in this language: what a consent is for.
    #[must_use]
    pub fn template_id(&self, kind: &str, language: Language) -> Option<&str> {
        self.settings.template(kind, language).map(|template| template.id.as_str())
    }

    /// Hands a message to `WeChat`, once, with the access token of the call.
    ///
    /// # Errors
    ///
    /// [`Failure`], whose class says whether it may be tried again. [`Reason::NotSubscribed`] (43101) is for the next channel;
    /// [`Reason::Token`] (also without a token in the call) wants a new token. It holds neither the OpenID nor the token nor a value.
    pub async fn send(
        &self,
        openid: &str,
        outgoing: &OutgoingWeChat,
        call: &Call<'_>,
    ) -> Result<Accepted, Failure> {
        call.check()?;
        if !is_id(openid) {
            return Err(Failure::new(Step::Compose, Cause::Unwritable));
        }
        let refused = |reason| Failure::new(Step::Compose, Cause::Refused(reason));
        let template = self.settings.template(outgoing.kind(), outgoing.language());
        let template = template.ok_or_else(|| Failure::new(Step::Compose, Cause::NoTemplate))?;
        let token = call.access_token.filter(|token| is_id(token)).ok_or_else(|| refused(Reason::Token))?;
        let question = Question {
            touser: openid,
            template_id: &template.id,
            page: outgoing.page(&template.page),
            miniprogram_state: self.settings.opens.as_str(),
            lang: language(outgoing.language()),
            data: data(template, outgoing).ok_or_else(|| refused(Reason::Setup))?,
        };
        let json =
            serde_json::to_vec(&question).map_err(|_| Failure::new(Step::Compose, Cause::Unwritable))?;

        let answer = self.http.post_json(&self.address, &[("access_token", token)], json).await?;
        let (status, answer) = read_json(answer).await?;
        outcome(status, &answer)
    }
}

/// What stands in each field; `None` when a field asks for a variable that the message does not have.
fn data<'a>(template: &'a WeChatTemplate, outgoing: &OutgoingWeChat) -> Option<BTreeMap<&'a str, Written>> {
    let write = |(field, name): &'a (String, String)| {
        let value = Field::of(field)?.fit(outgoing.value(name)?, outgoing.language());
        Some((field.as_str(), Written { value }))
    };
    template.fields.iter().map(write).collect()
}

fn language(language: Language) -> &'static str {
    match language {
        Language::Chinese => "zh_CN",
        Language::English => "en_US",
    }
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `WeChat` answers with HTTP 200, whatever it has to say.
fn outcome(status: u16, answer: &Answer) -> Result<Accepted, Failure> {
    if status != 200 {
        return Err(Failure::new(Step::Acceptance, Cause::Http(status)));
    }
    if answer.errcode != 0 {
        return Err(Failure::refused(codes::reason(answer.errcode), &answer.errcode.to_string()));
    }
    let id = answer.msgid.as_ref().map(|id| id.to_string().trim_matches('"').to_owned());
    Ok(Accepted { code: status, text: "ok".to_owned(), provider_id: id.as_deref().and_then(provider_id) })
}

impl fmt::Debug for WeChat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("WeChat").field("address", &self.address).finish_non_exhaustive()
    }
}
