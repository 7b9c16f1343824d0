//! The decoder: total, bounded, tolerant of spelling and of nothing else.

use std::borrow::Cow;
use std::fmt;

use unicode_normalization::is_nfc;

use super::document::{Document, Item};
use super::{
    BREAK, EIGHT_BYTES, FOUR_BYTES, INDEFINITE, MAJOR_ARRAY, MAJOR_BYTES, MAJOR_MAP, MAJOR_NEGATIVE,
    MAJOR_TAG, MAJOR_TEXT, MAJOR_UNSIGNED, ONE_BYTE, TWO_BYTES,
};

/// How much a document may ask of its reader. Every limit is inclusive.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nested arrays and maps.
    pub depth: u32,
    /// Data items altogether, keys and the chunks of indefinite strings included.
    pub items: u32,
    /// Bytes of one text string.
    pub text: usize,
}

/// Why bytes are not a CBOR document of the kind that the format uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CborError {
    /// The input ends inside an item.
    Truncated,
    /// Bytes follow the document.
    Trailing,
    /// Arrays and maps are nested deeper than [`Limits::depth`].
    TooDeep,
    /// There are more data items than [`Limits::items`].
    TooManyItems,
    /// A text is longer than [`Limits::text`] bytes.
    TextTooLong,
    /// A text is not UTF-8.
    NotUtf8,
    /// A head has additional information 28 to 30, or an indefinite length where none may be.
    BadHead,
    /// A chunk of an indefinite-length string is not a definite-length string of the same type.
    BadChunk,
    /// A break stands where an item must be.
    StrayBreak,
    /// A map key is neither an integer nor text.
    KeyType,
    /// A floating-point number, which the format never uses.
    Float,
    /// A simple value (false, true, null, undefined…), which the format never uses.
    Simple,
    /// A tag where the format has none, or another tag than the one expected.
    Tag,
}

impl CborError {
    /// One sentence for the log.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            CborError::Truncated => "the CBOR ends inside an item",
            CborError::Trailing => "bytes follow the CBOR item",
            CborError::TooDeep => "the CBOR is nested too deeply",
            CborError::TooManyItems => "the CBOR has too many items",
            CborError::TextTooLong => "a CBOR text is too long",
            CborError::NotUtf8 => "a CBOR text is not UTF-8",
            CborError::BadHead => "a CBOR head is not well-formed",
            CborError::BadChunk => "a chunk of an indefinite CBOR string has the wrong type",
            CborError::StrayBreak => "a CBOR break stands where an item must be",
            CborError::KeyType => "a CBOR map key is neither an integer nor text",
            CborError::Float => "CBOR floats are not part of the format",
            CborError::Simple => "CBOR simple values are not part of the format",
            CborError::Tag => "the CBOR has an unexpected tag, or lacks the expected one",
        }
    }
}

impl fmt::Display for CborError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.detail())
    }
}

impl std::error::Error for CborError {}

/// Reads `input` as one document, under `tag` if one is expected.
pub(super) fn document<'a>(
    input: &'a [u8],
    tag: Option<u64>,
    limits: Limits,
) -> Result<Document<'a>, CborError> {
    let mut decoder = Decoder {
        rest: input,
        document: Document { items: Vec::with_capacity(TYPICAL_ITEMS), is_canonical: true },
        items_left: limits.items,
        depth_left: limits.depth,
        text_limit: limits.text,
    };
    if let Some(tag) = tag {
        decoder.tag(tag)?;
    }
    decoder.value()?;
    if decoder.rest.is_empty() { Ok(decoder.document) } else { Err(CborError::Trailing) }
}

/// What a certificate's payload has, with some room.
const TYPICAL_ITEMS: usize = 48;

struct Decoder<'a> {
    rest: &'a [u8],
    document: Document<'a>,
    items_left: u32,
    depth_left: u32,
    text_limit: usize,
}

impl<'a> Decoder<'a> {
    fn tag(&mut self, expected: u64) -> Result<(), CborError> {
        let head = self.head()?;
        if head.major() == MAJOR_TAG && head.number()? == expected { Ok(()) } else { Err(CborError::Tag) }
    }

    fn value(&mut self) -> Result<(), CborError> {
        let head = self.head()?;
        let item = match head.major() {
            MAJOR_UNSIGNED => Item::Unsigned(head.number()?),
            MAJOR_NEGATIVE => Item::Negative(head.number()?),
            MAJOR_BYTES => Item::Bytes(self.bytes(head)?),
            MAJOR_TEXT => Item::Text(self.text(head)?),
            MAJOR_ARRAY => return self.container(head, Item::Array, Self::children),
            MAJOR_MAP => return self.container(head, Item::Map, Self::pairs),
            MAJOR_TAG => return Err(CborError::Tag),
            _ => return Err(head.float_simple_or_break()),
        };
        self.document.items.push(item);
        Ok(())
    }

    /// Reads an array or a map; its own item comes first and learns afterwards how many items are in it.
    fn container(
        &mut self,
        head: Head,
        item: impl Fn(usize) -> Item<'a>,
        read: impl FnOnce(&mut Self, Head) -> Result<(), CborError>,
    ) -> Result<(), CborError> {
        self.depth_left = self.depth_left.checked_sub(1).ok_or(CborError::TooDeep)?;
        let at = self.document.items.len();
        self.document.items.push(item(0));
        read(self, head)?;
        let span = self.document.items.len() - at - 1;
        if let Some(slot) = self.document.items.get_mut(at) {
            *slot = item(span);
        }
        self.depth_left += 1;
        Ok(())
    }

    fn children(&mut self, head: Head) -> Result<(), CborError> {
        let mut count = 0;
        while self.has_another(head, count) {
            self.value()?;
            count += 1;
        }
        Ok(())
    }

    fn pairs(&mut self, head: Head) -> Result<(), CborError> {
        let mut count = 0;
        let mut last = None;
        while self.has_another(head, count) {
            let rank = self.key()?;
            self.document.is_canonical &= last < Some(rank);
            last = Some(rank);
            self.value()?;
            count += 1;
        }
        Ok(())
    }

    fn key(&mut self) -> Result<Rank<'a>, CborError> {
        let head = self.head()?;
        let start = self.rest;
        let item = match head.major() {
            MAJOR_UNSIGNED => Item::Unsigned(head.number()?),
            MAJOR_NEGATIVE => Item::Negative(head.number()?),
            MAJOR_TEXT => Item::Text(self.text(head)?),
            MAJOR_TAG => return Err(CborError::Tag),
            MAJOR_BYTES | MAJOR_ARRAY | MAJOR_MAP => return Err(CborError::KeyType),
            _ => return Err(head.float_simple_or_break()),
        };
        self.document.items.push(item);
        let text = start.get(..start.len() - self.rest.len()).unwrap_or_default();
        Ok(Rank { major: head.major(), argument: head.argument, text })
    }

    fn has_another(&mut self, head: Head, count: u64) -> bool {
        if head.is_indefinite() { !self.take_break() } else { count < head.argument }
    }

    fn bytes(&mut self, head: Head) -> Result<Cow<'a, [u8]>, CborError> {
        if !head.is_indefinite() {
            return self.take(head.argument).map(Cow::Borrowed);
        }
        let mut whole = Vec::new();
        while !self.take_break() {
            whole.extend_from_slice(self.chunk(MAJOR_BYTES)?);
        }
        Ok(Cow::Owned(whole))
    }

    fn text(&mut self, head: Head) -> Result<Cow<'a, str>, CborError> {
        if !head.is_indefinite() {
            let bytes = self.take(head.argument)?;
            return self.utf8(bytes).map(Cow::Borrowed);
        }
        let mut whole = String::new();
        while !self.take_break() {
            let chunk = self.chunk(MAJOR_TEXT)?;
            whole.push_str(self.utf8(chunk)?);
            if whole.len() > self.text_limit {
                return Err(CborError::TextTooLong);
            }
        }
        Ok(Cow::Owned(whole))
    }

    fn utf8(&mut self, bytes: &'a [u8]) -> Result<&'a str, CborError> {
        if bytes.len() > self.text_limit {
            return Err(CborError::TextTooLong);
        }
        let text = str::from_utf8(bytes).map_err(|_| CborError::NotUtf8)?;
        self.document.is_canonical &= text.is_ascii() || is_nfc(text);
        Ok(text)
    }

    fn chunk(&mut self, major: u8) -> Result<&'a [u8], CborError> {
        let head = self.head()?;
        if head.major() != major || head.is_indefinite() {
            return Err(CborError::BadChunk);
        }
        self.take(head.argument)
    }

    /// Reads a head. Nearly all are a single byte, so that the rest is kept out of the way.
    #[inline]
    fn head(&mut self) -> Result<Head, CborError> {
        let (&initial, rest) = self.rest.split_first().ok_or(CborError::Truncated)?;
        self.items_left = self.items_left.checked_sub(1).ok_or(CborError::TooManyItems)?;
        self.rest = rest;
        let argument = match initial & 0x1f {
            small @ 0..24 => u64::from(small),
            additional => self.long_argument(additional)?,
        };
        Ok(Head { initial, argument })
    }

    /// Reads what follows an initial byte; it is canonical when no shorter head could hold it.
    fn long_argument(&mut self, additional: u8) -> Result<u64, CborError> {
        let (argument, least) = match additional {
            ONE_BYTE => (u64::from(u8::from_be_bytes(self.take_array()?)), 24),
            TWO_BYTES => (u64::from(u16::from_be_bytes(self.take_array()?)), 0x100),
            FOUR_BYTES => (u64::from(u32::from_be_bytes(self.take_array()?)), 0x1_0000),
            EIGHT_BYTES => (u64::from_be_bytes(self.take_array()?), 0x1_0000_0000),
            INDEFINITE => (0, u64::MAX),
            _ => return Err(CborError::BadHead),
        };
        self.document.is_canonical &= argument >= least;
        Ok(argument)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], CborError> {
        let length = usize::try_from(length).map_err(|_| CborError::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(CborError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(CborError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn take_break(&mut self) -> bool {
        match self.rest.split_first() {
            Some((&BREAK, rest)) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

/// The place of a key in the bytewise order of canonical encodings (RFC 8949 §4.2.1), which is the order of
/// major types, then of arguments, since a smaller one has the smaller head, then of the text behind the head.
///
/// A key of indefinite length has no such place; it is not canonical whatever its rank.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
struct Rank<'a> {
    major: u8,
    argument: u64,
    text: &'a [u8],
}

#[derive(Clone, Copy)]
struct Head {
    initial: u8,
    argument: u64,
}

impl Head {
    fn major(self) -> u8 {
        self.initial >> 5
    }

    fn additional(self) -> u8 {
        self.initial & 0x1f
    }

    fn is_indefinite(self) -> bool {
        self.additional() == INDEFINITE
    }

    /// The argument of a head that has no indefinite form.
    fn number(self) -> Result<u64, CborError> {
        if self.is_indefinite() { Err(CborError::BadHead) } else { Ok(self.argument) }
    }

    /// The name of what major type 7 holds (RFC 8949 §3.3).
    fn float_simple_or_break(self) -> CborError {
        match self.additional() {
            TWO_BYTES | FOUR_BYTES | EIGHT_BYTES => CborError::Float,
            INDEFINITE => CborError::StrayBreak,
            _ => CborError::Simple,
        }
    }
}
