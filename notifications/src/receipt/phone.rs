//! A telephone number that hides itself in logs.

use std::fmt;

/// A telephone number in E.164 form, as a provider named it; `Debug` shows the last two digits only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads `+8617000000001`, `8617000000001`, `008617000000001`, and `17000000001`, which is a number of mainland China; spaces
    /// and dashes are passed over. `None` when it is none of these.
    ///
    /// ```
    /// use notifications::receipt::PhoneNumber;
    ///
    /// let number = PhoneNumber::parse("17000000001").ok_or("no number")?;
    ///
    /// assert_eq!(number.as_str(), "+8617000000001");
    /// assert_eq!(format!("{number:?}"), "+***01");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let international = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00"));
        let digits = match international {
            Some(digits) => digits.to_owned(),
            None if digits.len() == 11 && digits.starts_with('1') => format!("86{digits}"),
            None => digits,
        };
        let good = (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| Self(format!("+{digits}")))
    }

    /// The whole number: personal data.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last: Vec<char> = self.0.chars().rev().take(2).collect();
        write!(out, "+***{}", last.into_iter().rev().collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_write_numbers_in_their_own_ways() {
        for text in ["17000000001", "8617000000001", "+8617000000001", "008617000000001", "+86 170-0000-0001"]
        {
            assert_eq!(PhoneNumber::parse(text).unwrap().as_str(), "+8617000000001", "{text}");
        }
        assert_eq!(PhoneNumber::parse("85261234567").unwrap().as_str(), "+85261234567");
        for none in [
            "",
            "+",
            "123456",
            "1234567890123456",
            "abc",
            "+0123456789",
            "1700000000a",
            "１７０００００００１",
        ] {
            assert_eq!(PhoneNumber::parse(none), None, "{none}");
        }
    }
}
