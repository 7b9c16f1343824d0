//! An e-mail address that was checked once and hides itself in logs.

use std::fmt;
use std::str::FromStr;

use lettre::Address;

/// The longest address that fits into an SMTP path (RFC 5321 §4.5.3.1.3), bytes.
const LONGEST_ADDRESS_BYTES: usize = 254;

/// An e-mail address (RFC 5321 §4.1.2, ASCII only).
///
/// It has no `Display`, and its `Debug` is masked:
///
/// ```
/// use notifications::EmailAddress;
///
/// let address: EmailAddress = "zhang.san@example.org".parse()?;
///
/// assert_eq!(format!("{address:?}"), "z***@example.org");
/// assert_eq!(address.as_str(), "zhang.san@example.org");
/// # Ok::<(), notifications::AddressRefused>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(Address);

/// Why a text is not an e-mail address that we can write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressRefused {
    /// Longer than 254 bytes.
    #[error("the e-mail address is longer than 254 characters")]
    TooLong,
    /// Letters beyond ASCII: they need SMTPUTF8, which many servers lack.
    #[error("the e-mail address may only hold Latin letters, digits and signs")]
    NotAscii,
    /// Not of the form `name@domain`; a line break is refused here too.
    #[error("this is not an e-mail address")]
    Malformed,
}

impl EmailAddress {
    /// The whole address: personal data, for the channel and for the person themselves only.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// The address as a log may show it: the first character and the domain, `z***@example.org`. Of a name of one character
    /// nothing is shown.
    #[must_use]
    pub fn masked(&self) -> String {
        let first = self.0.user().chars().next().filter(|_| self.0.user().len() > 1);
        format!("{}***@{}", first.map(String::from).unwrap_or_default(), self.0.domain())
    }

    /// What follows the `@`.
    pub(crate) fn domain(&self) -> &str {
        self.0.domain()
    }

    pub(crate) fn address(&self) -> &Address {
        &self.0
    }

    /// A server's words as one line without addresses: it likes to quote the recipient (`<zhang.san@example.org>: unknown`).
    pub(crate) fn hide_in(&self, words: &str) -> String {
        const LONGEST_CHARACTERS: usize = 300;

        let visible: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let hidden: Vec<&str> = visible
            .split_whitespace()
            .map(|word| if self.is_named_by(word) { "<address>" } else { word })
            .collect();
        hidden.join(" ").chars().take(LONGEST_CHARACTERS).collect()
    }

    fn is_named_by(&self, word: &str) -> bool {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let name = self.0.user().trim_matches(|c: char| !c.is_alphanumeric());
        word.contains('@') || bare.eq_ignore_ascii_case(name)
    }
}

impl FromStr for EmailAddress {
    type Err = AddressRefused;

    fn from_str(text: &str) -> Result<Self, AddressRefused> {
        if text.len() > LONGEST_ADDRESS_BYTES {
            return Err(AddressRefused::TooLong);
        }
        if !text.is_ascii() {
            return Err(AddressRefused::NotAscii);
        }
        if text.chars().any(|c| c.is_ascii_control() || c == ' ') {
            return Err(AddressRefused::Malformed);
        }
        text.parse().map(Self).map_err(|_| AddressRefused::Malformed)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> EmailAddress {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_not_an_address_is_refused_by_name() {
        let long = format!("{}@example.org", "a".repeat(250));
        for (text, refused) in [
            ("", AddressRefused::Malformed),
            ("zhang", AddressRefused::Malformed),
            ("@example.org", AddressRefused::Malformed),
            ("zhang@", AddressRefused::Malformed),
            ("zhang@example.org\r\nBcc: all@example.org", AddressRefused::Malformed),
            ("\"zhang san\"@example.org", AddressRefused::Malformed),
            ("a@example.org> SIZE=1", AddressRefused::Malformed),
            ("a@example.org,b@example.org", AddressRefused::Malformed),
            ("张三@example.org", AddressRefused::NotAscii),
            (long.as_str(), AddressRefused::TooLong),
        ] {
            assert_eq!(text.parse::<EmailAddress>(), Err(refused), "{text:?}");
        }
    }

    #[test]
    fn debug_shows_the_first_character_and_the_domain_only() {
        assert_eq!(format!("{:?}", address("zhang.san@example.org")), "z***@example.org");
        assert_eq!(format!("{:?}", address("z@example.org")), "***@example.org");
    }

    #[test]
    fn a_servers_words_lose_the_address_their_line_breaks_and_their_length() {
        let words = "5.1.1 <zhang.san@example.org>: user Zhang.San,\r\nunknown\u{1b}[31m";

        let hidden = address("zhang.san@example.org").hide_in(words);

        assert_eq!(hidden, "5.1.1 <address> user <address> unknown [31m");
        assert_eq!(address("a@example.org").hide_in(&"x".repeat(400)).len(), 300);
    }
}
