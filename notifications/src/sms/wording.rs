//! The words of each SMS, in each language.

use askama::Template;

use super::news::{ChineseNews, EnglishNews, short_place, written_day};
use crate::message::{Appeal, BloodUsed, CallUp, Language, MayGiveAgain, Message, SignInCode, Thanks};
use crate::render::{RenderRefused, counted};

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
#[template(path = "may_give_again.zh.sms.txt")]
struct ChineseAgain<'a> {
    again: &'a MayGiveAgain,
}

#[derive(Template)]
#[template(path = "may_give_again.en.sms.txt")]
struct EnglishAgain<'a> {
    again: &'a MayGiveAgain,
}

#[derive(Template)]
#[template(path = "blood_used.zh.sms.txt")]
struct ChineseUsed<'a> {
    used: &'a BloodUsed,
}

#[derive(Template)]
#[template(path = "blood_used.en.sms.txt")]
struct EnglishUsed<'a> {
    used: &'a BloodUsed,
}

#[derive(Template)]
#[template(path = "appeal.zh.sms.txt")]
struct ChineseAppeal<'a> {
    appeal: &'a Appeal,
    longest_place: usize,
}

#[derive(Template)]
#[template(path = "appeal.en.sms.txt")]
struct EnglishAppeal<'a> {
    appeal: &'a Appeal,
    longest_place: usize,
}

#[derive(Template)]
#[template(path = "call_up.zh.sms.txt")]
struct ChineseCallUp<'a> {
    call: &'a CallUp,
}

#[derive(Template)]
#[template(path = "call_up.en.sms.txt")]
struct EnglishCallUp<'a> {
    call: &'a CallUp,
}

/// The words of a message that was checked; places have at most so many characters.
pub(super) fn words(
    message: &Message,
    language: Language,
    longest_place: usize,
) -> Result<String, RenderRefused> {
    use Language::{Chinese, English};

    Ok(match (message, language) {
        (Message::CertificateReady(_), _) => return Err(RenderRefused::NotForThisChannel),
        (Message::SignInCode(sign_in), _) => sign_in_code(sign_in, language)?,
        (Message::Appointment(news), Chinese) => ChineseNews { news, longest_place }.render()?,
        (Message::Appointment(news), English) => EnglishNews { news, longest_place }.render()?,
        (Message::Thanks(thanks), Chinese) => ChineseThanks { thanks }.render()?,
        (Message::Thanks(thanks), English) => EnglishThanks { thanks }.render()?,
        (Message::MayGiveAgain(again), Chinese) => ChineseAgain { again }.render()?,
        (Message::MayGiveAgain(again), English) => EnglishAgain { again }.render()?,
        (Message::BloodUsed(used), Chinese) => ChineseUsed { used }.render()?,
        (Message::BloodUsed(used), English) => EnglishUsed { used }.render()?,
        (Message::Appeal(appeal), Chinese) => ChineseAppeal { appeal, longest_place }.render()?,
        (Message::Appeal(appeal), English) => EnglishAppeal { appeal, longest_place }.render()?,
        (Message::CallUp(call), Chinese) => ChineseCallUp { call }.render()?,
        (Message::CallUp(call), English) => EnglishCallUp { call }.render()?,
    })
}

fn sign_in_code(sign_in: &SignInCode, language: Language) -> Result<String, RenderRefused> {
    let code = &sign_in.code;
    if !(4..=8).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RenderRefused::NotACode);
    }
    Ok(match language {
        Language::Chinese => ChineseCode { sign_in }.render()?,
        Language::English => EnglishCode { sign_in }.render()?,
    })
}
