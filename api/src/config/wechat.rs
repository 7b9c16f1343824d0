//! The station's WeChat mini-program (微信小程序).

use super::bad;
use crate::error::Error;
use notifications::HttpAddress;
use serde::{Deserialize, Serialize};
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
}

impl Default for WeChat {
    fn default() -> Self {
        Self {
            app_id: String::new(),
            secret: String::new(),
            base_url: "https://api.weixin.qq.com".to_owned(),
            timeout_seconds: 10,
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
