//! One station, its keys, its keyset and one donor.

use std::sync::LazyLock;

use certificates::*;
use data_encoding::HEXLOWER;

/// 2026-11-23T00:00:00Z.
pub const NOW: UnixTime = UnixTime(1_795_392_000);
pub const ISSUER: &str = "xue.example.cn";
pub const STATUS_URI: &str = "https://xue.example.cn/status/1";
pub const INDEX: u64 = 700_000;

/// The secret key of RFC 8032 §7.1 test 1: known to everybody, so good for examples and for nothing else.
pub const RFC8032_TEST1_SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

pub fn seed() -> [u8; 32] {
    HEXLOWER.decode(RFC8032_TEST1_SEED.as_bytes()).unwrap().try_into().unwrap()
}

pub fn root() -> SecretKey {
    SecretKey::generate(Role::Root, [1; 32])
}

/// The key of RFC 8032 test 1.
pub fn certificate_key() -> SecretKey {
    SecretKey::generate(Role::Certificate, seed())
}

pub fn status_key() -> SecretKey {
    SecretKey::generate(Role::Status, [3; 32])
}

/// A second station's key.
pub fn foreign_key() -> SecretKey {
    SecretKey::generate(Role::Certificate, [4; 32])
}

/// A key that no keyset lists.
pub fn unlisted_key() -> SecretKey {
    SecretKey::generate(Role::Certificate, [5; 32])
}

pub fn claims() -> CertificateClaims {
    CertificateClaims {
        issuer: ISSUER.into(),
        issued_at: NOW,
        expires_at: NOW.plus_days(366),
        id: CertificateId::from_bytes(*b"0123456789abcdef"),
        status: StatusReference { uri: STATUS_URI.into(), index: INDEX },
        holder: Holder { masked_name: "欧阳*".into(), birth_year: 1990, document_last_four: "002X".into() },
        totals: Totals {
            whole_blood_ml: 12_000,
            donations: 34,
            platelet_units: 4,
            lives_saved: 60,
            lives_formula: LivesFormula::MlPer200,
            award: Award::Gold,
            award_counts_hundredths: 6_400,
            last_donation_day: 20_700,
        },
    }
}

pub fn token() -> String {
    static TOKEN: LazyLock<String> =
        LazyLock::new(|| issue(&claims().check().unwrap(), &certificate_key()).unwrap());
    TOKEN.clone()
}

pub fn record(key: &SecretKey, issuer: &str) -> KeyRecord {
    KeyRecord {
        issuer: issuer.into(),
        key: key.public().clone(),
        role: key.role(),
        not_before: NOW.plus_days(-30),
        signs_until: NOW.plus_days(60),
        not_after: NOW.plus_days(60 + 366),
        state: KeyState::Active,
    }
}

pub fn keyset_claims() -> KeysetClaims {
    KeysetClaims {
        issuer: ISSUER.into(),
        sequence: 7,
        issued_at: NOW.plus_days(-1),
        expires_at: NOW.plus_days(29),
        keys: vec![
            record(&certificate_key(), ISSUER),
            record(&status_key(), ISSUER),
            record(&foreign_key(), "hua.example.cn"),
        ],
        status_list_uris: vec![STATUS_URI.into()],
        minimum_verifier_version: 1,
        staleness: StalenessPolicy::AcceptProvisionally,
    }
}

pub fn open(claims: &KeysetClaims) -> Keyset {
    Keyset::open(&claims.sign(&root()).unwrap(), root().public(), claims.issued_at, None).unwrap()
}

pub fn keyset() -> &'static Keyset {
    static KEYSET: LazyLock<Keyset> = LazyLock::new(|| open(&keyset_claims()));
    &KEYSET
}

/// The keyset in which something was done to the record of the certificate key.
pub fn keyset_with(change: impl FnOnce(&mut KeyRecord)) -> Keyset {
    let mut claims = keyset_claims();
    change(&mut claims.keys[0]);
    open(&claims)
}

/// The code that a text gets.
pub fn code_of(text: &str) -> Code {
    code_in(text, keyset(), NOW)
}

pub fn code_in(text: &str, keyset: &Keyset, now: UnixTime) -> Code {
    match verify(text, keyset, now) {
        Ok(_) => Code::Valid,
        Err(refusal) => refusal.code(),
    }
}
