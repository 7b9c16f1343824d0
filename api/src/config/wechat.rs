//! The station's WeChat mini-program (微信小程序).

use super::bad;
use crate::error::Error;
use notifications::HttpAddress;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The station's WeChat mini-program (微信小程序).
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WeChat {
    /// The mini-program's AppID. Empty: nobody signs in with WeChat.
    pub app_id: String,
    /// Its AppSecret.
    pub secret: String,
    /// WeChat's server: `https://…`, or `http://…` on this machine.
    pub base_url: String,
    /// How long WeChat may take for an answer, seconds, at least 1.
    pub timeout_seconds: u64,
    /// The subscribe messages (订阅消息) by kind of message (`reminder`, or `reminder.en`). None: no messages go by WeChat.
    pub templates: BTreeMap<String, SubscribeMessage>,
    /// Which version of the mini-program a message opens: `formal`, `trial` or `developer`.
    pub opens: String,
}

/// A subscribe message as it was put together in the mini-program's console.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscribeMessage {
    /// The template's id.
    pub id: String,
    /// The page that it opens, with `{name}` for a variable: `pages/appointment/index?key={link}`. Empty: none.
    #[serde(default)]
    pub page: String,
    /// What stands in each field: `thing1 = "place"`, `time2 = "time"`. The kinds' variables are in `notifications/README.md`.
    pub fields: BTreeMap<String, String>,
}

impl Default for WeChat {
    fn default() -> Self {
        Self {
            app_id: String::new(),
            secret: String::new(),
            base_url: "https://api.weixin.qq.com".to_owned(),
            timeout_seconds: 10,
            templates: BTreeMap::new(),
            opens: "formal".to_owned(),
        }
    }
}

impl WeChat {
    /// WeChat's server.
    ///
    /// # Errors
    /// `bad_configuration`.
    pub fn address(&self) -> Result<HttpAddress, Error> {
        HttpAddress::parse(&self.base_url).map_err(|failure| bad(format!("wechat.base_url: {failure}")))
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if self.app_id.is_empty() != self.secret.is_empty() {
            return Err(bad("wechat.app_id and wechat.secret are set together"));
        }
        if self.timeout_seconds == 0 {
            return Err(bad("wechat.timeout_seconds is at least 1"));
        }
        if !["formal", "trial", "developer"].contains(&self.opens.as_str()) {
            return Err(bad("wechat.opens is \"formal\", \"trial\" or \"developer\""));
        }
        if self.app_id.is_empty() && !self.templates.is_empty() {
            return Err(bad("wechat.templates need wechat.app_id and wechat.secret"));
        }
        self.address().map(drop)
    }
}

impl fmt::Debug for WeChat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("WeChat")
            .field("app_id", &self.app_id)
            .field("base_url", &self.base_url)
            .field("timeout_seconds", &self.timeout_seconds)
            .finish_non_exhaustive()
    }
}
