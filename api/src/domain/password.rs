//! Which passwords are taken: by length and by how many others have it, not by what kinds of characters are in it
//! (NIST SP 800-63B-4, section 3.1.1.2).

use super::refusal::Refusal;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The shortest password, characters (Unicode code points).
pub const SHORTEST: usize = 12;
/// The longest password, characters.
pub const LONGEST: usize = 128;

/// The commonest passwords that are long enough, in small letters, a line each. A list of breached ones would be longer;
/// the limits on guessing are what makes this one long enough.
const COMMONEST: &str = include_str!("password/commonest.txt");

/// A password that may be set. `Debug` masks it, and it leaves no trace in memory.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Reads a password that the user named `user_name` chose.
    ///
    /// # Errors
    /// `password_too_short`, `password_too_long`, `password_is_user_name`, or `password_too_common` (also one character
    /// again and again).
    pub fn parse(text: &str, user_name: &str) -> Result<Self, Refusal> {
        let password = normalised(text);
        let small = Zeroizing::new(password.to_lowercase());
        let common = COMMONEST.lines().any(|common| common == *small) || is_one_character(&small);
        let (reason, message) = match password.chars().count() {
            ..SHORTEST => (
                "password_too_short",
                "A password has at least 12 characters; a sentence is easy to remember.",
            ),
            length if length > LONGEST => ("password_too_long", "A password has at most 128 characters."),
            _ if *small == normalised(user_name).to_lowercase() => {
                ("password_is_user_name", "The password must not be the user name.")
            }
            _ if common => (
                "password_too_common",
                "Many people have this password; take one that nobody else would think of.",
            ),
            _ => return Ok(Self(password)),
        };
        Err(Refusal::new("password", reason, message))
    }

    /// The password.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Password(…)")
    }
}

/// The one spelling of what somebody types (NFKC): a digit is the same digit whether the keyboard makes it wide or
/// narrow, an é whether it is one character or two.
pub fn normalised(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.nfkc().collect())
}

fn is_one_character(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next();
    characters.all(|character| Some(character) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<&'static str> {
        Password::parse(text, "wang.cashier.3").err().map(|refusal| refusal.reason)
    }

    #[test]
    fn length_is_counted_in_characters_and_nothing_else_is_asked_for() {
        assert_eq!(refusal("elevenchars"), Some("password_too_short"));
        assert_eq!(refusal("twelve chars"), None);
        assert_eq!(refusal("床前明月光疑是地上霜举"), Some("password_too_short"));
        assert_eq!(refusal("床前明月光疑是地上霜举头"), None);
        assert_eq!(refusal(&"ab".repeat(64)), None);
        assert_eq!(refusal(&format!("{}c", "ab".repeat(64))), Some("password_too_long"));
    }

    #[test]
    fn the_user_name_and_what_everybody_has_are_refused_in_any_spelling() {
        assert_eq!(refusal("Wang.Cashier.3"), Some("password_is_user_name"));
        assert_eq!(refusal("Qwerty123456"), Some("password_too_common"));
        assert_eq!(refusal("ｑｗｅｒｔｙ１２３４５６"), Some("password_too_common"));
        assert_eq!(refusal("zzzzzzzzzzzzzzz"), Some("password_too_common"));
    }

    #[test]
    fn one_password_has_one_spelling() {
        let chosen = Password::parse("cafe\u{301} １２３４５６７", "nobody").unwrap();

        assert_eq!(chosen.reveal(), "café 1234567");
        assert_eq!(normalised("café 1234567"), normalised("cafe\u{301} １２３４５６７"));
        assert_eq!(format!("{chosen:?}"), "Password(…)");
    }

    #[test]
    fn the_list_holds_what_a_password_could_be() {
        for common in COMMONEST.lines() {
            assert!(common.chars().count() >= SHORTEST, "{common} is refused anyway");
            assert_eq!(*normalised(&common.to_lowercase()), common);
        }
    }
}
