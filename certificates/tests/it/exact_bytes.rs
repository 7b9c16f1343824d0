//! The exact bytes, against an independent encoder.

use certificates::*;
use coset::{CborSerializable, TaggedCborSerializable, iana};

use crate::fixtures::{certificate_key, claims, code_of, token};
use crate::forge::{self, disarm};

#[test]
fn the_kid_of_the_key_of_rfc_8032_test_1_is_the_one_in_the_format() {
    let kid = certificate_key().kid();

    assert_eq!(kid.hex(), "866eefbd6718c884");
    assert_eq!(kid.to_string(), "hm7vvWcYyIQ");
    assert_eq!(format!("{kid:?}"), "KeyId(866eefbd6718c884)");
}

#[test]
fn a_certificate_is_byte_for_byte_what_coset_and_ciborium_make_of_the_same_claims() {
    let ours = disarm(&token());

    let forged = forge::token();
    let header = coset::HeaderBuilder::new()
        .algorithm(iana::Algorithm::Ed25519)
        .key_id(certificate_key().kid().as_bytes().to_vec())
        .value(16, forge::text("application/xue+cwt"))
        .build();
    let theirs = coset::CoseSign1Builder::new()
        .protected(header)
        .payload(forged.payload())
        .create_signature(&[], |input| {
            use ed25519_dalek::Signer;
            ed25519_dalek::SigningKey::from_bytes(&forged.seed).sign(input).to_vec()
        })
        .build()
        .to_tagged_vec()
        .unwrap();

    assert_eq!(ours, theirs);
    assert_eq!(ours, forged.envelope());
}

#[test]
fn coset_reads_a_certificate_and_finds_its_signature_good() {
    let sign1 = coset::CoseSign1::from_tagged_slice(&disarm(&token())).unwrap();

    let good = sign1.verify_signature(&[], |signature, input| {
        let key = ed25519_dalek::VerifyingKey::from_bytes(certificate_key().public().as_bytes()).unwrap();
        key.verify_strict(input, &ed25519_dalek::Signature::from_slice(signature).unwrap())
    });

    assert!(good.is_ok());
    assert!(sign1.unprotected.is_empty());
    assert_eq!(sign1.protected.header.to_vec().unwrap()[0], 0xa3);
}

#[test]
fn a_certificate_takes_263_to_268_bytes_and_a_qr_code_of_version_13() {
    let lightest = {
        let mut claims = claims();
        claims.holder.masked_name = "张*".into();
        claims.totals.platelet_units = 0;
        claims
    };
    for (claims, length) in [(lightest, 263), (claims(), 268)] {
        let text = issue(&claims.check().unwrap(), &certificate_key()).unwrap();

        assert_eq!(disarm(&text).len(), length);
        assert_eq!(QrImage::of(&text).unwrap().version(), 13);
    }
}

#[test]
fn the_largest_payload_that_can_be_signed_still_fits_version_13() {
    let mut largest = claims();
    while largest.clone().check().unwrap().payload().len() < LONGEST_PAYLOAD {
        largest.status.uri.push('x');
    }

    let text = issue(&largest.clone().check().unwrap(), &certificate_key()).unwrap();
    assert_eq!(text.len(), 483);
    assert_eq!(QrImage::of(&text).unwrap().version(), 13);
    assert_eq!(code_of(&text), Code::Valid);

    largest.status.uri.push('x');
    assert_eq!(largest.check().unwrap_err(), ClaimsError::TooLarge);
}

#[test]
fn platelets_are_absent_when_there_are_none() {
    let mut without = claims();
    without.totals.platelet_units = 0;
    let mut forged = forge::token();
    forged.xue.remove(&forge::int(8));

    assert_eq!(without.check().unwrap().payload(), forged.payload());
    assert_eq!(code_of(&forged.text()), Code::Valid);
}

#[test]
fn the_stored_parts_give_the_same_text_again() {
    let checked = claims().check().unwrap();
    let signature = certificate_key().sign_certificate(&checked).unwrap();

    let again = CheckedClaims::from_payload(checked.payload()).unwrap();

    assert_eq!(again, checked);
    assert_eq!(token_text(certificate_key().kid(), again.payload(), &signature), token());
}

/// RFC 7049 §3.9 sorts shorter keys first, RFC 8949 §4.2.1 bytewise: our keys have one order under both.
#[test]
fn the_order_of_the_keys_is_the_same_under_both_canonical_rules() {
    let forged = forge::token();
    let mut claims = forged.claims.clone();
    claims.0.push((forge::int(-65_537), forge::int(0)));
    for map in [forged.header, claims, forged.xue] {
        let keys: Vec<Vec<u8>> = map.0.iter().map(|(key, _)| forge::encode(key)).collect();

        assert!(keys.is_sorted());
        assert!(keys.is_sorted_by_key(|key| (key.len(), key)));
    }
}
