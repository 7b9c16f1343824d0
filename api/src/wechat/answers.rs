//! What WeChat answers, as far as it is read.

use serde::Deserialize;

/// `errcode` is left out when all is well, or 0. Its `errmsg` is not read: it quotes what was asked.
#[derive(Clone, Copy, Default, Deserialize)]
pub(super) struct Status {
    #[serde(default)]
    pub errcode: i64,
}

/// `/sns/jscode2session`; the session key is not even read.
#[derive(Deserialize)]
pub(super) struct SessionAnswer {
    #[serde(flatten)]
    pub status: Status,
    #[serde(default)]
    pub openid: String,
}

/// `/cgi-bin/stable_token`.
#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    #[serde(flatten)]
    pub status: Status,
    #[serde(default)]
    pub access_token: String,
    /// Seconds, at most 7200.
    #[serde(default)]
    pub expires_in: u32,
}

/// `/wxa/business/getuserphonenumber`.
#[derive(Deserialize)]
pub(super) struct PhoneAnswer {
    #[serde(flatten)]
    pub status: Status,
    pub phone_info: Option<PhoneInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhoneInfo {
    pure_phone_number: String,
    country_code: CountryCode,
    pub watermark: Watermark,
}

/// Documented as a text, and sent as a number by some versions.
#[derive(Deserialize)]
#[serde(untagged)]
enum CountryCode {
    Number(u32),
    Text(String),
}

/// For whom WeChat made the answer.
#[derive(Deserialize)]
pub(super) struct Watermark {
    pub appid: String,
}

impl PhoneInfo {
    /// The number with its country code.
    pub fn e164(&self) -> String {
        match &self.country_code {
            CountryCode::Number(country) => format!("+{country}{}", self.pure_phone_number),
            CountryCode::Text(country) => {
                format!("+{}{}", country.trim_start_matches('+'), self.pure_phone_number)
            }
        }
    }
}
