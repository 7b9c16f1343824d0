//! The CBOR of signed objects (RFC 8949): a canonical encoder, and a decoder that refuses to be surprised.
//!
//! The two are asymmetric on purpose. The encoder writes only the deterministic form of §4.2.1: shortest
//! heads, definite lengths, map keys in bytewise order, text in NFC. The decoder reads every well-formed
//! spelling of the same data, and tells whether it was the canonical one, so that a verifier can first check the
//! signature over the bytes as they came: an odd spelling by the issuer is told apart from a forgery.
//!
//! What the format never uses has no representation here: floats, simple values and tags are refused by name.

mod decode;
mod document;
mod members;

use unicode_normalization::{UnicodeNormalization, is_nfc};

pub use decode::{CborError, Limits};
pub use document::{Document, Key, Node};
pub(crate) use members::Members;

/// Writes canonical CBOR, item by item.
///
/// The caller MUST announce the right number of items, and MUST write map keys in the bytewise order of their
/// encodings, each once; [`Document::is_canonical`] tells whether it did.
#[derive(Debug, Default)]
pub struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// An encoder with room for `capacity` bytes before it has to allocate again.
    pub fn with_capacity(capacity: usize) -> Encoder {
        Encoder { bytes: Vec::with_capacity(capacity) }
    }

    /// Writes an unsigned integer (major type 0).
    pub fn unsigned(&mut self, value: u64) {
        self.head(MAJOR_UNSIGNED, value);
    }

    /// Writes the integer −1 − `value` (major type 1).
    pub fn negative(&mut self, value: u64) {
        self.head(MAJOR_NEGATIVE, value);
    }

    /// Writes a signed integer as major type 0 or 1.
    pub fn integer(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(unsigned) => self.unsigned(unsigned),
            Err(_) => self.negative((!value).unsigned_abs()),
        }
    }

    /// Writes a byte string (major type 2).
    pub fn bytes(&mut self, value: &[u8]) {
        self.head(MAJOR_BYTES, length(value.len()));
        self.bytes.extend_from_slice(value);
    }

    /// Writes a text string (major type 3) in Unicode Normalization Form C.
    pub fn text(&mut self, value: &str) {
        if value.is_ascii() || is_nfc(value) {
            self.raw_text(value);
        } else {
            let normalized: String = value.nfc().collect();
            self.raw_text(&normalized);
        }
    }

    fn raw_text(&mut self, value: &str) {
        self.head(MAJOR_TEXT, length(value.len()));
        self.bytes.extend_from_slice(value.as_bytes());
    }

    /// Writes the head of an array (major type 4); `items` items MUST follow.
    pub fn array(&mut self, items: usize) {
        self.head(MAJOR_ARRAY, length(items));
    }

    /// Writes the head of a map (major type 5); `pairs` keys, each with its value, MUST follow in canonical order.
    pub fn map(&mut self, pairs: usize) {
        self.head(MAJOR_MAP, length(pairs));
    }

    /// Writes the head of a tag (major type 6); one item MUST follow.
    pub fn tag(&mut self, tag: u64) {
        self.head(MAJOR_TAG, tag);
    }

    /// The bytes written so far.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// The shortest head for an argument (RFC 8949 §3, §4.2.1).
    #[inline]
    fn head(&mut self, major: u8, argument: u64) {
        let initial = major << 5;
        let [h, g, f, e, d, c, b, a] = argument.to_be_bytes();
        match argument {
            0..24 => self.bytes.push(initial | a),
            24..0x100 => self.bytes.extend_from_slice(&[initial | ONE_BYTE, a]),
            0x100..0x1_0000 => self.bytes.extend_from_slice(&[initial | TWO_BYTES, b, a]),
            0x1_0000..0x1_0000_0000 => self.bytes.extend_from_slice(&[initial | FOUR_BYTES, d, c, b, a]),
            _ => self.bytes.extend_from_slice(&[initial | EIGHT_BYTES, h, g, f, e, d, c, b, a]),
        }
    }
}

const MAJOR_UNSIGNED: u8 = 0;
const MAJOR_NEGATIVE: u8 = 1;
const MAJOR_BYTES: u8 = 2;
const MAJOR_TEXT: u8 = 3;
const MAJOR_ARRAY: u8 = 4;
const MAJOR_MAP: u8 = 5;
const MAJOR_TAG: u8 = 6;

const ONE_BYTE: u8 = 24;
const TWO_BYTES: u8 = 25;
const FOUR_BYTES: u8 = 26;
const EIGHT_BYTES: u8 = 27;
const INDEFINITE: u8 = 31;
const BREAK: u8 = 0xff;

/// A length as CBOR writes it; `usize` is never wider than 64 bits on a platform that Rust has.
fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
