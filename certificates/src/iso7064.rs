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
