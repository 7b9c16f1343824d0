//! A decoded document: one flat list of items, because trees of small allocations are what decoding costs.

use std::borrow::Cow;

use super::decode::{self, CborError, Limits};

/// One CBOR document, decoded.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) is_canonical: bool,
}

/// A data item. The children of an array or a map follow it in the list, with all that is in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    Unsigned(u64),
    /// The integer −1 − n.
    Negative(u64),
    Bytes(Cow<'a, [u8]>),
    Text(Cow<'a, str>),
    /// How many of the following items are in the array.
    Array(usize),
    /// How many of the following items are in the map, where keys and values alternate in the order of the input.
    Map(usize),
}

impl<'a> Document<'a> {
    /// Decodes `source`, which MUST be exactly one item without a tag.
    ///
    /// # Errors
    /// Every [`CborError`].
    pub fn decode(source: &'a [u8], limits: Limits) -> Result<Document<'a>, CborError> {
        decode::document(source, None, limits)
    }

    /// Decodes `source`, which MUST be exactly one item under exactly this tag.
    ///
    /// # Errors
    /// Every [`CborError`].
    pub fn decode_tagged(source: &'a [u8], tag: u64, limits: Limits) -> Result<Document<'a>, CborError> {
        decode::document(source, Some(tag), limits)
    }

    /// The item that the document consists of.
    pub fn root(&self) -> Node<'_, 'a> {
        Node { items: &self.items }
    }

    /// Whether the bytes that were decoded are the one canonical encoding of what they say (RFC 8949 §4.2.1): every
    /// head the shortest, every length definite, every text NFC, the keys of every map ascending and distinct.
    ///
    /// The decoder finds out on its way, at a fraction of the cost of encoding everything again and comparing; that
    /// both are the same is tested against another encoder.
    pub fn is_canonical(&self) -> bool {
        self.is_canonical
    }
}

/// A map key: the format's maps are keyed by integers and by text, by nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// An unsigned integer.
    Unsigned(u64),
    /// The integer −1 − n.
    Negative(u64),
    /// A text string.
    Text(&'a str),
}

/// A place in a document: one item with everything in it.
#[derive(Clone, Copy, Debug)]
pub struct Node<'d, 'a> {
    items: &'d [Item<'a>],
}

impl<'d, 'a> Node<'d, 'a> {
    fn item(self) -> Option<&'d Item<'a>> {
        self.items.first()
    }

    /// The unsigned integer that stands here.
    pub fn unsigned(self) -> Option<u64> {
        match self.item()? {
            Item::Unsigned(value) => Some(*value),
            _ => None,
        }
    }

    /// The n of the integer −1 − n that stands here.
    pub fn negative(self) -> Option<u64> {
        match self.item()? {
            Item::Negative(value) => Some(*value),
            _ => None,
        }
    }

    /// The byte string that stands here.
    pub fn bytes(self) -> Option<&'d [u8]> {
        match self.item()? {
            Item::Bytes(value) => Some(value),
            _ => None,
        }
    }

    /// The text that stands here.
    pub fn text(self) -> Option<&'d str> {
        match self.item()? {
            Item::Text(value) => Some(value),
            _ => None,
        }
    }

    /// The items of the array that stands here.
    pub fn array(self) -> Option<impl Iterator<Item = Node<'d, 'a>>> {
        match self.items.split_first()? {
            (Item::Array(_), children) => Some(Nodes { rest: children }),
            _ => None,
        }
    }

    /// The pairs of the map that stands here, in the order of the input, duplicates included.
    pub fn map(self) -> Option<impl Iterator<Item = (Key<'d>, Node<'d, 'a>)>> {
        self.pairs()
    }

    pub(super) fn pairs(self) -> Option<Pairs<'d, 'a>> {
        match self.items.split_first()? {
            (Item::Map(_), children) => Some(Pairs { nodes: Nodes { rest: children } }),
            _ => None,
        }
    }

    /// The value of the first member with this key, when a map stands here.
    pub fn member(self, key: Key<'_>) -> Option<Node<'d, 'a>> {
        self.pairs()?.find(|(found, _)| *found == key).map(|(_, value)| value)
    }

    fn key(self) -> Option<Key<'d>> {
        match self.item()? {
            Item::Unsigned(value) => Some(Key::Unsigned(*value)),
            Item::Negative(value) => Some(Key::Negative(*value)),
            Item::Text(value) => Some(Key::Text(value)),
            _ => None,
        }
    }
}

/// Siblings, one after the other.
#[derive(Clone, Copy)]
struct Nodes<'d, 'a> {
    rest: &'d [Item<'a>],
}

impl<'d, 'a> Iterator for Nodes<'d, 'a> {
    type Item = Node<'d, 'a>;

    fn next(&mut self) -> Option<Node<'d, 'a>> {
        let span = match self.rest.first()? {
            Item::Array(span) | Item::Map(span) => *span,
            _ => 0,
        };
        let (items, rest) = self.rest.split_at_checked(1 + span)?;
        self.rest = rest;
        Some(Node { items })
    }
}

/// The members of a map, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Pairs<'d, 'a> {
    nodes: Nodes<'d, 'a>,
}

impl<'d, 'a> Iterator for Pairs<'d, 'a> {
    type Item = (Key<'d>, Node<'d, 'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.nodes.next()?.key()?;
        Some((key, self.nodes.next()?))
    }
}
