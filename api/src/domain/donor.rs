//! A donor: who somebody is to the station.

use super::identity::{IdentityDocument, Sex};
use super::personal::{Email, PersonName, Phone};
use super::refusal::{Refusal, words};
use chrono::NaiveDate;

/// The ABO group. MUST NOT appear in a certificate, a message or a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abo {
    /// Group A.
    A,
    /// Group B.
    B,
    /// Group O.
    O,
    /// Group AB.
    Ab,
}
words!(Abo { A = "A", B = "B", O = "O", Ab = "AB" });

/// The Rh(D) factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rh {
    /// Rh(D) positive.
    Positive,
    /// Rh(D) negative.
    Negative,
}
words!(Rh { Positive = "+", Negative = "-" });

/// The number by which the station's own system knows a donor: 1 to 32 letters, digits, `-`, `_` or `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DonorNumber(String);

impl DonorNumber {
    /// Reads a donor number.
    ///
    /// # Errors
    /// `missing` or `not_a_donor_number`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let number = text.trim();
        if number.is_empty() {
            return Err(Refusal::new("donor_no", "missing", "The donor number is missing."));
        }
        let plain = number.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if number.len() > 32 || !plain || number.starts_with('.') {
            return Err(Refusal::new(
                "donor_no",
                "not_a_donor_number",
                "A donor number has at most 32 letters, digits, '-', '_' and '.'.",
            ));
        }
        Ok(Self(number.to_owned()))
    }

    /// The number as text. It is safe as a file's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A donor as the station's records hold them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Donor {
    /// The station's own number for the donor.
    pub donor_no: DonorNumber,
    /// The full name.
    pub name: PersonName,
    /// The identity document shown at the first donation.
    pub document: IdentityDocument,
    /// A telephone number, when known.
    pub phone: Option<Phone>,
    /// An e-mail address, when known.
    pub email: Option<Email>,
    /// The recorded sex.
    pub sex: Sex,
    /// The date of birth.
    pub birth_date: NaiveDate,
    /// The ABO group, when determined.
    pub abo: Option<Abo>,
    /// The Rh(D) factor, when determined.
    pub rh: Option<Rh>,
}

impl Donor {
    /// Checks what only the whole record can tell: that the identity number, the date of birth and the
    /// sex agree with each other, and that the person is born.
    ///
    /// # Errors
    /// `birth_date_mismatch`, `sex_mismatch` or `in_the_future`.
    pub fn check(self, today: NaiveDate) -> Result<Self, Refusal> {
        if self.document.birth_date().is_some_and(|date| date != self.birth_date) {
            return Err(Refusal::new(
                "birth_date",
                "birth_date_mismatch",
                "The date of birth is not the one inside the identity number.",
            ));
        }
        if self.document.sex().is_some_and(|sex| sex != self.sex) {
            return Err(Refusal::new(
                "sex",
                "sex_mismatch",
                "The sex is not the one inside the identity number.",
            ));
        }
        if self.birth_date > today {
            return Err(Refusal::new("birth_date", "in_the_future", "The date of birth lies in the future."));
        }
        Ok(self)
    }
}
