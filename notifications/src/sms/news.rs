//! The words about an appointment.

use askama::Template;
use chrono::{DateTime, Datelike, FixedOffset, Utc, Weekday};

use crate::line::one_line;
use crate::message::{AppointmentEvent, AppointmentNews, Visit};
use crate::render::{RenderRefused, is_link};

/// Characters of a place's name in an SMS.
const LONGEST_PLACE: usize = 20;
const SHANGHAI_SECONDS_EAST: i32 = 8 * 3_600;

#[derive(Template)]
#[template(path = "appointment.zh.sms.txt")]
pub(super) struct ChineseNews<'a> {
    pub news: &'a AppointmentNews,
}

#[derive(Template)]
#[template(path = "appointment.en.sms.txt")]
pub(super) struct EnglishNews<'a> {
    pub news: &'a AppointmentNews,
}

pub(crate) fn check(news: &AppointmentNews) -> Result<(), RenderRefused> {
    one_line("place", &news.visit.place)?;
    if let AppointmentEvent::SessionCancelled(Some(instead)) = &news.what {
        one_line("place", &instead.place)?;
    }
    if !news.link.is_empty() && !is_link(&news.link) {
        return Err(RenderRefused::NotALink);
    }
    Ok(())
}

/// A time as people in Asia/Shanghai write it: the one formatter of local times in messages and pages.
#[must_use]
pub fn local_time(at: DateTime<Utc>, language: crate::Language) -> String {
    let Some(shanghai) = FixedOffset::east_opt(SHANGHAI_SECONDS_EAST) else { return at.to_rfc3339() };
    let local = at.with_timezone(&shanghai);
    match language {
        crate::Language::Chinese => {
            format!(
                "{}月{}日周{}{}",
                local.month(),
                local.day(),
                weekday(local.weekday()),
                local.format("%H:%M")
            )
        }
        crate::Language::English => local.format("%a %-d %b %H:%M").to_string(),
    }
}

fn weekday(day: Weekday) -> char {
    match day {
        Weekday::Mon => '一',
        Weekday::Tue => '二',
        Weekday::Wed => '三',
        Weekday::Thu => '四',
        Weekday::Fri => '五',
        Weekday::Sat => '六',
        Weekday::Sun => '日',
    }
}

fn zh(at: &DateTime<Utc>) -> String {
    local_time(*at, crate::Language::Chinese)
}

fn en(at: &DateTime<Utc>) -> String {
    local_time(*at, crate::Language::English)
}

impl Visit {
    /// The place's name as far as it fits.
    pub(crate) fn short_place(&self) -> String {
        match self.place.char_indices().nth(LONGEST_PLACE) {
            None => self.place.clone(),
            Some(_) => self.place.chars().take(LONGEST_PLACE - 1).chain(['…']).collect(),
        }
    }
}
