//! Links that answer one call-up for one member of its team, without signing in, until it is over.

use super::signed_id::Purpose;
use crate::actions::Context;
use crate::error::Error;

const CALL_UP: Purpose = Purpose(b"rexue call-up link\0");

/// The link by which this answer is given.
///
/// # Errors
/// `internal` for an id that is not ours.
pub fn url(context: &Context, answer_id: &str) -> Result<String, Error> {
    Ok(format!("{}/t/{}", context.public_url, CALL_UP.key(context.vault.link_secret(), answer_id)?))
}

/// The id of the answer that a key gives: `None` when no such link was ever written.
pub fn open(secret: &[u8; 32], key: &str) -> Option<String> {
    CALL_UP.open(secret, key)
}
