//! Issuing: checked claims and a key in, the text of a certificate out.

use crate::claims::CheckedClaims;
use crate::cose::{self, Kind};
use crate::keys::{KeyError, KeyId, Signature64};
use crate::secret_key::SecretKey;
use crate::text;

/// Signs checked claims and returns the certificate's text, `XUE:/1/…`.
///
/// # Errors
/// [`KeyError::WrongRole`] unless the key is a certificate key.
pub fn issue(claims: &CheckedClaims, key: &SecretKey) -> Result<String, KeyError> {
    let signature = key.sign_certificate(claims)?;
    Ok(token_text(key.kid(), claims.payload(), &signature))
}

/// The text of a certificate from its stored parts: the same parts give the same text, byte for byte.
///
/// Nothing is checked here; the parts come from [`CheckedClaims::payload`] and [`SecretKey::sign_certificate`].
pub fn token_text(kid: KeyId, payload: &[u8], signature: &Signature64) -> String {
    text::encode(&cose::envelope(&cose::protected_header(Kind::Certificate, kid), payload, signature))
}
