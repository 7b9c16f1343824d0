//! Reading a closed schema: every member by name, in canonical order, and nothing besides.

use super::document::Pairs;
use super::{Key, Node};

/// A cursor over the members of a canonical map.
///
/// Each read takes the next member, which MUST have the label asked for; `what` names the member and becomes the
/// error when it is missing, of the wrong type or out of range. The order of the reads is the canonical order,
/// so the map MUST have been found canonical before.
pub(crate) struct Members<'d, 'a> {
    rest: Pairs<'d, 'a>,
}

impl<'d, 'a> Members<'d, 'a> {
    /// The members of a map; anything else is the error `what`.
    pub(crate) fn of(node: Node<'d, 'a>, what: &'static str) -> Result<Members<'d, 'a>, &'static str> {
        node.pairs().map(|rest| Members { rest }).ok_or(what)
    }

    /// Takes the member with this key.
    pub(crate) fn node(&mut self, key: Key<'_>, what: &'static str) -> Result<Node<'d, 'a>, &'static str> {
        self.optional(key).ok_or(what)
    }

    /// Takes the next member when it has this key.
    fn optional(&mut self, key: Key<'_>) -> Option<Node<'d, 'a>> {
        let mut rest = self.rest;
        let (_, value) = rest.next().filter(|(found, _)| *found == key)?;
        self.rest = rest;
        Some(value)
    }

    /// Takes an unsigned number that fits `N`.
    pub(crate) fn unsigned<N: TryFrom<u64>>(
        &mut self,
        label: u64,
        what: &'static str,
    ) -> Result<N, &'static str> {
        unsigned(self.node(Key::Unsigned(label), what)?, what)
    }

    /// Takes an unsigned number that fits `N`, if the next member has this label.
    pub(crate) fn optional_unsigned<N: TryFrom<u64>>(
        &mut self,
        label: u64,
        what: &'static str,
    ) -> Result<Option<N>, &'static str> {
        self.optional(Key::Unsigned(label)).map(|node| unsigned(node, what)).transpose()
    }

    /// Takes a text.
    pub(crate) fn text(&mut self, label: u64, what: &'static str) -> Result<&'d str, &'static str> {
        self.node(Key::Unsigned(label), what)?.text().ok_or(what)
    }

    /// Takes a byte string of exactly `N` bytes.
    pub(crate) fn byte_array<const N: usize>(
        &mut self,
        key: Key<'_>,
        what: &'static str,
    ) -> Result<[u8; N], &'static str> {
        let bytes = self.node(key, what)?.bytes().ok_or(what)?;
        bytes.try_into().map_err(|_| what)
    }

    /// Takes an array.
    pub(crate) fn array(
        &mut self,
        label: u64,
        what: &'static str,
    ) -> Result<impl Iterator<Item = Node<'d, 'a>>, &'static str> {
        self.node(Key::Unsigned(label), what)?.array().ok_or(what)
    }

    /// Confirms that there is no further member; `what` is the error when there is.
    pub(crate) fn end(mut self, what: &'static str) -> Result<(), &'static str> {
        if self.rest.next().is_none() { Ok(()) } else { Err(what) }
    }
}

fn unsigned<N: TryFrom<u64>>(node: Node<'_, '_>, what: &'static str) -> Result<N, &'static str> {
    node.unsigned().and_then(|number| N::try_from(number).ok()).ok_or(what)
}
