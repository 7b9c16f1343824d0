//! A certificate's standing: valid, suspended, or revoked for good.

use crate::error::Error;
use certificates::Status;

/// What can be done to a certificate's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Take it back for good.
    Revoke,
    /// Until further notice.
    Suspend,
    /// End a suspension.
    Reinstate,
}

impl Change {
    /// What the audit trail calls it.
    pub fn action(self) -> &'static str {
        match self {
            Self::Revoke => "certificate.revoked",
            Self::Suspend => "certificate.suspended",
            Self::Reinstate => "certificate.reinstated",
        }
    }
}

/// The status of a stored word; no word is valid, and a word that nobody knows counts as revoked.
pub fn status(word: Option<&str>) -> Status {
    match word {
        None => Status::Valid,
        Some("suspended") => Status::Suspended,
        Some(_) => Status::Revoked,
    }
}

/// The word to store after `wanted` happens to a certificate with the stored word `before`; `None` is valid.
///
/// # Errors
/// `already_revoked`, `already_suspended`, `not_suspended`.
pub fn change(before: Option<&str>, wanted: Change) -> Result<Option<&'static str>, Error> {
    let refuse = |code, message| Err(Error::conflict(code, message));
    match (status(before), wanted) {
        (Status::Revoked, _) => {
            refuse("already_revoked", "The certificate is revoked, and that is for good.")
        }
        (_, Change::Revoke) => Ok(Some("revoked")),
        (Status::Valid, Change::Suspend) => Ok(Some("suspended")),
        (Status::Suspended, Change::Suspend) => {
            refuse("already_suspended", "The certificate is suspended already.")
        }
        (Status::Suspended, Change::Reinstate) => Ok(None),
        (Status::Valid, Change::Reinstate) => refuse("not_suspended", "The certificate is not suspended."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspension_ends_and_a_revocation_does_not() {
        let code = |before, wanted| change(before, wanted).map_err(|error| error.code);

        assert_eq!(code(None, Change::Suspend), Ok(Some("suspended")));
        assert_eq!(code(Some("suspended"), Change::Reinstate), Ok(None));
        assert_eq!(code(Some("suspended"), Change::Revoke), Ok(Some("revoked")));
        assert_eq!(code(None, Change::Reinstate), Err("not_suspended"));
        assert_eq!(code(Some("suspended"), Change::Suspend), Err("already_suspended"));
        for wanted in [Change::Revoke, Change::Suspend, Change::Reinstate] {
            assert_eq!(code(Some("revoked"), wanted), Err("already_revoked"));
        }
    }
}
