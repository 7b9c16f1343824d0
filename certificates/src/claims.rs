//! What a certificate certifies, and the rules that its claims must keep before anybody may sign them.

use std::fmt;

use crate::payload;
use crate::text::is_displayable;
use crate::time::{SECONDS_PER_DAY, UnixTime};

/// The longest life of a certificate: 366 days, in seconds.
pub const LONGEST_LIFETIME_SECONDS: i64 = 366 * SECONDS_PER_DAY;

/// The longest payload whose certificate still fits a QR code of version 13 at level M.
///
/// Such a code holds 483 alphanumeric characters, so 476 of base32 after `XUE:/1/`, so 297 bytes, of which the
/// envelope takes 107.
pub const LONGEST_PAYLOAD: usize = 190;

const LONGEST_ISSUER: usize = 32;
const LONGEST_URI: usize = 96;
const LONGEST_NAME: usize = 48;
const DOCUMENT_CHARACTERS: usize = 4;
/// Asia/Shanghai is UTC+8 all year; donation days are days there.
const SHANGHAI_OFFSET_SECONDS: i64 = 8 * 3_600;

/// The `cti` of a certificate (RFC 8392 §3.1.7): 16 random bytes, by which duplicates are recognised.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CertificateId([u8; 16]);

impl CertificateId {
    /// Takes 16 bytes from a cryptographic random source.
    pub fn from_bytes(bytes: [u8; 16]) -> CertificateId {
        CertificateId(bytes)
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for CertificateId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CertificateId({})", data_encoding::HEXLOWER.encode_display(&self.0))
    }
}

/// Who the certificate is for, as far as everybody who sees a QR code may know it.
///
/// It MUST NOT grow a whole identity number or a hash of one, a blood group, test results, a phone number or an
/// address. `Debug` masks everything.
#[derive(Clone, PartialEq, Eq)]
pub struct Holder {
    /// The name with its given part masked by `*` (张*, 欧阳*), in NFC, at most 48 bytes.
    pub masked_name: String,
    /// Year of birth, 1900 to 2199.
    pub birth_year: u16,
    /// The last four characters of the identity document: digits and capital letters.
    pub document_last_four: String,
}

impl fmt::Debug for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Holder(masked)")
    }
}

/// How the number of lives saved was computed; it is signed, so that the number can be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LivesFormula {
    /// One life for every 200 ml of whole blood.
    MlPer200,
    /// Up to three lives for every donation.
    UpToThree,
}

/// The national award level reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Award {
    /// None yet.
    None,
    /// Bronze (铜奖).
    Bronze,
    /// Silver (银奖).
    Silver,
    /// Gold (金奖).
    Gold,
    /// Lifetime honour (终身荣誉奖).
    Lifetime,
}

/// What the station certifies that the holder has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Volume of whole blood, ml.
    pub whole_blood_ml: u64,
    /// Number of donations of every kind, at least 1.
    pub donations: u32,
    /// Apheresis platelets, therapeutic units.
    pub platelet_units: u32,
    /// Lives saved by [`Totals::lives_formula`].
    pub lives_saved: u32,
    /// How the lives were counted.
    pub lives_formula: LivesFormula,
    /// The award level reached.
    pub award: Award,
    /// Donation counts towards awards, in hundredths of a count.
    pub award_counts_hundredths: u64,
    /// The day of the last donation in Asia/Shanghai, days since 1970-01-01.
    pub last_donation_day: u32,
}

/// Where the status of a certificate is published (IETF Token Status List, draft-ietf-oauth-status-list §6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReference {
    /// The URI of the list, which MUST also be in the keyset for a verifier to fetch it; at most 96 bytes.
    pub uri: String,
    /// The index in the list.
    pub index: u64,
}

/// Everything that a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateClaims {
    /// The station that vouches; equals the issuer of the key that signs; at most 32 bytes.
    pub issuer: String,
    /// The instant of issue.
    pub issued_at: UnixTime,
    /// The first instant at which the certificate is no longer valid; at most 366 days after the issue.
    pub expires_at: UnixTime,
    /// The identity of this certificate.
    pub id: CertificateId,
    /// Where its status is published.
    pub status: StatusReference,
    /// Who it is for.
    pub holder: Holder,
    /// What is certified.
    pub totals: Totals,
}

impl CertificateClaims {
    /// Checks every rule of the format and fixes the bytes to be signed.
    ///
    /// # Errors
    /// The first [`ClaimsError`] in the order of its variants.
    pub fn check(self) -> Result<CheckedClaims, ClaimsError> {
        check_rules(&self)?;
        let payload = payload::encode(&self).ok_or(ClaimsError::Lifetime)?;
        if payload.len() > LONGEST_PAYLOAD {
            return Err(ClaimsError::TooLarge);
        }
        Ok(CheckedClaims { claims: self, payload })
    }
}

/// Claims that keep every rule, with their canonical bytes. Only these can be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedClaims {
    claims: CertificateClaims,
    payload: Vec<u8>,
}

impl CheckedClaims {
    /// Reads a stored payload and checks it as if it were new.
    ///
    /// # Errors
    /// [`ClaimsError::Payload`] when the bytes are not the canonical payload of a certificate of version 1, and
    /// every error of [`CertificateClaims::check`].
    pub fn from_payload(payload: &[u8]) -> Result<CheckedClaims, ClaimsError> {
        let checked = payload::decode(payload).map_err(ClaimsError::Payload)?.check()?;
        if checked.payload == payload {
            Ok(checked)
        } else {
            Err(ClaimsError::Payload("the payload is not in its canonical spelling"))
        }
    }

    /// The canonical CBOR of the claims: what is signed, and what is worth storing.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The claims.
    pub fn claims(&self) -> &CertificateClaims {
        &self.claims
    }
}

/// Which rule of the format the claims break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimsError {
    /// A stored payload is not one of this format; the text says why.
    Payload(&'static str),
    /// The issuer is empty, longer than 32 bytes, or not clean NFC text.
    Issuer,
    /// The certificate does not end after its issue, lives longer than 366 days, or leaves the years 1970–9999.
    Lifetime,
    /// The URI of the status list is empty, longer than 96 bytes, or not ASCII without spaces.
    StatusUri,
    /// The masked name is empty, longer than 48 bytes, or not clean NFC text.
    MaskedName,
    /// The name holds no `*`: it is not masked.
    NameNotMasked,
    /// The year of birth is outside 1900–2199.
    BirthYear,
    /// The last four of the document are not four digits or capital letters.
    DocumentLastFour,
    /// There is no donation to certify.
    NoDonation,
    /// The last donation lies after the day of issue in Asia/Shanghai.
    LastDonationDay,
    /// The certificate does not fit a QR code of version 13 at level M.
    TooLarge,
}

impl ClaimsError {
    /// One sentence for the log.
    pub fn detail(self) -> &'static str {
        match self {
            ClaimsError::Payload(detail) => detail,
            ClaimsError::Issuer => "the issuer is not clean NFC text of 1 to 32 bytes",
            ClaimsError::Lifetime => "the certificate does not live between 1 second and 366 days",
            ClaimsError::StatusUri => "the status list's URI is not ASCII of 1 to 96 bytes without spaces",
            ClaimsError::MaskedName => "the masked name is not clean NFC text of 1 to 48 bytes",
            ClaimsError::NameNotMasked => "the name holds no * and is not masked",
            ClaimsError::BirthYear => "the year of birth is outside 1900 to 2199",
            ClaimsError::DocumentLastFour => {
                "the document's last four are not four digits or capital letters"
            }
            ClaimsError::NoDonation => "there is no donation to certify",
            ClaimsError::LastDonationDay => "the last donation lies after the day of issue",
            ClaimsError::TooLarge => "the certificate does not fit a QR code of version 13",
        }
    }
}

impl fmt::Display for ClaimsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.detail())
    }
}

impl std::error::Error for ClaimsError {}

/// Every rule about the content; the rule about its size needs the encoding.
pub(crate) fn check_rules(claims: &CertificateClaims) -> Result<(), ClaimsError> {
    let require = |rule: bool, error: ClaimsError| if rule { Ok(()) } else { Err(error) };
    let CertificateClaims { issuer, issued_at, expires_at, status, holder, totals, .. } = claims;
    let lifetime = expires_at.seconds_since(*issued_at);
    let day_of_issue = issued_at.plus_seconds(SHANGHAI_OFFSET_SECONDS).0.div_euclid(SECONDS_PER_DAY);

    require(is_issuer(issuer), ClaimsError::Issuer)?;
    require((1..=LONGEST_LIFETIME_SECONDS).contains(&lifetime), ClaimsError::Lifetime)?;
    require(is_status_uri(&status.uri), ClaimsError::StatusUri)?;
    require(is_displayable(&holder.masked_name, LONGEST_NAME), ClaimsError::MaskedName)?;
    require(holder.masked_name.contains('*'), ClaimsError::NameNotMasked)?;
    require((1900..2200).contains(&holder.birth_year), ClaimsError::BirthYear)?;
    require(is_document_end(&holder.document_last_four), ClaimsError::DocumentLastFour)?;
    require(totals.donations > 0, ClaimsError::NoDonation)?;
    require(i64::from(totals.last_donation_day) <= day_of_issue, ClaimsError::LastDonationDay)
}

/// Whether a text can name an issuer: clean NFC text of 1 to 32 bytes.
pub(crate) fn is_issuer(issuer: &str) -> bool {
    is_displayable(issuer, LONGEST_ISSUER)
}

/// Whether a text can be the URI of a status list: graphic ASCII, 1 to 96 bytes.
pub(crate) fn is_status_uri(uri: &str) -> bool {
    (1..=LONGEST_URI).contains(&uri.len()) && uri.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_document_end(text: &str) -> bool {
    text.len() == DOCUMENT_CHARACTERS && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}
