//! What a verifier may answer: one code, its light, and a private detail.

use std::fmt;

/// The answer of a verifier: `valid`, or the first thing that was wrong, in the order of the format's steps.
///
/// The texts of [`Code::as_str`] are part of the format; they MUST NOT change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// Everything that this verifier can check is in order.
    Valid,
    /// Steps 1, 2 and 7: this is not a certificate, or not one of this format.
    Malformed,
    /// Step 3: a signed object, but not of the type that was asked for.
    UnknownType,
    /// Step 3: no key of the keyset has this key identifier.
    UnknownKey,
    /// Step 3: the key may not vouch for this: wrong algorithm or role, revoked, outside its window, or listed in a
    /// snapshot that has ended.
    KeyNotValid,
    /// Step 4: the signature does not fit: forged or damaged.
    BadSignature,
    /// Step 5: signed, but not in the one spelling that the format allows.
    NotCanonical,
    /// Step 6: the token names another issuer than its key does.
    WrongIssuer,
    /// Step 6: issued in the future.
    NotYetValid,
    /// Step 6: past its end, or made to live longer than it may.
    Expired,
    /// Step 6: the verifier's clock is behind something that was signed already.
    ClockWrong,
    /// Step 7: of a version that this verifier does not know.
    UnsupportedVersion,
    /// Step 8: revoked for good.
    Revoked,
    /// Step 8: suspended until further notice.
    Suspended,
    /// Step 8: not revoked as far as an old status list knows.
    StatusStale,
    /// Step 8: no usable status.
    StatusUnknown,
}

impl Code {
    /// Every code, in the order of the format's steps.
    pub const ALL: [Code; 16] = [
        Code::Valid,
        Code::Malformed,
        Code::UnknownType,
        Code::UnknownKey,
        Code::KeyNotValid,
        Code::BadSignature,
        Code::NotCanonical,
        Code::WrongIssuer,
        Code::NotYetValid,
        Code::Expired,
        Code::ClockWrong,
        Code::UnsupportedVersion,
        Code::Revoked,
        Code::Suspended,
        Code::StatusStale,
        Code::StatusUnknown,
    ];

    /// The stable name, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Valid => "valid",
            Code::Malformed => "malformed",
            Code::UnknownType => "unknown_type",
            Code::UnknownKey => "unknown_key",
            Code::KeyNotValid => "key_not_valid",
            Code::BadSignature => "bad_signature",
            Code::NotCanonical => "not_canonical",
            Code::WrongIssuer => "wrong_issuer",
            Code::NotYetValid => "not_yet_valid",
            Code::Expired => "expired",
            Code::ClockWrong => "clock_wrong",
            Code::UnsupportedVersion => "unsupported_version",
            Code::Revoked => "revoked",
            Code::Suspended => "suspended",
            Code::StatusStale => "status_stale",
            Code::StatusUnknown => "status_unknown",
        }
    }

    /// The colour that staff see for this code.
    pub fn light(self) -> Light {
        match self {
            Code::Valid => Light::Green,
            Code::StatusStale | Code::StatusUnknown => Light::Amber,
            _ => Light::Red,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What staff at a desk see before they read anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Light {
    /// Accept, after a look at the identity document.
    Green,
    /// Genuine, but its status could not be checked freshly.
    Amber,
    /// Do not accept.
    Red,
}

impl Light {
    /// The stable name, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Light::Green => "green",
            Light::Amber => "amber",
            Light::Red => "red",
        }
    }
}

/// Why something was not accepted: the code is for everybody, the detail for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: Code,
    detail: &'static str,
}

impl Refusal {
    pub(crate) fn new(code: Code, detail: &'static str) -> Refusal {
        Refusal { code, detail }
    }

    pub(crate) fn malformed(detail: &'static str) -> Refusal {
        Refusal::new(Code::Malformed, detail)
    }

    /// The public answer; never [`Code::Valid`].
    pub fn code(&self) -> Code {
        self.code
    }

    /// What exactly was wrong, for the log; it holds nothing of the token itself.
    pub fn detail(&self) -> &'static str {
        self.detail
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_in_order() {
        assert!(Code::ALL.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn only_valid_is_green_and_only_an_unsure_status_is_amber() {
        for code in Code::ALL {
            let expected = match code.as_str() {
                "valid" => Light::Green,
                "status_stale" | "status_unknown" => Light::Amber,
                _ => Light::Red,
            };

            assert_eq!(code.light(), expected, "{code}");
        }
    }
}
