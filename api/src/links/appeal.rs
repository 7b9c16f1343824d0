//! Links that book one of an appeal's places for somebody whom it asked, without signing in, until it is over.

use super::signed_id::Purpose;
use crate::actions::Context;
use crate::error::Error;

const APPEAL: Purpose = Purpose(b"rexue appeal link\0");

/// The link of this recipient.
///
/// # Errors
/// `internal` for an id that is not ours.
pub fn url(context: &Context, recipient_id: &str) -> Result<String, Error> {
    Ok(format!("{}/b/{}", context.public_url, APPEAL.key(context.vault.link_secret(), recipient_id)?))
}

/// The id of the recipient whose link it is: `None` when no such link was ever written.
pub fn open(secret: &[u8; 32], key: &str) -> Option<String> {
    APPEAL.open(secret, key)
}
