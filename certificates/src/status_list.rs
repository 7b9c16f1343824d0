//! The status list: two bits for every certificate, published compressed and signed
//! (IETF Token Status List, draft-ietf-oauth-status-list, in CWT; an approved draft, not yet an RFC).

#[cfg(test)]
mod draft_examples;

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use thiserror::Error;

use crate::cbor::{Encoder, Key, Members, Node};
use crate::claims::is_status_uri;
use crate::cose::{self, Kind};
use crate::keys::KeyError;
use crate::keyset::Keyset;
use crate::outcome::{Code, Refusal};
use crate::payload::{EXP, IAT, SUB, instant};
use crate::secret_key::SecretKey;
use crate::time::UnixTime;
use crate::verify::{Authentic, CLOCK_TOLERANCE_SECONDS, authenticate};

/// Claim `status_list` (draft-ietf-oauth-status-list §5.2).
const STATUS_LIST: u64 = 65_533;
/// Claim `ttl` (draft-ietf-oauth-status-list §5.2).
const TTL: u64 = 65_534;

/// The most entries of one list: 2²⁴, which is 4 MiB at two bits.
pub const MOST_ENTRIES: u64 = 1 << 24;

/// The hard cap of decompression, bytes.
const LONGEST_INFLATED: usize = 1 << 22;
/// The longest signed list that is looked at, bytes.
const LONGEST_LIST: usize = (1 << 22) + 65_536;

/// What an issuer says about one certificate (draft-ietf-oauth-status-list §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Value 0.
    Valid,
    /// Value 1 (`INVALID`): revoked for good.
    Revoked,
    /// Value 2 (`SUSPENDED`): until further notice.
    Suspended,
}

/// A status list before it is signed.
#[derive(Clone, Copy, Debug)]
pub struct StatusListClaims<'a> {
    /// Where the list is published; it becomes `sub`. At most 96 bytes.
    pub uri: &'a str,
    /// The instant of issue.
    pub issued_at: UnixTime,
    /// The first instant at which the list proves nothing any more.
    pub expires_at: UnixTime,
    /// Seconds after the issue for which the list counts as fresh.
    pub ttl_seconds: u32,
    /// Number of entries, 1 to [`MOST_ENTRIES`].
    pub size: u64,
    /// The entries that are not valid; each index at most once. The rest of the list is valid.
    pub entries: &'a [(u64, Status)],
}

/// Why a status list cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StatusListError {
    /// The claims break a rule; the text says which.
    #[error("{0}")]
    Claims(&'static str),
    /// The key may not sign a status list.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl StatusListClaims<'_> {
    /// Packs, compresses and signs the list: a CWT of typ `application/statuslist+cwt`.
    ///
    /// # Errors
    /// [`StatusListError::Claims`] when a rule is broken, [`StatusListError::Key`] unless the key is a status key.
    pub fn sign(&self, key: &SecretKey) -> Result<Vec<u8>, StatusListError> {
        let payload = self.payload().map_err(StatusListError::Claims)?;
        let signature = key.sign(Kind::StatusList, &payload)?;
        Ok(cose::envelope(&cose::protected_header(Kind::StatusList, key.kid()), &payload, &signature))
    }

    fn payload(&self) -> Result<Vec<u8>, &'static str> {
        const INSTANT: &str = "an instant is outside the years 1970–9999";
        if !is_status_uri(self.uri) {
            return Err("the URI is not ASCII of 1 to 96 bytes without spaces");
        }
        if self.expires_at <= self.issued_at {
            return Err("the list ends before it begins");
        }
        let packed = deflate(&self.pack()?)?;
        let mut out = Encoder::with_capacity(packed.len() + 192);
        out.map(5);
        out.unsigned(SUB);
        out.text(self.uri);
        out.unsigned(EXP);
        out.unsigned(self.expires_at.to_wire().ok_or(INSTANT)?);
        out.unsigned(IAT);
        out.unsigned(self.issued_at.to_wire().ok_or(INSTANT)?);
        out.unsigned(STATUS_LIST);
        out.map(2);
        out.text("lst");
        out.bytes(&packed);
        out.text("bits");
        out.unsigned(2);
        out.unsigned(TTL);
        out.unsigned(self.ttl_seconds.into());
        Ok(out.finish())
    }

    /// Two bits an entry, the first entry in the lowest bits of the first byte.
    fn pack(&self) -> Result<Vec<u8>, &'static str> {
        if !(1..=MOST_ENTRIES).contains(&self.size) {
            return Err("the size is not between 1 and 16,777,216");
        }
        let bytes = usize::try_from(self.size.div_ceil(4)).map_err(|_| "the list is too large")?;
        let mut packed = vec![0u8; bytes];
        for (index, status) in self.entries {
            let byte = usize::try_from(index / 4).ok().and_then(|byte| packed.get_mut(byte));
            let Some(byte) = byte.filter(|_| *index < self.size) else {
                return Err("an entry lies outside the list");
            };
            let shift = (index % 4) * 2;
            if (*byte >> shift) & 0b11 != 0 {
                return Err("an index occurs twice");
            }
            *byte |= bits_of(*status) << shift;
        }
        Ok(packed)
    }
}

fn bits_of(status: Status) -> u8 {
    match status {
        Status::Valid => 0b00,
        Status::Revoked => 0b01,
        Status::Suspended => 0b10,
    }
}

fn deflate(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(|_| "the list does not compress")
}

/// Decompresses at most [`LONGEST_INFLATED`] bytes; a longer list is refused, not truncated.
fn inflate(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let cap = u64::try_from(LONGEST_INFLATED).map_err(|_| "the cap is too large")?;
    let mut inflated = Vec::new();
    ZlibDecoder::new(bytes)
        .take(cap + 1)
        .read_to_end(&mut inflated)
        .map_err(|_| "the list is not a zlib stream")?;
    if inflated.len() > LONGEST_INFLATED { Err("the list inflates beyond 4 MiB") } else { Ok(inflated) }
}

/// How old a list is, by its own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Within its `ttl`.
    Fresh,
    /// Past its `ttl`, before its `exp`.
    Stale,
    /// Past its `exp`: it proves nothing any more.
    Expired,
}

/// A status list that a status key of the keyset signed.
#[derive(Clone, Debug)]
pub struct StatusList {
    issuer: String,
    uri: String,
    issued_at: UnixTime,
    expires_at: UnixTime,
    ttl_seconds: u32,
    entries: Entries,
}

impl StatusList {
    /// Opens the list that was fetched from `expected_uri`, which MUST be one of the keyset's.
    ///
    /// # Errors
    /// The codes of [`crate::verify()`] for the envelope and the key; [`Code::ClockWrong`] when the clock is behind
    /// the list; [`Code::StatusUnknown`] when the list is another one than expected, not one of the keyset's, or
    /// past its `exp`.
    pub fn open(
        bytes: &[u8],
        keyset: &Keyset,
        expected_uri: &str,
        now: UnixTime,
    ) -> Result<StatusList, Refusal> {
        let unknown = |detail| Refusal::new(Code::StatusUnknown, detail);
        if bytes.len() > LONGEST_LIST {
            return Err(Refusal::malformed("the status list is longer than 4 MiB"));
        }
        let outer = cose::decode(bytes, Kind::StatusList.limits()).map_err(Refusal::malformed)?;
        let Authentic { record, claims, .. } = authenticate(&outer, Kind::StatusList, keyset, now)?;
        let list = read(claims.root(), &record.issuer).map_err(Refusal::malformed)?;

        if list.uri != expected_uri {
            return Err(unknown("the list's sub is not the expected URI"));
        }
        if !keyset.claims().status_list_uris.iter().any(|uri| uri == expected_uri) {
            return Err(unknown("the keyset does not list this URI"));
        }
        if list.issued_at > now.plus_seconds(CLOCK_TOLERANCE_SECONDS) {
            return Err(Refusal::new(Code::ClockWrong, "the clock is behind the list's issue"));
        }
        if list.freshness(now) == Freshness::Expired {
            return Err(unknown("the list is past its exp"));
        }
        Ok(list)
    }

    /// The status at an index; `None` outside the list and for values that the format gives no meaning.
    pub fn status_at(&self, index: u64) -> Option<Status> {
        match self.entries.value_at(index)? {
            0 => Some(Status::Valid),
            1 => Some(Status::Revoked),
            2 => Some(Status::Suspended),
            _ => None,
        }
    }

    /// How old the list is at the instant `now`.
    pub fn freshness(&self, now: UnixTime) -> Freshness {
        if now >= self.expires_at {
            Freshness::Expired
        } else if now > self.issued_at.plus_seconds(self.ttl_seconds.into()) {
            Freshness::Stale
        } else {
            Freshness::Fresh
        }
    }

    /// The issuer of the key that signed the list.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the list is published.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The instant of issue: "checked against the list of …".
    pub fn issued_at(&self) -> UnixTime {
        self.issued_at
    }

    /// The first instant at which the list proves nothing any more.
    pub fn expires_at(&self) -> UnixTime {
        self.expires_at
    }
}

fn read(payload: Node<'_, '_>, issuer: &str) -> Result<StatusList, &'static str> {
    let mut claims = Members::of(payload, "the payload is not a map")?;
    let uri = claims.text(SUB, "sub (2)")?.to_owned();
    let expires_at = instant(claims.unsigned(EXP, "exp (4)")?, "exp (4)")?;
    let issued_at = instant(claims.unsigned(IAT, "iat (6)")?, "iat (6)")?;
    let list = claims.node(Key::Unsigned(STATUS_LIST), "status_list (65533)")?;
    let ttl_seconds = claims.unsigned(TTL, "ttl (65534)")?;
    claims.end("an unknown claim")?;
    let entries = Entries::read(list)?;
    match entries.bits {
        1 | 2 => {
            Ok(StatusList { issuer: issuer.to_owned(), uri, issued_at, expires_at, ttl_seconds, entries })
        }
        _ => Err("the list has neither one nor two bits an entry"),
    }
}

/// The unpacked values of a list, 1, 2, 4 or 8 bits each (draft-ietf-oauth-status-list §4.1).
#[derive(Clone, Debug)]
struct Entries {
    bits: u8,
    packed: Vec<u8>,
}

impl Entries {
    fn read(list: Node<'_, '_>) -> Result<Entries, &'static str> {
        if list.map().map(Iterator::count) != Some(2) {
            return Err("status_list is not a map of bits and lst");
        }
        let bits = match list.member(Key::Text("bits")).and_then(Node::unsigned) {
            Some(1) => 1,
            Some(2) => 2,
            Some(4) => 4,
            Some(8) => 8,
            _ => return Err("bits is none of 1, 2, 4 and 8"),
        };
        let compressed = list.member(Key::Text("lst")).and_then(Node::bytes).ok_or("lst is not bytes")?;
        Ok(Entries { bits, packed: inflate(compressed)? })
    }

    fn value_at(&self, index: u64) -> Option<u8> {
        let bits = u64::from(self.bits);
        let an_entry = 8 / bits;
        let byte = self.packed.get(usize::try_from(index / an_entry).ok()?)?;
        let mask = u8::MAX >> (8 - self.bits);
        Some((byte >> ((index % an_entry) * bits)) & mask)
    }
}
