//! Check characters of ISO/IEC 7064 (GB/T 17710), for the three systems that blood and identity use.
//!
//! Each function takes the text without its check character and returns the check character; a text is right
//! when the result equals the character that it carries.

/// ISO/IEC 7064 Mod 11-2: digits in, a digit or `X` out. GB 11643 identity numbers end with it.
///
/// `None` when the text is empty or holds anything but digits.
///
/// ```
/// assert_eq!(certificates::iso7064::mod_11_2("11010519491231002"), Some('X'));
/// ```
pub fn mod_11_2(digits: &str) -> Option<char> {
    let check = pure(digits, 11, 2, |c| c.to_digit(10))?;
    if check == 10 { Some('X') } else { char::from_digit(check, 10) }
}

/// ISO/IEC 7064 Mod 37-2: digits and capital letters in, one of them or `*` out. ISBT 128 donation
/// identification numbers show it in a box behind the number.
///
/// `None` when the text is empty or holds anything but digits and capital letters.
///
/// ```
/// assert_eq!(certificates::iso7064::mod_37_2("G123498654321"), Some('H'));
/// ```
pub fn mod_37_2(text: &str) -> Option<char> {
    let check = pure(text, 37, 2, alphanumeric_value)?;
    if check == 36 { Some('*') } else { alphanumeric(check) }
}

/// ISO/IEC 7064 Mod 37,36 (the hybrid system): digits and capital letters in, one of them out. Electronic
/// certificate numbers end with it.
///
/// `None` when the text is empty or holds anything but digits and capital letters.
///
/// ```
/// assert_eq!(certificates::iso7064::mod_37_36("A12425GABC1234002"), Some('M'));
/// ```
pub fn mod_37_36(text: &str) -> Option<char> {
    if text.is_empty() {
        return None;
    }
    let product = text.chars().try_fold(36, |product, character| {
        let sum = (product + alphanumeric_value(character)?) % 36;
        Some((if sum == 0 { 36 } else { sum }) * 2 % 37)
    })?;
    alphanumeric((37 - product) % 36)
}

/// A pure system: the check character makes the weighted sum of all characters 1 modulo `modulus`.
fn pure(text: &str, modulus: u32, radix: u32, value: impl Fn(char) -> Option<u32>) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    let product = text.chars().try_fold(0, |product, c| Some((product + value(c)?) * radix % modulus))?;
    Some((modulus + 1 - product) % modulus)
}

fn alphanumeric_value(character: char) -> Option<u32> {
    if character.is_ascii_lowercase() { None } else { character.to_digit(36) }
}

fn alphanumeric(value: u32) -> Option<char> {
    char::from_digit(value, 36).map(|c| c.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_have_their_check_characters() {
        // The example of ISO/IEC 7064 itself, ISNI 0000 0001 2281 955X; GB 11643 appendix A.
        assert_eq!(mod_11_2("0794"), Some('0'));
        assert_eq!(mod_11_2("000000012281955"), Some('X'));
        assert_eq!(mod_11_2("11010519491231002"), Some('X'));
        assert_eq!(mod_11_2("44052418800101001"), Some('4'));
        // ISBT 128 Standard Technical Specification, appendix A.
        assert_eq!(mod_37_2("G123498654321"), Some('H'));
        // The Global Release Identifier A1-2425G-ABC1234002-M.
        assert_eq!(mod_37_36("A12425GABC1234002"), Some('M'));
    }

    /// Random texts, computed with python-stdnum 2.2.
    #[test]
    fn an_independent_implementation_has_the_same_check_characters() {
        for (text, hybrid, pure) in [
            ("MX1TF3A7N", 'N', '8'),
            ("FOY6F0DQHBOA48S8", 'J', 'M'),
            ("00DDA", 'V', 'A'),
            ("IKCYDB", 'X', '2'),
            ("OJ1NQA9", 'V', '5'),
            ("4LJ0L4JMJ", 'R', '9'),
            ("XUE144030000000042017", '4', '1'),
        ] {
            assert_eq!(mod_37_36(text), Some(hybrid), "{text}");
            assert_eq!(mod_37_2(text), Some(pure), "{text}");
        }
    }

    #[test]
    fn what_has_no_value_has_no_check_character() {
        for text in ["", "1 2", "1-2", "12a", "１２", "血"] {
            assert_eq!(mod_11_2(text), None, "{text}");
            assert_eq!(mod_37_2(text), None, "{text}");
            assert_eq!(mod_37_36(text), None, "{text}");
        }
        assert_eq!(mod_11_2("1A"), None);
    }

    /// ISO/IEC 7064 §1: every single substitution is detected, and (nearly) every transposition of neighbours.
    #[test]
    fn every_wrong_character_and_nearly_every_swap_of_neighbours_is_noticed() {
        let text = "A12425GABC1234002";
        let mut missed_swaps = 0;
        for at in 0..text.len() {
            for other in ('0'..='9').chain('A'..='Z').filter(|other| !text[at..].starts_with(*other)) {
                let wrong = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                assert_ne!(mod_37_36(&wrong), mod_37_36(text), "{wrong}");
                assert_ne!(mod_37_2(&wrong), mod_37_2(text), "{wrong}");
            }
            if at > 0 && text[at - 1..at] != text[at..=at] {
                let mut swapped: Vec<char> = text.chars().collect();
                swapped.swap(at - 1, at);
                let swapped: String = swapped.into_iter().collect();
                assert_ne!(mod_37_2(&swapped), mod_37_2(text), "{swapped}");
                missed_swaps += u32::from(mod_37_36(&swapped) == mod_37_36(text));
            }
        }
        assert_eq!(missed_swaps, 0);
    }
}
