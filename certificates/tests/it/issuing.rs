//! What may be signed, and by whom.

use certificates::*;

use crate::fixtures::{NOW, certificate_key, claims, record, root, seed, status_key};

fn refused(change: impl FnOnce(&mut CertificateClaims)) -> ClaimsError {
    let mut claims = claims();
    change(&mut claims);
    claims.check().unwrap_err()
}

#[test]
fn only_a_certificate_key_signs_certificates() {
    let checked = claims().check().unwrap();

    assert_eq!(status_key().sign_certificate(&checked), Err(KeyError::WrongRole));
    assert_eq!(root().sign_certificate(&checked), Err(KeyError::WrongRole));
    assert!(certificate_key().sign_certificate(&checked).is_ok());
}

#[test]
fn the_issuer_is_clean_text_of_1_to_32_bytes() {
    assert_eq!(refused(|claims| claims.issuer.clear()), ClaimsError::Issuer);
    assert_eq!(refused(|claims| claims.issuer = "x".repeat(33)), ClaimsError::Issuer);
    assert_eq!(refused(|claims| claims.issuer = "xue\nexample".into()), ClaimsError::Issuer);
}

#[test]
fn a_certificate_lives_between_a_second_and_366_days() {
    let lives = |seconds| move |claims: &mut CertificateClaims| claims.expires_at = NOW.plus_seconds(seconds);

    assert_eq!(refused(lives(0)), ClaimsError::Lifetime);
    assert_eq!(refused(lives(-1)), ClaimsError::Lifetime);
    assert_eq!(refused(lives(366 * 86_400 + 1)), ClaimsError::Lifetime);
    assert_eq!(refused(|claims| claims.issued_at = UnixTime(i64::MIN)), ClaimsError::Lifetime);
    let before_1970 = |claims: &mut CertificateClaims| {
        claims.issued_at = UnixTime(-10);
        claims.expires_at = UnixTime(10);
        claims.totals.last_donation_day = 0;
    };
    assert_eq!(refused(before_1970), ClaimsError::Lifetime);
}

#[test]
fn the_status_uri_is_ascii_without_spaces() {
    for uri in ["", "https://xue.example.cn/a b", "https://血.cn/1", &"x".repeat(97)] {
        assert_eq!(refused(|claims| claims.status.uri = uri.into()), ClaimsError::StatusUri, "{uri}");
    }
}

#[test]
fn the_name_is_masked_clean_and_short() {
    let named = |name: &str| {
        let mut claims = claims();
        claims.holder.masked_name = name.into();
        claims.check().err()
    };

    assert_eq!(named("张三"), Some(ClaimsError::NameNotMasked));
    assert_eq!(named(""), Some(ClaimsError::MaskedName));
    assert_eq!(named("Jose\u{301} *"), Some(ClaimsError::MaskedName));
    assert_eq!(named("张\u{200b}*"), Some(ClaimsError::MaskedName));
    assert_eq!(named("张*\u{202e}"), Some(ClaimsError::MaskedName));
    assert_eq!(named("张*\u{0}"), Some(ClaimsError::MaskedName));
    assert_eq!(named(&"张".repeat(16)), Some(ClaimsError::NameNotMasked));
    assert_eq!(named(&"张".repeat(17)), Some(ClaimsError::MaskedName));
    for name in ["张*", "欧阳**", "阿卜杜·*", "Jos\u{e9} *", "𠮷*"] {
        assert_eq!(named(name), None, "{name}");
    }
}

#[test]
fn the_holders_year_and_document_are_plausible() {
    assert_eq!(refused(|claims| claims.holder.birth_year = 1899), ClaimsError::BirthYear);
    assert_eq!(refused(|claims| claims.holder.birth_year = 2200), ClaimsError::BirthYear);
    for document in ["", "002", "002x", "0０2X", "00210", "00 2"] {
        let error = refused(|claims| claims.holder.document_last_four = document.into());

        assert_eq!(error, ClaimsError::DocumentLastFour, "{document}");
    }
}

#[test]
fn there_is_a_donation_and_it_lies_not_after_the_day_of_issue_in_shanghai() {
    let donated = |day| move |claims: &mut CertificateClaims| claims.totals.last_donation_day = day;

    assert_eq!(refused(|claims| claims.totals.donations = 0), ClaimsError::NoDonation);
    assert_eq!(refused(donated(20_781)), ClaimsError::LastDonationDay);

    // 2026-11-23T16:00:00Z is midnight in Shanghai: the 24th has begun.
    let mut claims = claims();
    donated(20_781)(&mut claims);
    claims.issued_at = NOW.plus_seconds(16 * 3_600);
    assert!(claims.clone().check().is_ok());
    claims.issued_at = NOW.plus_seconds(16 * 3_600 - 1);
    assert_eq!(claims.check().unwrap_err(), ClaimsError::LastDonationDay);
}

#[test]
fn a_stored_payload_is_checked_as_if_it_were_new() {
    let payload = claims().check().unwrap().payload().to_vec();

    assert!(CheckedClaims::from_payload(&payload).is_ok());
    assert!(matches!(CheckedClaims::from_payload(&[]), Err(ClaimsError::Payload(_))));
    assert!(matches!(CheckedClaims::from_payload(&payload[1..]), Err(ClaimsError::Payload(_))));
    let mut unmasked = payload.clone();
    let star = unmasked.iter().position(|byte| *byte == b'*').unwrap();
    unmasked[star] = b'x';
    assert_eq!(CheckedClaims::from_payload(&unmasked), Err(ClaimsError::NameNotMasked));
    let mut indefinite = payload.clone();
    indefinite[0] = 0xbf;
    indefinite.push(0xff);
    assert!(matches!(CheckedClaims::from_payload(&indefinite), Err(ClaimsError::Payload(_))));
}

#[test]
fn a_key_signs_in_its_window_and_no_certificate_outlives_it() {
    let record = record(&certificate_key(), "xue.example.cn");
    let may = |record: &KeyRecord, issued_at, days| {
        record.may_sign(issued_at, UnixTime::plus_days(issued_at, days)).is_ok()
    };

    assert!(may(&record, record.signs_until, 366));
    assert!(!may(&record, record.signs_until, 367));
    assert!(!may(&record, record.signs_until.plus_seconds(1), 1));
    assert!(!may(&record, record.not_before.plus_seconds(-1), 1));
    assert!(!may(&KeyRecord { state: KeyState::Retired, ..record.clone() }, NOW, 1));
    assert!(!may(&KeyRecord { state: KeyState::RevokedAt(NOW), ..record }, NOW, 1));
}

#[test]
fn a_secret_key_survives_its_pem_and_shows_nothing_in_debug() {
    let key = certificate_key();

    let pem = key.to_pkcs8_pem();
    let again = SecretKey::from_pkcs8_pem(Role::Certificate, &pem).unwrap();

    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v"));
    assert_eq!(again.public(), key.public());
    assert_eq!(format!("{key:?}"), "SecretKey { role: Certificate, kid: KeyId(866eefbd6718c884), .. }");
}

/// RFC 8410 §7 and §10.3: version 2 carries the public key too.
#[test]
fn a_pem_whose_halves_do_not_belong_together_is_refused() {
    let pem = |der: &str| {
        let base64 = data_encoding::BASE64.encode(&data_encoding::HEXLOWER.decode(der.as_bytes()).unwrap());
        let lines: Vec<&str> =
            base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
    };
    let seed = data_encoding::HEXLOWER.encode(&seed());
    let public = data_encoding::HEXLOWER.encode(certificate_key().public().as_bytes());
    let stranger = data_encoding::HEXLOWER.encode(status_key().public().as_bytes());
    let version_2 = |public: &str| pem(&format!("3051020101300506032b657004220420{seed}812100{public}"));

    assert!(SecretKey::from_pkcs8_pem(Role::Certificate, &version_2(&public)).is_ok());
    let error = SecretKey::from_pkcs8_pem(Role::Certificate, &version_2(&stranger)).unwrap_err();
    assert_eq!(error, KeyError::NotPkcs8);
    assert!(SecretKey::from_pkcs8_pem(Role::Certificate, "").is_err());
    assert!(SecretKey::from_pkcs8_pem(Role::Certificate, &pem("3000")).is_err());
}

#[test]
fn weak_and_misspelled_public_keys_are_refused_at_load() {
    // The eight points of small order and their second spellings, from the libsodium blocklist.
    const SMALL_ORDER: [&str; 7] = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for hex in SMALL_ORDER {
        for sign in [0, 0x80] {
            let mut point: [u8; 32] =
                data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap();
            point[31] |= sign;

            assert!(PublicKey::from_bytes(point).is_err(), "{hex} {sign}");
        }
    }
    assert_eq!(PublicKey::from_bytes([2; 32]).err(), Some(KeyError::NotAPoint));
    assert!(PublicKey::from_bytes(*certificate_key().public().as_bytes()).is_ok());
}

/// RFC 8032 §5.1.3: a y of p or more is no encoding of anything; dalek by itself would reduce it.
#[test]
fn second_spellings_of_a_point_are_refused() {
    let mut reduced = 0;
    for y in 0xed..=0xff {
        for last in [0x7f, 0xff] {
            let mut point = [0xff; 32];
            (point[0], point[31]) = (y, last);
            reduced += u32::from(ed25519_dalek::VerifyingKey::from_bytes(&point).is_ok());

            assert_eq!(PublicKey::from_bytes(point).err(), Some(KeyError::NotAPoint), "{y:x} {last:x}");
        }
    }
    assert!(reduced > 0);
}

/// An honest key plus a point of order 2 is not weak by itself, but two messages can share a signature under it.
#[test]
fn a_key_with_a_small_order_part_is_weak() {
    use ed25519_dalek::VerifyingKey;
    let order_2 = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
    let order_2: [u8; 32] = data_encoding::HEXLOWER.decode(order_2.as_bytes()).unwrap().try_into().unwrap();
    let honest = VerifyingKey::from_bytes(certificate_key().public().as_bytes()).unwrap().to_edwards();
    let mixed = honest + VerifyingKey::from_bytes(&order_2).unwrap().to_edwards();

    assert_eq!(PublicKey::from_bytes(mixed.compress().to_bytes()).err(), Some(KeyError::WeakKey));
}
