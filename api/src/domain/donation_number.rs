//! Donation identification numbers (献血编码): ISBT 128, or the station's own pattern.

use super::refusal::Refusal;
use certificates::iso7064;
use regex::Regex;

/// Which numbers a station issues: its own pattern, tried first, and ISBT 128.
#[derive(Debug, Clone)]
pub struct DonationNumbering {
    local: Regex,
}

impl DonationNumbering {
    /// A numbering whose local numbers match `pattern` as a whole.
    ///
    /// # Errors
    /// `bad_pattern` when the pattern is not a regular expression.
    pub fn with_local_pattern(pattern: &str) -> Result<Self, Refusal> {
        Regex::new(&format!("^(?:{pattern})$")).map(|local| Self { local }).map_err(|_| {
            Refusal::new("donation_no", "bad_pattern", "The local pattern is not a regular expression.")
        })
    }
}

/// A donation's number, in one normal form (upper case, no spaces).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DonationNumber {
    /// ISBT 128: country and facility, year, sequence (13 characters), and the check character of
    /// ISO 7064 Mod 37,2 as the fourteenth.
    Isbt128(String),
    /// The station's own code.
    Local(String),
}

impl DonationNumber {
    /// Reads a donation number.
    ///
    /// # Errors
    /// `missing`; `check_character` for an ISBT 128 number whose check character is wrong;
    /// `not_a_donation_number` for what is neither that nor of the local pattern.
    pub fn parse(text: &str, numbering: &DonationNumbering) -> Result<Self, Refusal> {
        let number: String =
            text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        if number.is_empty() {
            return Err(Refusal::new("donation_no", "missing", "The donation number is missing."));
        }
        if number.len() <= 64 && numbering.local.is_match(&number) {
            return Ok(Self::Local(number));
        }
        match number.split_at_checked(13) {
            Some((body, check)) if check.len() == 1 && is_isbt_128_body(body) => {
                if iso7064::mod_37_2(body).is_some_and(|expected| check.starts_with(expected)) {
                    Ok(Self::Isbt128(number))
                } else {
                    Err(Refusal::new(
                        "donation_no",
                        "check_character",
                        "The donation number's check character is wrong (ISBT 128, ISO 7064 Mod 37,2).",
                    ))
                }
            }
            _ => Err(Refusal::new(
                "donation_no",
                "not_a_donation_number",
                "This is neither an ISBT 128 number with its check character nor one of the station's own pattern.",
            )),
        }
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Isbt128(number) | Self::Local(number) => number,
        }
    }
}

/// ISBT 128 ST-001, data structure 001: `α pppp yy nnnnnn`, α a letter (not O) or a digit from 1.
fn is_isbt_128_body(body: &str) -> bool {
    let (first, rest) = body.split_at(1);
    matches!(first.as_bytes(), [b'A'..=b'N' | b'P'..=b'Z' | b'1'..=b'9'])
        && rest.get(..4).is_some_and(|facility| facility.bytes().all(|b| b.is_ascii_alphanumeric()))
        && rest.get(4..).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DonationNumber, Refusal> {
        DonationNumber::parse(text, &DonationNumbering::with_local_pattern("[0-9]{13}").unwrap())
    }

    #[test]
    fn an_isbt_128_number_needs_its_check_character() {
        assert_eq!(parse("g1234 98 654321 H"), Ok(DonationNumber::Isbt128("G123498654321H".into())));
        assert_eq!(parse("G123498654321K").unwrap_err().reason, "check_character");
        assert_eq!(parse("G123498654321").unwrap_err().reason, "not_a_donation_number");
    }

    #[test]
    fn a_local_number_matches_the_whole_pattern() {
        assert_eq!(parse("4199180000001"), Ok(DonationNumber::Local("4199180000001".into())));
        assert_eq!(parse("41991800000011x").unwrap_err().reason, "not_a_donation_number");
    }

    #[test]
    fn characters_outside_ascii_are_refused_without_a_panic() {
        for text in ["血", "４１９９１８０００００１", "G1234986543血", "血血血血H", ""] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
