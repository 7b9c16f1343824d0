//! The two functions that providers sign with.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// SHA-256's block, bytes (FIPS 180-4 §1).
const BLOCK: usize = 64;

/// `hex(sha256(…))`, lower case.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// HMAC-SHA256 (RFC 2104 §2): a longer key is hashed, a shorter one filled up with zeros. Done here, so that no key is an error.
pub(super) fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let key = if key.len() > BLOCK { Sha256::digest(key).to_vec() } else { key.to_vec() };
    let mut block = [0_u8; BLOCK];
    block.iter_mut().zip(key).for_each(|(place, byte)| *place = byte);
    Hmac::<Sha256>::new(&block.into()).chain_update(message).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 §4.3 and §4.7: a short key, and one of 131 bytes.
    #[test]
    fn published_vectors() {
        let short = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        let long = hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");

        assert_eq!(
            HEXLOWER.encode(&short),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            HEXLOWER.encode(&long),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
