//! The electronic donation certificate `XUE:/1/`: claims, canonical bytes, keys, verification, status lists,
//! certificate numbers and QR codes.
//!
//! There is no I/O, no clock and no randomness here: bytes, instants and seeds are arguments. The format itself,
//! byte by byte, is described in this crate's `README.md`.
//!
//! A certificate's life, in four calls:
//!
//! ```
//! use certificates::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = UnixTime(1_790_000_000);
//! let uri = "https://xue.example/s/1";
//! let root = SecretKey::generate(Role::Root, [1; 32]); // seeds come from a random source
//! let key = SecretKey::generate(Role::Certificate, [2; 32]);
//!
//! // The station publishes which keys it uses …
//! let snapshot = KeysetClaims {
//!     issuer: "xue.example".into(),
//!     sequence: 1,
//!     issued_at: now,
//!     expires_at: now.plus_days(30),
//!     keys: vec![KeyRecord {
//!         issuer: "xue.example".into(),
//!         key: key.public().clone(),
//!         role: Role::Certificate,
//!         not_before: now,
//!         signs_until: now.plus_days(90),
//!         not_after: now.plus_days(90 + 366),
//!         state: KeyState::Active,
//!     }],
//!     status_list_uris: vec![uri.into()],
//!     minimum_verifier_version: 1,
//!     staleness: StalenessPolicy::AcceptProvisionally,
//! }
//! .sign(&root)?;
//!
//! // … and signs what it has checked.
//! let checked = CertificateClaims {
//!     issuer: "xue.example".into(),
//!     issued_at: now,
//!     expires_at: now.plus_days(366),
//!     id: CertificateId::from_bytes([3; 16]),
//!     status: StatusReference { uri: uri.into(), index: 7 },
//!     holder: Holder { masked_name: "张*".into(), birth_year: 1990, document_last_four: "002X".into() },
//!     totals: Totals {
//!         whole_blood_ml: 1_200,
//!         donations: 3,
//!         platelet_units: 0,
//!         lives_saved: 6,
//!         lives_formula: LivesFormula::MlPer200,
//!         award: Award::None,
//!         award_counts_hundredths: 600,
//!         last_donation_day: 20_700,
//!     },
//! }
//! .check()?;
//! let text = issue(&checked, &key)?;
//!
//! // A hospital that pinned the root verifies it, offline …
//! let keyset = Keyset::open(&snapshot, root.public(), now, None)?;
//! let certificate = verify(&text, &keyset, now)?;
//! assert_eq!(certificate.claims().totals.donations, 3);
//!
//! // … and asks about revocation.
//! assert_eq!(judge(&certificate, StatusEvidence::Live(Status::Valid), now), Code::Valid);
//! # Ok(())
//! # }
//! ```

pub mod cbor;
mod certificate;
mod claims;
mod cose;
mod index_shuffle;
pub mod iso7064;
mod keys;
mod keyset;
mod keyset_payload;
mod number;
mod outcome;
mod payload;
mod qr;
mod secret_key;
#[cfg(test)]
#[path = "../tests/it/shared.rs"]
mod shared;
#[cfg(test)]
mod shared_vectors;
mod status_list;
mod text;
mod time;
mod verify;

pub use certificate::{issue, token_text};
pub use claims::{
    Award, CertificateClaims, CertificateId, CheckedClaims, ClaimsError, Holder, LONGEST_LIFETIME_SECONDS,
    LONGEST_PAYLOAD, LivesFormula, StatusReference, Totals,
};
pub use index_shuffle::IndexShuffle;
pub use keys::{KeyError, KeyId, PublicKey, Role, Signature64};
pub use keyset::{
    KeyRecord, KeyState, Keyset, KeysetClaims, KeysetError, KeysetRefusal, LONGEST_KEYSET_LIFETIME_SECONDS,
    StalenessPolicy, VERIFIER_VERSION,
};
pub use number::{CertificateNumber, NumberError, ROOT};
pub use outcome::{Code, Light, Refusal};
pub use qr::{QUIET_ZONE, QrError, QrImage};
pub use secret_key::SecretKey;
pub use status_list::{Freshness, MOST_ENTRIES, Status, StatusList, StatusListClaims, StatusListError};
pub use text::{LONGEST_TEXT, LONGEST_TOKEN, PREFIX};
pub use time::{SECONDS_PER_DAY, UnixTime};
pub use verify::{CLOCK_TOLERANCE_SECONDS, StatusEvidence, VerifiedCertificate, judge, verify, verify_bytes};
