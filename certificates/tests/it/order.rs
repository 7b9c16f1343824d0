//! Steps 3 to 7 of the verification refuse each with its own code, and the first failing step decides.

use certificates::*;
use ciborium::Value;

use crate::fixtures::{
    NOW, certificate_key, code_in, code_of, foreign_key, keyset, keyset_claims, keyset_with, open,
    status_key, token, unlisted_key,
};
use crate::forge::{self, Token, armour, bytes, forged, int, text};

fn seed_of(key: &SecretKey) -> [u8; 32] {
    let pem = key.to_pkcs8_pem();
    let base64 = pem.lines().nth(1).unwrap();
    data_encoding::BASE64.decode(base64.as_bytes()).unwrap()[16..].try_into().unwrap()
}

#[test]
fn a_genuine_certificate_is_valid_and_says_what_was_signed() {
    let certificate = verify(&token(), keyset(), NOW).unwrap();

    assert_eq!(*certificate.claims(), crate::fixtures::claims());
    assert_eq!(certificate.kid(), certificate_key().kid());
}

// Step 3: the type and the key.

#[test]
fn another_type_is_unknown() {
    let typed = |typ: Value| forged(|token| token.header.set(int(16), typ));

    assert_eq!(code_of(&typed(text("application/xue-pass+cwt"))), Code::UnknownType);
    assert_eq!(code_of(&typed(text("application/xue-keyset+cwt"))), Code::UnknownType);
    assert_eq!(code_of(&typed(text("application/statuslist+cwt"))), Code::UnknownType);
    assert_eq!(code_of(&typed(text("APPLICATION/XUE+CWT"))), Code::UnknownType);
    assert_eq!(code_of(&typed(int(61))), Code::UnknownType);
}

#[test]
fn a_key_that_the_keyset_does_not_list_is_unknown() {
    let by = |kid: &[u8]| forged(|token| token.header.set(int(4), bytes(kid)));

    assert_eq!(code_of(&by(unlisted_key().kid().as_bytes())), Code::UnknownKey);
    assert_eq!(code_of(&by(&certificate_key().kid().as_bytes()[..7])), Code::UnknownKey);
    assert_eq!(code_of(&by(b"")), Code::UnknownKey);
    let token = issue(&crate::fixtures::claims().check().unwrap(), &unlisted_key()).unwrap();
    assert_eq!(code_of(&token), Code::UnknownKey);
}

#[test]
fn the_token_does_not_choose_the_algorithm() {
    let with = |alg: Value| forged(|token| token.header.set(int(1), alg));

    for alg in [int(-8), int(-7), int(-50), int(0), int(5), text("none"), text("EdDSA")] {
        assert_eq!(code_of(&with(alg)), Code::KeyNotValid);
    }
}

#[test]
fn a_key_of_another_role_may_not_vouch_for_a_certificate() {
    let by_status_key = forged(|token| {
        token.header.set(int(4), bytes(status_key().kid().as_bytes()));
        token.seed = seed_of(&status_key());
    });

    assert_eq!(code_of(&by_status_key), Code::KeyNotValid);
}

#[test]
fn a_revoked_key_vouches_for_nothing_whatever_date_a_token_carries() {
    let revoked = keyset_with(|record| record.state = KeyState::RevokedAt(NOW.plus_days(10)));

    assert_eq!(code_in(&token(), &revoked, NOW), Code::KeyNotValid);
}

#[test]
fn a_retired_key_still_vouches_for_what_it_signed() {
    let retired = keyset_with(|record| {
        record.state = KeyState::Retired;
        record.signs_until = NOW;
    });
    let later = forged(|token| token.claims.set(int(6), int(NOW.0 + 1)));

    assert_eq!(code_in(&token(), &retired, NOW), Code::Valid);
    assert_eq!(code_in(&later, &retired, NOW), Code::KeyNotValid);
}

#[test]
fn a_token_issued_outside_its_keys_window_is_refused() {
    let early = keyset_with(|record| record.signs_until = NOW.plus_seconds(-1));
    let late = keyset_with(|record| record.not_before = NOW.plus_seconds(1));
    let exact = keyset_with(|record| {
        record.not_before = NOW;
        record.signs_until = NOW;
    });

    assert_eq!(code_in(&token(), &early, NOW), Code::KeyNotValid);
    assert_eq!(code_in(&token(), &late, NOW), Code::KeyNotValid);
    assert_eq!(code_in(&token(), &exact, NOW), Code::Valid);
}

#[test]
fn a_keyset_that_expired_after_it_was_opened_vouches_for_no_key() {
    let keyset = keyset();
    let end = keyset.claims().expires_at;

    assert_eq!(code_in(&token(), keyset, end.plus_seconds(-1)), Code::Valid);
    assert_eq!(code_in(&token(), keyset, end), Code::KeyNotValid);
}

// Step 4: the signature.

#[test]
fn a_signature_by_another_key_is_bad() {
    assert_eq!(code_of(&forged(|token| token.seed = [9; 32])), Code::BadSignature);
}

#[test]
fn a_signature_over_another_payload_is_bad() {
    let (good, mut richer) = (forge::token(), forge::token());
    richer.xue.set(int(4), int(120_000));
    let envelope = forge::envelope(&good.header.encode(), &richer.payload(), &good.signature());

    assert_eq!(code_of(&armour(&envelope)), Code::BadSignature);
}

/// S + L verifies wherever the range of S is not checked (RFC 8032 §8.4).
#[test]
fn a_malleated_signature_is_bad() {
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let good = forge::token();
    let mut signature = good.signature();
    let mut carry = 0;
    for (digit, l) in signature[32..].iter_mut().zip(L) {
        let sum = u16::from(*digit) + u16::from(l) + carry;
        [carry, _] = [sum >> 8, 0];
        *digit = sum.to_le_bytes()[0];
    }
    let envelope = forge::envelope(&good.header.encode(), &good.payload(), &signature);

    assert_eq!(code_of(&armour(&envelope)), Code::BadSignature);
}

/// With R the neutral element and S = k·a the loose equation S·B = R + k·A holds. Only the strict rules see that
/// whoever made it took no nonce.
#[test]
fn a_signature_whose_r_is_of_small_order_is_bad() {
    use ed25519_dalek::{Signature, SigningKey, Verifier};
    use sha2::{Digest, Sha512};
    let good = forge::token();
    let key = SigningKey::from_bytes(&good.seed);
    let mut signature = [0; 64];
    signature[0] = 1;
    let input = forge::signature_input(&good.header.encode(), &good.payload());
    let hash = Sha512::new()
        .chain_update(&signature[..32])
        .chain_update(key.verifying_key().as_bytes())
        .chain_update(&input)
        .finalize();
    let a = key.to_scalar();
    let one = a * a.invert();
    let bits = hash.iter().rev().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    let k = bits.fold(one - one, |k, bit| if bit == 1 { k + k + one } else { k + k });
    signature[32..].copy_from_slice((k * a).as_bytes());

    assert!(key.verifying_key().verify(&input, &Signature::from_bytes(&signature)).is_ok());
    let envelope = forge::envelope(&good.header.encode(), &good.payload(), &signature);
    assert_eq!(code_of(&armour(&envelope)), Code::BadSignature);
}

// Step 6: issuer and times.

#[test]
fn an_issuer_that_is_not_its_keys_is_wrong() {
    let stranger = forged(|token| token.claims.set(int(1), text("hua.example.cn")));
    let as_foreigner = forged(|token| {
        token.header.set(int(4), bytes(foreign_key().kid().as_bytes()));
        token.seed = seed_of(&foreign_key());
    });

    assert_eq!(code_of(&stranger), Code::WrongIssuer);
    assert_eq!(code_of(&as_foreigner), Code::WrongIssuer);
}

#[test]
fn another_citys_certificate_is_valid_when_the_keyset_lists_that_citys_key() {
    let foreign = forged(|token| {
        token.header.set(int(4), bytes(foreign_key().kid().as_bytes()));
        token.claims.set(int(1), text("hua.example.cn"));
        token.seed = seed_of(&foreign_key());
    });

    assert_eq!(code_of(&foreign), Code::Valid);
}

#[test]
fn a_certificate_from_the_future_is_not_yet_valid_beyond_the_tolerance() {
    let keyset = keyset();

    assert_eq!(code_in(&token(), keyset, NOW.plus_seconds(-120)), Code::Valid);
    assert_eq!(code_in(&token(), keyset, NOW.plus_seconds(-121)), Code::NotYetValid);
}

#[test]
fn a_certificate_is_expired_from_its_exp_on() {
    let short = forged(|token| token.claims.set(int(4), int(NOW.0 + 60)));
    let keyset = keyset();

    assert_eq!(code_in(&short, keyset, NOW.plus_seconds(59)), Code::Valid);
    assert_eq!(code_in(&short, keyset, NOW.plus_seconds(60)), Code::Expired);
}

#[test]
fn a_certificate_must_not_live_longer_than_366_days_or_than_its_key() {
    let too_long = forged(|token| token.claims.set(int(4), int(NOW.plus_days(366).0 + 1)));
    let short_lived_key = keyset_with(|record| record.not_after = NOW.plus_days(365));

    assert_eq!(code_of(&too_long), Code::Expired);
    assert_eq!(code_in(&token(), &short_lived_key, NOW), Code::Expired);
}

#[test]
fn a_clock_behind_the_keyset_is_wrong() {
    let mut claims = keyset_claims();
    claims.issued_at = NOW.plus_days(20);
    claims.expires_at = NOW.plus_days(30);
    let newer = open(&claims);

    assert_eq!(code_in(&token(), &newer, NOW.plus_days(20).plus_seconds(-120)), Code::Valid);
    assert_eq!(code_in(&token(), &newer, NOW.plus_days(20).plus_seconds(-121)), Code::ClockWrong);
}

// Step 7: the schema.

#[test]
fn another_version_is_unsupported_even_when_its_members_are_unknown() {
    let version_2 = forged(|token| {
        token.xue.set(int(0), int(2));
        token.xue.set(int(12), int(0));
    });

    assert_eq!(code_of(&version_2), Code::UnsupportedVersion);
    assert_eq!(code_of(&forged(|token| token.xue.set(int(0), int(0)))), Code::UnsupportedVersion);
    assert_eq!(code_of(&forged(|token| token.xue.set(int(0), text("1")))), Code::Malformed);
    assert_eq!(code_of(&forged(|token| token.xue.remove(&int(0)))), Code::Malformed);
}

#[test]
fn the_schema_is_closed() {
    assert_eq!(code_of(&forged(|token| token.xue.set(int(12), int(0)))), Code::Malformed);
    assert_eq!(code_of(&forged(|token| token.claims.set(int(65_536), int(0)))), Code::Malformed);
    let nested = |inner: Value| forged(|token| token.claims.set(int(65_535), inner));
    let list = |uri: Value| Value::Map(vec![(text("idx"), int(1)), (text("uri"), uri)]);
    assert_eq!(code_of(&nested(Value::Map(vec![(text("status_list"), int(1))]))), Code::Malformed);
    let good = list(text("https://xue.example.cn/status/1"));
    let with_more = vec![
        (text("idx"), int(1)),
        (text("uri"), text("https://xue.example.cn/status/1")),
        (text("more"), int(1)),
    ];
    let with_more = Value::Map(vec![(text("status_list"), Value::Map(with_more))]);
    assert_eq!(code_of(&nested(with_more)), Code::Malformed);
    let two_lists = vec![(text("more_lists"), int(1)), (text("status_list"), good)];
    assert_eq!(code_of(&nested(Value::Map(two_lists))), Code::Malformed);
    assert_eq!(code_of(&nested(Value::Map(vec![(text("status_list"), list(int(1)))]))), Code::Malformed);
}

#[test]
fn every_member_is_required_and_typed() {
    for label in [1, 2, 3, 4, 5, 6, 7, 9, 10, 11] {
        assert_eq!(code_of(&forged(|token| token.xue.remove(&int(label)))), Code::Malformed, "xue {label}");
        let wrong_type = forged(|token| token.xue.set(int(label), bytes(b"x")));
        assert_eq!(code_of(&wrong_type), Code::Malformed, "xue {label}");
    }
    for label in [1, 4, 7, 65_535] {
        let without = forged(|token| token.claims.remove(&int(label)));
        assert_eq!(code_of(&without), Code::Malformed, "claim {label}");
        let wrong_type = forged(|token| token.claims.set(int(label), int(-1)));
        assert_eq!(code_of(&wrong_type), Code::Malformed, "claim {label}");
    }
}

#[test]
fn members_out_of_range_are_malformed() {
    let cases = [
        (2, int(65_536)),
        (2, int(1899)),
        (3, text("02X")),
        (3, text("002x")),
        (4, int(-1)),
        (5, int(1 << 32)),
        (5, int(0)),
        (7, int(3)),
        (8, int(0)),
        (9, int(5)),
        (11, int(1 << 32)),
        (1, text("欧阳修")),
        (1, text("")),
        (1, text("欧*\u{202e}阳")),
    ];
    for (label, value) in cases {
        let bent = forged(|token| token.xue.set(int(label), value.clone()));

        assert_eq!(code_of(&bent), Code::Malformed, "xue {label} = {value:?}");
    }
    assert_eq!(code_of(&forged(|token| token.claims.set(int(7), bytes(b"short")))), Code::Malformed);
}

// Two faults at once: the earlier step decides.

#[test]
fn of_two_faults_the_earlier_step_names_its_own() {
    /// Adds one fault to a token, to its bytes, or to both.
    type Fault = fn(&mut Token);
    let faults: [(Code, Fault); 9] = [
        (Code::Malformed, |token| token.header.0.push((int(5), int(0)))),
        (Code::UnknownType, |token| token.header.set(int(16), text("application/cwt"))),
        (Code::UnknownKey, |token| token.header.set(int(4), bytes(b"nobody's"))),
        (Code::KeyNotValid, |token| token.header.set(int(1), int(-8))),
        (Code::BadSignature, |token| token.seed = [9; 32]),
        (Code::NotCanonical, |token| token.xue.0.swap(4, 5)),
        (Code::WrongIssuer, |token| token.claims.set(int(1), text("hua.example.cn"))),
        (Code::Expired, |token| token.claims.set(int(4), int(NOW.0))),
        (Code::UnsupportedVersion, |token| token.xue.set(int(0), int(2))),
    ];
    for (at, (earlier, first)) in faults.iter().enumerate() {
        assert_eq!(code_of(&forged(first)), *earlier);
        for (later, second) in &faults[at + 1..] {
            let both = forged(|token| {
                first(token);
                second(token);
            });

            assert_eq!(code_of(&both), *earlier, "{earlier} and {later}");
        }
    }
}

#[test]
fn the_times_are_asked_in_the_order_issuer_future_end_life_clock() {
    let mut claims = keyset_claims();
    claims.issued_at = NOW.plus_days(20);
    claims.expires_at = NOW.plus_days(30);
    let newer = open(&claims);
    let future = forged(|token| token.claims.set(int(6), int(NOW.0 + 121)));
    let stranger = forged(|token| {
        token.claims.set(int(6), int(NOW.0 + 121));
        token.claims.set(int(1), text("hua.example.cn"));
    });
    let ended = forged(|token| token.claims.set(int(4), int(NOW.0)));

    assert_eq!(code_in(&stranger, &newer, NOW), Code::WrongIssuer);
    assert_eq!(code_in(&future, &newer, NOW), Code::NotYetValid);
    assert_eq!(code_in(&ended, &newer, NOW), Code::Expired);
    assert_eq!(code_in(&token(), &newer, NOW), Code::ClockWrong);
}

#[test]
fn a_refusal_keeps_the_token_to_itself() {
    let refusal = verify("张三 13800138000", keyset(), NOW).unwrap_err();

    assert_eq!(refusal.code(), Code::Malformed);
    assert_eq!(refusal.to_string(), "malformed: the prefix is not XUE:/1/");
}
