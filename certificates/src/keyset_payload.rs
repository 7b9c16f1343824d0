//! The snapshot as canonical CBOR, and back; and its keys for other people's tools.

use data_encoding::BASE64URL_NOPAD;

use crate::cbor::{Encoder, Key, Members, Node};
use crate::keys::{ED25519, ED25519_NEGATIVE, PublicKey, Role};
use crate::keyset::{KeyRecord, KeyState, KeysetClaims, StalenessPolicy};
use crate::payload::{EXP, IAT, ISS, XUE, instant};
use crate::time::UnixTime;

pub(crate) use crate::payload::{VERSION, version};

/// Key type OKP (RFC 9053 §7.2).
const OKP: u64 = 1;
/// Curve Ed25519 (RFC 9053 §7.1).
const CURVE_ED25519: u64 = 6;

/// Writes the payload; `None` when an instant is outside the years 1970–9999.
pub(crate) fn encode(claims: &KeysetClaims) -> Option<Vec<u8>> {
    let mut out = Encoder::with_capacity(128 + 160 * claims.keys.len());
    out.map(4);
    out.unsigned(ISS);
    out.text(&claims.issuer);
    out.unsigned(EXP);
    out.unsigned(claims.expires_at.to_wire()?);
    out.unsigned(IAT);
    out.unsigned(claims.issued_at.to_wire()?);
    out.negative(XUE);
    out.map(6);
    out.unsigned(0);
    out.unsigned(VERSION);
    out.unsigned(1);
    out.unsigned(claims.sequence);
    out.unsigned(2);
    out.array(claims.keys.len());
    for record in &claims.keys {
        encode_record(record, &mut out)?;
    }
    out.unsigned(3);
    out.array(claims.status_list_uris.len());
    claims.status_list_uris.iter().for_each(|uri| out.text(uri));
    out.unsigned(4);
    out.unsigned(claims.minimum_verifier_version.into());
    out.unsigned(5);
    out.unsigned(staleness_number(claims.staleness));
    Some(out.finish())
}

fn encode_record(record: &KeyRecord, out: &mut Encoder) -> Option<()> {
    let (state, revoked_at) = match record.state {
        KeyState::Active => (0, None),
        KeyState::Retired => (1, None),
        KeyState::RevokedAt(instant) => (2, Some(instant)),
    };
    out.map(if revoked_at.is_some() { 8 } else { 7 });
    out.unsigned(0);
    encode_cose_key(&record.key, out);
    out.unsigned(1);
    out.unsigned(role_number(record.role));
    out.unsigned(2);
    out.unsigned(record.not_before.to_wire()?);
    out.unsigned(3);
    out.unsigned(record.signs_until.to_wire()?);
    out.unsigned(4);
    out.unsigned(record.not_after.to_wire()?);
    out.unsigned(5);
    out.unsigned(state);
    if let Some(instant) = revoked_at {
        out.unsigned(6);
        out.unsigned(instant.to_wire()?);
    }
    out.unsigned(7);
    out.text(&record.issuer);
    Some(())
}

/// A COSE_Key (RFC 9052 §7) with kid and alg: {1: 1, 2: kid, 3: −19, −1: 6, −2: x}.
fn encode_cose_key(key: &PublicKey, out: &mut Encoder) {
    out.map(5);
    out.unsigned(1);
    out.unsigned(OKP);
    out.unsigned(2);
    out.bytes(key.kid().as_bytes());
    out.unsigned(3);
    out.integer(ED25519);
    out.integer(-1);
    out.unsigned(CURVE_ED25519);
    out.integer(-2);
    out.bytes(key.as_bytes());
}

/// Reads a canonical payload of version 1; the error names the first member that is not as it must be.
pub(crate) fn read(payload: Node<'_, '_>) -> Result<KeysetClaims, &'static str> {
    let mut claims = Members::of(payload, "the payload is not a map")?;
    let issuer = claims.text(ISS, "iss (1)")?.to_owned();
    let expires_at = instant(claims.unsigned(EXP, "exp (4)")?, "exp (4)")?;
    let issued_at = instant(claims.unsigned(IAT, "iat (6)")?, "iat (6)")?;
    let xue = claims.node(Key::Negative(XUE), "xue (-65537)")?;
    claims.end("an unknown claim")?;

    let mut xue = Members::of(xue, "xue (-65537)")?;
    xue.node(Key::Unsigned(0), "the version (xue 0)")?;
    let sequence = xue.unsigned(1, "the sequence (xue 1)")?;
    let keys = xue.array(2, "the keys (xue 2)")?.map(read_record).collect::<Result<_, _>>()?;
    let uris = xue.array(3, "the status lists (xue 3)")?.map(read_uri).collect::<Result<_, _>>()?;
    let minimum_verifier_version = xue.unsigned(4, "the minimum verifier version (xue 4)")?;
    let staleness = staleness(xue.unsigned(5, "the staleness policy (xue 5)")?)?;
    xue.end("an unknown member of xue")?;
    Ok(KeysetClaims {
        issuer,
        sequence,
        issued_at,
        expires_at,
        keys,
        status_list_uris: uris,
        minimum_verifier_version,
        staleness,
    })
}

fn read_record(record: Node<'_, '_>) -> Result<KeyRecord, &'static str> {
    let mut record = Members::of(record, "a key record is not a map")?;
    let key = read_cose_key(record.node(Key::Unsigned(0), "the key (record 0)")?)?;
    let role = role(record.unsigned(1, "the role (record 1)")?)?;
    let not_before = instant(record.unsigned(2, "not_before (record 2)")?, "not_before (record 2)")?;
    let signs_until = instant(record.unsigned(3, "signs_until (record 3)")?, "signs_until (record 3)")?;
    let not_after = instant(record.unsigned(4, "not_after (record 4)")?, "not_after (record 4)")?;
    let state_number = record.unsigned(5, "the state (record 5)")?;
    let revoked_at = record.optional_unsigned(6, "revoked_at (record 6)")?;
    let revoked_at = revoked_at.map(|seconds| instant(seconds, "revoked_at (record 6)")).transpose()?;
    let state = state(state_number, revoked_at)?;
    let issuer = record.text(7, "the issuer (record 7)")?.to_owned();
    record.end("an unknown member of a key record")?;
    Ok(KeyRecord { issuer, key, role, not_before, not_after, signs_until, state })
}

fn read_cose_key(key: Node<'_, '_>) -> Result<PublicKey, &'static str> {
    const WRONG: &str = "a COSE_Key is not an Ed25519 key with kid and alg";
    let mut key = Members::of(key, WRONG)?;
    let kty: u64 = key.unsigned(1, WRONG)?;
    let kid = key.byte_array(Key::Unsigned(2), WRONG)?;
    let alg = key.node(Key::Unsigned(3), WRONG)?;
    let curve = key.node(Key::Negative(0), WRONG)?;
    let x = key.byte_array(Key::Negative(1), WRONG)?;
    key.end(WRONG)?;
    if kty != OKP || curve.unsigned() != Some(CURVE_ED25519) || alg.negative() != Some(ED25519_NEGATIVE) {
        return Err(WRONG);
    }
    let public = PublicKey::from_bytes(x).map_err(|_| "a COSE_Key holds a weak or impossible key")?;
    if *public.kid().as_bytes() == kid { Ok(public) } else { Err("a COSE_Key's kid is not its thumbprint") }
}

fn read_uri(uri: Node<'_, '_>) -> Result<String, &'static str> {
    uri.text().map(str::to_owned).ok_or("a status list's URI is not text")
}

fn trusted(claims: &KeysetClaims) -> Vec<&PublicKey> {
    let is_trusted = |record: &&KeyRecord| !matches!(record.state, KeyState::RevokedAt(_));
    claims.keys.iter().filter(is_trusted).map(|record| &record.key).collect()
}

/// A COSE_KeySet of the keys that are not revoked.
pub(crate) fn cose_key_set(claims: &KeysetClaims) -> Vec<u8> {
    let keys = trusted(claims);
    let mut out = Encoder::with_capacity(64 * keys.len() + 8);
    out.array(keys.len());
    keys.iter().for_each(|key| encode_cose_key(key, &mut out));
    out.finish()
}

/// A JWK Set of the keys that are not revoked. Every value is base64url or a constant: nothing needs escaping.
pub(crate) fn jwks_json(claims: &KeysetClaims) -> String {
    let jwk = |key: &&PublicKey| {
        let x = BASE64URL_NOPAD.encode(key.as_bytes());
        format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{}","use":"sig","x":"{x}"}}"#, key.kid())
    };
    let keys: Vec<String> = trusted(claims).iter().map(jwk).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

fn role_number(role: Role) -> u64 {
    match role {
        Role::Root => 0,
        Role::Certificate => 1,
        Role::Status => 3,
    }
}

/// Number 2 is kept for the key that will sign passes.
fn role(number: u64) -> Result<Role, &'static str> {
    match number {
        1 => Ok(Role::Certificate),
        3 => Ok(Role::Status),
        _ => Err("an unknown role (record 1)"),
    }
}

fn state(number: u64, revoked_at: Option<UnixTime>) -> Result<KeyState, &'static str> {
    match (number, revoked_at) {
        (0, None) => Ok(KeyState::Active),
        (1, None) => Ok(KeyState::Retired),
        (2, Some(instant)) => Ok(KeyState::RevokedAt(instant)),
        _ => Err("an unknown state (record 5, 6)"),
    }
}

fn staleness_number(staleness: StalenessPolicy) -> u64 {
    match staleness {
        StalenessPolicy::AcceptProvisionally => 1,
        StalenessPolicy::Refuse => 2,
    }
}

fn staleness(number: u64) -> Result<StalenessPolicy, &'static str> {
    match number {
        1 => Ok(StalenessPolicy::AcceptProvisionally),
        2 => Ok(StalenessPolicy::Refuse),
        _ => Err("an unknown staleness policy (xue 5)"),
    }
}
