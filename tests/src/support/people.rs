//! Invented donors and donations.

use certificates::iso7064::mod_11_2;
use chrono::{DateTime, Utc};

/// The first line of a donors file.
pub const DONORS_HEADER: &str = "donor_no,name,id_type,id_number,phone,email,sex,birth_date,abo,rh";
/// The first line of a donations file.
pub const DONATIONS_HEADER: &str =
    "donation_no,donor_no,collected_at,site_code,product,volume_ml,units,outcome";

/// The first line of a units file.
pub const UNITS_HEADER: &str =
    "unit_no,donation_no,component,status,status_at,hospital_code,temperature_celsius,temperature_at";

/// A donor who does not exist.
#[derive(Debug, Clone)]
pub struct Person {
    /// The donor number.
    pub no: String,
    /// A name of three characters.
    pub name: String,
    /// A resident identity number of an area that does not exist.
    pub id_number: String,
    /// A number in a range that is given to nobody.
    pub phone: String,
    /// An address in a domain that is given to nobody.
    pub email: String,
    /// `M` or `F`.
    pub sex: &'static str,
    /// The date of birth.
    pub birth_date: String,
}

impl Person {
    /// The `n`th person, `n` below 1000; each differs from the others in everything but name and sex.
    pub fn number(n: usize) -> Self {
        let family = ["赵", "钱", "孙", "李", "周", "吴", "郑", "王", "冯", "陈"];
        let given = ["试一", "试二", "试三", "试四", "试五", "试六", "试七"];
        let (year, month, day) = (1960 + n % 40, 1 + n % 12, 1 + n % 28);
        let sex = if n % 2 == 1 { "M" } else { "F" };
        let body = format!("990099{year}{month:02}{day:02}{n:03}");
        let check = mod_11_2(&body).unwrap();
        Self {
            no: format!("T{n:04}"),
            name: format!("{}{}", family[n % family.len()], given[n % given.len()]),
            id_number: format!("{body}{check}"),
            phone: format!("1700555{n:04}"),
            email: format!("canary{n:04}@nobody.example"),
            sex,
            birth_date: format!("{year}-{month:02}-{day:02}"),
        }
    }

    /// The person's row.
    pub fn row(&self) -> String {
        let Self { no, name, id_number, phone, email, sex, birth_date } = self;
        format!("{no},{name},resident_id,{id_number},{phone},{email},{sex},{birth_date},O,+")
    }
}

/// The row of a donation of whole blood; `n` below 10,000,000 numbers it.
pub fn whole_blood(n: usize, donor_no: &str, day: &str, ml: u32) -> String {
    format!("419924{n:07},{donor_no},{day}T09:30:00+08:00,CENTER,whole_blood,{ml},,donated")
}

/// A town whose people have each given whole blood twice: 200 ml and 400 ml.
pub struct Town {
    /// The people.
    pub people: Vec<Person>,
}

impl Town {
    /// A town of so many people.
    pub fn of(size: usize) -> Self {
        Self { people: (1..=size).map(Person::number).collect() }
    }

    /// The donors file.
    pub fn donors(&self) -> String {
        file(DONORS_HEADER, self.people.iter().map(Person::row))
    }

    /// The donations file.
    pub fn donations(&self) -> String {
        let twice = self.people.iter().enumerate().flat_map(|(place, person)| {
            let n = 2 * place + 1;
            [whole_blood(n, &person.no, "2024-03-05", 200), whole_blood(n + 1, &person.no, "2025-03-06", 400)]
        });
        file(DONATIONS_HEADER, twice)
    }
}

fn file(header: &str, rows: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = std::iter::once(header.to_owned()).chain(rows).collect();
    lines.join("\n") + "\n"
}

/// An instant as `--at` takes it.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
