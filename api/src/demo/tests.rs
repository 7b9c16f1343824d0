//! The demo city is read back as an import reads it.

use super::*;
use crate::domain::awards;
use crate::domain::donation::{Collection, Donation, Outcome};
use crate::domain::donation_number::DonationNumbering;
use crate::domain::donor::{Abo, Donor, Rh};
use crate::domain::identity::DocumentKind;
use crate::domain::totals::Totals;
use crate::records::{self, Fields};
use certificates::Award;
use chrono::{DateTime, Datelike, Days, Months, Utc};
use std::collections::{BTreeMap, BTreeSet};

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 10, 31).unwrap()
}

fn midnight() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-10-31T00:00:00+08:00").unwrap().to_utc()
}

fn default_city(seed: u64) -> City {
    city(DEFAULT_DONORS, today(), &mut Chance::from_seed(seed))
}

/// The rows behind the header, each with as many fields as there are columns.
fn rows(csv: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some(columns.join(",").as_str()));
    let rows: Vec<Vec<String>> = lines.map(|line| line.split(',').map(str::to_owned).collect()).collect();
    assert!(rows.iter().all(|row| row.len() == columns.len()));
    rows
}

fn donors(city: &City) -> Vec<Donor> {
    let read = |row: &Vec<String>| records::donor(&Fields::new(DONOR_COLUMNS, row), today()).unwrap();
    rows(&city.donors_csv, DONOR_COLUMNS).iter().map(read).collect()
}

fn donations(city: &City) -> Vec<Donation> {
    let numbering = DonationNumbering::with_local_pattern("4199[0-9]{9}").unwrap();
    let read = |row: &Vec<String>| {
        records::donation(&Fields::new(DONATION_COLUMNS, row), &numbering, midnight()).unwrap()
    };
    rows(&city.donations_csv, DONATION_COLUMNS).iter().map(read).collect()
}

/// Each donor's donations, in the order of the file.
fn histories(city: &City) -> BTreeMap<String, Vec<Donation>> {
    let mut histories: BTreeMap<String, Vec<Donation>> = BTreeMap::new();
    for donation in donations(city) {
        histories.entry(donation.donor_no.as_str().to_owned()).or_default().push(donation);
    }
    histories
}

fn given(donations: &[Donation]) -> Vec<&Donation> {
    donations.iter().filter(|donation| donation.collection.outcome == Outcome::Donated).collect()
}

fn per_mille(part: usize, whole: usize) -> usize {
    part * 1000 / whole
}

#[test]
fn the_same_seed_and_day_make_the_same_city() {
    assert_eq!(default_city(7), default_city(7));
    assert_ne!(default_city(7), default_city(8));
}

#[test]
fn every_row_is_one_that_an_import_accepts() {
    let city = default_city(7);

    let known: BTreeSet<String> =
        donors(&city).iter().map(|donor| donor.donor_no.as_str().to_owned()).collect();

    assert_eq!(known.len(), 2_000);
    assert!(histories(&city).keys().all(|donor| known.contains(donor)));
}

#[test]
fn numbers_are_given_once() {
    let city = default_city(7);
    let donations = donations(&city);

    let numbers: BTreeSet<&str> = donations.iter().map(|donation| donation.donation_no.as_str()).collect();
    assert_eq!(numbers.len(), donations.len());
    for donation in &donations {
        let year = donation.collection.day().format("%y").to_string();
        assert_eq!(donation.donation_no.as_str()[4..6], year);
    }
}

#[test]
fn no_two_donors_have_one_document_even_among_many() {
    let plan = Plan::new(120_000, Some(0), today(), &mut Chance::from_seed(7));

    let documents: BTreeSet<String> =
        plan.donor_lines().filter_map(|line| line.split(',').nth(3).map(str::to_owned)).collect();

    assert_eq!(documents.len(), 120_001);
}

#[test]
fn people_give_between_18_and_60() {
    let city = default_city(7);
    let histories = histories(&city);
    for donor in donors(&city) {
        let earliest = donor.birth_date + Months::new(18 * 12);
        let latest = donor.birth_date + Months::new(60 * 12);
        for donation in histories.get(donor.donor_no.as_str()).into_iter().flatten() {
            assert!((earliest..=latest).contains(&donation.collection.day()), "{donation:?}");
        }
    }
}

#[test]
fn every_award_is_reached_whatever_the_seed() {
    for seed in 0..5 {
        let levels: BTreeSet<String> = histories(&default_city(seed))
            .values()
            .map(|donations| Totals::of(donations.iter().map(|donation| &donation.collection)))
            .map(|totals| format!("{:?}", awards::reached(awards::counts_hundredths(&totals))))
            .collect();

        for level in [Award::None, Award::Bronze, Award::Silver, Award::Gold, Award::Lifetime] {
            assert!(levels.contains(&format!("{level:?}")), "{level:?} with seed {seed}");
        }
    }
}

/// GB 18467-2011, forwards: the history is made backwards.
fn first_possible(donated: &Collection, next: Product) -> NaiveDate {
    match (donated.product, next) {
        (Product::WholeBlood, Product::WholeBlood) => donated.day() + Months::new(6),
        (Product::WholeBlood, Product::ApheresisPlatelets) => donated.day() + Months::new(3),
        (Product::ApheresisPlatelets, Product::WholeBlood) => donated.day() + Days::new(28),
        (Product::ApheresisPlatelets, Product::ApheresisPlatelets) => donated.day() + Days::new(14),
    }
}

#[test]
fn the_intervals_are_kept_with_few_exceptions() {
    let mut pairs = 0;
    let mut early = 0;
    for history in histories(&default_city(7)).values() {
        for pair in given(history).windows(2) {
            let [one, other] = [&pair[0].collection, &pair[1].collection];
            pairs += 1;
            early += usize::from(other.day() < first_possible(one, other.product));
        }
    }

    assert!((1..=10).contains(&per_mille(early, pairs)), "{early} of {pairs}");
}

#[test]
fn donations_have_the_station_s_proportions() {
    let all = donations(&default_city(7));
    let given = given(&all);
    let share = |matches: &dyn Fn(&Donation) -> bool| {
        per_mille(given.iter().filter(|donation| matches(donation)).count(), given.len())
    };
    let volume: u32 = given.iter().map(|donation| donation.collection.volume_ml).sum();

    assert!((9_000..11_000).contains(&all.len()), "{} donations", all.len());
    assert!((40..65).contains(&per_mille(all.len() - given.len(), all.len())));
    assert!((60..100).contains(&share(&|it| it.collection.product == Product::ApheresisPlatelets)));
    assert!((1..15).contains(&share(&|it| it.collection.volume_ml == 250 && it.site_code == "ELSEWHERE")));
    assert!((800..950).contains(&share(&|it| it.collection.volume_ml == 400)));
    assert!((375..400).contains(&(volume / u32::try_from(given.len()).unwrap())));
    for site in SITES {
        assert!(share(&|it| it.site_code == site.code) > 0, "{}", site.name);
    }
}

#[test]
fn the_last_year_is_a_fiftieth_of_the_station_s() {
    let year_ago = today() - Months::new(12);
    let mut days: BTreeMap<NaiveDate, u32> = BTreeMap::new();
    for donation in donations(&default_city(7)) {
        *days.entry(donation.collection.day()).or_default() += 1;
    }
    days.retain(|day, _| *day >= year_ago);
    let record = NaiveDate::from_ymd_opt(2026, 6, 14).unwrap();

    assert!((900..1_150).contains(&days.values().sum::<u32>()), "{}", days.values().sum::<u32>());
    assert!((9..=22).contains(&days[&record]), "{}", days[&record]);
    assert_eq!(days.values().max(), Some(&days[&record]));
}

#[test]
fn the_record_day_and_december_are_busy() {
    let donations = donations(&default_city(7));
    let days = donations.iter().map(|donation| donation.collection.day());

    let record_days = days.clone().filter(|day| (day.month(), day.day()) == (6, 14)).count();
    let december = days.filter(|day| day.month() == 12).count();

    assert!((11..19).contains(&per_mille(record_days, donations.len())), "{record_days}");
    assert!((105..150).contains(&per_mille(december, donations.len())), "{december}");
}

#[test]
fn donors_have_the_population_s_proportions() {
    let donors = donors(&default_city(7));
    let count = |matches: &dyn Fn(&Donor) -> bool| donors.iter().filter(|donor| matches(donor)).count();

    assert!((500..620).contains(&count(&|donor| donor.abo == Some(Abo::O))));
    assert!((160..260).contains(&count(&|donor| donor.abo == Some(Abo::Ab))));
    assert!((2..20).contains(&count(&|donor| donor.rh == Some(Rh::Negative))));
    assert!((550..750).contains(&count(&|donor| donor.email.is_some())));
    assert_eq!(count(&|donor| donor.document.kind() == DocumentKind::Passport), 4);
    assert_eq!(count(&|donor| donor.document.kind() == DocumentKind::HongKongMacaoPermit), 1);
    assert!(count(&|donor| donor.name.reveal().contains('·')) > 0);
}

#[test]
fn a_wanted_number_of_donations_is_met_exactly() {
    for wanted in [0, 1, 4_000, 5_000, 30_000] {
        let plan = Plan::new(1_000, Some(wanted), today(), &mut Chance::from_seed(7));
        let mut file = Vec::new();

        plan.write_donations(&mut file).unwrap();

        let rows = file.iter().filter(|byte| **byte == b'\n').count() - 1;
        assert_eq!(u32::try_from(rows).unwrap(), wanted);
    }
}

#[test]
fn a_city_without_donors_is_two_headers() {
    let city = city(0, today(), &mut Chance::from_seed(7));

    assert_eq!(rows(&city.donors_csv, DONOR_COLUMNS).len(), 0);
    assert_eq!(rows(&city.donations_csv, DONATION_COLUMNS).len(), 0);
}
