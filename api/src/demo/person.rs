//! Who a donor of the demo city is: everything that a donors file says of them.

use super::calendar::days_before;
use super::draw::{between, happens, shared};
use super::history::Attempt;
use super::{donor_number, names};
use crate::chance::Chance;
use crate::domain::donation::Outcome;
use crate::domain::donor::{Abo, Rh};
use crate::domain::identity::{DocumentKind, Sex};
use certificates::iso7064;
use chrono::{Datelike, Months, NaiveDate};

/// A donor, the fields as the donors file has them.
pub struct Person {
    /// `D` and seven digits.
    pub number: String,
    /// The full name.
    pub name: String,
    /// The kind of the identity document.
    pub document: DocumentKind,
    /// The identity document's number.
    pub id_number: String,
    /// A mobile number, the first being 170 0000 1001.
    pub phone: String,
    /// An e-mail address; empty when there is none.
    pub email: String,
    /// The sex.
    pub sex: Sex,
    /// The date of birth.
    pub birth_date: NaiveDate,
    /// The ABO group, when blood was ever given.
    pub abo: Option<Abo>,
    /// The Rh(D) factor, when blood was ever given.
    pub rh: Option<Rh>,
}

impl Person {
    /// The donor at this place in the city, with this history.
    pub fn of(place: u32, history: &[Attempt], today: NaiveDate, chance: &mut Chance) -> Self {
        let sex = shared(&[(560, Sex::Male)], Sex::Female, chance);
        let birth_date = birth_date(place, history, today, chance);
        let document = document(place);
        let name = match document {
            DocumentKind::Passport => names::foreign(sex, chance),
            _ => names::resident(sex, chance),
        };
        let number = donor_number(place);
        let email =
            if happens(333, chance) { format!("{number}@example.org").to_lowercase() } else { String::new() };
        let gave = history.iter().any(|attempt| attempt.outcome == Outcome::Donated);
        let abo = shared(&[(280, Abo::A), (300, Abo::B), (310, Abo::O)], Abo::Ab, chance);
        let rh = shared(&[(4, Rh::Negative)], Rh::Positive, chance);
        Self {
            id_number: document_number(document, place, birth_date, sex),
            phone: (17_000_001_001 + u64::from(place)).to_string(),
            abo: Some(abo).filter(|_| gave),
            rh: Some(rh).filter(|_| gave),
            number,
            name,
            document,
            email,
            sex,
            birth_date,
        }
    }
}

/// A date of birth with which all of the history happened between the 18th and the 60th birthday, the
/// first time mostly in the twenties and thirties.
fn birth_date(place: u32, history: &[Attempt], today: NaiveDate, chance: &mut Chance) -> NaiveDate {
    const LATEST_BEGINNING_DAYS: u32 = 37 * 365; // after the 18th birthday: at 55
    const YEARS_OF_GIVING_DAYS: u32 = 42 * 365 - PERIOD_DAYS;
    let first = history.first().map_or(today, |attempt| attempt.day);
    let last = history.last().map_or(today, |attempt| attempt.day);
    let span_days = u32::try_from(last.signed_duration_since(first).num_days()).unwrap_or(0);
    let latest_days = YEARS_OF_GIVING_DAYS.saturating_sub(span_days).min(LATEST_BEGINNING_DAYS);
    let (one, other) = (between(0, latest_days, chance), between(0, latest_days, chance));
    let eighteen_years_before = first.checked_sub_months(Months::new(18 * 12)).unwrap_or(first);
    in_period(place, days_before(eighteen_years_before, one.min(other)))
}

/// How many pairs of an area and an order code there are for each sex: 99 areas, 500 order codes.
const PAIRS: u32 = 99 * 500;
/// How many donors can have one pair without having one identity number: each is born on another day of a
/// period of so many. No two of `PAIRS × PERIOD_DAYS` donors, three million, have the same.
const PERIOD_DAYS: u32 = 61;

/// The next date up to `date` on the day of the period that this place's donor is born on.
fn in_period(place: u32, date: NaiveDate) -> NaiveDate {
    let wanted = (place % PAIRS + place / PAIRS) % PERIOD_DAYS;
    let given = u32::try_from(date.num_days_from_ce()).unwrap_or(0) % PERIOD_DAYS;
    days_before(date, (given + PERIOD_DAYS - wanted) % PERIOD_DAYS)
}

/// Of two thousand donors four have a passport and one a Hong Kong permit.
fn document(place: u32) -> DocumentKind {
    match place % 2000 {
        1203 => DocumentKind::HongKongMacaoPermit,
        place if place % 500 == 77 => DocumentKind::Passport,
        _ => DocumentKind::ResidentId,
    }
}

fn document_number(kind: DocumentKind, place: u32, birth_date: NaiveDate, sex: Sex) -> String {
    match kind {
        DocumentKind::ResidentId => resident_number(place, birth_date, sex),
        DocumentKind::HongKongMacaoPermit => format!("H{place:08}"),
        _ => format!("X{place:08}"),
    }
}

/// A number by GB 11643-1999: area, date of birth, order code (odd for men), check digit.
fn resident_number(place: u32, birth_date: NaiveDate, sex: Sex) -> String {
    let area = 419_901 + place % 99;
    let order = place / 99 % 500 * 2 + u32::from(sex == Sex::Male);
    let body = format!("{area}{}{order:03}", birth_date.format("%Y%m%d"));
    let check = iso7064::mod_11_2(&body).unwrap_or_default();
    format!("{body}{check}")
}
