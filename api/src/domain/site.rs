//! How the station names a place where blood is given.

use super::refusal::Refusal;

/// A site's code: 1 to 32 letters, digits, `-`, `_` and `.`, as in the records of donations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteCode(String);

impl SiteCode {
    /// Reads a site's code.
    ///
    /// # Errors
    /// `not_a_site_code`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !(1..=32).contains(&text.len()) || !plain {
            return Err(Refusal::new(
                "site_code",
                "not_a_site_code",
                "A site's code has at most 32 letters, digits, '-', '_' and '.'.",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The code as text.
    pub fn into_text(self) -> String {
        self.0
    }
}
