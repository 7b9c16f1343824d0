//! The way out of appeals and news: a link in each letter, which works at any time (RFC 8058).

use super::signed_id::Purpose;
use crate::error::Error;

const UNSUBSCRIBE: Purpose = Purpose(b"rexue unsubscribe link\0");

/// The key of an account.
///
/// # Errors
/// `internal` for an id that is not ours.
pub fn key(secret: &[u8; 32], account_id: &str) -> Result<String, Error> {
    UNSUBSCRIBE.key(secret, account_id)
}

/// The account that a key names: `None` when no such key was ever written.
pub fn open(secret: &[u8; 32], key: &str) -> Option<String> {
    UNSUBSCRIBE.open(secret, key)
}
