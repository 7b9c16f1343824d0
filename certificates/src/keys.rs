//! Public keys and their names.

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::cbor::Encoder;

/// COSE algorithm −19: Ed25519 and nothing else (RFC 9864 §2.2); the polymorphic −8 is deprecated and refused.
pub(crate) const ED25519: i64 = -19;

/// [`ED25519`] as CBOR writes it: the n of −1 − n.
pub(crate) const ED25519_NEGATIVE: u64 = 18;

/// The bytes of an Ed25519 signature, R ‖ S (RFC 8032 §5.1.6).
pub type Signature64 = [u8; 64];

/// What a key may sign. One key has one role; a signature by another role's key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Signs keyset snapshots; kept offline, pinned by verifiers, never listed in a snapshot.
    Root,
    /// Signs donation certificates.
    Certificate,
    /// Signs status lists.
    Status,
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The bytes are not the canonical encoding of a point on the curve (RFC 8032 §5.1.3).
    #[error("the bytes are not a canonical Ed25519 public key")]
    NotAPoint,
    /// The point lies in a small subgroup, or has a part in it: signatures under it prove nothing.
    #[error("the Ed25519 public key is weak")]
    WeakKey,
    /// The key has another role than this signature needs.
    #[error("a key of this role must not sign this")]
    WrongRole,
    /// The text is not a PKCS#8 PEM of an Ed25519 key (RFC 8410 §7).
    #[error("the text is not a PKCS#8 PEM of an Ed25519 private key")]
    NotPkcs8,
    /// The instant lies outside the key's window, or the key was retired or revoked.
    #[error("the key may not sign at this time")]
    OutsideWindow,
}

/// The name of a key: the first 8 bytes of its RFC 9679 thumbprint, SHA-256 over its canonical COSE_Key.
///
/// `Display` is the base64url of JWKS, without padding; `Debug` is hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 8]);

impl KeyId {
    /// The eight bytes.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    /// Sixteen lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        BASE64URL_NOPAD.encode_display(&self.0).fmt(formatter)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyId({})", HEXLOWER.encode_display(&self.0))
    }
}

/// An Ed25519 public key that is safe to trust: canonical, on the curve, of the prime order; kept decompressed.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    kid: KeyId,
}

impl PublicKey {
    /// Reads the 32 bytes of RFC 8032 §5.1.2, which is the `x` of a JWK or a COSE_Key.
    ///
    /// # Errors
    /// [`KeyError::NotAPoint`], and [`KeyError::WeakKey`] for a point that is not of the large prime order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<PublicKey, KeyError> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotAPoint)?;
        let point = key.to_edwards();
        if point.compress().to_bytes() != bytes {
            return Err(KeyError::NotAPoint);
        }
        if key.is_weak() || !point.is_torsion_free() {
            return Err(KeyError::WeakKey);
        }
        Ok(PublicKey::trusted(key))
    }

    /// The public half of a secret key, which is always of the prime order.
    pub(crate) fn trusted(key: VerifyingKey) -> PublicKey {
        let kid = thumbprint_prefix(key.as_bytes());
        PublicKey { key, kid }
    }

    /// The 32 bytes of RFC 8032 §5.1.2.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// The name of this key.
    pub fn kid(&self) -> KeyId {
        self.kid
    }

    /// Whether the signature over `message` is good by the strict rules: canonical S, and neither R nor the key
    /// of small order.
    pub(crate) fn verifies(&self, message: &[u8], signature: &Signature64) -> bool {
        self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({})", self.kid.hex())
    }
}

/// RFC 9679 §3: SHA-256 over the COSE_Key {1: 1 (OKP), −1: 6 (Ed25519), −2: x} in canonical CBOR.
fn thumbprint_prefix(x: &[u8; 32]) -> KeyId {
    let mut key = Encoder::with_capacity(40);
    key.map(3);
    key.unsigned(1);
    key.unsigned(1);
    key.integer(-1);
    key.unsigned(6);
    key.integer(-2);
    key.bytes(x);
    let thumbprint: [u8; 32] = Sha256::digest(key.finish()).into();
    let [a, b, c, d, e, f, g, h, ..] = thumbprint;
    KeyId([a, b, c, d, e, f, g, h])
}
