//! From a message to the text of an SMS.

use std::fmt;

use askama::Template;

use super::news::{ChineseNews, EnglishNews, check};
use crate::line::one_line;
use crate::message::{CallUp, Language, Message, SignInCode, Thanks};
use crate::render::{RenderRefused, counted, is_link};

/// UCS-2 units of an SMS that stands alone (3GPP TS 23.040 §9.2.3.24).
const UNITS_ALONE: usize = 70;
/// UCS-2 units of each part of a longer one; its header takes three (3GPP TS 23.040 §9.2.3.24.1).
const UNITS_IN_PARTS: usize = 67;
/// More parts than these are not sent: each is paid for.
const MOST_PARTS: usize = 2;

/// The text of an SMS; only [`render_sms`] makes one.
///
/// `Debug` shows the length, not the text.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsText(String);

impl SmsText {
    /// The text, signature first.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its length in UCS-2 units of 16 bits, as carriers count.
    #[must_use]
    pub fn units(&self) -> usize {
        self.0.encode_utf16().count()
    }

    /// How many SMS it takes: 1 up to 70 units, else one for every 67.
    #[must_use]
    pub fn parts(&self) -> usize {
        let units = self.units();
        if units <= UNITS_ALONE { 1 } else { units.div_ceil(UNITS_IN_PARTS) }
    }
}

#[derive(Template)]
#[template(path = "sign_in_code.zh.sms.txt")]
struct ChineseCode<'a> {
    sign_in: &'a SignInCode,
}

#[derive(Template)]
#[template(path = "sign_in_code.en.sms.txt")]
struct EnglishCode<'a> {
    sign_in: &'a SignInCode,
}

#[derive(Template)]
#[template(path = "thanks.zh.sms.txt")]
struct ChineseThanks<'a> {
    thanks: &'a Thanks,
}

#[derive(Template)]
#[template(path = "thanks.en.sms.txt")]
struct EnglishThanks<'a> {
    thanks: &'a Thanks,
}

#[derive(Template)]
#[template(path = "call_up.zh.sms.txt")]
struct ChineseCallUp<'a> {
    call_up: &'a CallUp,
}

#[derive(Template)]
#[template(path = "call_up.en.sms.txt")]
struct EnglishCallUp<'a> {
    call_up: &'a CallUp,
}

/// Writes a message out as an SMS.
///
/// # Errors
///
/// [`RenderRefused`] names the field or the part that cannot be sent; [`RenderRefused::NotForThisChannel`] when the message has
/// no SMS.
pub fn render_sms(message: &Message, language: Language) -> Result<SmsText, RenderRefused> {
    let text = match message {
        Message::SignInCode(sign_in) => sign_in_code(sign_in, language)?,
        Message::Appointment(news) => {
            signature(&news.station)?;
            check(news)?;
            SmsText(match language {
                Language::Chinese => ChineseNews { news }.render()?,
                Language::English => EnglishNews { news }.render()?,
            })
        }
        Message::Thanks(thanks) => {
            signature(&thanks.station)?;
            SmsText(match language {
                Language::Chinese => ChineseThanks { thanks }.render()?,
                Language::English => EnglishThanks { thanks }.render()?,
            })
        }
        Message::CallUp(call_up) => {
            signature(&call_up.station)?;
            if !is_link(&call_up.link) {
                return Err(RenderRefused::NotALink);
            }
            SmsText(match language {
                Language::Chinese => ChineseCallUp { call_up }.render()?,
                Language::English => EnglishCallUp { call_up }.render()?,
            })
        }
        Message::CertificateReady(_) => return Err(RenderRefused::NotForThisChannel),
    };
    if text.parts() > MOST_PARTS {
        return Err(RenderRefused::TooLong { units: text.units() });
    }
    Ok(text)
}

fn sign_in_code(sign_in: &SignInCode, language: Language) -> Result<SmsText, RenderRefused> {
    signature(&sign_in.station)?;
    let code = &sign_in.code;
    if !(4..=8).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RenderRefused::NotACode);
    }

    let text = match language {
        Language::Chinese => ChineseCode { sign_in }.render()?,
        Language::English => EnglishCode { sign_in }.render()?,
    };
    Ok(SmsText(text))
}

/// Carriers read the first 【】 as the signature that they approved.
fn signature(station: &str) -> Result<(), RenderRefused> {
    one_line("station", station)?;
    if station.is_empty() || station.contains(['【', '】']) {
        return Err(RenderRefused::NotASignature);
    }
    Ok(())
}

impl fmt::Debug for SmsText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SmsText({} units)", self.units())
    }
}
