//! The main job on real donation records: `../shared/data/sample-station`, when it is there.

use crate::import::{Spoilt, all_unchanged, assert_totals_are_a_recount};
use certificates::QrImage;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tests::on_both;
use tests::support::shared;

fn sample() -> Option<(PathBuf, PathBuf)> {
    Some((shared("data/sample-station/donors.csv")?, shared("data/sample-station/donations.csv")?))
}

/// What each donor has given by the file itself: ml, donations.
fn given(donations: &str) -> BTreeMap<String, (u64, u64)> {
    let mut sums = BTreeMap::new();
    for line in donations.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        if fields[7] == "donated" {
            let sum: &mut (u64, u64) = sums.entry(fields[1].to_owned()).or_default();
            *sum = (sum.0 + fields[5].parse::<u64>().unwrap(), sum.1 + 1);
        }
    }
    sums
}

on_both! {
    fn all_748_donors_are_imported_and_a_second_import_changes_nothing(station) {
        let Some((donors, donations)) = sample() else { return };

        let first = station.import_files(&donors, &donations, &[]);
        let second = station.import_files(&donors, &donations, &[]);

        println!("{first}\n{second}");
        assert_eq!(first, json!({
            "donors": { "created": 748, "updated": 0, "unchanged": 0, "rejected": 0 },
            "donations": { "created": 4_125, "updated": 0, "unchanged": 0, "rejected": 0, "volume_ml": 1_031_250 },
        }));
        assert_eq!(second, all_unchanged(748, 4_125, 1_031_250));
        assert_totals_are_a_recount(station);
    }

    fn ten_spoilt_rows_are_ten_rejects_and_the_rest_is_imported(station) {
        let Some((donors, donations)) = sample() else { return };
        let read = |path| std::fs::read_to_string(path).unwrap();

        let spoilt = Spoilt::of(&read(donors), &read(donations));
        let counts = station.import_text(&spoilt.donors, &spoilt.donations);

        spoilt.assert_rejected(station, &counts, (748, 4_125, 1_031_250));
    }

    fn all_748_certificates_are_issued_and_verified(station) {
        let Some((donors, donations)) = sample() else { return };
        station.import_files(&donors, &donations, &[]);
        let out = station.path("out");

        let issued = station.rexue(["certificates", "issue", "--all", "--json", "--out", out.to_str().unwrap()]).well();

        assert_eq!(issued.out, "{\"issued\":748}\n");
        let server = station.serve();
        let given = given(&std::fs::read_to_string(donations).unwrap());
        assert_eq!(given.len(), 748);
        let mut versions = BTreeMap::new();
        for (place, (donor_no, (ml, count))) in given.iter().enumerate() {
            let file = |ending: &str| out.join(format!("{donor_no}.{ending}"));
            assert!(file("svg").is_file() && file("png").is_file());
            let text = std::fs::read_to_string(file("txt")).unwrap();
            *versions.entry(QrImage::of(text.trim_end()).unwrap().version()).or_insert(0) += 1;

            // Every one over HTTP, every tenth also by the command line.
            let online = server.verify(&text);
            assert_eq!((&online["code"], &online["light"]), (&json!("valid"), &json!("green")), "{donor_no}");
            assert_eq!(online["claims"]["total_volume_ml"], *ml, "{donor_no}");
            assert_eq!(online["claims"]["donations"], *count, "{donor_no}");
            assert_eq!(online["claims"]["lives_saved"], ml / 200, "{donor_no}");
            if place % 10 == 0 {
                let ran = station.rexue(["verify", "--json", file("txt").to_str().unwrap()]).well().json();
                assert_eq!((&ran["valid"], &ran["claims"]), (&json!(true), &online["claims"]));
            }
        }
        println!("748 valid; QR versions: {versions:?}");
        assert!(versions.keys().all(|version| *version <= 13), "{versions:?}");
        let places = "SELECT count(DISTINCT status_index) AS number FROM certificates";
        assert_eq!(station.number(places), 748);
    }
}
