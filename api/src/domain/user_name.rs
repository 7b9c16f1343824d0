//! What a user signs in with.

use super::refusal::Refusal;

/// A user's name: 3 to 64 of `a-z`, `0-9`, `.`, `-`, `_` and `@`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName(String);

impl UserName {
    /// Reads a user's name.
    ///
    /// # Errors
    /// `not_a_user_name`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let name = text.trim().to_ascii_lowercase();
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte));
        if !(3..=64).contains(&name.len()) || !plain {
            return Err(Refusal::new(
                "user_name",
                "not_a_user_name",
                "A user's name has 3 to 64 letters, digits, '.', '-', '_' and '@'.",
            ));
        }
        Ok(Self(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
