//! The way out of appeals and news: a link in each letter, which works at any time (RFC 8058).
//!
//! The key is the account's id and 128 bits of HMAC-SHA256 over it, in base64url (RFC 4648 §5).

use crate::error::Error;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// What keeps these tags apart from everything else that the secret signs.
const PURPOSE: &[u8] = b"rexue unsubscribe link\0";
const ID_BYTES: usize = 16;
const TAG_BYTES: usize = 16;

/// The key of an account.
///
/// # Errors
/// `internal` for an id that is not ours.
pub fn key(secret: &[u8; 32], account_id: &str) -> Result<String, Error> {
    let id = Uuid::parse_str(account_id).map_err(Error::internal)?;
    let mut bytes = id.as_bytes().to_vec();
    let tag = tagged(secret, id.as_bytes())?.finalize().into_bytes();
    bytes.extend(tag.iter().take(TAG_BYTES));
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

/// The account that a key names: `None` when no such key was ever written.
pub fn open(secret: &[u8; 32], key: &str) -> Option<String> {
    let bytes = BASE64URL_NOPAD.decode(key.as_bytes()).ok()?;
    let (id, tag) = bytes.split_at_checked(ID_BYTES)?;
    if tag.len() != TAG_BYTES {
        return None;
    }
    tagged(secret, id).ok()?.verify_truncated_left(tag).ok()?;
    Some(Uuid::from_slice(id).ok()?.to_string())
}

fn tagged(secret: &[u8; 32], id: &[u8]) -> Result<Hmac<Sha256>, Error> {
    let hmac = Hmac::<Sha256>::new_from_slice(secret).map_err(Error::internal)?;
    Ok(hmac.chain_update(PURPOSE).chain_update(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0199b9a2-7c11-7000-8000-000000000001";

    #[test]
    fn a_key_opens_its_account_and_no_other_text_opens_any() {
        let key = key(&[7; 32], ID).unwrap();
        let bytes = BASE64URL_NOPAD.decode(key.as_bytes()).unwrap();

        assert_eq!(open(&[7; 32], &key).as_deref(), Some(ID));
        assert_eq!(open(&[8; 32], &key), None, "another station's");
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&[7; 32], &BASE64URL_NOPAD.encode(&changed)), None, "bit {bit}");
        }
    }
}
