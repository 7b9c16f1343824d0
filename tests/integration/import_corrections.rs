//! What a later import says of records that are there already.

use crate::import::assert_totals_are_a_recount;
use serde_json::Value;
use tests::on_both;
use tests::support::{DONATIONS_HEADER, DONORS_HEADER, Station, Town};

/// A donor's sums: ml, donations.
fn totals(station: &Station, donor_no: &str) -> String {
    let query = format!(
        "SELECT whole_blood_ml || ' ml, ' || donations AS text FROM donor_totals
         JOIN donors ON donors.id = donor_id WHERE donor_no = '{donor_no}'"
    );
    station.texts(&query).remove(0)
}

/// The details of what the audit trail says was done.
fn audited(station: &Station, action: &str) -> Vec<Value> {
    let query =
        format!("SELECT subject || '|' || detail AS text FROM audit WHERE action = '{action}' ORDER BY id");
    let rows = station.texts(&query);
    rows.iter()
        .map(|row| {
            let (subject, detail) = row.split_once('|').unwrap();
            let mut detail: Value = serde_json::from_str(detail).unwrap();
            detail["subject"] = subject.into();
            detail
        })
        .collect()
}

on_both! {
    fn a_corrected_volume_is_updated_and_audited_and_the_totals_follow(station) {
        let town = Town::of(2);
        station.import(&town);
        let donations = town.donations();
        let first = donations.lines().nth(1).unwrap();

        let counts = station.import_text(town.donors(), donations.replacen(first, &first.replace(",200,", ",300,"), 1));

        assert_eq!(counts["donations"]["updated"], 1);
        assert_eq!(counts["donations"]["unchanged"], 3);
        assert_eq!(totals(station, "T0001"), "700 ml, 2");
        let [entry] = audited(station, "donation.corrected").try_into().unwrap();
        assert_eq!(entry["subject"], first.split(',').next().unwrap());
        assert_eq!(entry["columns"], serde_json::json!(["volume_ml"]));
        assert_eq!((&entry["before"]["volume_ml"], &entry["after"]["volume_ml"]), (&200.into(), &300.into()));
        assert_totals_are_a_recount(station);
    }

    fn a_donation_that_moves_to_another_donor_leaves_the_first_one_s_totals(station) {
        let town = Town::of(2);
        station.import(&town);
        let row = town.donations().lines().nth(2).unwrap().replace("T0001", "T0002");

        let counts = station.import_text(town.donors(), format!("{DONATIONS_HEADER}\n{row}\n"));

        assert_eq!(counts["donations"]["updated"], 1);
        assert_eq!((totals(station, "T0001"), totals(station, "T0002")), ("200 ml, 1".into(), "1000 ml, 3".into()));
        assert_totals_are_a_recount(station);
    }

    fn a_donation_that_was_none_counts_no_more(station) {
        let town = Town::of(1);
        station.import(&town);
        let rows = town.donations().replace(",400,,donated", ",,,deferred").replace(",200,,donated", ",,,incomplete");

        let counts = station.import_text(town.donors(), rows);

        assert_eq!(counts["donations"]["updated"], 2);
        assert_eq!(counts["donations"]["volume_ml"], 0);
        assert_eq!(totals(station, "T0001"), "0 ml, 0");
        let last = "SELECT count(*) AS number FROM donor_totals WHERE last_donated_on IS NULL";
        assert_eq!(station.number(last), 1);
    }

    fn a_corrected_donor_is_updated_and_the_audit_trail_names_columns_only(station) {
        let town = Town::of(1);
        station.import(&town);
        let person = &town.people[0];
        let corrected = person.row().replace(&person.phone, "17005559999").replace(&person.name, "赵改名");

        let counts = station.import_text(format!("{DONORS_HEADER}\n{corrected}\n"), DONATIONS_HEADER);

        assert_eq!(counts["donors"]["updated"], 1);
        assert_eq!(station.texts("SELECT name AS text FROM donors"), ["赵改名"]);
        let [entry] = audited(station, "donor.corrected").try_into().unwrap();
        assert_eq!(entry["columns"], serde_json::json!(["name", "phone"]));
        for value in ["17005559999", person.phone.as_str(), person.name.as_str(), "赵改名"] {
            assert!(!entry.to_string().contains(value), "{entry}");
        }
    }

    fn a_correction_leaves_the_certificates_of_before_as_they_were(station) {
        let town = Town::of(1);
        station.import(&town);
        let text = station.issue("T0001");
        station.import_text(town.donors(), town.donations().replace(",200,", ",300,"));

        let before = station.rexue(["verify", "--json", &text]).well().json();

        assert_eq!((&before["code"], &before["claims"]["total_volume_ml"]), (&"valid".into(), &600.into()));
    }
}
