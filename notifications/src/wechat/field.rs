//! The kinds of a subscribe message's fields, and what fits into them (`sendMessage`, "订阅消息参数值内容限制说明").

use chrono::{DateTime, FixedOffset, Utc};

use crate::message::Language;
use crate::message::variables::Value;
use crate::sms::news::{local_time, written_day};

const SHANGHAI_SECONDS_EAST: i32 = 8 * 3_600;

/// A kind of field: `thing1` is a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// `thing`: up to 20 characters of any kind.
    Thing,
    /// `number`, `letter`, `character_string`: up to 32 of them.
    Characters,
    /// `time`, `date`: `2019年10月1日 15:01`, in every language.
    Time,
    /// `name`: up to 10 Chinese characters.
    Name,
    /// `phrase`: up to 5 Chinese characters.
    Phrase,
}

impl Field {
    /// The kind of a field by its name, which ends with a number.
    pub fn of(name: &str) -> Option<Self> {
        let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
        if kind.len() == name.len() {
            return None;
        }
        match kind {
            "thing" => Some(Self::Thing),
            "number" | "letter" | "character_string" => Some(Self::Characters),
            "time" | "date" => Some(Self::Time),
            "name" => Some(Self::Name),
            "phrase" => Some(Self::Phrase),
            _ => None,
        }
    }

    /// A value as this field takes it: what is too long ends with `…`, where that may stand.
    pub fn fit(self, value: &Value, language: Language) -> String {
        let text = match (self, value) {
            (Self::Time, Value::Time(at)) => return year_to_minute(*at),
            (Self::Time, Value::Day(day)) => return written_day(*day, Language::Chinese),
            (_, Value::Day(day)) => written_day(*day, language),
            (_, Value::Time(at)) => local_time(*at, language),
            (_, Value::Number(number)) => number.to_string(),
            (_, Value::Text(text)) => text.clone(),
        };
        match self {
            Self::Thing => cut(&text, 20),
            Self::Name => cut(&text, 10),
            Self::Phrase => text.chars().take(5).collect(),
            Self::Characters => text.chars().take(32).collect(),
            Self::Time => text,
        }
    }
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some(_) => text.chars().take(longest - 1).chain(['…']).collect(),
    }
}

fn year_to_minute(at: DateTime<Utc>) -> String {
    FixedOffset::east_opt(SHANGHAI_SECONDS_EAST).map_or_else(
        || at.to_rfc3339(),
        |shanghai| at.with_timezone(&shanghai).format("%Y年%-m月%-d日 %H:%M").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(field: &str, text: &str) -> String {
        Field::of(field).unwrap().fit(&Value::Text(text.to_owned()), Language::Chinese)
    }

    #[test]
    fn a_thing_has_20_characters_and_no_more() {
        assert_eq!(text("thing1", &"站".repeat(20)), "站".repeat(20));
        assert_eq!(text("thing12", &"😀".repeat(21)), format!("{}…", "😀".repeat(19)));
        assert_eq!(text("name1", &"站".repeat(11)), format!("{}…", "站".repeat(9)));
        assert_eq!(text("phrase3", "已经预约好了"), "已经预约好");
        assert_eq!(text("character_string4", &"a".repeat(33)), "a".repeat(32));
    }

    #[test]
    fn a_time_is_written_as_wechat_wants_it_on_the_clocks_of_shanghai() {
        let at = Value::Time(DateTime::from_timestamp(1_795_365_000, 0).unwrap());

        assert_eq!(Field::Time.fit(&at, Language::English), "2026年11月23日 00:30");
        assert_eq!(Field::Thing.fit(&at, Language::English), "Mon 23 Nov 00:30");
        assert_eq!(Field::Thing.fit(&at, Language::Chinese), "11月23日周一00:30");
    }

    #[test]
    fn what_is_no_field_is_none() {
        for name in ["", "thing", "1", "things1", "first", "keyword1", "Thing1"] {
            assert_eq!(Field::of(name), None, "{name}");
        }
    }
}
