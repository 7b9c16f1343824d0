//! The text form `XUE:/1/…`, and what text may appear in a signed object at all.

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};
use unicode_normalization::is_nfc;

use crate::outcome::Refusal;

/// What every certificate's text begins with: scheme and version.
pub const PREFIX: &str = "XUE:/1/";

/// The longest text that a verifier looks at, in characters.
pub const LONGEST_TEXT: usize = 1_200;

/// The longest envelope that a verifier looks at, in bytes.
pub const LONGEST_TOKEN: usize = 768;

/// The text of an envelope: prefix and base32 (RFC 4648 §6), upper case, no padding.
pub(crate) fn encode(envelope: &[u8]) -> String {
    let mut text = String::with_capacity(PREFIX.len() + BASE32_NOPAD.encode_len(envelope.len()));
    text.push_str(PREFIX);
    BASE32_NOPAD.encode_append(envelope, &mut text);
    text
}

/// The envelope of a text as a person's scanner may have typed it; step 1 of the verification.
///
/// ASCII white space is dropped, lower case accepted, and `：` and `／` accepted in the prefix, because a keyboard
/// wedge under a Chinese input method types them. Base32 itself MUST be canonical: no padding, zero trailing bits.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, Refusal> {
    if is_too_long(text) {
        return Err(Refusal::malformed("longer than 1,200 characters"));
    }
    // Hardly any text has white space inside, and looking for it would cost more than decoding.
    let envelope = decode_exact(text.trim_ascii()).or_else(|_| decode_exact(&without_white_space(text)))?;
    if envelope.len() > LONGEST_TOKEN {
        return Err(Refusal::malformed("longer than 768 bytes"));
    }
    Ok(envelope)
}

fn decode_exact(text: &[u8]) -> Result<Vec<u8>, Refusal> {
    let base32 = strip_prefix(text).ok_or(Refusal::malformed("the prefix is not XUE:/1/"))?;
    BASE32_NOPAD_NOCASE.decode(base32).map_err(|_| Refusal::malformed("not canonical base32"))
}

fn without_white_space(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

/// Counts characters only where bytes do not already decide.
fn is_too_long(text: &[u8]) -> bool {
    const LONGEST_CHARACTER: usize = 4;
    let characters = || text.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
    text.len() > LONGEST_TEXT
        && (text.len() > LONGEST_TEXT * LONGEST_CHARACTER || characters() > LONGEST_TEXT)
}

fn strip_prefix(mut rest: &[u8]) -> Option<&[u8]> {
    for expected in PREFIX.chars() {
        rest = match expected {
            ':' => strip_either(rest, b":", "：".as_bytes())?,
            '/' => strip_either(rest, b"/", "／".as_bytes())?,
            _ => match rest.split_first()? {
                (found, rest) if expected.eq_ignore_ascii_case(&char::from(*found)) => rest,
                _ => return None,
            },
        };
    }
    Some(rest)
}

fn strip_either<'a>(text: &'a [u8], narrow: &[u8], wide: &[u8]) -> Option<&'a [u8]> {
    text.strip_prefix(narrow).or_else(|| text.strip_prefix(wide))
}

/// Whether a text of 1 to `longest` bytes is safe to show: NFC, no control characters, nothing invisible or
/// direction-changing that would make it look like another text.
pub(crate) fn is_displayable(text: &str, longest: usize) -> bool {
    let is_clean = |text: &str| is_nfc(text) && !text.chars().any(|c| c.is_control() || is_invisible(c));
    (1..=longest).contains(&text.len())
        && (text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || is_clean(text))
}

/// Format characters (Unicode category Cf) and separators that a name or an issuer never needs.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
