//! Attacks by chance: none panics, none is accepted. `REXUE_ATTACKS`, at compile time, sets how many there are.

use certificates::*;
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::fixtures::{NOW, certificate_key, claims, code_of, keyset, token};
use crate::forge::{armour, disarm};

/// How many cases each attack has; 300 unless told, a million for the record.
fn attacks() -> u32 {
    option_env!("REXUE_ATTACKS").and_then(|number| number.parse().ok()).unwrap_or(300)
}

/// How many genuine tokens have each of their bits flipped; 1 unless told, a thousand for the record.
fn tokens_to_flip() -> u64 {
    option_env!("REXUE_TOKENS_TO_FLIP").and_then(|number| number.parse().ok()).unwrap_or(1)
}

/// A genuine certificate of many.
fn numbered(number: u64) -> String {
    let mut claims = claims();
    claims.status.index = number;
    claims.totals.whole_blood_ml = 200 * number;
    issue(&claims.check().unwrap(), &certificate_key()).unwrap()
}

#[test]
fn every_one_bit_flip_of_a_genuine_certificate_is_refused() {
    let keyset = keyset();
    for number in 0..tokens_to_flip() {
        let envelope = disarm(&numbered(number));
        for at in 0..envelope.len() * 8 {
            let mut flipped = envelope.clone();
            flipped[at / 8] ^= 1 << (at % 8);

            assert!(verify(&armour(&flipped), keyset, NOW).is_err(), "token {number}, bit {at}");
        }
    }
}

#[test]
fn every_truncation_of_a_genuine_certificate_is_malformed() {
    let token = token();
    for length in 0..token.len() {
        assert_eq!(code_of(&token[..length]), Code::Malformed, "{length} characters");
    }
}

#[test]
fn every_change_of_one_character_is_refused() {
    let (token, keyset) = (token(), keyset());
    for at in 0..token.len() {
        for replacement in ["A", "7", "=", "", "AA", "血"] {
            let changed = format!("{}{replacement}{}", &token[..at], &token[at + 1..]);
            if changed != token {
                assert!(verify(&changed, keyset, NOW).is_err(), "{at} {replacement}");
            }
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: attacks(), failure_persistence: None, ..Config::default() })]

    #[test]
    fn random_bytes_are_malformed(bytes in prop::collection::vec(any::<u8>(), 0..1_500)) {
        let refusal = verify_bytes(&bytes, keyset(), NOW).unwrap_err();

        prop_assert_eq!(refusal.code(), Code::Malformed);
    }

    #[test]
    fn random_texts_are_malformed(text in "\\PC{0,200}") {
        prop_assert_eq!(code_of(&text), Code::Malformed);
    }

    #[test]
    fn random_base32_is_refused(text in "XUE:/1/[A-Z2-7]{0,1193}") {
        prop_assert_ne!(code_of(&text), Code::Valid);
    }

    #[test]
    fn random_envelopes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..745)) {
        prop_assert_ne!(code_of(&armour(&[vec![0xd2, 0x84], bytes].concat())), Code::Valid);
    }

    #[test]
    fn mutated_certificates_are_refused(
        at in any::<prop::sample::Index>(),
        removed in 0usize..8,
        inserted in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let envelope = disarm(&token());
        let at = at.index(envelope.len());
        let end = (at + removed).min(envelope.len());
        let mutated = [&envelope[..at], &inserted, &envelope[end..]].concat();

        if mutated != envelope {
            prop_assert_ne!(code_of(&armour(&mutated)), Code::Valid);
        }
    }

    /// Whoever holds the key may sign anything; only the canonical encoding of claims that keep every rule is
    /// accepted, as writing the claims again finds independently of the decoder's own judgement.
    #[test]
    fn of_signed_payloads_exactly_those_that_could_be_issued_are_valid(
        tail in prop::collection::vec(any::<u8>(), 0..300),
        prefix in 0usize..=161,
    ) {
        let good = crate::forge::token();
        let payload = [&good.payload()[..prefix], &tail].concat();
        let header = good.header.encode();
        let signature = crate::forge::sign(&good.seed, &header, &payload);
        let text = armour(&crate::forge::envelope(&header, &payload, &signature));

        prop_assert_eq!(code_of(&text) == Code::Valid, CheckedClaims::from_payload(&payload).is_ok());
    }

    /// The last bytes of a payload are numbers, so that a changed tail is often a certificate of its own.
    #[test]
    fn a_signed_payload_with_another_tail_is_judged_like_any_other(tail in prop::collection::vec(any::<u8>(), 0..6)) {
        let good = crate::forge::token();
        let payload = [&good.payload()[..157], &tail].concat();
        let header = good.header.encode();
        let signature = crate::forge::sign(&good.seed, &header, &payload);
        let text = armour(&crate::forge::envelope(&header, &payload, &signature));

        prop_assert_eq!(code_of(&text) == Code::Valid, CheckedClaims::from_payload(&payload).is_ok());
    }

    #[test]
    fn random_snapshots_and_status_lists_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let keyset = keyset();
        let envelope = [vec![0xd2, 0x84], bytes].concat();

        let snapshot = Keyset::open(&envelope, crate::fixtures::root().public(), NOW, None);
        prop_assert!(snapshot.is_err());
        prop_assert!(StatusList::open(&envelope, keyset, crate::fixtures::STATUS_URI, NOW).is_err());
        prop_assert!(CheckedClaims::from_payload(&envelope).is_err());
    }

    /// Whatever may be signed is accepted, and says what was signed.
    #[test]
    fn every_certificate_that_may_be_signed_is_valid(
        name in "[张欧阳A-Z ]{1,6}\\*",
        document in "[A-Z0-9]{4}",
        numbers in any::<(u32, u32, u32, u32, u32, [u8; 16])>(),
        year in 1900u16..2200,
        day in 0u32..=20_780,
        seconds in 1i64..=366 * 86_400,
    ) {
        let (blood, donations, platelets, lives, counts, id) = numbers;
        let mut claims = claims();
        claims.holder = Holder { masked_name: name, birth_year: year, document_last_four: document };
        claims.id = CertificateId::from_bytes(id);
        claims.expires_at = NOW.plus_seconds(seconds);
        claims.totals = Totals {
            whole_blood_ml: blood.into(),
            donations: donations.max(1),
            platelet_units: platelets,
            lives_saved: lives,
            lives_formula: LivesFormula::UpToThree,
            award: Award::Lifetime,
            award_counts_hundredths: counts.into(),
            last_donation_day: day,
        };
        let checked = claims.clone().check().unwrap();
        let text = issue(&checked, &certificate_key()).unwrap();

        let certificate = verify(&text, keyset(), NOW).unwrap();

        prop_assert_eq!(certificate.claims(), &claims);
        prop_assert_eq!(CheckedClaims::from_payload(checked.payload()).unwrap(), checked);
        prop_assert!(text.len() <= 483, "more than version 13 of a QR code holds");
    }
}
