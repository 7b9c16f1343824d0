//! What changes from one message of a kind to the next: the variables of a provider's template, in their order.
//!
//! Providers that send approved templates only (Aliyun, Tencent Cloud, `WeChat`) hold the wording and are given these. They refuse
//! addresses in variables, so of a link only its last path segment is one, the key; the template has the rest of the address.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

use super::{AppointmentEvent, AppointmentNews, Language, Message, Visit};
use crate::line::one_line;
use crate::render::RenderRefused;
use crate::sms::news::{local_time, place_variable, written_day};

/// The longest key of a link, bytes; ours have 43.
const LONGEST_KEY: usize = 64;

/// A variable of a message.
///
/// `Debug` shows its name only.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    name: &'static str,
    value: Value,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(u32),
    Time(DateTime<Utc>),
    Day(NaiveDate),
}

impl Variable {
    /// The variable's name, which never changes: a template at Aliyun calls it so.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it says in an SMS, in this language: times as [`local_time`] writes them.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match &self.value {
            Value::Text(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Time(at) => local_time(*at, language),
            Value::Day(day) => written_day(*day, language),
        }
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }
}

impl Message {
    /// The message's variables, in the order in which a provider's template numbers them.
    ///
    /// | kind | variables |
    /// |---|---|
    /// | `certificate_ready` | `number`, `valid_until`, `link` |
    /// | `sign_in_code` | `code`, `minutes` |
    /// | `appointment_booked`, `appointment_moved`, `reminder`, `session_moved`, `session_cancelled` | `time`, `place`, `link` |
    /// | `appointment_cancelled` | `time`, `place` |
    /// | `session_cancelled_held` | `time`, `place`, `new_time`, `new_place`, `link` |
    /// | `place_offered` | `time`, `place`, `until`, `link` |
    /// | `thanks`, `thanks_certificate`, `blood_used` | none |
    /// | `may_give_again` | `day`, `link` |
    /// | `appeal`, `call_up` | `link` |
    /// | `appeal_at_site` | `place`, `link` |
    ///
    /// `link` is left out when the message has none.
    ///
    /// # Errors
    ///
    /// [`RenderRefused::ControlCharacter`]; [`RenderRefused::LinkInVariable`] when a name holds an address;
    /// [`RenderRefused::NoKeyInLink`].
    pub fn variables(&self) -> Result<Vec<Variable>, RenderRefused> {
        let mut list = List(Vec::new());
        match self {
            Self::CertificateReady(certificate) => {
                list.text("number", &certificate.certificate_number)?;
                list.text("valid_until", &certificate.valid_until)?;
                list.link(&certificate.link)?;
            }
            Self::SignInCode(sign_in) => {
                list.text("code", &sign_in.code)?;
                list.push("minutes", Value::Number(sign_in.minutes));
            }
            Self::Appointment(news) => appointment(&mut list, news)?,
            Self::Thanks(_) | Self::BloodUsed(_) => {}
            Self::MayGiveAgain(again) => {
                list.push("day", Value::Day(again.from));
                list.link(&again.link)?;
            }
            Self::Appeal(appeal) => {
                if let Some(site) = &appeal.site {
                    list.text("place", &place_variable(site))?;
                }
                list.link(&appeal.link)?;
            }
            Self::CallUp(call) => list.link(&call.link)?,
        }
        Ok(list.0)
    }
}

fn appointment(list: &mut List, news: &AppointmentNews) -> Result<(), RenderRefused> {
    list.visit("time", "place", &news.visit)?;
    match &news.what {
        AppointmentEvent::SessionCancelled(Some(held)) => list.visit("new_time", "new_place", held)?,
        AppointmentEvent::Offered(until) => list.push("until", Value::Time(*until)),
        AppointmentEvent::Cancelled => return Ok(()),
        _ => {}
    }
    list.link(&news.link)
}

struct List(Vec<Variable>);

impl List {
    fn push(&mut self, name: &'static str, value: Value) {
        self.0.push(Variable { name, value });
    }

    fn text(&mut self, name: &'static str, text: &str) -> Result<(), RenderRefused> {
        one_line(name, text)?;
        if text.contains("://") || text.to_ascii_lowercase().contains("www.") {
            return Err(RenderRefused::LinkInVariable { name });
        }
        self.push(name, Value::Text(text.to_owned()));
        Ok(())
    }

    fn visit(&mut self, time: &'static str, place: &'static str, visit: &Visit) -> Result<(), RenderRefused> {
        self.push(time, Value::Time(visit.starts_at));
        self.text(place, &place_variable(&visit.place))
    }

    fn link(&mut self, link: &str) -> Result<(), RenderRefused> {
        if link.is_empty() {
            return Ok(());
        }
        let key = key_of(link).ok_or(RenderRefused::NoKeyInLink)?;
        self.push("link", Value::Text(key.to_owned()));
        Ok(())
    }
}

/// The last segment of a link's path, without query and fragment.
fn key_of(link: &str) -> Option<&str> {
    let path = link.split(['?', '#']).next()?.split_once("://")?.1;
    let key = path.split_once('/')?.1.rsplit('/').next()?;
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    (plain && (1..=LONGEST_KEY).contains(&key.len())).then_some(key)
}

impl fmt::Debug for Variable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Variable({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_links_key_is_the_last_segment_of_its_path() {
        assert_eq!(key_of("https://blood.example/a/AbC-_9"), Some("AbC-_9"));
        assert_eq!(key_of("https://blood.example/c/NH-1?from=mail#top"), Some("NH-1"));
        for none in [
            "https://blood.example",
            "https://blood.example/",
            "https://blood.example/a/",
            "https://blood.example/a/b.cn",
            "https://blood.example/a/%41",
            "blood.example/a/key",
        ] {
            assert_eq!(key_of(none), None, "{none}");
        }
        assert_eq!(key_of(&format!("https://blood.example/{}", "a".repeat(65))), None);
    }
}
