//! Step 2: what is not an envelope, a header or a payload of this format.

use certificates::{Code, verify};
use ciborium::Value;

use crate::fixtures::{NOW, certificate_key, code_of, keyset};
use crate::forge::{self, armour, bytes, forged, int, text};

fn detail_of(text: &str) -> String {
    verify(text, keyset(), NOW).unwrap_err().to_string()
}

#[test]
fn an_envelope_that_is_not_a_tagged_array_of_four_is_malformed() {
    let good = forge::token();
    let (protected, payload, signature) = (good.header.encode(), good.payload(), good.signature());
    let parts = [bytes(&protected), Value::Map(vec![]), bytes(&payload), bytes(&signature)];
    let array = |parts: &[Value]| Value::Array(parts.to_vec());
    let tagged = |tag, value| forge::encode(&Value::Tag(tag, Box::new(value)));
    let cases = [
        ("no tag", forge::encode(&array(&parts))),
        ("another tag", tagged(17, array(&parts))),
        ("two tags", tagged(18, Value::Tag(18, Box::new(array(&parts))))),
        ("three parts", tagged(18, array(&parts[..3]))),
        ("five parts", tagged(18, array(&[&parts[..], &parts[..1]].concat()))),
        ("a map", tagged(18, Value::Map(vec![]))),
        ("nothing", vec![]),
        ("a trailing byte", [forge::token().envelope(), vec![0]].concat()),
    ];
    for (what, envelope) in cases {
        assert_eq!(code_of(&armour(&envelope)), Code::Malformed, "{what}");
    }
}

#[test]
fn parts_of_the_wrong_type_are_malformed() {
    let good = forge::token();
    let parts =
        [bytes(&good.header.encode()), Value::Map(vec![]), bytes(&good.payload()), bytes(&good.signature())];
    for at in 0..4 {
        let mut parts = parts.to_vec();
        parts[at] = int(1);
        let envelope = forge::encode(&Value::Tag(18, Box::new(Value::Array(parts))));

        assert_eq!(code_of(&armour(&envelope)), Code::Malformed, "part {at}");
    }
}

#[test]
fn anything_in_the_unprotected_header_is_malformed_even_the_same_kid_again() {
    let good = forge::token();
    let kid = (int(4), bytes(certificate_key().kid().as_bytes()));
    let parts = vec![
        bytes(&good.header.encode()),
        Value::Map(vec![kid]),
        bytes(&good.payload()),
        bytes(&good.signature()),
    ];
    let envelope = forge::encode(&Value::Tag(18, Box::new(Value::Array(parts))));

    assert_eq!(code_of(&armour(&envelope)), Code::Malformed);
}

#[test]
fn a_signature_of_another_length_is_malformed() {
    let good = forge::token();
    for signature in [&good.signature()[..63], &[good.signature().as_slice(), &[0]].concat(), &[]] {
        let envelope = forge::envelope(&good.header.encode(), &good.payload(), signature);

        assert_eq!(code_of(&armour(&envelope)), Code::Malformed);
    }
}

#[test]
fn a_protected_header_without_exactly_alg_kid_and_typ_is_malformed() {
    for label in [1, 4, 16] {
        assert_eq!(code_of(&forged(|token| token.header.remove(&int(label)))), Code::Malformed);
    }
    let with = |label: Value| forged(|token| token.header.0.push((label, int(0))));

    assert_eq!(code_of(&with(int(5))), Code::Malformed);
    assert_eq!(code_of(&with(text("zip"))), Code::Malformed);
    assert_eq!(code_of(&with(int(4))), Code::Malformed);
}

#[test]
fn protected_labels_of_types_that_cose_does_not_allow_are_malformed() {
    assert_eq!(code_of(&forged(|token| token.header.set(int(1), bytes(b"")))), Code::Malformed);
    assert_eq!(code_of(&forged(|token| token.header.set(int(4), text("hm7vvWcYyIQ")))), Code::Malformed);
    assert_eq!(code_of(&forged(|token| token.header.set(int(16), bytes(b"")))), Code::Malformed);
}

#[test]
fn a_payload_that_is_no_map_or_has_no_issue_time_is_malformed() {
    assert_eq!(code_of(&forged(|token| token.claims.remove(&int(6)))), Code::Malformed);
    assert_eq!(code_of(&forged(|token| token.claims.set(int(6), int(-1)))), Code::Malformed);
    assert_eq!(code_of(&forged(|token| token.claims.set(int(6), int(253_402_300_800)))), Code::Malformed);
    let good = forge::token();
    for payload in [forge::encode(&Value::Array(vec![])), vec![], vec![0xa1]] {
        let signature = forge::sign(&good.seed, &good.header.encode(), &payload);
        let envelope = forge::envelope(&good.header.encode(), &payload, &signature);

        assert_eq!(code_of(&armour(&envelope)), Code::Malformed);
    }
}

#[test]
fn what_the_format_never_uses_is_malformed() {
    let bend = |value: Value| forged(|token| token.xue.set(int(12), value));
    let too_deep = (0..6).fold(int(0), |inner, _| Value::Array(vec![inner]));

    assert_eq!(code_of(&bend(Value::Float(1.5))), Code::Malformed);
    assert_eq!(code_of(&bend(Value::Null)), Code::Malformed);
    assert_eq!(code_of(&bend(Value::Bool(true))), Code::Malformed);
    assert_eq!(code_of(&bend(Value::Tag(1, Box::new(int(0))))), Code::Malformed);
    assert!(detail_of(&bend(too_deep)).contains("nested too deeply"));
    assert!(detail_of(&bend(text(&"x".repeat(97)))).contains("text is too long"));
    assert!(detail_of(&bend(Value::Array(vec![int(0); 40]))).contains("too many items"));
}
