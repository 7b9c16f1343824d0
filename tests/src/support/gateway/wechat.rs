//! WeChat's server for mini-programs, as far as the product asks it; the shapes are those of its documentation.

use super::Gateway;
use super::http::{Reply, Request};
use serde_json::{Value, json};
use std::collections::HashMap;

/// What WeChat knows.
pub(super) struct WeChatState {
    /// OpenID by code; `None` when it was used.
    logins: HashMap<String, Option<String>>,
    /// Number by code; `None` when it was used.
    phones: HashMap<String, Option<String>>,
    /// For which mini-program numbers are given out.
    watermark: String,
    /// The valid token, when one was asked for.
    token: Option<String>,
    /// A token that is not taken any more, although it is still given out.
    refused: Option<String>,
    tokens_made: usize,
    tokens_asked: usize,
    /// Messages that somebody still takes, by OpenID.
    consents: HashMap<String, usize>,
    sent: Vec<Value>,
}

impl Default for WeChatState {
    fn default() -> Self {
        Self {
            logins: HashMap::new(),
            phones: HashMap::new(),
            watermark: Gateway::APP_ID.to_owned(),
            token: None,
            refused: None,
            tokens_made: 0,
            tokens_asked: 0,
            consents: HashMap::new(),
            sent: Vec::new(),
        }
    }
}

impl Gateway {
    /// What the session key of everybody begins with: nobody but WeChat should ever see it again.
    pub const SESSION_KEY: &str = "session-key-canary";

    /// Somebody opens the mini-program: the code is good for one sign-in.
    pub fn wechat_user(&self, js_code: &str, openid: &str) {
        self.shared.lock().wechat.logins.insert(js_code.to_owned(), Some(openid.to_owned()));
    }

    /// Somebody presses the button that gives the number away: the code is good for one use. A number without `+` is
    /// a mainland one; others have a country code of three digits (`+852…`). The code of the mainland comes as a
    /// number, others as a text: WeChat does both.
    pub fn wechat_phone(&self, code: &str, phone: &str) {
        let phone = if phone.starts_with('+') { phone.to_owned() } else { format!("+86{phone}") };
        self.shared.lock().wechat.phones.insert(code.to_owned(), Some(phone));
    }

    /// For which mini-program WeChat gives numbers out from now on.
    pub fn wechat_watermark(&self, app_id: &str) {
        self.shared.lock().wechat.watermark = app_id.to_owned();
    }

    /// Makes the valid token invalid (`42001`), before its time.
    pub fn wechat_token_expires(&self) {
        self.shared.lock().wechat.token = None;
    }

    /// Refuses the valid token (`40001`) until somebody asks for a new one by force.
    pub fn wechat_token_is_refused(&self) {
        let mut state = self.shared.lock();
        state.wechat.refused = state.wechat.token.clone();
    }

    /// How many tokens there were.
    pub fn wechat_tokens_made(&self) -> usize {
        self.shared.lock().wechat.tokens_made
    }

    /// How often a token was asked for.
    pub fn wechat_tokens_asked(&self) -> usize {
        self.shared.lock().wechat.tokens_asked
    }

    /// Somebody agrees to one more message.
    pub fn wechat_consent(&self, openid: &str) {
        *self.shared.lock().wechat.consents.entry(openid.to_owned()).or_default() += 1;
    }

    /// The messages to subscribers that were accepted: `touser`, `template_id`, `page` and `data`.
    pub fn wechat_sent(&self) -> Vec<Value> {
        self.shared.lock().wechat.sent.clone()
    }
}

impl WeChatState {
    pub(super) fn session(&mut self, request: &Request) -> Reply {
        if let Some(refused) = refused_app(request.parameter("appid"), request.parameter("secret")) {
            return refused;
        }
        if request.parameter("grant_type") != "authorization_code" {
            return failure(40002);
        }
        match take(&mut self.logins, request.parameter("js_code")) {
            Ok(openid) => Reply::json(
                &json!({ "openid": openid, "session_key": format!("{}==", Gateway::SESSION_KEY) }),
            ),
            Err(errcode) => failure(errcode),
        }
    }

    pub(super) fn stable_token(&mut self, request: &Request) -> Reply {
        let [app_id, secret, grant] = ["appid", "secret", "grant_type"].map(|name| request.member(name));
        if let Some(refused) = refused_app(text(&app_id), text(&secret)) {
            return refused;
        }
        if grant != "client_credential" {
            return failure(40002);
        }
        self.tokens_asked += 1;
        if self.token.is_none() || request.member("force_refresh") == true {
            self.tokens_made += 1;
            self.token = Some(format!("token-canary-{}", self.tokens_made));
        }
        Reply::json(&json!({ "access_token": self.token, "expires_in": 7200 }))
    }

    pub(super) fn phone_number(&mut self, request: &Request) -> Reply {
        if let Some(refused) = self.refused_token(request) {
            return refused;
        }
        match take(&mut self.phones, text(&request.member("code"))) {
            Ok(phone) => Reply::json(&self.phone_info(&phone)),
            Err(errcode) => failure(errcode),
        }
    }

    fn phone_info(&self, phone: &str) -> Value {
        let (country, pure) = match phone.strip_prefix("+86") {
            Some(pure) => (json!(86), pure),
            None => (json!(phone[1..4]), &phone[4..]),
        };
        json!({
            "errcode": 0,
            "errmsg": "ok",
            "phone_info": {
                "phoneNumber": phone,
                "purePhoneNumber": pure,
                "countryCode": country,
                "watermark": { "timestamp": 1_795_395_723, "appid": self.watermark },
            },
        })
    }

    pub(super) fn subscribe_send(&mut self, request: &Request) -> Reply {
        if let Some(refused) = self.refused_token(request) {
            return refused;
        }
        let openid = request.member("touser");
        match self.consents.get_mut(text(&openid)) {
            Some(left @ 1..) => {
                *left -= 1;
                let said = ["touser", "template_id", "page", "data"].map(|name| (name, request.member(name)));
                self.sent.push(said.into_iter().collect());
                Reply::json(&json!({ "errcode": 0, "errmsg": "ok", "msgid": 1_700_827_132_819_554_304_u64 }))
            }
            _ => failure(43101),
        }
    }

    fn refused_token(&self, request: &Request) -> Option<Reply> {
        let token = request.parameter("access_token");
        match &self.token {
            Some(valid) if valid == token && self.refused.as_ref() != Some(valid) => None,
            Some(valid) if valid == token => Some(failure(40001)),
            _ if token.starts_with("token-canary-") => Some(failure(42001)),
            _ => Some(failure(40001)),
        }
    }
}

/// What a code stands for, once.
fn take(codes: &mut HashMap<String, Option<String>>, code: &str) -> Result<String, i64> {
    codes.get_mut(code).ok_or(40029)?.take().ok_or(40163)
}

fn refused_app(app_id: &str, secret: &str) -> Option<Reply> {
    match (app_id, secret) {
        (Gateway::APP_ID, Gateway::APP_SECRET) => None,
        (Gateway::APP_ID, _) => Some(failure(40125)),
        _ => Some(failure(40013)),
    }
}

/// WeChat's answer with an `errcode`; 0 is the good one.
pub(super) fn failure(errcode: i64) -> Reply {
    let errmsg = if errcode == 0 { "ok" } else { "refused, rid: 66f0a1b2-0a1b2c3d-4e5f6a7b" };
    Reply::json(&json!({ "errcode": errcode, "errmsg": errmsg }))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
