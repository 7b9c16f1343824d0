//! The letters without pictures: each is one outline in each language.

use askama::Template;
use chrono::{DateTime, Utc};

use super::outline::letter;
use super::{RenderRefused, Rendered};
use crate::line::one_line;
use crate::message::{AppointmentEvent, AppointmentNews, Language, Thanks};
use crate::sms::news::{check, local_time};

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

pub(super) fn appointment(news: &AppointmentNews, language: Language) -> Result<Rendered, RenderRefused> {
    one_line("station", &news.station)?;
    check(news)?;
    let outline = match language {
        Language::Chinese => ChineseNews { news }.render()?,
        Language::English => EnglishNews { news }.render()?,
    };
    Ok(letter(&outline, &news.station, &news.link, language))
}

pub(super) fn thanks(thanks: &Thanks, language: Language) -> Result<Rendered, RenderRefused> {
    one_line("station", &thanks.station)?;
    let outline = match language {
        Language::Chinese => ChineseThanks { thanks }.render()?,
        Language::English => EnglishThanks { thanks }.render()?,
    };
    Ok(letter(&outline, &thanks.station, "", language))
}

fn zh(at: &DateTime<Utc>) -> String {
    local_time(*at, Language::Chinese)
}

fn en(at: &DateTime<Utc>) -> String {
    local_time(*at, Language::English)
}
