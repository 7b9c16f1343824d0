//! The keyset snapshot: what the pinned root's signature is good for, and what it is not.

use certificates::*;
use ciborium::Value;

use crate::fixtures::{
    NOW, certificate_key, foreign_key, keyset, keyset_claims, record, root, status_key, unlisted_key,
};
use crate::forge::{self, bytes, int, text};

/// The members of a map in ciborium's terms.
type Pairs = Vec<(Value, Value)>;

fn opened(bytes: &[u8], now: UnixTime) -> Result<Keyset, KeysetRefusal> {
    Keyset::open(bytes, root().public(), now, None)
}

fn signed() -> Vec<u8> {
    keyset_claims().sign(&root()).unwrap()
}

fn unsignable(change: impl FnOnce(&mut KeysetClaims)) -> String {
    let mut claims = keyset_claims();
    change(&mut claims);
    claims.sign(&root()).unwrap_err().to_string()
}

/// The snapshot as ciborium sees it: protected header and payload.
fn taken_apart() -> (Vec<u8>, Pairs) {
    let Value::Tag(18, parts) = ciborium::from_reader(signed().as_slice()).unwrap() else { panic!("no tag") };
    let parts = parts.into_array().unwrap();
    let payload = parts[2].as_bytes().unwrap();
    let claims: Value = ciborium::from_reader(payload.as_slice()).unwrap();
    (parts[0].as_bytes().unwrap().clone(), claims.into_map().unwrap())
}

/// Signs any payload as the root.
fn resigned(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    forge::envelope(protected, payload, &forge::sign(&[1; 32], protected, payload))
}

#[test]
fn a_snapshot_survives_its_bytes() {
    let mut claims = keyset_claims();
    claims.keys[1].state = KeyState::Retired;
    claims.keys[2].state = KeyState::RevokedAt(NOW.plus_days(-2));
    claims.staleness = StalenessPolicy::Refuse;

    let keyset = opened(&claims.sign(&root()).unwrap(), NOW).unwrap();

    assert_eq!(*keyset.claims(), claims);
}

#[test]
fn a_snapshot_is_canonical_by_an_independent_encoder() {
    let (protected, claims) = taken_apart();

    assert_eq!(resigned(&protected, &forge::encode(&Value::Map(claims))), signed());
}

#[test]
fn only_a_root_key_signs_a_snapshot() {
    assert_eq!(keyset_claims().sign(&certificate_key()), Err(KeysetError::Key(KeyError::WrongRole)));
    assert_eq!(keyset_claims().sign(&status_key()), Err(KeysetError::Key(KeyError::WrongRole)));
}

#[test]
fn a_snapshot_that_breaks_a_rule_cannot_be_signed() {
    assert!(unsignable(|claims| claims.issuer.clear()).contains("issuer"));
    assert!(unsignable(|claims| claims.expires_at = claims.issued_at).contains("30 days"));
    assert!(unsignable(|claims| claims.expires_at = claims.issued_at.plus_days(31)).contains("30 days"));
    assert!(unsignable(|claims| claims.issued_at = UnixTime(-1)).contains("30 days"));
    assert!(unsignable(|claims| claims.keys.push(claims.keys[0].clone())).contains("same key identifier"));
    assert!(unsignable(|claims| claims.keys.push(record(&root(), "xue.example.cn"))).contains("pinned"));
    assert!(unsignable(|claims| claims.keys[0].issuer.clear()).contains("issuer"));
    assert!(unsignable(|claims| claims.status_list_uris.push("a b".into())).contains("URI"));
    assert!(unsignable(|claims| claims.keys[0].signs_until = NOW.plus_days(-31)).contains("window"));
    assert!(unsignable(|claims| claims.keys[0].not_after = NOW).contains("window"));
    assert!(unsignable(|claims| claims.keys[0].not_before = UnixTime(-1)).contains("1970"));
}

#[test]
fn a_snapshot_by_another_root_is_refused() {
    let impostor = SecretKey::generate(Role::Root, [2; 32]);
    let bytes = keyset_claims().sign(&impostor).unwrap();

    assert_eq!(opened(&bytes, NOW).unwrap_err(), KeysetRefusal::WrongRoot);
}

#[test]
fn a_snapshot_under_the_roots_name_by_another_key_has_a_bad_signature() {
    let (protected, claims) = taken_apart();
    let payload = forge::encode(&Value::Map(claims));
    let envelope = forge::envelope(&protected, &payload, &forge::sign(&[2; 32], &protected, &payload));

    assert_eq!(opened(&envelope, NOW).unwrap_err(), KeysetRefusal::BadSignature);
}

#[test]
fn a_snapshot_under_another_algorithm_is_refused() {
    let (protected, claims) = taken_apart();
    let mut header: Value = ciborium::from_reader(protected.as_slice()).unwrap();
    header.as_map_mut().unwrap()[0].1 = int(-8);
    let bytes = resigned(&forge::encode(&header), &forge::encode(&Value::Map(claims)));

    assert_eq!(opened(&bytes, NOW).unwrap_err(), KeysetRefusal::WrongRoot);
}

#[test]
fn a_certificate_is_not_a_snapshot_and_a_snapshot_is_not_a_certificate() {
    let certificate = forge::token().envelope();
    let snapshot = forge::armour(&signed()[..]);

    assert_eq!(opened(&certificate, NOW).unwrap_err(), KeysetRefusal::UnknownType);
    assert_ne!(crate::fixtures::code_of(&snapshot), Code::Valid);
}

#[test]
fn every_one_bit_flip_of_a_snapshot_is_refused() {
    let bytes = signed();
    for at in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[at / 8] ^= 1 << (at % 8);

        assert!(opened(&flipped, NOW).is_err(), "bit {at}");
    }
}

#[test]
fn a_truncated_or_lengthened_snapshot_is_malformed() {
    let bytes = signed();

    for length in 0..bytes.len() {
        assert!(matches!(opened(&bytes[..length], NOW), Err(KeysetRefusal::Malformed(_))));
    }
    assert!(matches!(opened(&[bytes, vec![0]].concat(), NOW), Err(KeysetRefusal::Malformed(_))));
    assert!(matches!(opened(&vec![0; 65_537], NOW), Err(KeysetRefusal::Malformed(_))));
}

#[test]
fn a_snapshot_in_another_spelling_is_not_canonical() {
    let bytes = [&[0xd2, 0x9f], &signed()[2..], &[0xff]].concat();

    assert_eq!(opened(&bytes, NOW).unwrap_err(), KeysetRefusal::NotCanonical);
}

#[test]
fn a_snapshot_is_good_from_its_issue_to_its_end() {
    let KeysetClaims { issued_at, expires_at, .. } = keyset_claims();
    let bytes = signed();

    assert_eq!(opened(&bytes, issued_at.plus_seconds(-121)).unwrap_err(), KeysetRefusal::ClockWrong);
    assert!(opened(&bytes, issued_at.plus_seconds(-120)).is_ok());
    assert!(opened(&bytes, expires_at.plus_seconds(-1)).is_ok());
    assert_eq!(opened(&bytes, expires_at).unwrap_err(), KeysetRefusal::Expired);
}

#[test]
fn the_publisher_opens_a_snapshot_whatever_its_age_but_not_whatever_its_root() {
    let impostor = SecretKey::generate(Role::Root, [2; 32]);

    assert_eq!(*Keyset::open_at_its_issue(&signed(), root().public()).unwrap().claims(), keyset_claims());
    let refusal = Keyset::open_at_its_issue(&signed(), impostor.public()).unwrap_err();
    assert_eq!(refusal, KeysetRefusal::WrongRoot);
}

#[test]
fn a_lower_sequence_than_the_newest_seen_is_refused() {
    let open = |newest| Keyset::open(&signed(), root().public(), NOW, newest);

    assert!(open(Some(6)).is_ok());
    assert!(open(Some(7)).is_ok());
    assert_eq!(open(Some(8)).unwrap_err(), KeysetRefusal::RolledBack);
}

#[test]
fn a_snapshot_for_a_newer_verifier_is_refused() {
    let mut claims = keyset_claims();
    claims.minimum_verifier_version = VERIFIER_VERSION + 1;

    let refusal = opened(&claims.sign(&root()).unwrap(), NOW).unwrap_err();

    assert_eq!(refusal, KeysetRefusal::VerifierTooOld);
}

#[test]
fn the_schema_of_a_snapshot_is_closed() {
    let (protected, claims) = taken_apart();
    let bent = |bend: &dyn Fn(&mut Pairs)| {
        let mut claims = claims.clone();
        let xue = claims[3].1.as_map_mut().unwrap();
        bend(xue);
        opened(&resigned(&protected, &forge::encode(&Value::Map(claims))), NOW).map(|_| ()).unwrap_err()
    };

    assert_eq!(bent(&|xue| xue[0].1 = int(2)), KeysetRefusal::UnsupportedVersion);
    assert!(matches!(bent(&|xue| xue.push((int(6), int(0)))), KeysetRefusal::Malformed(_)));
    assert!(matches!(bent(&|xue| xue[5].1 = int(3)), KeysetRefusal::Malformed(_)));
    assert!(matches!(bent(&|xue| drop(xue.pop())), KeysetRefusal::Malformed(_)));
    assert!(matches!(bent(&|xue| xue[3].1 = Value::Array(vec![int(1)])), KeysetRefusal::Malformed(_)));
}

#[test]
fn a_listed_key_is_checked_like_any_other() {
    let (protected, claims) = taken_apart();
    let bent = |bend: &dyn Fn(&mut Pairs)| {
        let mut claims = claims.clone();
        let records = claims[3].1.as_map_mut().unwrap()[2].1.as_array_mut().unwrap();
        bend(records[0].as_map_mut().unwrap());
        opened(&resigned(&protected, &forge::encode(&Value::Map(claims))), NOW).map(|_| ()).unwrap_err()
    };
    let cose_key = |at: usize, value: Value| {
        bent(&move |record: &mut Pairs| {
            record[0].1.as_map_mut().unwrap()[at].1 = value.clone();
        })
    };
    let neutral = [&[1][..], &[0; 31]].concat();

    assert_eq!(
        cose_key(0, int(2)),
        KeysetRefusal::Malformed("a COSE_Key is not an Ed25519 key with kid and alg")
    );
    assert_eq!(
        cose_key(1, bytes(b"12345678")),
        KeysetRefusal::Malformed("a COSE_Key's kid is not its thumbprint")
    );
    assert_eq!(
        cose_key(2, int(-8)),
        KeysetRefusal::Malformed("a COSE_Key is not an Ed25519 key with kid and alg")
    );
    assert_eq!(
        cose_key(3, int(4)),
        KeysetRefusal::Malformed("a COSE_Key is not an Ed25519 key with kid and alg")
    );
    assert_eq!(
        cose_key(4, bytes(&neutral)),
        KeysetRefusal::Malformed("a COSE_Key holds a weak or impossible key")
    );
    for role in [0, 2, 4] {
        let refusal = bent(&|record| record[1].1 = int(role));
        assert_eq!(refusal, KeysetRefusal::Malformed("an unknown role (record 1)"));
    }
    assert!(matches!(bent(&|record| record[5].1 = int(2)), KeysetRefusal::Malformed(_)));
    assert!(matches!(bent(&|record| record[5].1 = int(3)), KeysetRefusal::Malformed(_)));
    assert!(matches!(bent(&|record| record[6].1 = int(3)), KeysetRefusal::Malformed(_)));
    assert!(matches!(bent(&|record| record.push((text("x"), int(3)))), KeysetRefusal::Malformed(_)));
}

#[test]
fn other_tools_get_the_trusted_keys_as_jwks_and_cose_key_set() {
    let mut claims = keyset_claims();
    claims.keys[2].state = KeyState::RevokedAt(NOW);
    let keyset = opened(&claims.sign(&root()).unwrap(), NOW).unwrap();

    let jwks: serde_json::Value = serde_json::from_str(&keyset.jwks_json()).unwrap();
    let cose: Value = ciborium::from_reader(keyset.cose_key_set().as_slice()).unwrap();

    let keys = jwks["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(
        keys[0],
        serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "hm7vvWcYyIQ",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        })
    );
    let keys = cose.as_array().unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(
        keys[0],
        Value::Map(vec![
            (int(1), int(1)),
            (int(2), bytes(certificate_key().kid().as_bytes())),
            (int(3), int(-19)),
            (int(-1), int(6)),
            (int(-2), bytes(certificate_key().public().as_bytes())),
        ])
    );
}

#[test]
fn coset_reads_the_cose_key_set() {
    use coset::CborSerializable;
    let set = coset::CoseKeySet::from_slice(&keyset().cose_key_set()).unwrap();

    assert_eq!(set.0.len(), 3);
    assert_eq!(set.0[2].key_id, foreign_key().kid().as_bytes());
    assert!(set.0.iter().all(|key| key.key_id != unlisted_key().kid().as_bytes()));
}
