//! What a donor agrees to, each by itself (PIPL Art. 14, 16, 29).

use super::refusal::{Refusal, words};

/// What personal data may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The terms of use and the privacy notice.
    Service,
    /// Health data, for deciding whether somebody may give: sensitive, so a consent of its own (Art. 29).
    HealthData,
    /// Appeals to give blood.
    Appeals,
    /// News of the station.
    News,
}
words!(Purpose { Service = "service", HealthData = "health_data", Appeals = "appeals", News = "news" });

/// Where a consent was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the mini-program.
    MiniProgram,
    /// On a page in a browser.
    Browser,
    /// At a window of the station.
    Window,
}
words!(Place { MiniProgram = "mini_program", Browser = "browser", Window = "window" });

/// The version of the text that somebody agreed to: 1 to 32 letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextVersion(String);

impl TextVersion {
    /// Reads a version.
    ///
    /// # Errors
    /// `not_a_text_version`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !(1..=32).contains(&text.len()) || !plain {
            return Err(Refusal::new(
                "text_version",
                "not_a_text_version",
                "A text's version has at most 32 letters, digits, '-', '_' and '.'.",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The version as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
