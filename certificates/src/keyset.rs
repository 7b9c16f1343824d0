//! The keyset snapshot: which keys a verifier trusts, for what, and for how long; signed by the pinned root.

use thiserror::Error;

use crate::cbor::{Document, Node};
use crate::claims::{is_issuer, is_status_uri};
use crate::cose::{self, Envelope, Header, Kind};
use crate::keys::{KeyError, KeyId, PublicKey, Role};
use crate::keyset_payload as payload;
use crate::secret_key::SecretKey;
use crate::time::{SECONDS_PER_DAY, UnixTime};
use crate::verify::CLOCK_TOLERANCE_SECONDS;

/// The longest life of a snapshot: 30 days, in seconds. An offline verifier MUST renew it by then.
pub const LONGEST_KEYSET_LIFETIME_SECONDS: i64 = 30 * SECONDS_PER_DAY;

/// The version of this verifier, to be compared with [`KeysetClaims::minimum_verifier_version`].
pub const VERIFIER_VERSION: u32 = 1;

/// The longest snapshot that is looked at, in bytes.
const LONGEST_KEYSET: usize = 65_536;
const MOST_KEYS: usize = 256;
const MOST_URIS: usize = 256;

/// The life of a key. A retired key still verifies what it signed; a revoked one verifies nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Signs and verifies.
    Active,
    /// Signs no more; verifies what it signed in its window.
    Retired,
    /// Compromised, found out at this instant: everything by this key is refused, whatever date it carries,
    /// because the thief writes the date too.
    RevokedAt(UnixTime),
}

/// A public key with what it may vouch for and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The issuer that the key speaks for; MUST equal the `iss` of what it signs.
    pub issuer: String,
    /// The key.
    pub key: PublicKey,
    /// What it may sign; never [`Role::Root`].
    pub role: Role,
    /// The first instant at which it may sign.
    pub not_before: UnixTime,
    /// The last instant at which anything that it signed may still be valid.
    pub not_after: UnixTime,
    /// The last instant at which it may sign.
    pub signs_until: UnixTime,
    /// Whether it is in use.
    pub state: KeyState,
}

impl KeyRecord {
    /// Whether something that this key signed at `issued_at` can be trusted.
    ///
    /// # Errors
    /// [`KeyError::OutsideWindow`] when the key is revoked or could not yet, or no more, sign at that instant.
    pub fn vouches_at(&self, issued_at: UnixTime) -> Result<(), KeyError> {
        let in_window = (self.not_before..=self.signs_until).contains(&issued_at);
        match self.state {
            KeyState::Active | KeyState::Retired if in_window => Ok(()),
            _ => Err(KeyError::OutsideWindow),
        }
    }

    /// Whether this key may sign now a certificate that lives from `issued_at` to `expires_at`.
    ///
    /// # Errors
    /// [`KeyError::OutsideWindow`] when the key is not active, or the certificate would outlive it.
    pub fn may_sign(&self, issued_at: UnixTime, expires_at: UnixTime) -> Result<(), KeyError> {
        self.vouches_at(issued_at)?;
        match self.state {
            KeyState::Active if expires_at <= self.not_after => Ok(()),
            _ => Err(KeyError::OutsideWindow),
        }
    }
}

/// What a verifier does about an amber light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StalenessPolicy {
    /// Accept provisionally: charge now, refund when the certificate was checked online.
    AcceptProvisionally,
    /// Refuse until a fresh status list is there.
    Refuse,
}

/// Everything that a snapshot says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysetClaims {
    /// The authority that publishes the snapshot.
    pub issuer: String,
    /// Grows with every snapshot; a verifier never goes back to a lower one.
    pub sequence: u64,
    /// The instant of issue.
    pub issued_at: UnixTime,
    /// The first instant at which the snapshot is no longer valid; at most 30 days after the issue.
    pub expires_at: UnixTime,
    /// The keys, of one or several issuers; their key identifiers are distinct.
    pub keys: Vec<KeyRecord>,
    /// The status lists that a verifier may fetch. It MUST NOT fetch a URI that only a token names.
    pub status_list_uris: Vec<String>,
    /// The oldest [`VERIFIER_VERSION`] that may use this snapshot.
    pub minimum_verifier_version: u32,
    /// What to do about an amber light.
    pub staleness: StalenessPolicy,
}

/// Why a snapshot cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeysetError {
    /// The claims break a rule; the text says which.
    #[error("{0}")]
    Claims(&'static str),
    /// The key may not sign a snapshot.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl KeysetClaims {
    /// Checks the claims and signs them: a CWT of typ `application/xue-keyset+cwt`.
    ///
    /// # Errors
    /// [`KeysetError::Claims`] when a rule is broken, [`KeysetError::Key`] unless the key is a root key.
    pub fn sign(&self, root: &SecretKey) -> Result<Vec<u8>, KeysetError> {
        self.check().map_err(KeysetError::Claims)?;
        let payload =
            payload::encode(self).ok_or(KeysetError::Claims("an instant is outside the years 1970–9999"))?;
        let signature = root.sign(Kind::Keyset, &payload)?;
        Ok(cose::envelope(&cose::protected_header(Kind::Keyset, root.kid()), &payload, &signature))
    }

    fn check(&self) -> Result<(), &'static str> {
        let require = |rule: bool, detail: &'static str| if rule { Ok(()) } else { Err(detail) };
        let lifetime = self.expires_at.seconds_since(self.issued_at);
        let lives = (1..=LONGEST_KEYSET_LIFETIME_SECONDS).contains(&lifetime);
        require(is_issuer(&self.issuer), "the issuer is not clean NFC text of 1 to 32 bytes")?;
        require(lives, "the snapshot does not live between 1 second and 30 days")?;
        require(self.keys.len() <= MOST_KEYS, "the snapshot has more than 256 keys")?;
        require(self.status_list_uris.len() <= MOST_URIS, "the snapshot has more than 256 status lists")?;
        require(self.status_list_uris.iter().all(|uri| is_status_uri(uri)), "a status list has a bad URI")?;
        require(self.keys.iter().all(|record| record.role != Role::Root), "the root is pinned, not listed")?;
        require(self.keys.iter().all(|record| is_issuer(&record.issuer)), "a key has a bad issuer")?;
        require(self.keys.iter().all(has_ordered_window), "a key's window is out of order")?;
        require(has_distinct_kids(&self.keys), "two keys have the same key identifier")
    }

    /// The record with this key identifier.
    pub fn key(&self, kid: KeyId) -> Option<&KeyRecord> {
        self.keys.iter().find(|record| record.key.kid() == kid)
    }
}

fn has_ordered_window(record: &KeyRecord) -> bool {
    record.not_before <= record.signs_until && record.signs_until <= record.not_after
}

fn has_distinct_kids(keys: &[KeyRecord]) -> bool {
    let mut kids: Vec<_> = keys.iter().map(|record| record.key.kid()).collect();
    kids.sort_unstable();
    kids.is_sorted_by(|a, b| a < b)
}

/// Why a snapshot is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeysetRefusal {
    /// The bytes are not a snapshot of this format.
    #[error("malformed keyset: {0}")]
    Malformed(&'static str),
    /// A signed object, but no keyset.
    #[error("the signed object is no keyset")]
    UnknownType,
    /// Signed by another key, or by another algorithm, than the pinned root.
    #[error("the keyset is signed by another root than the pinned one")]
    WrongRoot,
    /// The signature does not fit.
    #[error("the keyset's signature is wrong")]
    BadSignature,
    /// Signed, but not in its canonical spelling.
    #[error("the keyset is not in its canonical spelling")]
    NotCanonical,
    /// Written in a version that this verifier does not know.
    #[error("the keyset has an unknown version")]
    UnsupportedVersion,
    /// The snapshot asks for a newer verifier.
    #[error("the keyset asks for a newer verifier")]
    VerifierTooOld,
    /// The verifier's clock is more than 120 seconds behind the snapshot's issue.
    #[error("the clock is behind the keyset's issue")]
    ClockWrong,
    /// The snapshot is past its end.
    #[error("the keyset has expired")]
    Expired,
    /// A newer snapshot was seen already: this one may hide a revocation.
    #[error("a newer keyset was seen already")]
    RolledBack,
}

impl KeysetRefusal {
    /// The stable name, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            KeysetRefusal::Malformed(_) => "malformed",
            KeysetRefusal::UnknownType => "unknown_type",
            KeysetRefusal::WrongRoot => "wrong_root",
            KeysetRefusal::BadSignature => "bad_signature",
            KeysetRefusal::NotCanonical => "not_canonical",
            KeysetRefusal::UnsupportedVersion => "unsupported_version",
            KeysetRefusal::VerifierTooOld => "verifier_too_old",
            KeysetRefusal::ClockWrong => "clock_wrong",
            KeysetRefusal::Expired => "expired",
            KeysetRefusal::RolledBack => "rolled_back",
        }
    }
}

/// A snapshot that the pinned root signed and that was valid when it was opened.
#[derive(Clone, Debug)]
pub struct Keyset {
    claims: KeysetClaims,
}

impl Keyset {
    /// Opens a snapshot at the instant `now`.
    ///
    /// `newest_sequence_seen` is the highest sequence that this verifier ever accepted; it MUST be kept across
    /// restarts, because it is what stops "revoked yesterday, valid today".
    ///
    /// # Errors
    /// The first [`KeysetRefusal`] in the order of its variants.
    pub fn open(
        bytes: &[u8],
        root: &PublicKey,
        now: UnixTime,
        newest_sequence_seen: Option<u64>,
    ) -> Result<Keyset, KeysetRefusal> {
        Keyset::open_at(bytes, root, Some(now), newest_sequence_seen)
    }

    /// Opens a snapshot whatever its age: for the publisher, who makes the next one from it. A verifier MUST NOT.
    ///
    /// # Errors
    /// As [`Keyset::open`] at the instant of its issue.
    pub fn open_at_its_issue(bytes: &[u8], root: &PublicKey) -> Result<Keyset, KeysetRefusal> {
        Keyset::open_at(bytes, root, None, None)
    }

    fn open_at(
        bytes: &[u8],
        root: &PublicKey,
        now: Option<UnixTime>,
        newest_sequence_seen: Option<u64>,
    ) -> Result<Keyset, KeysetRefusal> {
        if bytes.len() > LONGEST_KEYSET {
            return Err(KeysetRefusal::Malformed("longer than 65,536 bytes"));
        }
        let limits = Kind::Keyset.limits();
        let outer = cose::decode(bytes, limits).map_err(KeysetRefusal::Malformed)?;
        let envelope = Envelope::read(&outer).map_err(KeysetRefusal::Malformed)?;
        let protected = envelope.header(limits).map_err(KeysetRefusal::Malformed)?;
        let header = Header::read(protected.root()).map_err(KeysetRefusal::Malformed)?;
        let claims = envelope.payload(limits).map_err(KeysetRefusal::Malformed)?;
        check_root(&header, root)?;
        if !envelope.is_signed_by(root) {
            return Err(KeysetRefusal::BadSignature);
        }
        if ![&outer, &protected, &claims].into_iter().all(Document::is_canonical) {
            return Err(KeysetRefusal::NotCanonical);
        }
        let claims = read_claims(claims.root())?;
        let now = now.unwrap_or(claims.issued_at);
        check_time_and_sequence(&claims, now, newest_sequence_seen)?;
        Ok(Keyset { claims })
    }

    /// What the snapshot says.
    pub fn claims(&self) -> &KeysetClaims {
        &self.claims
    }

    /// The trusted keys as a JWK Set (RFC 7517 §5, RFC 8037 §2), without `alg`; revoked keys are left out.
    pub fn jwks_json(&self) -> String {
        payload::jwks_json(&self.claims)
    }

    /// The trusted keys as a COSE_KeySet (RFC 9052 §7) in canonical CBOR; revoked keys are left out.
    pub fn cose_key_set(&self) -> Vec<u8> {
        payload::cose_key_set(&self.claims)
    }
}

fn read_claims(claims: Node<'_, '_>) -> Result<KeysetClaims, KeysetRefusal> {
    if payload::version(claims).map_err(KeysetRefusal::Malformed)? != payload::VERSION {
        return Err(KeysetRefusal::UnsupportedVersion);
    }
    let claims = payload::read(claims).map_err(KeysetRefusal::Malformed)?;
    claims.check().map_err(KeysetRefusal::Malformed)?;
    Ok(claims)
}

fn check_root(header: &Header<'_>, root: &PublicKey) -> Result<(), KeysetRefusal> {
    if !header.is_typed(Kind::Keyset) {
        return Err(KeysetRefusal::UnknownType);
    }
    if header.kid() != Some(root.kid()) || !header.is_ed25519() {
        return Err(KeysetRefusal::WrongRoot);
    }
    Ok(())
}

fn check_time_and_sequence(
    claims: &KeysetClaims,
    now: UnixTime,
    newest_sequence_seen: Option<u64>,
) -> Result<(), KeysetRefusal> {
    if claims.minimum_verifier_version > VERIFIER_VERSION {
        return Err(KeysetRefusal::VerifierTooOld);
    }
    if claims.issued_at > now.plus_seconds(CLOCK_TOLERANCE_SECONDS) {
        return Err(KeysetRefusal::ClockWrong);
    }
    if now >= claims.expires_at {
        return Err(KeysetRefusal::Expired);
    }
    match newest_sequence_seen {
        Some(newest) if claims.sequence < newest => Err(KeysetRefusal::RolledBack),
        _ => Ok(()),
    }
}
