//! The decoder: total, bounded, tolerant of spelling and of nothing else.

use std::borrow::Cow;
use std::fmt;

use super::{
    BREAK, EIGHT_BYTES, FOUR_BYTES, INDEFINITE, Key, MAJOR_ARRAY, MAJOR_BYTES, MAJOR_MAP, MAJOR_NEGATIVE,
    MAJOR_TAG, MAJOR_TEXT, MAJOR_UNSIGNED, ONE_BYTE, TWO_BYTES, Value,
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

/// Reads one CBOR document from the front of its input; it never panics and never allocates more than
/// [`Limits::items`] values.
#[derive(Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
    items_left: u32,
    depth_left: u32,
    text_limit: usize,
}

impl<'a> Decoder<'a> {
    /// A decoder at the first byte of `input`.
    pub fn new(input: &'a [u8], limits: Limits) -> Decoder<'a> {
        Decoder { rest: input, items_left: limits.items, depth_left: limits.depth, text_limit: limits.text }
    }

    /// Reads `input` as exactly one item.
    ///
    /// # Errors
    /// Every [`CborError`]; [`CborError::Trailing`] when something follows the item.
    pub fn document(input: &'a [u8], limits: Limits) -> Result<Value<'a>, CborError> {
        let mut decoder = Decoder::new(input, limits);
        let value = decoder.value()?;
        decoder.end()?;
        Ok(value)
    }

    /// Reads the head of a tag that MUST be `expected`.
    ///
    /// # Errors
    /// [`CborError::Tag`] when something else stands there.
    pub fn tag(&mut self, expected: u64) -> Result<(), CborError> {
        match self.head()? {
            Head { major: MAJOR_TAG, argument: Argument::Value(tag), .. } if tag == expected => Ok(()),
            _ => Err(CborError::Tag),
        }
    }

    /// Reads one item.
    ///
    /// # Errors
    /// Every [`CborError`] except [`CborError::Trailing`].
    pub fn value(&mut self) -> Result<Value<'a>, CborError> {
        let head = self.head()?;
        match head.major {
            MAJOR_UNSIGNED => head.definite().map(Value::Unsigned),
            MAJOR_NEGATIVE => head.definite().map(Value::Negative),
            MAJOR_BYTES => self.bytes(head).map(Value::Bytes),
            MAJOR_TEXT => self.text(head).map(Value::Text),
            MAJOR_ARRAY => self.nested(|decoder| decoder.array(head)),
            MAJOR_MAP => self.nested(|decoder| decoder.map(head)),
            MAJOR_TAG => Err(CborError::Tag),
            _ => Err(head.float_simple_or_break()),
        }
    }

    /// Confirms that nothing is left to read.
    ///
    /// # Errors
    /// [`CborError::Trailing`] when something is.
    pub fn end(&self) -> Result<(), CborError> {
        if self.rest.is_empty() { Ok(()) } else { Err(CborError::Trailing) }
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Value<'a>, CborError>,
    ) -> Result<Value<'a>, CborError> {
        self.depth_left = self.depth_left.checked_sub(1).ok_or(CborError::TooDeep)?;
        let value = read(self)?;
        self.depth_left += 1;
        Ok(value)
    }

    fn array(&mut self, head: Head) -> Result<Value<'a>, CborError> {
        let Argument::Value(announced) = head.argument else {
            let mut items = Vec::new();
            while !self.take_break() {
                items.push(self.value()?);
            }
            return Ok(Value::Array(items));
        };
        let mut items = Vec::with_capacity(self.room_for(announced)?);
        for _ in 0..announced {
            items.push(self.value()?);
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, head: Head) -> Result<Value<'a>, CborError> {
        let Argument::Value(announced) = head.argument else {
            let mut pairs = Vec::new();
            while !self.take_break() {
                pairs.push((self.key()?, self.value()?));
            }
            return Ok(Value::Map(pairs));
        };
        let mut pairs = Vec::with_capacity(self.room_for(announced)?);
        for _ in 0..announced {
            pairs.push((self.key()?, self.value()?));
        }
        Ok(Value::Map(pairs))
    }

    fn key(&mut self) -> Result<Key<'a>, CborError> {
        let head = self.head()?;
        match head.major {
            MAJOR_UNSIGNED => head.definite().map(Key::Unsigned),
            MAJOR_NEGATIVE => head.definite().map(Key::Negative),
            MAJOR_TEXT => self.text(head).map(Key::Text),
            MAJOR_TAG => Err(CborError::Tag),
            MAJOR_BYTES | MAJOR_ARRAY | MAJOR_MAP => Err(CborError::KeyType),
            _ => Err(head.float_simple_or_break()),
        }
    }

    fn bytes(&mut self, head: Head) -> Result<Cow<'a, [u8]>, CborError> {
        match head.argument {
            Argument::Value(length) => self.take(length).map(Cow::Borrowed),
            Argument::Indefinite => {
                let mut whole = Vec::new();
                while !self.take_break() {
                    whole.extend_from_slice(self.chunk(MAJOR_BYTES)?);
                }
                Ok(Cow::Owned(whole))
            }
        }
    }

    fn text(&mut self, head: Head) -> Result<Cow<'a, str>, CborError> {
        match head.argument {
            Argument::Value(length) => {
                let bytes = self.take(length)?;
                self.utf8(bytes).map(Cow::Borrowed)
            }
            Argument::Indefinite => {
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
        }
    }

    fn utf8(&self, bytes: &'a [u8]) -> Result<&'a str, CborError> {
        if bytes.len() > self.text_limit {
            return Err(CborError::TextTooLong);
        }
        str::from_utf8(bytes).map_err(|_| CborError::NotUtf8)
    }

    fn chunk(&mut self, major: u8) -> Result<&'a [u8], CborError> {
        match self.head()? {
            Head { major: found, argument: Argument::Value(length), .. } if found == major => {
                self.take(length)
            }
            _ => Err(CborError::BadChunk),
        }
    }

    fn head(&mut self) -> Result<Head, CborError> {
        let (&initial, rest) = self.rest.split_first().ok_or(CborError::Truncated)?;
        self.items_left = self.items_left.checked_sub(1).ok_or(CborError::TooManyItems)?;
        self.rest = rest;
        let argument = match initial & 0x1f {
            small @ 0..24 => Argument::Value(u64::from(small)),
            ONE_BYTE => Argument::Value(u64::from(u8::from_be_bytes(self.take_array()?))),
            TWO_BYTES => Argument::Value(u64::from(u16::from_be_bytes(self.take_array()?))),
            FOUR_BYTES => Argument::Value(u64::from(u32::from_be_bytes(self.take_array()?))),
            EIGHT_BYTES => Argument::Value(u64::from_be_bytes(self.take_array()?)),
            INDEFINITE => Argument::Indefinite,
            _ => return Err(CborError::BadHead),
        };
        Ok(Head { major: initial >> 5, argument, additional: initial & 0x1f })
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

    /// The capacity for an announced number of items, refused before anything is allocated for it.
    fn room_for(&self, announced: u64) -> Result<usize, CborError> {
        if announced > u64::from(self.items_left) {
            return Err(CborError::TooManyItems);
        }
        usize::try_from(announced).map_err(|_| CborError::TooManyItems)
    }
}

#[derive(Clone, Copy)]
struct Head {
    major: u8,
    argument: Argument,
    additional: u8,
}

#[derive(Clone, Copy)]
enum Argument {
    Value(u64),
    Indefinite,
}

impl Head {
    fn definite(self) -> Result<u64, CborError> {
        match self.argument {
            Argument::Value(value) => Ok(value),
            Argument::Indefinite => Err(CborError::BadHead),
        }
    }

    /// The name of what major type 7 holds (RFC 8949 §3.3).
    fn float_simple_or_break(self) -> CborError {
        match self.additional {
            TWO_BYTES | FOUR_BYTES | EIGHT_BYTES => CborError::Float,
            INDEFINITE => CborError::StrayBreak,
            _ => CborError::Simple,
        }
    }
}
