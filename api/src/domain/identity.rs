//! Identity documents: the resident identity number of GB 11643-1999, and the others that donors carry.

use super::refusal::{Refusal, words};
use certificates::iso7064;
use chrono::NaiveDate;
use std::fmt;

/// The kind of an identity document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// 居民身份证, GB 11643-1999: 18 characters, or the 15 digits of before 1999.
    ResidentId,
    /// 护照.
    Passport,
    /// 港澳居民来往内地通行证.
    HongKongMacaoPermit,
    /// 台湾居民来往大陆通行证.
    TaiwanPermit,
    /// 外国人永久居留身份证.
    ForeignResident,
    /// 军人证件.
    Military,
}
words!(DocumentKind {
    ResidentId = "resident_id",
    Passport = "passport",
    HongKongMacaoPermit = "hk_macao_permit",
    TaiwanPermit = "taiwan_permit",
    ForeignResident = "foreign_resident",
    Military = "military",
});

/// The sex recorded for a donor; thresholds of weight and haemoglobin depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// 男.
    Male,
    /// 女.
    Female,
}
words!(Sex { Male = "M", Female = "F" });

/// An identity document: its kind, and its number in one normal form (upper case, no spaces).
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityDocument {
    kind: DocumentKind,
    number: String,
}

impl IdentityDocument {
    /// Reads an identity document's number.
    ///
    /// # Errors
    /// `wrong_length`, `not_a_date` or `check_digit` for a resident identity number (GB 11643-1999:
    /// ISO 7064 Mod 11,2); `not_a_document_number` for the others (5 to 20 letters and digits).
    pub fn parse(kind: DocumentKind, text: &str) -> Result<Self, Refusal> {
        let number: String =
            text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        match kind {
            DocumentKind::ResidentId => check_resident_id(&number)?,
            _ => check_other(&number)?,
        }
        Ok(Self { kind, number })
    }

    /// The document's kind.
    pub fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// The number in clear: for storage, and for its owner.
    pub fn reveal(&self) -> &str {
        &self.number
    }

    /// The last four characters, which certificates carry.
    pub fn last_four(&self) -> &str {
        last_four(&self.number)
    }

    /// The date of birth inside a resident identity number; `None` for other documents.
    pub fn birth_date(&self) -> Option<NaiveDate> {
        match self.kind {
            DocumentKind::ResidentId => resident_birth_date(&self.number),
            _ => None,
        }
    }

    /// The sex inside a resident identity number (its order code is odd for men); `None` for other documents.
    pub fn sex(&self) -> Option<Sex> {
        if self.kind != DocumentKind::ResidentId {
            return None;
        }
        let order =
            self.number.get(14..17).filter(|_| self.number.len() == 18).or(self.number.get(12..15))?;
        order.parse::<u16>().ok().map(|order| if order % 2 == 1 { Sex::Male } else { Sex::Female })
    }
}

/// The last four characters of a document's number; all of it when it is shorter.
pub fn last_four(number: &str) -> &str {
    number.char_indices().rev().nth(3).and_then(|(start, _)| number.get(start..)).unwrap_or(number)
}

impl fmt::Debug for IdentityDocument {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "IdentityDocument({}, …)", self.kind)
    }
}

fn check_resident_id(number: &str) -> Result<(), Refusal> {
    let refuse = |reason, message: &'static str| Err(Refusal::new("id_number", reason, message));
    let digits = |part: Option<&str>| part.is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()));
    match number.len() {
        15 if digits(Some(number)) => {}
        18 if digits(number.get(..17)) => {}
        15 | 18 => return refuse("not_a_document_number", "A resident identity number consists of digits."),
        _ => return refuse("wrong_length", "A resident identity number has 18 characters (15 before 1999)."),
    }
    if resident_birth_date(number).is_none() {
        return refuse("not_a_date", "The date of birth inside the identity number does not exist.");
    }
    let checked = match number.split_at_checked(17) {
        Some((body, check)) => iso7064::mod_11_2(body).is_some_and(|expected| check.starts_with(expected)),
        None => true,
    };
    if !checked {
        return refuse("check_digit", "The identity number's check digit is wrong (GB 11643-1999).");
    }
    Ok(())
}

fn resident_birth_date(number: &str) -> Option<NaiveDate> {
    match number.len() {
        18 => NaiveDate::parse_from_str(number.get(6..14)?, "%Y%m%d").ok(),
        _ => NaiveDate::parse_from_str(&format!("19{}", number.get(6..12)?), "%Y%m%d").ok(),
    }
}

fn check_other(number: &str) -> Result<(), Refusal> {
    let plausible = (5..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric());
    if plausible {
        Ok(())
    } else {
        Err(Refusal::new(
            "id_number",
            "not_a_document_number",
            "A document number has 5 to 20 letters and digits.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resident(number: &str) -> Result<IdentityDocument, Refusal> {
        IdentityDocument::parse(DocumentKind::ResidentId, number)
    }

    #[test]
    fn the_standard_s_own_example_is_accepted() {
        let document = resident("11010519491231002x").unwrap();

        assert_eq!(document.reveal(), "11010519491231002X");
        assert_eq!(document.last_four(), "002X");
        assert_eq!(document.birth_date(), NaiveDate::from_ymd_opt(1949, 12, 31));
        assert_eq!(document.sex(), Some(Sex::Female));
    }

    #[test]
    fn an_old_number_of_15_digits_is_accepted() {
        let document = resident("110105491231002").unwrap();

        assert_eq!(document.birth_date(), NaiveDate::from_ymd_opt(1949, 12, 31));
        assert_eq!(document.sex(), Some(Sex::Female));
    }

    #[test]
    fn every_wrong_check_digit_is_refused() {
        for check in "0123456789".chars() {
            assert_eq!(resident(&format!("11010519491231002{check}")).unwrap_err().reason, "check_digit");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_by_name() {
        assert_eq!(resident("1101051949123100").unwrap_err().reason, "wrong_length");
        assert_eq!(resident("11010519491331002X").unwrap_err().reason, "not_a_date");
        assert_eq!(resident("1101051949123100２X").unwrap_err().reason, "wrong_length");
        assert_eq!(resident("11010519491231O02X").unwrap_err().reason, "not_a_document_number");
        let passport = IdentityDocument::parse(DocumentKind::Passport, "E1");
        assert_eq!(passport.unwrap_err().reason, "not_a_document_number");
    }

    #[test]
    fn debug_shows_the_kind_only() {
        assert_eq!(
            format!("{:?}", resident("11010519491231002X").unwrap()),
            "IdentityDocument(resident_id, …)"
        );
    }
}
