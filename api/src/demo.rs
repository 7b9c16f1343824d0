//! A demo city: invented donors and their donations, as the two files that a station would export.
//!
//! Its proportions are a real station's: how much a donation is, how often people come back, the record
//! day on 14 June, the busy December, the sites in town and in the counties. Its people are nobody: no
//! place has an area code from 419901 to 419999, telephone numbers are 170 0000 xxxx (and go on behind it when
//! there are more than 8,999 donors), and e-mail addresses end with `example.org`.

mod calendar;
mod draw;
mod history;
mod names;
mod person;
mod sites;
#[cfg(test)]
mod tests;

pub use sites::{SITES, Site};

use crate::chance::Chance;
use crate::domain::donation::Product;
use crate::records::{DONATION_COLUMNS, DONOR_COLUMNS};
use chrono::NaiveDate;
use draw::between;
use history::Attempt;
use person::Person;
use std::io::{self, Write};

/// How many donors a demo city has when nobody says otherwise. Their last year is about a fiftieth of the
/// station's: some 1,000 attempts, 15 of them on 14 June.
pub const DEFAULT_DONORS: u32 = 2_000;

/// A demo city's records, as the CSV files that a station would export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct City {
    /// The donors file: UTF-8, a header line, one line a donor.
    pub donors_csv: String,
    /// The donations file: UTF-8, a header line, one line an attempt, by donor and day.
    pub donations_csv: String,
}

/// Makes the demo city of `donors` donors, with about five donations each. The histories end on the day
/// before `today` (Asia/Shanghai), so that no donation lies in the future, whatever the hour is.
///
/// The same draws from `chance` and the same day make the same bytes.
pub fn city(donors: u32, today: NaiveDate, chance: &mut Chance) -> City {
    let plan = Plan::new(donors, None, today, chance);
    City { donors_csv: plan.donor_lines().collect(), donations_csv: plan.donation_lines().collect() }
}

/// A demo city that is made line by line, in memory that does not grow with its size.
#[derive(Debug, Clone)]
pub struct Plan {
    donors: u32,
    donations: Option<u32>,
    today: NaiveDate,
    seed: u64,
}

impl Plan {
    /// Plans a city as [`city`] makes it. With `Some` number of `donations` the donations file has exactly
    /// that many rows, shared out in proportion; up to ten a donor nobody gives after 60.
    pub fn new(donors: u32, donations: Option<u32>, today: NaiveDate, chance: &mut Chance) -> Self {
        Self { donors, donations, today, seed: u64::from_le_bytes(chance.bytes()) }
    }

    /// Writes the donors file.
    ///
    /// # Errors
    /// Those of `out`. It is written to once a line: it had better be buffered.
    pub fn write_donors(&self, out: &mut impl Write) -> io::Result<()> {
        self.donor_lines().try_for_each(|line| out.write_all(line.as_bytes()))
    }

    /// Writes the donations file.
    ///
    /// # Errors
    /// Those of `out`. It is written to once a line: it had better be buffered.
    pub fn write_donations(&self, out: &mut impl Write) -> io::Result<()> {
        self.donation_lines().try_for_each(|line| out.write_all(line.as_bytes()))
    }

    fn donor_lines(&self) -> impl Iterator<Item = String> {
        let lines = self.lives().map(|mut life| {
            let person = Person::of(life.place, &life.attempts, self.today, &mut life.chance);
            donor_line(&person)
        });
        std::iter::once(header(DONOR_COLUMNS)).chain(lines)
    }

    fn donation_lines(&self) -> impl Iterator<Item = String> {
        let attempts =
            self.lives().flat_map(|life| life.attempts.into_iter().map(move |it| (life.place, it)));
        let lines =
            (1_u64..).zip(attempts).map(|(count, (place, attempt))| donation_line(count, place, &attempt));
        std::iter::once(header(DONATION_COLUMNS)).chain(lines)
    }

    /// The donors with their histories. Each has a chance of their own, so that both files tell of the
    /// same people, and neither has to be remembered for the other.
    ///
    /// What the donors' counts are by nature is stretched to the wanted sum; rounding the running sums, not
    /// the counts, makes it exact.
    fn lives(&self) -> impl Iterator<Item = Life> {
        let natural_sum: u128 =
            (0..self.donors).map(|place| self.natural_count(place).0).sum::<u128>().max(1);
        let wanted = self.donations.map_or(natural_sum, u128::from);
        let stretched = move |sum: u128| sum * wanted / natural_sum;
        (0..self.donors).scan(0, move |sum, place| {
            let (natural, mut chance) = self.natural_count(place);
            let before = stretched(*sum);
            *sum += natural;
            let count = u32::try_from(stretched(*sum) - before).unwrap_or(u32::MAX);
            let attempts = history::attempts(count, self.today, &mut chance);
            Some(Life { place, attempts, chance })
        })
    }

    /// How often the donor at this place has come when no sum is wanted, and the donor's own chance. Any
    /// thousand neighbours have the shares of [`ATTEMPTS`] exactly: every award occurs in every city of a
    /// few thousand, whatever the seed.
    fn natural_count(&self, place: u32) -> (u128, Chance) {
        const STEP: u64 = 617; // has no factor in common with 1000
        let mut chance = Chance::from_seed(self.seed.wrapping_add(u64::from(place)));
        let mut rank = (self.seed % 1000 + u64::from(place) * STEP) % 1000;
        for (donors, low, high) in ATTEMPTS {
            match rank.checked_sub(donors) {
                Some(left) => rank = left,
                None => return (u128::from(between(low, high, &mut chance)), chance),
            }
        }
        (1, chance)
    }
}

/// One donor's history, and the chance from which the rest of them is drawn.
struct Life {
    place: u32,
    attempts: Vec<Attempt>,
    chance: Chance,
}

/// Of a thousand donors, how many have come from so many to so many times: about five on average. More
/// than [`history::MOST_WHOLE_BLOOD`] times come those who give platelets.
const ATTEMPTS: [(u64, u32, u32); 9] = [
    (340, 1, 1),
    (178, 2, 2),
    (115, 3, 3),
    (155, 4, 6),
    (135, 7, 12),
    (66, 13, 24),
    (5, 25, 36),
    (4, 37, 60),
    (2, 90, 150),
];

/// The donor numbers, donation sequences and telephone numbers of the city begin behind the first
/// thousands: a station's own records, imported beside it, have those.
fn donor_number(place: u32) -> String {
    format!("D{}", 1_000_001 + u64::from(place))
}

fn header(columns: &[&str]) -> String {
    format!("{}\n", columns.join(","))
}

fn donor_line(person: &Person) -> String {
    let Person { number, name, document, id_number, phone, email, sex, birth_date, .. } = person;
    let abo = person.abo.map_or("", |abo| abo.as_str());
    let rh = person.rh.map_or("", |rh| rh.as_str());
    format!("{number},{name},{document},{id_number},{phone},{email},{sex},{birth_date},{abo},{rh}\n")
}

/// The local donation number has 13 digits: 4199, the year, and the donation's place in the file.
fn donation_line(count: u64, place: u32, attempt: &Attempt) -> String {
    let Attempt { day, time, site, product, outcome, volume_ml, units } = attempt;
    let donor = donor_number(place);
    let year = day.format("%y");
    let sequence = 1_000_000 + count;
    let time = time.format("%H:%M:%S");
    let units = if *product == Product::WholeBlood { String::new() } else { units.to_string() };
    format!(
        "4199{year}{sequence},{donor},{day}T{time}+08:00,{site},{product},{volume_ml},{units},{outcome}\n"
    )
}
