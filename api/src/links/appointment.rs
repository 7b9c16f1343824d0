//! Links that say yes, no or another time to one appointment, without signing in.
//!
//! The key is short, for it travels by SMS: the appointment's id, its version, and 96 bits of HMAC-SHA256 over both, in
//! base64url (RFC 4648 §5). A link works for one version: whatever is done with it makes a new one, so it works once.

use crate::actions::Context;
use crate::error::Error;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// What keeps these tags apart from everything else that the secret signs.
const PURPOSE: &[u8] = b"rexue appointment link\0";
const ID_BYTES: usize = 16;
const VERSION_BYTES: usize = 4;
const TAG_BYTES: usize = 12;

/// An appointment as it stood when the link was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The appointment's id.
    pub appointment_id: String,
    /// Its sequence.
    pub version: i64,
}

/// The link to an appointment as it stands at `version`.
///
/// # Errors
/// `internal` for an id or a version that is not ours.
pub fn url(context: &Context, appointment_id: &str, version: i64) -> Result<String, Error> {
    let secret = context.vault.link_secret();
    Ok(format!("{}/a/{}", context.public_url, key(secret, appointment_id, version)?))
}

/// The key alone.
///
/// # Errors
/// `internal` for an id or a version that is not ours.
pub fn key(secret: &[u8; 32], appointment_id: &str, version: i64) -> Result<String, Error> {
    let id = Uuid::parse_str(appointment_id).map_err(Error::internal)?;
    let version = u32::try_from(version).map_err(Error::internal)?;
    let mut bytes = [id.as_bytes().as_slice(), &version.to_be_bytes()].concat();
    let tag = tagged(secret, &bytes)?.finalize().into_bytes();
    bytes.extend(tag.iter().take(TAG_BYTES));
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

/// What a key opens: `None` when no such link was ever written.
pub fn open(secret: &[u8; 32], key: &str) -> Option<Opened> {
    let bytes = BASE64URL_NOPAD.decode(key.as_bytes()).ok()?;
    let (said, tag) = bytes.split_at_checked(ID_BYTES + VERSION_BYTES)?;
    if tag.len() != TAG_BYTES {
        return None;
    }
    tagged(secret, said).ok()?.verify_truncated_left(tag).ok()?;
    let (id, version) = said.split_at_checked(ID_BYTES)?;
    Some(Opened {
        appointment_id: Uuid::from_slice(id).ok()?.to_string(),
        version: u32::from_be_bytes(version.try_into().ok()?).into(),
    })
}

fn tagged(secret: &[u8; 32], said: &[u8]) -> Result<Hmac<Sha256>, Error> {
    let hmac = Hmac::<Sha256>::new_from_slice(secret).map_err(Error::internal)?;
    Ok(hmac.chain_update(PURPOSE).chain_update(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0199b9a2-7c11-7000-8000-000000000001";

    #[test]
    fn a_key_opens_what_it_was_written_for() {
        let key = key(&[7; 32], ID, 3).unwrap();

        assert_eq!(key.len(), 43);
        assert_eq!(open(&[7; 32], &key), Some(Opened { appointment_id: ID.to_owned(), version: 3 }));
    }

    #[test]
    fn no_other_text_opens_anything() {
        let key = key(&[7; 32], ID, 3).unwrap();
        let bytes = BASE64URL_NOPAD.decode(key.as_bytes()).unwrap();

        assert_eq!(open(&[8; 32], &key), None, "another station's");
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&[7; 32], &BASE64URL_NOPAD.encode(&changed)), None, "bit {bit}");
        }
        for text in ["", "a", &key[..42], &format!("{key}A"), "献血"] {
            assert_eq!(open(&[7; 32], text), None, "{text:?}");
        }
    }
}
