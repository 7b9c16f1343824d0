//! One row's fields by column, decoded.

use crate::domain::refusal::Refusal;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// The fields of one row, in the order of the columns that its kind has; what a row leaves out is empty.
pub struct Fields<'a> {
    columns: &'static [&'static str],
    values: &'a [String],
}

impl<'a> Fields<'a> {
    /// The fields of a row whose kind has these columns.
    pub fn new(columns: &'static [&'static str], values: &'a [String]) -> Self {
        Self { columns, values }
    }

    /// The text in `column`, without surrounding white space; empty when there is none.
    pub fn text(&self, column: &'static str) -> &'a str {
        let place = self.columns.iter().position(|name| *name == column);
        place.and_then(|place| self.values.get(place)).map_or("", |value| value.trim())
    }

    /// The text in `column`, `None` when it is empty.
    pub fn optional(&self, column: &'static str) -> Option<&'a str> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    /// The text in `column`.
    ///
    /// # Errors
    /// `missing`.
    pub fn required(&self, column: &'static str) -> Result<&'a str, Refusal> {
        self.optional(column).ok_or_else(|| Refusal::new(column, "missing", "A value is missing here."))
    }

    /// The word in `column`, read by `read`.
    ///
    /// # Errors
    /// `missing`, or `unknown_word` when `read` does not know it.
    pub fn word<T>(&self, column: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, Refusal> {
        let word = self.required(column)?;
        read(word)
            .ok_or_else(|| Refusal::new(column, "unknown_word", "This word is not one of the known ones."))
    }

    /// The word in `column` when there is one.
    ///
    /// # Errors
    /// As [`Fields::word`].
    pub fn optional_word<T>(
        &self,
        column: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        self.optional(column).map(|_| self.word(column, read)).transpose()
    }

    /// The instant in `column`: RFC 3339 with its offset, for a local time without one would be a guess. UTC, whole
    /// microseconds.
    ///
    /// # Errors
    /// `missing`, `not_an_instant`.
    pub fn instant(&self, column: &'static str) -> Result<DateTime<Utc>, Refusal> {
        let instant = DateTime::parse_from_rfc3339(self.required(column)?).map_err(|_| {
            let message = "An instant is written 2026-10-31T09:30:00+08:00 (RFC 3339).";
            Refusal::new(column, "not_an_instant", message)
        })?;
        let instant = instant.with_timezone(&Utc);
        Ok(instant.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(instant))
    }

    /// The whole number in `column`; 0 when it is empty.
    ///
    /// # Errors
    /// `not_a_number`.
    pub fn number(&self, column: &'static str) -> Result<u32, Refusal> {
        let text = self.text(column);
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text {
            "" => Ok(0),
            _ if digits => text.parse().map_err(|_| ()),
            _ => Err(()),
        }
        .map_err(|()| Refusal::new(column, "not_a_number", "This is not a whole number."))
    }
}
