//! The letters without pictures: each is one outline in each language.

use askama::Template;
use chrono::{DateTime, Utc};

use super::outline::letter;
use super::{RenderRefused, Rendered};
use crate::message::{
    Appeal, AppointmentEvent, AppointmentNews, BloodUsed, CallUp, Language, MayGiveAgain, Message, Thanks,
};
use crate::sms::news::{local_time, written_day};

#[derive(Template)]
#[template(path = "appointment.zh.letter.txt")]
struct ChineseNews<'a> {
    news: &'a AppointmentNews,
}

#[derive(Template)]
#[template(path = "appointment.en.letter.txt")]
struct EnglishNews<'a> {
    news: &'a AppointmentNews,
}

#[derive(Template)]
#[template(path = "thanks.zh.letter.txt")]
struct ChineseThanks<'a> {
    thanks: &'a Thanks,
}

#[derive(Template)]
#[template(path = "thanks.en.letter.txt")]
struct EnglishThanks<'a> {
    thanks: &'a Thanks,
}

#[derive(Template)]
#[template(path = "may_give_again.zh.letter.txt")]
struct ChineseAgain<'a> {
    again: &'a MayGiveAgain,
}

#[derive(Template)]
#[template(path = "may_give_again.en.letter.txt")]
struct EnglishAgain<'a> {
    again: &'a MayGiveAgain,
}

#[derive(Template)]
#[template(path = "blood_used.zh.letter.txt")]
struct ChineseUsed<'a> {
    used: &'a BloodUsed,
}

#[derive(Template)]
#[template(path = "blood_used.en.letter.txt")]
struct EnglishUsed<'a> {
    used: &'a BloodUsed,
}

#[derive(Template)]
#[template(path = "appeal.zh.letter.txt")]
struct ChineseAppeal<'a> {
    appeal: &'a Appeal,
}

#[derive(Template)]
#[template(path = "appeal.en.letter.txt")]
struct EnglishAppeal<'a> {
    appeal: &'a Appeal,
}

#[derive(Template)]
#[template(path = "call_up.zh.letter.txt")]
struct ChineseCallUp<'a> {
    call: &'a CallUp,
}

#[derive(Template)]
#[template(path = "call_up.en.letter.txt")]
struct EnglishCallUp<'a> {
    call: &'a CallUp,
}

/// The letter of a message that was checked.
pub(super) fn words(message: &Message, language: Language) -> Result<Rendered, RenderRefused> {
    use Language::{Chinese, English};

    let outline = match (message, language) {
        (Message::CertificateReady(_) | Message::SignInCode(_), _) => {
            return Err(RenderRefused::NotForThisChannel);
        }
        (Message::Appointment(news), Chinese) => ChineseNews { news }.render()?,
        (Message::Appointment(news), English) => EnglishNews { news }.render()?,
        (Message::Thanks(thanks), Chinese) => ChineseThanks { thanks }.render()?,
        (Message::Thanks(thanks), English) => EnglishThanks { thanks }.render()?,
        (Message::MayGiveAgain(again), Chinese) => ChineseAgain { again }.render()?,
        (Message::MayGiveAgain(again), English) => EnglishAgain { again }.render()?,
        (Message::BloodUsed(used), Chinese) => ChineseUsed { used }.render()?,
        (Message::BloodUsed(used), English) => EnglishUsed { used }.render()?,
        (Message::Appeal(appeal), Chinese) => ChineseAppeal { appeal }.render()?,
        (Message::Appeal(appeal), English) => EnglishAppeal { appeal }.render()?,
        (Message::CallUp(call), Chinese) => ChineseCallUp { call }.render()?,
        (Message::CallUp(call), English) => EnglishCallUp { call }.render()?,
    };
    Ok(letter(&outline, message.station(), link(message), language))
}

fn link(message: &Message) -> &str {
    match message {
        Message::Appointment(news) => &news.link,
        Message::MayGiveAgain(again) => &again.link,
        Message::Appeal(appeal) => &appeal.link,
        Message::CallUp(call) => &call.link,
        Message::CertificateReady(_)
        | Message::SignInCode(_)
        | Message::Thanks(_)
        | Message::BloodUsed(_) => "",
    }
}

fn zh(at: &DateTime<Utc>) -> String {
    local_time(*at, Language::Chinese)
}

fn en(at: &DateTime<Utc>) -> String {
    local_time(*at, Language::English)
}
