//! Status lists and the final judgement.

use std::io::Write;

use certificates::*;
use ciborium::Value;

use crate::fixtures::{
    INDEX, ISSUER, NOW, STATUS_URI, certificate_key, keyset, keyset_claims, open, record, status_key, token,
};
use crate::forge::{self, bytes, int, text};

const TTL: u32 = 3_600;

fn list_of(entries: &[(u64, Status)]) -> StatusListClaims<'_> {
    StatusListClaims {
        uri: STATUS_URI,
        issued_at: NOW,
        expires_at: NOW.plus_days(7),
        ttl_seconds: TTL,
        size: 1 << 20,
        entries,
    }
}

fn signed(entries: &[(u64, Status)]) -> Vec<u8> {
    list_of(entries).sign(&status_key()).unwrap()
}

fn opened(entries: &[(u64, Status)]) -> StatusList {
    StatusList::open(&signed(entries), keyset(), STATUS_URI, NOW).unwrap()
}

fn refused(bytes: &[u8]) -> Code {
    StatusList::open(bytes, keyset(), STATUS_URI, NOW).unwrap_err().code()
}

fn certificate() -> VerifiedCertificate {
    verify(&token(), keyset(), NOW).unwrap()
}

/// A list with any contents, signed by the status key.
fn forged(bits: i64, packed: &[u8]) -> Vec<u8> {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(packed).unwrap();
    forged_compressed(bits, &zlib.finish().unwrap())
}

fn forged_compressed(bits: i64, compressed: &[u8]) -> Vec<u8> {
    let list = Value::Map(vec![(text("lst"), bytes(compressed)), (text("bits"), int(bits))]);
    let claims = vec![
        (int(2), text(STATUS_URI)),
        (int(4), int(NOW.plus_days(7).0)),
        (int(6), int(NOW.0)),
        (int(65_533), list),
        (int(65_534), int(TTL.into())),
    ];
    forged_payload(&forge::encode(&Value::Map(claims)))
}

fn forged_payload(payload: &[u8]) -> Vec<u8> {
    let header = Value::Map(vec![
        (int(1), int(-19)),
        (int(4), bytes(status_key().kid().as_bytes())),
        (int(16), text("application/statuslist+cwt")),
    ]);
    let header = forge::encode(&header);
    forge::envelope(&header, payload, &forge::sign(&[3; 32], &header, payload))
}

#[test]
fn a_list_says_of_every_index_what_was_put_there() {
    let list = opened(&[(0, Status::Revoked), (INDEX, Status::Suspended), ((1 << 20) - 1, Status::Revoked)]);

    assert_eq!(list.status_at(0), Some(Status::Revoked));
    assert_eq!(list.status_at(1), Some(Status::Valid));
    assert_eq!(list.status_at(INDEX), Some(Status::Suspended));
    assert_eq!(list.status_at((1 << 20) - 1), Some(Status::Revoked));
    assert_eq!(list.status_at(1 << 20), None);
    assert_eq!(list.status_at(u64::MAX), None);
    assert_eq!((list.issuer(), list.uri(), list.issued_at()), (ISSUER, STATUS_URI, NOW));
}

#[test]
fn a_list_is_byte_for_byte_what_ciborium_makes_of_it() {
    let mut packed = vec![0; 1 << 18];
    packed[0] = 0b01;
    packed[175_000] = 0b10;

    assert_eq!(signed(&[(0, Status::Revoked), (INDEX, Status::Suspended)]), forged(2, &packed));
}

#[test]
fn a_million_entries_with_a_thousandth_revoked_take_a_few_kilobytes() {
    let shuffle = IndexShuffle::new(&[7; 32], 1 << 20);
    let entries: Vec<_> = (0..1_000).map(|n| (shuffle.index(n).unwrap(), Status::Revoked)).collect();

    let bytes = signed(&entries);

    assert!(bytes.len() < 3_000, "{} bytes", bytes.len());
    let list = StatusList::open(&bytes, keyset(), STATUS_URI, NOW).unwrap();
    let revoked = (0..1 << 20).filter(|index| list.status_at(*index) == Some(Status::Revoked)).count();
    assert_eq!(revoked, 1_000);
}

#[test]
fn a_list_that_breaks_a_rule_cannot_be_signed() {
    let unsignable = |list: StatusListClaims<'_>| list.sign(&status_key()).unwrap_err().to_string();

    assert!(unsignable(StatusListClaims { size: 0, ..list_of(&[]) }).contains("size"));
    assert!(unsignable(StatusListClaims { size: MOST_ENTRIES + 1, ..list_of(&[]) }).contains("size"));
    assert!(unsignable(StatusListClaims { uri: "", ..list_of(&[]) }).contains("URI"));
    assert!(unsignable(StatusListClaims { expires_at: NOW, ..list_of(&[]) }).contains("ends"));
    assert!(unsignable(StatusListClaims { issued_at: UnixTime(-1), ..list_of(&[]) }).contains("1970"));
    assert!(unsignable(list_of(&[(1 << 20, Status::Revoked)])).contains("outside"));
    assert!(unsignable(list_of(&[(u64::MAX, Status::Revoked)])).contains("outside"));
    assert!(unsignable(list_of(&[(5, Status::Revoked), (5, Status::Suspended)])).contains("twice"));
    let odd = StatusListClaims { size: 5, entries: &[(6, Status::Revoked)], ..list_of(&[]) };
    assert!(unsignable(odd).contains("outside"));
    assert_eq!(list_of(&[]).sign(&certificate_key()), Err(StatusListError::Key(KeyError::WrongRole)));
}

#[test]
fn a_list_signed_by_a_certificate_key_is_refused() {
    let header = forge::encode(&Value::Map(vec![
        (int(1), int(-19)),
        (int(4), bytes(certificate_key().kid().as_bytes())),
        (int(16), text("application/statuslist+cwt")),
    ]));
    let payload = forge::encode(&Value::Map(vec![(int(6), int(NOW.0))]));
    let signature = forge::sign(&crate::fixtures::seed(), &header, &payload);

    assert_eq!(refused(&forge::envelope(&header, &payload, &signature)), Code::KeyNotValid);
}

#[test]
fn the_envelope_of_a_list_is_checked_like_a_certificates() {
    let bytes = signed(&[]);
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;

    assert_eq!(refused(&forge::token().envelope()), Code::UnknownType);
    assert_eq!(refused(&flipped), Code::BadSignature);
    assert_eq!(refused(&[&[0xd2, 0x9f], &bytes[2..], &[0xff]].concat()), Code::NotCanonical);
    assert_eq!(refused(&bytes[..100]), Code::Malformed);
    assert_eq!(refused(&vec![0; 5 << 20]), Code::Malformed);
    let mut without = keyset_claims();
    without.keys.remove(1);
    let refusal = StatusList::open(&bytes, &open(&without), STATUS_URI, NOW).unwrap_err();
    assert_eq!(refusal.code(), Code::UnknownKey);
}

#[test]
fn a_list_from_elsewhere_than_expected_is_no_evidence() {
    let elsewhere = "https://xue.example.cn/status/2";
    let list = StatusListClaims { uri: elsewhere, ..list_of(&[]) }.sign(&status_key()).unwrap();

    assert_eq!(refused(&list), Code::StatusUnknown);
    let refusal = StatusList::open(&list, keyset(), elsewhere, NOW).unwrap_err();
    assert_eq!(refusal.code(), Code::StatusUnknown);
    assert!(refusal.detail().contains("does not list"));
}

#[test]
fn a_list_is_fresh_then_stale_then_nothing() {
    let bytes = signed(&[]);
    let list = opened(&[]);
    let at = |now| StatusList::open(&bytes, keyset(), STATUS_URI, now).map(|list| list.freshness(now));

    assert_eq!(at(NOW.plus_seconds(-120)), Ok(Freshness::Fresh));
    assert_eq!(at(NOW.plus_seconds(-121)).unwrap_err().code(), Code::ClockWrong);
    assert_eq!(at(NOW.plus_seconds(3_600)), Ok(Freshness::Fresh));
    assert_eq!(at(NOW.plus_seconds(3_601)), Ok(Freshness::Stale));
    assert_eq!(at(list.expires_at()).unwrap_err().code(), Code::StatusUnknown);
    assert_eq!(list.freshness(list.expires_at()), Freshness::Expired);
}

#[test]
fn lists_of_one_bit_are_read_and_wider_ones_refused() {
    let one_bit = StatusList::open(&forged(1, &[0b0000_0010]), keyset(), STATUS_URI, NOW).unwrap();

    assert_eq!(one_bit.status_at(0), Some(Status::Valid));
    assert_eq!(one_bit.status_at(1), Some(Status::Revoked));
    assert_eq!(one_bit.status_at(8), None);
    for bits in [0, 3, 4, 8, 16] {
        assert_eq!(refused(&forged(bits, &[0])), Code::Malformed, "{bits} bits");
    }
}

#[test]
fn the_application_specific_value_of_two_bits_has_no_meaning_here() {
    let list = StatusList::open(&forged(2, &[0b1110_0100]), keyset(), STATUS_URI, NOW).unwrap();

    let statuses: Vec<_> = (0..4).map(|index| list.status_at(index)).collect();

    assert_eq!(statuses, [Some(Status::Valid), Some(Status::Revoked), Some(Status::Suspended), None]);
}

#[test]
fn a_decompression_bomb_is_refused_without_being_inflated() {
    let just_right = forged(2, &vec![0; 1 << 22]);
    let bomb = forged(2, &vec![0; (1 << 22) + 1]);
    let large_bomb = forged(2, &vec![0; 40 << 20]);

    assert!(StatusList::open(&just_right, keyset(), STATUS_URI, NOW).is_ok());
    assert_eq!(refused(&bomb), Code::Malformed);
    assert_eq!(refused(&large_bomb), Code::Malformed);
    assert_eq!(refused(&forged_compressed(2, b"not zlib")), Code::Malformed);
    assert_eq!(refused(&forged_compressed(2, &[])), Code::Malformed);
}

#[test]
fn the_schema_of_a_list_is_closed() {
    let payload = |claims: Vec<(Value, Value)>| forged_payload(&forge::encode(&Value::Map(claims)));

    assert_eq!(refused(&payload(vec![(int(6), int(NOW.0))])), Code::Malformed);
    assert_eq!(refused(&payload(vec![(int(1), text("x")), (int(6), int(NOW.0))])), Code::Malformed);
}

// The judgement, step 8.

#[test]
fn a_live_answer_decides() {
    let judged = |status| judge(&certificate(), StatusEvidence::Live(status), NOW);

    assert_eq!(judged(Status::Valid), Code::Valid);
    assert_eq!(judged(Status::Revoked), Code::Revoked);
    assert_eq!(judged(Status::Suspended), Code::Suspended);
    assert_eq!(judge(&certificate(), StatusEvidence::None, NOW), Code::StatusUnknown);
}

#[test]
fn a_list_decides_as_long_as_it_is_good_for_anything() {
    let clean = opened(&[]);
    let revoked = opened(&[(INDEX, Status::Revoked)]);
    let suspended = opened(&[(INDEX, Status::Suspended)]);
    let (fresh, stale, expired) = (NOW, NOW.plus_seconds(3_601), NOW.plus_days(7));
    let judged = |list: &StatusList, now| judge(&certificate(), StatusEvidence::List(list), now);

    assert_eq!(judged(&clean, fresh), Code::Valid);
    assert_eq!(judged(&clean, stale), Code::StatusStale);
    assert_eq!(judged(&clean, expired), Code::StatusUnknown);
    assert_eq!(judged(&revoked, fresh), Code::Revoked);
    assert_eq!(judged(&revoked, stale), Code::Revoked);
    assert_eq!(judged(&revoked, expired), Code::StatusUnknown);
    assert_eq!(judged(&suspended, stale), Code::Suspended);
    assert_eq!(judged(&clean, NOW.plus_seconds(-121)), Code::ClockWrong);
}

#[test]
fn an_index_outside_the_list_is_unknown() {
    let small = StatusListClaims { size: INDEX, ..list_of(&[]) }.sign(&status_key()).unwrap();
    let small = StatusList::open(&small, keyset(), STATUS_URI, NOW).unwrap();

    assert_eq!(judge(&certificate(), StatusEvidence::List(&small), NOW), Code::StatusUnknown);
}

/// Another city's status key must not be able to clear, or to revoke, our certificates.
#[test]
fn another_issuers_list_under_the_same_uri_is_no_evidence() {
    let foreign_status_key = SecretKey::generate(Role::Status, [8; 32]);
    let mut claims = keyset_claims();
    claims.keys.push(record(&foreign_status_key, "hua.example.cn"));
    let keyset = open(&claims);
    let bytes = list_of(&[]).sign(&foreign_status_key).unwrap();
    let list = StatusList::open(&bytes, &keyset, STATUS_URI, NOW).unwrap();

    assert_eq!(list.issuer(), "hua.example.cn");
    assert_eq!(judge(&certificate(), StatusEvidence::List(&list), NOW), Code::StatusUnknown);
}
