//! The status list: two bits for every certificate, published compressed and signed
//! (IETF Token Status List, draft-ietf-oauth-status-list, in CWT; an approved draft, not yet an RFC).

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
    /// The codes of [`crate::verify`] for the envelope and the key; [`Code::ClockWrong`] when the clock is behind
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

/// The examples of draft-ietf-oauth-status-list, where they are present.
#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;
    use crate::cbor::{Document, Limits};
    use crate::shared::vectors;

    const LIMITS: Limits = Limits { depth: 6, items: 64, text: 96 };

    /// The hexadecimal digits of an example, behind its `encoded:` if it has one.
    fn example(file: &str) -> Option<Vec<u8>> {
        let text = vectors(&format!("token-status-list/examples/{file}"))?;
        let digits = text.split("encoded:").last().unwrap().split_whitespace().collect::<String>();
        Some(HEXLOWER.decode(digits.as_bytes()).unwrap())
    }

    fn entries(list: &[u8]) -> Entries {
        Entries::read(Document::decode(list, LIMITS).unwrap().root()).unwrap()
    }

    #[test]
    fn the_short_examples_of_the_draft_have_the_published_bytes() {
        let Some(one_bit) = example("status_list_encoding_cbor.md") else { return };
        let Some(two_bits) = example("status_list_encoding2_cbor.md") else { return };

        assert_eq!((entries(&one_bit).bits, entries(&one_bit).packed), (1, vec![0xb9, 0xa3]));
        assert_eq!((entries(&two_bits).bits, entries(&two_bits).packed), (2, vec![0xc9, 0x44, 0xf9]));
        let statuses: Vec<_> = (0..12).map(|index| entries(&two_bits).value_at(index).unwrap()).collect();
        assert_eq!(statuses, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
    }

    /// Lists of 2²⁰ entries of 1, 2, 4 and 8 bits; the text of the draft says which are not 0.
    #[test]
    fn the_long_lists_of_the_draft_say_what_the_draft_says() {
        let Some(appendix) = vectors("token-status-list/appendix-test-vectors.md") else { return };
        let sections: Vec<&str> = appendix.split("\n## ").skip(1).collect();
        assert_eq!(sections.len(), 4);
        for section in sections {
            let file = section.split("examples/").find(|part| part.contains("cbor.md}")).unwrap();
            let list = entries(&example(file.split('}').next().unwrap()).unwrap());
            let mut expected = std::collections::BTreeMap::new();
            for line in section.lines().filter(|line| line.starts_with("status[")) {
                let (index, value) = line["status[".len()..].split_once(']').unwrap();
                let value = value.trim_start_matches([' ', '=']).strip_prefix("0b").unwrap();
                expected.insert(index.parse().unwrap(), u8::from_str_radix(value, 2).unwrap());
            }
            expected.retain(|_, value| *value != 0);

            let found: std::collections::BTreeMap<u64, u8> = (0..1 << 20)
                .map(|index| (index, list.value_at(index).unwrap()))
                .filter(|(_, value)| *value != 0)
                .collect();

            assert_eq!(found, expected, "{} bits", list.bits);
            assert_eq!(list.value_at(1 << 20), None);
        }
    }

    /// The draft's own CWT is signed with ES256 and names its key in the unprotected header; its claims are ours.
    #[test]
    fn the_status_list_cwt_of_the_draft_is_read_like_ours() {
        let Some(token) = example("status_list_cwt.md") else { return };
        let outer = cose::decode(&token, LIMITS).unwrap();
        let parts: Vec<&[u8]> = outer.root().array().unwrap().filter_map(Node::bytes).collect();
        let claims = Document::decode(parts[1], LIMITS).unwrap();

        let member = |label| claims.root().member(Key::Unsigned(label)).unwrap();

        assert_eq!(member(SUB).text(), Some("https://example.com/statuslists/1"));
        assert_eq!(
            (member(IAT).unsigned(), member(EXP).unsigned()),
            (Some(1_686_920_170), Some(2_291_720_170))
        );
        assert_eq!(member(TTL).unsigned(), Some(43_200));
        assert_eq!(Entries::read(member(STATUS_LIST)).unwrap().packed, [0xb9, 0xa3]);
        assert!(cose::Envelope::read(&outer).is_err());
    }

    #[test]
    fn the_referenced_token_of_the_draft_points_to_its_list_like_ours() {
        let Some(token) = example("referenced_token_cwt.md") else { return };
        let outer = cose::decode(&token, LIMITS).unwrap();
        let parts: Vec<&[u8]> = outer.root().array().unwrap().filter_map(Node::bytes).collect();
        let claims = Document::decode(parts[1], LIMITS).unwrap();

        let status = claims.root().member(Key::Unsigned(65_535)).unwrap();
        let list = status.member(Key::Text("status_list")).unwrap();

        assert_eq!(list.member(Key::Text("idx")).and_then(Node::unsigned), Some(0));
        let uri = list.member(Key::Text("uri")).and_then(Node::text);
        assert_eq!(uri, Some("https://example.com/statuslists/1"));
    }
}
