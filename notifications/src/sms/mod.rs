//! SMS: through Kannel's HTTP interface, or through a provider that sends approved templates only.

pub(crate) mod aliyun;
mod hash;
pub(crate) mod kannel;
pub(crate) mod news;
pub(crate) mod outgoing;
pub(crate) mod settings;
pub(crate) mod tencent;
pub(crate) mod text;
mod wording;
mod words;

use crate::accepted::Accepted;
use crate::call::Call;
use crate::email::settings::SetupRefused;
use crate::failure::{Cause, Failure, Step};
use crate::line::one_line;
use aliyun::Aliyun;
use kannel::Kannel;
use outgoing::OutgoingSms;
use settings::SmsSettings;
use tencent::Tencent;

/// The channel to telephones.
///
/// Use it from one tokio runtime: its connections live there. Dropping a `send` that is under way leaves it unknown whether that
/// message was taken.
#[derive(Debug)]
pub enum Sms {
    /// A gateway of one's own, which sends any text.
    Kannel(Kannel),
    /// Alibaba Cloud, which sends approved templates.
    Aliyun(Aliyun),
    /// Tencent Cloud, which sends approved templates.
    Tencent(Tencent),
}

impl Sms {
    /// Checks the settings; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`SetupRefused`] names what cannot be used.
    pub fn new(settings: impl Into<SmsSettings>) -> Result<Self, SetupRefused> {
        Ok(match settings.into() {
            SmsSettings::Kannel(settings) => Self::Kannel(Kannel::new(settings)?),
            SmsSettings::Aliyun(settings) => Self::Aliyun(Aliyun::new(settings)?),
            SmsSettings::Tencent(settings) => Self::Tencent(Tencent::new(settings)?),
        })
    }

    /// Hands a message to the provider, once. None of them recognises a second attempt: whoever repeats an ambiguous one may send
    /// a second SMS.
    ///
    /// `to` is a telephone number in E.164 form (`+8617000000001`).
    ///
    /// # Errors
    ///
    /// [`Failure`], whose class says whether it may be tried again. It holds neither the number nor the text nor a password.
    pub async fn send(&self, to: &str, outgoing: &OutgoingSms, call: &Call<'_>) -> Result<Accepted, Failure> {
        match self {
            Self::Kannel(kannel) => kannel.send_text(to, outgoing.text().as_str(), call).await,
            Self::Aliyun(aliyun) => aliyun.send(to, outgoing, call).await,
            Self::Tencent(tencent) => tencent.send(to, outgoing, call).await,
        }
    }
}

fn check_recipient(to: &str) -> Result<(), Failure> {
    if is_e164(to) { Ok(()) } else { Err(Failure::new(Step::Compose, Cause::Unwritable)) }
}

/// E.164 §6: a plus sign and up to 15 digits, the first of which is no zero.
fn is_e164(to: &str) -> bool {
    let digits = to.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Accepts what a provider cannot do without: one line, not empty.
fn needed(field: &'static str, text: &str) -> Result<(), SetupRefused> {
    one_line(field, text)?;
    if text.is_empty() { Err(SetupRefused::Unusable(field)) } else { Ok(()) }
}

/// Accepts what stands in a signed header: visible ASCII, not empty.
fn signable(field: &'static str, text: &str) -> Result<(), SetupRefused> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(SetupRefused::Unusable(field))
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
