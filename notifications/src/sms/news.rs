//! The words about an appointment.

use askama::Template;
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Utc, Weekday};

use crate::message::{AppointmentEvent, AppointmentNews, Visit};

/// Characters of a place's name in an SMS, when there is room.
pub(super) const LONGEST_PLACE: usize = 20;
const SHANGHAI_SECONDS_EAST: i32 = 8 * 3_600;

#[derive(Template)]
#[template(path = "appointment.zh.sms.txt")]
pub(super) struct ChineseNews<'a> {
    pub news: &'a AppointmentNews,
    pub longest_place: usize,
}

#[derive(Template)]
#[template(path = "appointment.en.sms.txt")]
pub(super) struct EnglishNews<'a> {
    pub news: &'a AppointmentNews,
    pub longest_place: usize,
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

/// Without the weekday, where two times stand in one SMS.
fn en_short(at: &DateTime<Utc>) -> String {
    FixedOffset::east_opt(SHANGHAI_SECONDS_EAST).map_or_else(
        || at.to_rfc3339(),
        |shanghai| at.with_timezone(&shanghai).format("%-d %b %H:%M").to_string(),
    )
}

fn en(at: &DateTime<Utc>) -> String {
    local_time(*at, crate::Language::English)
}

impl ChineseNews<'_> {
    fn place(&self, visit: &Visit) -> String {
        short_place(&visit.place, self.longest_place)
    }
}

impl EnglishNews<'_> {
    fn place(&self, visit: &Visit) -> String {
        short_place(&visit.place, self.longest_place)
    }
}

/// A place's name as far as it fits.
pub(super) fn short_place(place: &str, longest: usize) -> String {
    match place.char_indices().nth(longest) {
        None => place.to_owned(),
        Some(_) => place.chars().take(longest.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// A place's name as a variable of a provider's template.
pub(crate) fn place_variable(place: &str) -> String {
    short_place(place, LONGEST_PLACE)
}

/// A day as people write it, with its year.
pub(crate) fn written_day(day: NaiveDate, language: crate::Language) -> String {
    match language {
        crate::Language::Chinese => day.format("%Y年%-m月%-d日").to_string(),
        crate::Language::English => day.format("%-d %B %Y").to_string(),
    }
}
