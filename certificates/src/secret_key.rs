//! Secret keys: they sign what was checked, for their role, and are wiped when dropped.

use std::fmt;

use data_encoding::BASE64;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signer, SigningKey};
use zeroize::{Zeroize, Zeroizing};

use crate::claims::CheckedClaims;
use crate::cose::{self, Kind};
use crate::keys::{KeyError, KeyId, PublicKey, Role, Signature64};

/// The DER of a PKCS#8 version 1 Ed25519 key up to its 32 bytes of seed (RFC 8410 §7): SEQUENCE, version 0,
/// OID 1.3.101.112, OCTET STRING in OCTET STRING.
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// An Ed25519 secret key with its role. Its memory is zeroised when it is dropped; `Debug` shows no secret.
pub struct SecretKey {
    key: SigningKey,
    public: PublicKey,
    role: Role,
}

impl SecretKey {
    /// Makes the key of a seed: 32 bytes from a cryptographic random source, which the caller MUST wipe.
    pub fn generate(role: Role, mut seed: [u8; 32]) -> SecretKey {
        let key = SigningKey::from_bytes(&seed);
        seed.zeroize();
        SecretKey::new(role, key)
    }

    fn new(role: Role, key: SigningKey) -> SecretKey {
        let public = PublicKey::trusted(key.verifying_key());
        SecretKey { key, public, role }
    }

    /// Reads a PKCS#8 PEM (RFC 8410 §7), with or without the public key in it.
    ///
    /// # Errors
    /// [`KeyError::NotPkcs8`] when the text is something else, or its public key is not that of its secret key.
    pub fn from_pkcs8_pem(role: Role, pem: &str) -> Result<SecretKey, KeyError> {
        let key = SigningKey::from_pkcs8_pem(pem).map_err(|_| KeyError::NotPkcs8)?;
        Ok(SecretKey::new(role, key))
    }

    /// The PKCS#8 PEM of version 1, without the public key, which is what every OpenSSL reads (RFC 8410 §10.3).
    pub fn to_pkcs8_pem(&self) -> Zeroizing<String> {
        let mut der = Zeroizing::new([0u8; PKCS8_PREFIX.len() + 32]);
        let (prefix, seed) = der.split_at_mut(PKCS8_PREFIX.len());
        prefix.copy_from_slice(&PKCS8_PREFIX);
        seed.copy_from_slice(self.key.as_bytes());

        let mut pem = Zeroizing::new(String::with_capacity(128));
        pem.push_str("-----BEGIN PRIVATE KEY-----\n");
        BASE64.encode_append(der.as_slice(), &mut pem);
        pem.push_str("\n-----END PRIVATE KEY-----\n");
        pem
    }

    /// What this key may sign.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The name of the public half.
    pub fn kid(&self) -> KeyId {
        self.public.kid()
    }

    /// Signs a certificate. The argument is the proof that its claims were checked.
    ///
    /// # Errors
    /// [`KeyError::WrongRole`] unless the role is [`Role::Certificate`].
    pub fn sign_certificate(&self, claims: &CheckedClaims) -> Result<Signature64, KeyError> {
        self.sign(Kind::Certificate, claims.payload())
    }

    /// Signs the payload of an object of this kind (RFC 9052 §4.4).
    pub(crate) fn sign(&self, kind: Kind, payload: &[u8]) -> Result<Signature64, KeyError> {
        if self.role != kind.role() {
            return Err(KeyError::WrongRole);
        }
        let protected = cose::protected_header(kind, self.kid());
        Ok(self.key.sign(&cose::signature_input(&protected, payload)).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SecretKey")
            .field("role", &self.role)
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}
