//! The CBOR of signed objects (RFC 8949): a canonical encoder, and a decoder that refuses to be surprised.
//!
//! The two are asymmetric on purpose. The encoder writes only the deterministic form of §4.2.1: shortest
//! heads, definite lengths, map keys in bytewise order, text in NFC. The decoder reads every well-formed
//! spelling of the same data, so that a verifier can first check the signature over the bytes as they came and
//! then compare them with its own encoding: an odd spelling by the issuer is told apart from a forgery.
//!
//! What the format never uses has no representation here: floats, simple values and tags are refused by name.

mod decode;
mod members;

use std::borrow::Cow;
use std::cmp::Ordering;

use unicode_normalization::{UnicodeNormalization, is_nfc};

pub use decode::{CborError, Decoder, Limits};
pub(crate) use members::Members;

/// Writes canonical CBOR, item by item.
///
/// The caller MUST announce the right number of items and MUST write map keys in canonical order;
/// [`Value::encode`] does both for data that was decoded.
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
    fn head(&mut self, major: u8, argument: u64) {
        let major = major << 5;
        let [h, g, f, e, d, c, b, a] = argument.to_be_bytes();
        match argument {
            0..24 => self.bytes.push(major | a),
            24..0x100 => self.bytes.extend_from_slice(&[major | ONE_BYTE, a]),
            0x100..0x1_0000 => self.bytes.extend_from_slice(&[major | TWO_BYTES, b, a]),
            0x1_0000..0x1_0000_0000 => self.bytes.extend_from_slice(&[major | FOUR_BYTES, d, c, b, a]),
            _ => self.bytes.extend_from_slice(&[major | EIGHT_BYTES, h, g, f, e, d, c, b, a]),
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

/// A decoded data item that borrows from its input where the input's spelling allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// An unsigned integer.
    Unsigned(u64),
    /// The integer −1 − n.
    Negative(u64),
    /// A byte string.
    Bytes(Cow<'a, [u8]>),
    /// A text string.
    Text(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// A map, its pairs in the order of the input, duplicates included.
    Map(Vec<(Key<'a>, Value<'a>)>),
}

/// A map key: the format's maps are keyed by integers and by text, by nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// An unsigned integer.
    Unsigned(u64),
    /// The integer −1 − n.
    Negative(u64),
    /// A text string.
    Text(Cow<'a, str>),
}

impl<'a> Key<'a> {
    /// A text key.
    pub fn text(text: &'a str) -> Key<'a> {
        Key::Text(Cow::Borrowed(text))
    }

    /// The bytewise lexicographic order of the keys' deterministic encodings (RFC 8949 §4.2.1).
    ///
    /// Within one major type a smaller argument has the smaller head; the argument of text is its length.
    pub fn canonical_order(&self, other: &Key<'_>) -> Ordering {
        match (self, other) {
            (Key::Unsigned(a), Key::Unsigned(b)) | (Key::Negative(a), Key::Negative(b)) => a.cmp(b),
            (Key::Text(a), Key::Text(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            _ => self.major().cmp(&other.major()),
        }
    }

    fn major(&self) -> u8 {
        match self {
            Key::Unsigned(_) => MAJOR_UNSIGNED,
            Key::Negative(_) => MAJOR_NEGATIVE,
            Key::Text(_) => MAJOR_TEXT,
        }
    }

    fn encode(&self, into: &mut Encoder) {
        match self {
            Key::Unsigned(value) => into.unsigned(*value),
            Key::Negative(value) => into.negative(*value),
            Key::Text(value) => into.text(value),
        }
    }
}

impl<'a> Value<'a> {
    /// A signed integer.
    pub fn integer(value: i64) -> Value<'a> {
        match u64::try_from(value) {
            Ok(unsigned) => Value::Unsigned(unsigned),
            Err(_) => Value::Negative((!value).unsigned_abs()),
        }
    }

    /// The member of a map with this key, the first of several; `None` for everything that is not a map.
    pub fn member(&self, key: &Key<'_>) -> Option<&Value<'a>> {
        match self {
            Value::Map(pairs) => pairs.iter().find(|(found, _)| found == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Writes the one canonical spelling of this item: map pairs are sorted, and of equal keys the first stays.
    pub fn encode(&self, into: &mut Encoder) {
        match self {
            Value::Unsigned(value) => into.unsigned(*value),
            Value::Negative(value) => into.negative(*value),
            Value::Bytes(value) => into.bytes(value),
            Value::Text(value) => into.text(value),
            Value::Array(items) => {
                into.array(items.len());
                items.iter().for_each(|item| item.encode(into));
            }
            Value::Map(pairs) => encode_map(pairs, into),
        }
    }
}

fn encode_map(pairs: &[(Key<'_>, Value<'_>)], into: &mut Encoder) {
    let write = |into: &mut Encoder, (key, value): &(Key<'_>, Value<'_>)| {
        key.encode(into);
        value.encode(into);
    };
    if pairs.is_sorted_by(|(a, _), (b, _)| a.canonical_order(b) == Ordering::Less) {
        into.map(pairs.len());
        pairs.iter().for_each(|pair| write(into, pair));
        return;
    }
    let mut sorted: Vec<_> = pairs.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.canonical_order(b));
    sorted.dedup_by(|(a, _), (b, _)| a == b);
    into.map(sorted.len());
    sorted.iter().for_each(|pair| write(into, pair));
}
