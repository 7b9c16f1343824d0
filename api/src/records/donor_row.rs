//! A donor's row.

use super::fields::Fields;
use crate::domain::donor::{Abo, Donor, DonorNumber, Rh};
use crate::domain::identity::{DocumentKind, IdentityDocument, Sex};
use crate::domain::personal::{Email, PersonName, Phone};
use crate::domain::refusal::Refusal;
use chrono::NaiveDate;

/// The columns of a donors file, in their usual order.
pub const DONOR_COLUMNS: &[&str] =
    &["donor_no", "name", "id_type", "id_number", "phone", "email", "sex", "birth_date", "abo", "rh"];

/// Reads a donor's row; `today` is the day in Asia/Shanghai.
///
/// # Errors
/// The first refusal, from left to right.
pub fn donor(fields: &Fields<'_>, today: NaiveDate) -> Result<Donor, Refusal> {
    let document_kind = |fields: &Fields<'_>| fields.word("id_type", DocumentKind::from_word);
    let birth_date = |text: &str| {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map_err(|_| Refusal::new("birth_date", "not_a_date", "A date is written 2001-02-28."))
    };
    Donor {
        donor_no: DonorNumber::parse(fields.text("donor_no"))?,
        name: PersonName::parse(fields.text("name"))?,
        document: IdentityDocument::parse(document_kind(fields)?, fields.required("id_number")?)?,
        phone: fields.optional("phone").map(Phone::parse).transpose()?,
        email: fields.optional("email").map(Email::parse).transpose()?,
        sex: fields.word("sex", Sex::from_word)?,
        birth_date: birth_date(fields.required("birth_date")?)?,
        abo: fields.optional_word("abo", Abo::from_word)?,
        rh: fields.optional_word("rh", Rh::from_word)?,
    }
    .check(today)
}
