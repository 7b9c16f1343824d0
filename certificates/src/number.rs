//! The number that is printed beside the QR code, for people without a camera.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::iso7064;

/// The arc of electronic certificate identifiers under which every number stands (GB/T 36904 style).
pub const ROOT: &str = "1.2.156.3005.2";

const LONGEST_FIELD: usize = 32;
const LAST_VERSION: u16 = 999;

/// The number of a certificate: `1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>`.
///
/// Type, issuer and serial are 1 to 32 digits and capital letters; the version is three digits. The check
/// character is ISO/IEC 7064 Mod 37,36 over type, issuer, serial and version, in this order, without dots; the
/// root arc is the same everywhere and takes no part.
///
/// ```
/// use certificates::CertificateNumber;
///
/// let number = CertificateNumber::new("XUE1", "4403", "0000000042", 1)?;
///
/// assert_eq!(number.to_string(), "1.2.156.3005.2.XUE1.4403.0000000042.001.K");
/// assert_eq!(number.to_string().parse(), Ok(number));
/// # Ok::<(), certificates::NumberError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertificateNumber {
    type_code: String,
    issuer_code: String,
    serial: String,
    version: u16,
}

/// Why a text is not a certificate number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NumberError {
    /// The text does not begin with the root arc.
    #[error("the number does not begin with 1.2.156.3005.2.")]
    Root,
    /// There are not five fields behind the root arc.
    #[error("the number does not have five fields behind its root")]
    Fields,
    /// A field is empty, longer than 32 characters, or holds anything but digits and capital letters.
    #[error("a field is not 1 to 32 digits and capital letters")]
    Field,
    /// The version is not three digits from 001 to 999.
    #[error("the version is not three digits from 001 to 999")]
    Version,
    /// The check character does not fit: a typing mistake.
    #[error("the check character does not fit")]
    Check,
}

impl CertificateNumber {
    /// Makes a number of its fields; the type and issuer codes are configuration.
    ///
    /// # Errors
    /// [`NumberError::Field`] and [`NumberError::Version`].
    pub fn new(
        type_code: &str,
        issuer_code: &str,
        serial: &str,
        version: u16,
    ) -> Result<CertificateNumber, NumberError> {
        if ![type_code, issuer_code, serial].into_iter().all(is_field) {
            return Err(NumberError::Field);
        }
        if !(1..=LAST_VERSION).contains(&version) {
            return Err(NumberError::Version);
        }
        Ok(CertificateNumber {
            type_code: type_code.to_owned(),
            issuer_code: issuer_code.to_owned(),
            serial: serial.to_owned(),
            version,
        })
    }

    /// What kind of certificate it is.
    pub fn type_code(&self) -> &str {
        &self.type_code
    }

    /// Who issued it.
    pub fn issuer_code(&self) -> &str {
        &self.issuer_code
    }

    /// The issuer's own number for it.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// How often it was issued under this serial, from 1.
    pub fn version(&self) -> u16 {
        self.version
    }

    /// The check character; the fields hold only characters that have one.
    fn check(&self) -> Option<char> {
        let CertificateNumber { type_code, issuer_code, serial, version } = self;
        iso7064::mod_37_36(&format!("{type_code}{issuer_code}{serial}{version:03}"))
    }
}

impl fmt::Display for CertificateNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CertificateNumber { type_code, issuer_code, serial, version } = self;
        let check = self.check().ok_or(fmt::Error)?;
        write!(formatter, "{ROOT}.{type_code}.{issuer_code}.{serial}.{version:03}.{check}")
    }
}

impl FromStr for CertificateNumber {
    type Err = NumberError;

    /// Reads the number as it is printed; white space around it is dropped and lower case accepted.
    fn from_str(text: &str) -> Result<CertificateNumber, NumberError> {
        let text = text.trim().to_ascii_uppercase();
        let fields =
            text.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix('.')).ok_or(NumberError::Root)?;
        let fields: Vec<&str> = fields.split('.').collect();
        let [type_code, issuer_code, serial, version, check] = fields.as_slice() else {
            return Err(NumberError::Fields);
        };
        if version.len() != 3 || !version.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NumberError::Version);
        }
        let version = version.parse().map_err(|_| NumberError::Version)?;
        let number = CertificateNumber::new(type_code, issuer_code, serial, version)?;
        if check.chars().eq(number.check()) { Ok(number) } else { Err(NumberError::Check) }
    }
}

fn is_field(field: &str) -> bool {
    (1..=LONGEST_FIELD).contains(&field.len())
        && field.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> NumberError {
        text.parse::<CertificateNumber>().unwrap_err()
    }

    #[test]
    fn a_number_survives_its_text_and_what_people_make_of_it() {
        let number = CertificateNumber::new("XUE1", "4403", "0000000042", 17).unwrap();
        let text = number.to_string();

        assert_eq!(text, "1.2.156.3005.2.XUE1.4403.0000000042.017.4");
        assert_eq!(text.parse(), Ok(number.clone()));
        assert_eq!(format!(" {}\n", text.to_lowercase()).parse(), Ok(number));
    }

    /// The check covers type, issuer, serial and version, and neither the root nor the dots.
    #[test]
    fn the_check_character_is_over_the_fields_without_dots() {
        let number = CertificateNumber::new("XUE1", "4403", "0000000042", 17).unwrap();

        assert_eq!(number.check(), iso7064::mod_37_36("XUE144030000000042017"));
    }

    #[test]
    fn each_fault_has_its_name() {
        assert_eq!(refused(""), NumberError::Root);
        assert_eq!(refused("1.2.156.3005.XUE1.4403.0000000042.001.K"), NumberError::Root);
        assert_eq!(refused("1.2.156.3005.2"), NumberError::Root);
        assert_eq!(refused("1.2.156.3005.2.XUE1.4403.0000000042.001"), NumberError::Fields);
        assert_eq!(refused("1.2.156.3005.2.XUE1.4403.0000000042.001.K.K"), NumberError::Fields);
        assert_eq!(refused("1.2.156.3005.2.XUE1..0000000042.001.K"), NumberError::Field);
        assert_eq!(refused("1.2.156.3005.2.XUE1.44 3.0000000042.001.K"), NumberError::Field);
        assert_eq!(refused("1.2.156.3005.2.XUE1.4403.0000000042.1.K"), NumberError::Version);
        assert_eq!(refused("1.2.156.3005.2.XUE1.4403.0000000042.000.K"), NumberError::Version);
        assert_eq!(refused("1.2.156.3005.2.XUE1.4403.0000000042.+01.K"), NumberError::Version);
        assert_eq!(refused("1.2.156.3005.2.XUE1.4403.0000000042.001.L"), NumberError::Check);
        assert_eq!(refused("1.2.156.3005.2.XUE1.4403.0000000042.001."), NumberError::Check);
        assert_eq!(refused("1.2.156.3005.2.XUE1.4403.0000000042.001.KK"), NumberError::Check);
        assert_eq!(refused("1.2.156.3005.2.XUE1.4403.0000000024.001.K"), NumberError::Check);
    }

    #[test]
    fn fields_are_digits_and_capital_letters() {
        let made = |field: &str| CertificateNumber::new(field, "4403", "1", 1);

        assert_eq!(made(""), Err(NumberError::Field));
        assert_eq!(made("a"), Err(NumberError::Field));
        assert_eq!(made("血"), Err(NumberError::Field));
        assert_eq!(made(&"A".repeat(33)), Err(NumberError::Field));
        assert!(made(&"A".repeat(32)).is_ok());
        assert_eq!(CertificateNumber::new("A", "4403", "1", 0), Err(NumberError::Version));
        assert_eq!(CertificateNumber::new("A", "4403", "1", 1000), Err(NumberError::Version));
    }
}
