//! The CBOR codec against RFC 8949 and against ciborium.

use certificates::cbor::{CborError, Document, Encoder, Key, Limits, Node};
use ciborium::Value;
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::Config;
use unicode_normalization::UnicodeNormalization;

use crate::{forge, shared};

const WIDE: Limits = Limits { depth: 8, items: 1_000, text: 1_000 };

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

fn error_of(text: &str, limits: Limits) -> CborError {
    Document::decode(&hex(text), limits).unwrap_err()
}

/// The same data in ciborium's terms.
fn value_of(node: Node<'_, '_>) -> Value {
    if let Some(number) = node.unsigned() {
        return Value::Integer(number.into());
    }
    if let Some(number) = node.negative() {
        return Value::Integer((-1 - i128::from(number)).try_into().unwrap());
    }
    if let Some(bytes) = node.bytes() {
        return Value::Bytes(bytes.to_vec());
    }
    if let Some(text) = node.text() {
        return Value::Text(text.to_owned());
    }
    if let Some(items) = node.array() {
        return Value::Array(items.map(value_of).collect());
    }
    let key_of = |key: Key<'_>| match key {
        Key::Unsigned(number) => Value::Integer(number.into()),
        Key::Negative(number) => Value::Integer((-1 - i128::from(number)).try_into().unwrap()),
        Key::Text(text) => Value::Text(text.to_owned()),
    };
    Value::Map(node.map().unwrap().map(|(key, value)| (key_of(key), value_of(value))).collect())
}

/// What the format has no use for, by the initial byte.
fn is_refused(bytes: &[u8]) -> bool {
    matches!(bytes[0] >> 5, 6 | 7)
}

#[test]
fn appendix_a_is_read_as_ciborium_reads_it_or_refused_by_name() {
    let Some(cases) = shared::vectors("cbor-appendix-a/appendix_a.json") else { return };
    let cases: Vec<serde_json::Value> = serde_json::from_str(&cases).unwrap();
    assert_eq!(cases.len(), 82);
    let mut read = 0;
    for case in &cases {
        let bytes = hex(case["hex"].as_str().unwrap());
        match Document::decode(&bytes, WIDE) {
            Ok(document) => {
                let theirs: Value = ciborium::from_reader(bytes.as_slice()).unwrap();
                assert_eq!(value_of(document.root()), theirs, "{case}");
                assert_eq!(document.is_canonical(), case["roundtrip"].as_bool().unwrap(), "{case}");
                read += 1;
            }
            Err(error @ (CborError::Float | CborError::Simple | CborError::Tag)) => {
                let has_simple_inside = case["hex"].as_str() == Some("bf6346756ef563416d7421ff");
                assert!(is_refused(&bytes) || has_simple_inside, "{case}: {error}");
            }
            Err(error) => panic!("{case}: {error}"),
        }
    }
    assert_eq!(read, 44);
}

#[test]
fn floats_simple_values_and_tags_are_refused_by_name() {
    for float in ["f90000", "fa47c35000", "fb3ff199999999999a", "81f97e00"] {
        assert_eq!(error_of(float, WIDE), CborError::Float, "{float}");
    }
    for simple in ["f4", "f5", "f6", "f7", "f0", "f818", "f8ff", "a101f6", "a1f601"] {
        assert_eq!(error_of(simple, WIDE), CborError::Simple, "{simple}");
    }
    for tag in ["c11a514b67b0", "c249010000000000000000", "81d8184100", "a1c10001"] {
        assert_eq!(error_of(tag, WIDE), CborError::Tag, "{tag}");
    }
}

/// RFC 8949 appendix F: what is not well-formed.
#[test]
fn what_is_not_well_formed_is_refused_by_name() {
    for cut in [
        "",
        "18",
        "19",
        "1901",
        "1a010203",
        "41",
        "5affffffff00",
        "61",
        "81",
        "8201",
        "a1",
        "a101",
        "9f",
        "5f",
        "5f4100",
        "7f",
        "bf",
        "bf0000",
        "1b00000000000000",
        "9bffffffffffffffff",
    ] {
        let error = error_of(cut, WIDE);
        assert!(matches!(error, CborError::Truncated), "{cut}: {error}");
    }
    for reserved in ["1c", "1d", "1e", "3c", "5c", "7d", "9e", "bc", "dc", "fc", "fd", "fe", "1f", "3f"] {
        assert_eq!(error_of(reserved, WIDE), CborError::BadHead, "{reserved}");
    }
    for stray in ["ff", "81ff", "8200ff", "a1ff", "a100ff", "bf00ff", "9f81ff"] {
        assert_eq!(error_of(stray, WIDE), CborError::StrayBreak, "{stray}");
    }
    for chunk in ["5f00ff", "5f6100ff", "7f4100ff", "5f5f4100ffff", "5f80ff", "7f7f6100ffff"] {
        assert_eq!(error_of(chunk, WIDE), CborError::BadChunk, "{chunk}");
    }
    for text in ["61ff", "62c328", "63e28228", "7f61c361bcff"] {
        assert_eq!(error_of(text, WIDE), CborError::NotUtf8, "{text}");
    }
    assert_eq!(error_of("0000", WIDE), CborError::Trailing);
    for key in ["a14000", "a18000", "a1a000"] {
        assert_eq!(error_of(key, WIDE), CborError::KeyType, "{key}");
    }
}

#[test]
fn limits_are_inclusive() {
    let limits = Limits { depth: 2, items: 4, text: 3 };

    assert!(Document::decode(&hex("818100"), limits).is_ok());
    assert_eq!(error_of("81818100", limits), CborError::TooDeep);
    assert!(Document::decode(&hex("83000000"), limits).is_ok());
    assert_eq!(error_of("8400000000", limits), CborError::TooManyItems);
    assert!(Document::decode(&hex("63616161"), limits).is_ok());
    assert_eq!(error_of("6461616161", limits), CborError::TextTooLong);
    assert_eq!(error_of("7f62616162616160ff", limits), CborError::TextTooLong);
}

#[test]
fn keys_must_ascend_in_the_bytewise_order_of_their_encodings() {
    // RFC 8949 §4.2.1: 10, 100, -1, "z", "aa" (here without the keys that the format does not have).
    let document = |keys: [&str; 5]| hex(&format!("a5{}00", keys.join("00")));
    let right = ["0a", "1864", "20", "617a", "626161"];
    assert!(Document::decode(&document(right), WIDE).unwrap().is_canonical());

    for at in 0..4 {
        let mut wrong = right;
        wrong.swap(at, at + 1);
        assert!(!Document::decode(&document(wrong), WIDE).unwrap().is_canonical(), "{at}");
        let mut twice = right;
        twice[at + 1] = twice[at];
        assert!(!Document::decode(&document(twice), WIDE).unwrap().is_canonical(), "{at}");
    }
}

#[test]
fn a_head_is_canonical_when_no_shorter_one_could_hold_its_argument() {
    let is_canonical = |text: &str| Document::decode(&hex(text), WIDE).unwrap().is_canonical();

    for shortest in
        ["17", "1818", "18ff", "190100", "19ffff", "1a00010000", "1affffffff", "1b0000000100000000"]
    {
        assert!(is_canonical(shortest), "{shortest}");
    }
    for longer in [
        "1800",
        "1817",
        "190000",
        "1900ff",
        "1a00000000",
        "1a0000ffff",
        "1b00000000ffffffff",
        "3817",
        "580100",
        "7800",
        "9800",
        "b800",
        "9fff",
        "bfff",
        "5fff",
        "7fff",
    ] {
        assert!(!is_canonical(longer), "{longer}");
    }
}

#[test]
fn the_encoder_writes_the_shortest_heads() {
    for (value, expected) in [
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (255, "18ff"),
        (256, "190100"),
        (65_535, "19ffff"),
        (65_536, "1a00010000"),
        (4_294_967_295, "1affffffff"),
        (4_294_967_296, "1b0000000100000000"),
        (u64::MAX, "1bffffffffffffffff"),
    ] {
        let mut encoder = Encoder::default();
        encoder.unsigned(value);
        assert_eq!(HEXLOWER.encode(&encoder.finish()), expected);
    }
    for (value, expected) in
        [(-1, "20"), (-24, "37"), (-25, "3818"), (i64::MIN, "3b7fffffffffffffff"), (7, "07")]
    {
        let mut encoder = Encoder::default();
        encoder.integer(value);
        assert_eq!(HEXLOWER.encode(&encoder.finish()), expected);
    }
}

#[test]
fn the_encoder_writes_text_in_nfc() {
    let mut encoder = Encoder::default();
    encoder.text("e\u{301}");

    assert_eq!(HEXLOWER.encode(&encoder.finish()), "62c3a9");
}

/// Data of the format's kinds, with distinct keys.
fn data() -> impl Strategy<Value = Value> {
    let number = any::<i64>().prop_map(|number| Value::Integer(number.into()));
    let leaf = prop_oneof![
        number.clone(),
        any::<u64>().prop_map(|number| Value::Integer(number.into())),
        prop::collection::vec(any::<u8>(), 0..30).prop_map(Value::Bytes),
        "[a-z张é]{0,9}".prop_map(Value::Text),
    ];
    let key = prop_oneof![number, "[a-z]{0,5}".prop_map(Value::Text)];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|pairs| {
                let mut pairs: Vec<_> =
                    pairs.into_iter().map(|(key, value)| (forge::encode(&key), key, value)).collect();
                pairs.sort_by(|(a, ..), (b, ..)| a.cmp(b));
                pairs.dedup_by(|(a, ..), (b, ..)| a == b);
                Value::Map(pairs.into_iter().map(|(_, key, value)| (key, value)).collect())
            }),
        ]
    })
}

/// The same data with sorted, distinct keys and text in NFC: what a canonical encoder writes.
fn canonicalised(value: Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(text.nfc().collect()),
        Value::Array(items) => Value::Array(items.into_iter().map(canonicalised).collect()),
        Value::Map(pairs) => {
            let canonical = |(key, value)| (canonicalised(key), canonicalised(value));
            let mut pairs: Vec<_> = pairs.into_iter().map(canonical).collect();
            pairs.sort_by_cached_key(|(key, _)| forge::encode(key));
            pairs.dedup_by(|(a, _), (b, _)| a == b);
            Value::Map(pairs)
        }
        other => other,
    }
}

fn judged_as_by_ciborium(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(document) = Document::decode(bytes, WIDE) else { return Ok(()) };
    let theirs: Value = ciborium::from_reader(bytes).unwrap();

    prop_assert_eq!(value_of(document.root()), theirs.clone());
    prop_assert_eq!(document.is_canonical(), forge::encode(&canonicalised(theirs)) == bytes);
    Ok(())
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn sorted_data_by_ciborium_is_canonical_and_reads_the_same(value in data()) {
        let bytes = forge::encode(&value);

        let document = Document::decode(&bytes, WIDE).unwrap();

        prop_assert!(document.is_canonical());
        prop_assert_eq!(value_of(document.root()), value);
    }

    /// Of nearly canonical bytes we read what ciborium reads, and find canonical exactly what ciborium would write.
    #[test]
    fn a_changed_byte_is_judged_as_ciborium_would(value in data(), at in any::<Index>(), byte in any::<u8>()) {
        let mut bytes = forge::encode(&value);
        let at = at.index(bytes.len());
        bytes[at] = byte;

        judged_as_by_ciborium(&bytes)?;
    }

    #[test]
    fn random_bytes_are_judged_as_ciborium_would(bytes in prop::collection::vec(any::<u8>(), 1..24)) {
        judged_as_by_ciborium(&bytes)?;
    }
}
