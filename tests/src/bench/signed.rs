//! What is really signed: the Sig_structure (RFC 9052 §4.4) of a certificate's text, made here from the bytes of the
//! format and nothing of the product, so that a floor works on the very same message.

use crate::Outcome;
use data_encoding::BASE32_NOPAD;
use ed25519_dalek::{Signature, VerifyingKey};

/// A signature and its message.
pub struct Signed {
    /// The Sig_structure.
    pub message: Vec<u8>,
    /// 64 bytes.
    pub signature: [u8; 64],
}

impl Signed {
    /// Takes a certificate's text apart: D2 (tag 18) 84 (array of 4) protected, A0 (empty map), payload, signature.
    pub fn of(text: &str) -> Outcome<Self> {
        let base32 = text.strip_prefix("XUE:/1/").ok_or("a certificate's text begins otherwise")?;
        let token = BASE32_NOPAD.decode(base32.as_bytes())?;
        let rest = token.strip_prefix(b"\xd2\x84").ok_or("no tagged COSE_Sign1")?;
        let (protected, rest) = byte_string(rest)?;
        let rest = rest.strip_prefix(b"\xa0").ok_or("the unprotected header is not empty")?;
        let (payload, rest) = byte_string(rest)?;
        let (signature, rest) = byte_string(rest)?;
        let signature = signature.strip_prefix(b"\x58\x40").ok_or("a signature of another length")?;
        if !rest.is_empty() {
            return Err("something behind the signature".into());
        }
        let message = [b"\x84\x6aSignature1".as_slice(), protected, b"\x40", payload].concat();
        Ok(Self { message, signature: signature.try_into()? })
    }

    /// Whether `key` signed it, by dalek's strict rules: the floor of every verification.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> Outcome<()> {
        Ok(key.verify_strict(&self.message, &Signature::from_bytes(&self.signature))?)
    }
}

/// A byte string of 24 to 255 bytes with its head, and what follows.
fn byte_string(bytes: &[u8]) -> Outcome<(&[u8], &[u8])> {
    match bytes {
        [0x58, length, ..] => bytes.split_at_checked(2 + usize::from(*length)),
        _ => None,
    }
    .ok_or_else(|| "no byte string of 24 to 255 bytes".into())
}
