//! What a verifier checks, in order; the first failure ends it with a code of its own.

use crate::cbor::{Document, Key, Node};
use crate::claims::{CertificateClaims, LONGEST_LIFETIME_SECONDS, check_rules};
use crate::cose::{self, Envelope, Header, Kind};
use crate::keys::KeyId;
use crate::keyset::{KeyRecord, KeyState, Keyset};
use crate::outcome::{Code, Refusal};
use crate::payload::{self, EXP, IAT, ISS};
use crate::status_list::{Freshness, Status, StatusList};
use crate::text;
use crate::time::UnixTime;

/// How far two honest clocks may be apart: 120 seconds.
pub const CLOCK_TOLERANCE_SECONDS: i64 = 120;

/// A certificate that passed steps 1 to 7: genuine, in time, understood. Its status is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCertificate {
    claims: CertificateClaims,
    kid: KeyId,
}

impl VerifiedCertificate {
    /// What the certificate says.
    pub fn claims(&self) -> &CertificateClaims {
        &self.claims
    }

    /// The name of the key that signed it.
    pub fn kid(&self) -> KeyId {
        self.kid
    }
}

/// Verifies the text of a certificate at the instant `now`: steps 1 to 7 of the format, in their order.
///
/// The keyset MUST NOT be older than the verifier can help. Ask [`judge`] about revocation afterwards.
///
/// # Errors
/// The [`Refusal`] of the first step that fails.
pub fn verify(text: &str, keyset: &Keyset, now: UnixTime) -> Result<VerifiedCertificate, Refusal> {
    verify_bytes(text.as_bytes(), keyset, now)
}

/// [`verify`] for whatever a scanner delivered, valid UTF-8 or not.
///
/// # Errors
/// The [`Refusal`] of the first step that fails.
pub fn verify_bytes(text: &[u8], keyset: &Keyset, now: UnixTime) -> Result<VerifiedCertificate, Refusal> {
    let token = text::decode(text)?;
    let outer = cose::decode(&token, Kind::Certificate.limits()).map_err(Refusal::malformed)?;
    let authentic = authenticate(&outer, Kind::Certificate, keyset, now)?;
    check_issuer_and_times(&authentic, keyset, now)?;
    let claims = read_claims(authentic.claims.root())?;
    Ok(VerifiedCertificate { claims, kid: authentic.record.key.kid() })
}

/// What steps 2 to 5 establish: who signed, and what.
pub(crate) struct Authentic<'d, 'k> {
    pub(crate) record: &'k KeyRecord,
    pub(crate) claims: Document<'d>,
    issued_at: UnixTime,
}

/// The rest of step 2, and steps 3 to 5, for an envelope of any kind that a listed key signs.
pub(crate) fn authenticate<'d, 'k>(
    outer: &'d Document<'_>,
    kind: Kind,
    keyset: &'k Keyset,
    now: UnixTime,
) -> Result<Authentic<'d, 'k>, Refusal> {
    let envelope = Envelope::read(outer).map_err(Refusal::malformed)?;
    let protected = envelope.header(kind.limits()).map_err(Refusal::malformed)?;
    let header = Header::read(protected.root()).map_err(Refusal::malformed)?;
    let claims = envelope.payload(kind.limits()).map_err(Refusal::malformed)?;
    let issued_at = instant(claims.root(), IAT, "iat (6) is missing or not an instant")?;

    let record = trusted_key(&header, kind, keyset, issued_at, now)?;

    if !envelope.is_signed_by(&record.key) {
        return Err(Refusal::new(Code::BadSignature, "the signature does not fit"));
    }
    if ![outer, &protected, &claims].into_iter().all(Document::is_canonical) {
        return Err(Refusal::new(Code::NotCanonical, "the bytes are not their own canonical encoding"));
    }
    Ok(Authentic { record, claims, issued_at })
}

/// Step 3: the type and the key identifier choose; the token's own algorithm is only compared.
fn trusted_key<'k>(
    header: &Header<'_>,
    kind: Kind,
    keyset: &'k Keyset,
    issued_at: UnixTime,
    now: UnixTime,
) -> Result<&'k KeyRecord, Refusal> {
    let not_valid = |detail| Refusal::new(Code::KeyNotValid, detail);
    if !header.is_typed(kind) {
        return Err(Refusal::new(Code::UnknownType, "the typ is not the expected one"));
    }
    let record = header
        .kid()
        .and_then(|kid| keyset.claims().key(kid))
        .ok_or(Refusal::new(Code::UnknownKey, "no key of the keyset has this kid"))?;
    if !header.is_ed25519() {
        return Err(not_valid("the algorithm is not that of the key"));
    }
    if record.role != kind.role() {
        return Err(not_valid("the key has another role"));
    }
    if let KeyState::RevokedAt(_) = record.state {
        return Err(not_valid("the key is revoked"));
    }
    if record.vouches_at(issued_at).is_err() {
        return Err(not_valid("issued outside the key's window"));
    }
    if now >= keyset.claims().expires_at {
        return Err(not_valid("the keyset that vouches for the key has expired"));
    }
    Ok(record)
}

/// Step 6.
fn check_issuer_and_times(
    authentic: &Authentic<'_, '_>,
    keyset: &Keyset,
    now: UnixTime,
) -> Result<(), Refusal> {
    let Authentic { record, claims, issued_at } = authentic;
    let issuer = claims.root().member(Key::Unsigned(ISS)).and_then(Node::text);
    let issuer = issuer.ok_or(Refusal::malformed("iss (1) is missing or not text"))?;
    let expires_at = instant(claims.root(), EXP, "exp (4) is missing or not an instant")?;
    let lifetime = expires_at.seconds_since(*issued_at);
    let latest_now = now.plus_seconds(CLOCK_TOLERANCE_SECONDS);

    if issuer != record.issuer {
        return Err(Refusal::new(Code::WrongIssuer, "the iss is not the issuer of the key"));
    }
    if *issued_at > latest_now {
        return Err(Refusal::new(Code::NotYetValid, "issued in the future"));
    }
    if now >= expires_at {
        return Err(Refusal::new(Code::Expired, "past its exp"));
    }
    if !(1..=LONGEST_LIFETIME_SECONDS).contains(&lifetime) {
        return Err(Refusal::new(Code::Expired, "lives longer than 366 days"));
    }
    if expires_at > record.not_after {
        return Err(Refusal::new(Code::Expired, "outlives its key"));
    }
    if keyset.claims().issued_at > latest_now {
        return Err(Refusal::new(Code::ClockWrong, "the clock is behind the keyset's issue"));
    }
    Ok(())
}

/// Step 7: version 1, closed schema.
fn read_claims(claims: Node<'_, '_>) -> Result<CertificateClaims, Refusal> {
    if payload::version(claims).map_err(Refusal::malformed)? != payload::VERSION {
        return Err(Refusal::new(Code::UnsupportedVersion, "the version is not 1"));
    }
    let claims = payload::read(claims).map_err(Refusal::malformed)?;
    check_rules(&claims).map_err(|broken| Refusal::malformed(broken.detail()))?;
    Ok(claims)
}

fn instant(claims: Node<'_, '_>, label: u64, detail: &'static str) -> Result<UnixTime, Refusal> {
    let seconds = claims.member(Key::Unsigned(label)).and_then(Node::unsigned);
    seconds.and_then(UnixTime::from_wire).ok_or(Refusal::malformed(detail))
}

/// What a verifier knows about the status of a certificate.
#[derive(Clone, Copy, Debug)]
pub enum StatusEvidence<'a> {
    /// The issuer's own database answered just now.
    Live(Status),
    /// A status list that was opened, now or earlier.
    List(&'a StatusList),
    /// Nothing.
    None,
}

/// The final answer for a certificate that passed [`verify`]: step 8 of the format.
///
/// A list past its `exp` proves nothing, whatever it says; a list past its `ttl` still proves a revocation.
pub fn judge(certificate: &VerifiedCertificate, evidence: StatusEvidence<'_>, now: UnixTime) -> Code {
    match evidence {
        StatusEvidence::Live(status) => code_of(status),
        StatusEvidence::List(list) => judge_by_list(certificate, list, now),
        StatusEvidence::None => Code::StatusUnknown,
    }
}

fn judge_by_list(certificate: &VerifiedCertificate, list: &StatusList, now: UnixTime) -> Code {
    let claims = certificate.claims();
    if list.uri() != claims.status.uri || list.issuer() != claims.issuer {
        return Code::StatusUnknown;
    }
    if list.issued_at() > now.plus_seconds(CLOCK_TOLERANCE_SECONDS) {
        return Code::ClockWrong;
    }
    let freshness = list.freshness(now);
    match (list.status_at(claims.status.index).map(code_of), freshness) {
        (None, _) | (_, Freshness::Expired) => Code::StatusUnknown,
        (Some(Code::Valid), Freshness::Stale) => Code::StatusStale,
        (Some(code), _) => code,
    }
}

fn code_of(status: Status) -> Code {
    match status {
        Status::Valid => Code::Valid,
        Status::Revoked => Code::Revoked,
        Status::Suspended => Code::Suspended,
    }
}
