//! Reading a closed schema: every member by name, in canonical order, and nothing besides.

use super::{Key, Value};

/// A cursor over the members of a canonical map.
///
/// Each read takes the next member, which MUST have the label asked for; `what` names the member and becomes the
/// error when it is missing, of the wrong type or out of range. The order of the reads is the canonical order,
/// so the map MUST have been found canonical before.
pub(crate) struct Members<'v, 'a> {
    rest: &'v [(Key<'a>, Value<'a>)],
}

impl<'v, 'a> Members<'v, 'a> {
    /// The members of a map; anything else is the error `what`.
    pub(crate) fn of(value: &'v Value<'a>, what: &'static str) -> Result<Members<'v, 'a>, &'static str> {
        match value {
            Value::Map(pairs) => Ok(Members { rest: pairs }),
            _ => Err(what),
        }
    }

    /// Takes the next member when it has this key.
    pub(crate) fn optional(&mut self, key: &Key<'_>) -> Option<&'v Value<'a>> {
        match self.rest.split_first() {
            Some(((found, value), rest)) if found == key => {
                self.rest = rest;
                Some(value)
            }
            _ => None,
        }
    }

    /// Takes the member with this key.
    pub(crate) fn value(&mut self, key: Key<'_>, what: &'static str) -> Result<&'v Value<'a>, &'static str> {
        self.optional(&key).ok_or(what)
    }

    /// Takes an unsigned number that fits `N`.
    pub(crate) fn unsigned<N: TryFrom<u64>>(
        &mut self,
        label: u64,
        what: &'static str,
    ) -> Result<N, &'static str> {
        unsigned(self.value(Key::Unsigned(label), what)?, what)
    }

    /// Takes an unsigned number that fits `N`, if the next member has this label.
    pub(crate) fn optional_unsigned<N: TryFrom<u64>>(
        &mut self,
        label: u64,
        what: &'static str,
    ) -> Result<Option<N>, &'static str> {
        self.optional(&Key::Unsigned(label)).map(|value| unsigned(value, what)).transpose()
    }

    /// Takes a text.
    pub(crate) fn text(&mut self, label: u64, what: &'static str) -> Result<&'v str, &'static str> {
        match self.value(Key::Unsigned(label), what)? {
            Value::Text(text) => Ok(text),
            _ => Err(what),
        }
    }

    /// Takes a byte string of exactly `N` bytes.
    pub(crate) fn byte_array<const N: usize>(
        &mut self,
        key: Key<'_>,
        what: &'static str,
    ) -> Result<[u8; N], &'static str> {
        match self.value(key, what)? {
            Value::Bytes(bytes) => bytes.as_ref().try_into().map_err(|_| what),
            _ => Err(what),
        }
    }

    /// Takes an array.
    pub(crate) fn array(&mut self, label: u64, what: &'static str) -> Result<&'v [Value<'a>], &'static str> {
        match self.value(Key::Unsigned(label), what)? {
            Value::Array(items) => Ok(items),
            _ => Err(what),
        }
    }

    /// Confirms that there is no further member; `what` is the error when there is.
    pub(crate) fn end(&self, what: &'static str) -> Result<(), &'static str> {
        if self.rest.is_empty() { Ok(()) } else { Err(what) }
    }
}

fn unsigned<N: TryFrom<u64>>(value: &Value<'_>, what: &'static str) -> Result<N, &'static str> {
    match value {
        Value::Unsigned(number) => N::try_from(*number).map_err(|_| what),
        _ => Err(what),
    }
}
