//! Claims to a signed text, and a text to verified claims, beside a raw signature and a raw strict check.

use crate::Outcome;
use crate::options::Options;
use crate::report::{Goal, Report};
use crate::rounds::{alternate, rate};
use crate::signed::Signed;
use certificates::{
    Award, CertificateClaims, CertificateId, Holder, KeyRecord, KeyState, Keyset, KeysetClaims, LivesFormula,
    Role, SecretKey, StalenessPolicy, StatusReference, Totals, UnixTime, issue, verify,
};
use ed25519_dalek::{Signer, SigningKey};

const NOW: UnixTime = UnixTime(1_790_000_000);
const URI: &str = "https://xue.example/status/1";
const SEED: [u8; 32] = [2; 32];
/// Different certificates that take turns.
const CERTIFICATES: u8 = 200;

/// Measures both directions.
pub fn measure(options: &Options, report: &mut Report) -> Outcome<()> {
    let key = SecretKey::generate(Role::Certificate, SEED);
    let raw = SigningKey::from_bytes(&SEED);
    let keyset = keyset(&key)?;
    let texts = texts()?;
    let signed: Vec<Signed> = texts.iter().map(|text| Signed::of(text)).collect::<Outcome<_>>()?;

    let claims = || (0..CERTIFICATES).map(claims).collect::<Vec<_>>();
    let turns = alternate(
        options.rounds,
        || rate(options.seconds, claims, |claims| Ok(issue(&claims.check()?, &key)?)),
        || rate(options.seconds, || signed.iter().collect(), |signed| Ok(raw.sign(&signed.message))),
    )?;
    report.lane("claims → token text", "dalek sign", &turns, Goal::AtLeast(0.90));

    let public = raw.verifying_key();
    let turns = alternate(
        options.rounds,
        || {
            let inputs = || texts.iter().collect();
            rate(options.seconds, inputs, |text: &String| {
                verify(text, &keyset, NOW).map_err(|refusal| refusal.detail().into())
            })
        },
        || rate(options.seconds, || signed.iter().collect(), |signed| signed.is_signed_by(&public)),
    )?;
    report.lane("token text → verified claims", "dalek verify_strict", &turns, Goal::AtLeast(0.90));
    Ok(())
}

/// Texts of different certificates, as the station issues them.
pub fn texts() -> Outcome<Vec<String>> {
    let key = SecretKey::generate(Role::Certificate, SEED);
    (0..CERTIFICATES).map(|place| Ok(issue(&claims(place).check()?, &key)?)).collect()
}

fn claims(place: u8) -> CertificateClaims {
    let donations = u32::from(place) + 1;
    CertificateClaims {
        issuer: "xue.example".to_owned(),
        issued_at: NOW,
        expires_at: NOW.plus_days(365),
        id: CertificateId::from_bytes([place; 16]),
        status: StatusReference { uri: URI.to_owned(), index: 70_000 + u64::from(place) },
        holder: Holder {
            masked_name: "欧阳*".to_owned(),
            birth_year: 1990,
            document_last_four: "002X".to_owned(),
        },
        totals: Totals {
            whole_blood_ml: 400 * u64::from(donations),
            donations,
            platelet_units: u32::from(place % 7),
            lives_saved: 2 * donations,
            lives_formula: LivesFormula::MlPer200,
            award: Award::Bronze,
            award_counts_hundredths: 200 * u64::from(donations),
            last_donation_day: 20_700,
        },
    }
}

fn keyset(key: &SecretKey) -> Outcome<Keyset> {
    let root = SecretKey::generate(Role::Root, [1; 32]);
    let record = KeyRecord {
        issuer: "xue.example".to_owned(),
        key: key.public().clone(),
        role: Role::Certificate,
        not_before: NOW,
        signs_until: NOW.plus_days(90),
        not_after: NOW.plus_days(90 + 366),
        state: KeyState::Active,
    };
    let claims = KeysetClaims {
        issuer: "xue.example".to_owned(),
        sequence: 1,
        issued_at: NOW,
        expires_at: NOW.plus_days(30),
        keys: vec![record],
        status_list_uris: vec![URI.to_owned()],
        minimum_verifier_version: 1,
        staleness: StalenessPolicy::AcceptProvisionally,
    };
    Keyset::open(&claims.sign(&root)?, root.public(), NOW, None)
        .map_err(|refusal| format!("the keyset is refused: {refusal:?}").into())
}
