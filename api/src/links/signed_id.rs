//! A key for one thing and one purpose: its id and 128 bits of HMAC-SHA256 over both, in base64url (RFC 4648 §5), 43 characters.

use crate::error::Error;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

const ID_BYTES: usize = 16;
const TAG_BYTES: usize = 16;

/// What keeps these keys apart from everything else that the secret signs.
pub(super) struct Purpose(pub &'static [u8]);

impl Purpose {
    /// The key of a thing.
    ///
    /// # Errors
    /// `internal` for an id that is not ours.
    pub fn key(&self, secret: &[u8; 32], id: &str) -> Result<String, Error> {
        let id = Uuid::parse_str(id).map_err(Error::internal)?;
        let mut bytes = id.as_bytes().to_vec();
        let tag = self.tagged(secret, id.as_bytes())?.finalize().into_bytes();
        bytes.extend(tag.iter().take(TAG_BYTES));
        Ok(BASE64URL_NOPAD.encode(&bytes))
    }

    /// The id of the thing that a key names: `None` when no such key was ever written.
    pub fn open(&self, secret: &[u8; 32], key: &str) -> Option<String> {
        let bytes = BASE64URL_NOPAD.decode(key.as_bytes()).ok()?;
        let (id, tag) = bytes.split_at_checked(ID_BYTES)?;
        if tag.len() != TAG_BYTES {
            return None;
        }
        self.tagged(secret, id).ok()?.verify_truncated_left(tag).ok()?;
        Some(Uuid::from_slice(id).ok()?.to_string())
    }

    fn tagged(&self, secret: &[u8; 32], id: &[u8]) -> Result<Hmac<Sha256>, Error> {
        let hmac = Hmac::<Sha256>::new_from_slice(secret).map_err(Error::internal)?;
        Ok(hmac.chain_update(self.0).chain_update(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0199b9a2-7c11-7000-8000-000000000001";
    const ONE: Purpose = Purpose(b"rexue one link\0");
    const OTHER: Purpose = Purpose(b"rexue other link\0");

    #[test]
    fn a_key_opens_its_thing_for_its_purpose_and_no_other_text_opens_any() {
        let key = ONE.key(&[7; 32], ID).unwrap();
        let bytes = BASE64URL_NOPAD.decode(key.as_bytes()).unwrap();

        assert_eq!(key.len(), 43);
        assert_eq!(ONE.open(&[7; 32], &key).as_deref(), Some(ID));
        assert_eq!(ONE.open(&[8; 32], &key), None, "another station's");
        assert_eq!(OTHER.open(&[7; 32], &key), None, "another purpose's");
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(ONE.open(&[7; 32], &BASE64URL_NOPAD.encode(&changed)), None, "bit {bit}");
        }
        for text in ["", "a", &key[..42], &format!("{key}A"), "献血"] {
            assert_eq!(ONE.open(&[7; 32], text), None, "{text:?}");
        }
    }
}
