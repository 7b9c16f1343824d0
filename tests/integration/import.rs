//! `rexue import`: files in, counts and rejects out.

use serde_json::{Map, Value, json};
use std::os::unix::fs::PermissionsExt;
use tests::on_both;
use tests::support::{DONATIONS_HEADER, DONORS_HEADER, Person, Ran, Station, Town, whole_blood};

/// The counts of a first import of [`Town::of`] so many people.
fn all_created(size: u64) -> Value {
    json!({
        "donors": { "created": size, "updated": 0, "unchanged": 0, "rejected": 0 },
        "donations": { "created": 2 * size, "updated": 0, "unchanged": 0, "rejected": 0, "volume_ml": 600 * size },
    })
}

/// The counts of an import that says what is known.
pub fn all_unchanged(donors: u64, donations: u64, volume_ml: u64) -> Value {
    json!({
        "donors": { "created": 0, "updated": 0, "unchanged": donors, "rejected": 0 },
        "donations": { "created": 0, "updated": 0, "unchanged": donations, "rejected": 0, "volume_ml": volume_ml },
    })
}

/// Each donor's sums, counted by the database from the donations themselves and from what is kept beside them.
pub fn recounted(station: &Station) -> (Vec<String>, Vec<String>) {
    let mut counted = station.texts(
        "SELECT donor_id
             || ' ' || CAST(sum(CASE product WHEN 'whole_blood' THEN volume_ml ELSE 0 END) AS BIGINT)
             || ' ' || count(*)
             || ' ' || CAST(sum(CASE product WHEN 'apheresis_platelets' THEN units ELSE 0 END) AS BIGINT) AS text
         FROM donations WHERE outcome = 'donated' GROUP BY donor_id",
    );
    let mut kept = station.texts(
        "SELECT donor_id || ' ' || whole_blood_ml || ' ' || donations || ' ' || platelet_units AS text
         FROM donor_totals WHERE donations > 0",
    );
    counted.sort();
    kept.sort();
    (counted, kept)
}

#[track_caller]
pub fn assert_totals_are_a_recount(station: &Station) {
    let (counted, kept) = recounted(station);
    assert!(!counted.is_empty());
    assert_eq!(kept, counted);
}

/// One file of CSV as NDJSON: numbers as numbers, what is empty as null.
fn ndjson(csv: &str) -> String {
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let object = |line: &str| {
        let fields = header.iter().zip(line.split(',')).map(|(name, value)| {
            let value = match (*name, value) {
                (_, "") => Value::Null,
                ("volume_ml" | "units", number) => json!(number.parse::<u32>().unwrap()),
                (_, text) => json!(text),
            };
            ((*name).to_owned(), value)
        });
        Value::Object(fields.collect::<Map<_, _>>()).to_string() + "\n"
    };
    lines.map(object).collect()
}

/// The same file with its columns from right to left, and one more that means nothing.
fn columns_reversed(csv: &str) -> String {
    let reversed = |line: &str| line.rsplit(',').collect::<Vec<_>>().join(",");
    csv.lines().map(|line| format!("{},x\n", reversed(line))).collect()
}

on_both! {
    fn a_town_is_imported_and_a_second_import_changes_nothing(station) {
        let town = Town::of(20);

        let first = station.import(&town);
        let second = station.import(&town);

        assert_eq!(first, all_created(20));
        assert_eq!(second, all_unchanged(20, 40, 12_000));
        assert_eq!((station.count("donors"), station.count("donations")), (20, 40));
        assert_totals_are_a_recount(station);
    }

    fn a_file_says_the_same_however_it_is_written(station) {
        let town = Town::of(5);
        let (donors, donations) = (town.donors(), town.donations());
        station.import(&town);

        let written = |change: &dyn Fn(&str) -> String| station.import_text(change(&donors), change(&donations));

        assert_eq!(written(&|csv| format!("\u{FEFF}{csv}")), all_unchanged(5, 10, 3_000), "byte order mark");
        assert_eq!(written(&|csv| csv.replace('\n', "\r\n")), all_unchanged(5, 10, 3_000), "CRLF");
        assert_eq!(written(&|csv| csv.trim_end().to_owned()), all_unchanged(5, 10, 3_000), "no last line end");
        assert_eq!(written(&|csv| csv.replace('\n', "\n\n")), all_unchanged(5, 10, 3_000), "blank lines");
        assert_eq!(written(&columns_reversed), all_unchanged(5, 10, 3_000), "columns in another order");
        assert_eq!(written(&ndjson), all_unchanged(5, 10, 3_000), "NDJSON");
    }

    fn gb18030_is_read_when_it_is_asked_for(station) {
        let town = Town::of(3);
        let donors = station.file("gb.csv", encoding_rs::GB18030.encode(&town.donors()).0);
        let donations = station.file("donations.csv", town.donations());

        let as_utf_8 = station.import_files(&donors, &donations, &["--dry-run"]);
        let as_gb18030 = station.import_files(&donors, &donations, &["--encoding", "gb18030"]);

        assert_eq!(as_utf_8["donors"]["rejected"], 3);
        assert_eq!(as_gb18030, all_created(3));
        let names = station.texts("SELECT name AS text FROM donors ORDER BY donor_no");
        assert_eq!(names, town.people.iter().map(|person| person.name.clone()).collect::<Vec<_>>());
    }

    fn a_dry_run_counts_and_leaves_nothing(station) {
        let town = Town::of(5);
        let donors = station.file("donors.csv", town.donors());
        let donations = station.file("donations.csv", town.donations());

        let counts = station.import_files(&donors, &donations, &["--dry-run"]);

        assert_eq!(counts, all_created(5));
        for table in ["imports", "donors", "donations", "donor_totals", "audit"] {
            assert_eq!(station.count(table), 0, "{table}");
        }
    }

    fn each_spoilt_row_is_a_reject_with_its_line_and_reason_and_the_rest_is_imported(station) {
        let town = Town::of(12);

        let spoilt = Spoilt::of(&town.donors(), &town.donations());
        let counts = station.import_text(&spoilt.donors, &spoilt.donations);

        spoilt.assert_rejected(station, &counts, (12, 24, 7_200));
    }

    fn facts_from_elsewhere_are_accepted(station) {
        let (one, other) = (Person::number(1), Person::number(2));
        let donations = [
            // 250 ml twice within two months, 50 ml, and platelets of long ago.
            whole_blood(1, &one.no, "2024-03-05", 250),
            whole_blood(2, &one.no, "2024-04-30", 250),
            whole_blood(3, &other.no, "2024-04-30", 50),
            format!("4199240000004,{},2008-04-30T09:30:00+08:00,CENTER,apheresis_platelets,250,1,donated", other.no),
            format!("4199240000005,{},2025-04-30T09:30:00+08:00,CENTER,whole_blood,,,deferred", other.no),
        ];

        let counts = station.import_text(
            format!("{DONORS_HEADER}\n{}\n{}\n", one.row(), other.row()),
            format!("{DONATIONS_HEADER}\n{}\n", donations.join("\n")),
        );

        assert_eq!(counts["donations"]["created"], 5);
        assert_eq!(counts["donations"]["volume_ml"], 800);
        assert_totals_are_a_recount(station);
    }

    fn an_isbt_128_number_is_accepted_with_its_check_character_only(station) {
        let person = Person::number(1);
        let row = |number: &str| format!("{number},{},2024-03-05T09:30:00+08:00,CENTER,whole_blood,400,,donated", person.no);
        let rows = ["G123498654321H", "G123498654321K", "G123498654321", "=G123498654321H"].map(row).join("\n");

        let counts = station.import_text(
            format!("{DONORS_HEADER}\n{}\n", person.row()),
            format!("{DONATIONS_HEADER}\n{rows}\n"),
        );

        assert_eq!(counts["donations"]["created"], 1);
        let reasons: Vec<String> = station.rejects().iter().map(|row| beginning(row)).collect();
        let not_one = "donation_no,not_a_donation_number";
        assert_eq!(reasons, [
            "donations,3,donation_no,check_character".to_owned(),
            format!("donations,4,{not_one}"),
            format!("donations,5,{not_one}"),
        ]);
        assert_eq!(station.texts("SELECT donation_no AS text FROM donations"), ["G123498654321H"]);
    }

    fn a_text_that_a_database_cannot_hold_is_a_reject_and_not_a_failure(station) {
        let town = Town::of(2);
        let spoilt = |place: usize, from: &str| {
            let rows = ndjson(&town.donors());
            let row = rows.lines().nth(place).unwrap().replace(from, &format!("{}\\u0000", &from[..from.len() - 1]));
            row + "\n"
        };
        let people = town.people.clone();
        let bad = [spoilt(0, "T0001"), spoilt(0, "resident_id"), spoilt(0, &people[0].phone), spoilt(0, &people[0].email)];
        let donations = ndjson(&town.donations());
        let no = donations.lines().next().unwrap().replacen("CENTER", "CEN\\u0000ER", 1);

        let counts = station.import_text(bad.concat() + &ndjson(&town.donors()), format!("{no}\n{donations}"));

        assert_eq!((&counts["donors"]["created"], &counts["donors"]["rejected"]), (&json!(2), &json!(4)));
        assert_eq!((&counts["donations"]["created"], &counts["donations"]["rejected"]), (&json!(4), &json!(1)));
    }

    fn two_imports_of_one_file_at_once_leave_each_record_once(station) {
        let day = rexue::clock::day_in_china(tests::support::now());
        let city = rexue::demo::city(1_500, day, &mut rexue::chance::Chance::from_seed(7));
        let donors = station.file("donors.csv", &city.donors_csv);
        let donations = station.file("donations.csv", &city.donations_csv);
        let import = || {
            let mut command = station.command(["import", "--json", "--donors"]);
            command.arg(&donors).arg("--donations").arg(&donations);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        };

        let both = [import(), import()].map(|process| Ran::new(process.wait_with_output().unwrap()).well().json());

        let sum = |file: &str, count: &str| both.iter().map(|one| one[file][count].as_i64().unwrap()).sum::<i64>();
        for file in ["donors", "donations"] {
            assert_eq!(sum(file, "created"), station.count(file), "{file}");
            assert_eq!(sum(file, "created"), sum(file, "unchanged"), "{file}");
            assert_eq!(sum(file, "rejected") + sum(file, "updated"), 0, "{file}");
        }
        assert!(station.count("donations") > 5_000, "more than one batch");
        assert_totals_are_a_recount(station);
    }
}

/// What a reject's row begins with: file, line, column, reason.
pub fn beginning(row: &str) -> String {
    row.splitn(5, ',').take(4).collect::<Vec<_>>().join(",")
}

/// Two files with ten spoilt rows of ten kinds in between.
pub struct Spoilt {
    pub donors: Vec<u8>,
    pub donations: Vec<u8>,
    expected: Vec<&'static str>,
}

impl Spoilt {
    pub fn of(donors: &str, donations: &str) -> Self {
        let spare = Person::number(997).row();
        let first_donation = donations.lines().nth(1).unwrap();
        let fields: Vec<&str> = first_donation.split(',').collect();
        let donor_no = fields[1];
        let donation = |number: usize, donor_no: &str, at: &str, product: &str, ml: &str| {
            format!("49999900000{number:02},{donor_no},{at},CENTER,{product},{ml},,donated").into_bytes()
        };
        let at = "2024-03-05T09:30:00+08:00";
        let other_volume =
            format!("{}1,,donated", first_donation.rsplit_once(&format!("{},,", fields[5])).unwrap().0);
        let wrong_check_digit = spare.replacen(&spare[..5], "Z0001", 1);
        let number = &Person::number(997).id_number;
        let wrong = if number.ends_with('0') { "1" } else { "0" };
        let wrong_check_digit = wrong_check_digit.replace(number, &format!("{}{wrong}", &number[..17]));
        Self {
            donors: mix(
                donors,
                [
                    (2, wrong_check_digit.into_bytes()),
                    (5, b"Z0002,,passport,E12345678,,,F,1990-01-01,,".to_vec()),
                    (6, b"Z0003,\"Open,passport,E12345678,,,F,1990-01-01,,".to_vec()),
                    (9, b"Z0004,\xFF\xFE,passport,E12345678,,,F,1990-01-01,,".to_vec()),
                ],
            ),
            donations: mix(
                donations,
                [
                    (3, donation(1, donor_no, at, "plasma", "400")),
                    (4, donation(2, donor_no, at, "whole_blood", "-400")),
                    (7, donation(3, "NOBODY", at, "whole_blood", "400")),
                    (8, donation(4, donor_no, "2023-02-29T09:30:00+08:00", "whole_blood", "400")),
                    (10, donation(5, donor_no, "2999-03-05T09:30:00+08:00", "whole_blood", "400")),
                    (13, other_volume.into_bytes()),
                ],
            ),
            expected: vec![
                "donors,2,id_number,check_digit",
                "donors,5,name,missing",
                "donors,6,,unclosed_quote",
                "donors,9,,wrong_encoding",
                "donations,3,product,unknown_word",
                "donations,4,volume_ml,not_a_number",
                "donations,7,donor_no,unknown_donor",
                "donations,8,collected_at,not_an_instant",
                "donations,10,collected_at,in_the_future",
                "donations,13,donation_no,contradiction",
            ],
        }
    }

    /// Ten rejects with line and reason, and everything else (donors, donations, ml) imported.
    #[track_caller]
    pub fn assert_rejected(
        &self,
        station: &Station,
        counts: &Value,
        (donors, donations, ml): (u64, u64, u64),
    ) {
        println!("{counts}\n{}", station.rejects().join("\n"));
        let rejects: Vec<String> = station.rejects().iter().map(|row| beginning(row)).collect();
        assert_eq!(rejects, self.expected);
        let rejects_file = std::fs::metadata(station.path("rejects.csv")).unwrap();
        assert_eq!(rejects_file.permissions().mode() & 0o777, 0o600, "it holds personal data");
        assert_eq!(
            *counts,
            json!({
                "donors": { "created": donors, "updated": 0, "unchanged": 0, "rejected": 4 },
                "donations": { "created": donations, "updated": 0, "unchanged": 0, "rejected": 6, "volume_ml": ml },
            })
        );
        assert_totals_are_a_recount(station);
    }
}

/// The file with rows put in, each at the line that it then has.
fn mix<const N: usize>(file: &str, rows: [(usize, Vec<u8>); N]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = file.lines().map(|line| line.as_bytes().to_vec()).collect();
    for (line, row) in rows {
        lines.insert(line - 1, row);
    }
    lines.join(&b'\n')
}

#[test]
fn a_rejects_file_that_was_there_before_becomes_its_owner_s_alone() {
    let station = Station::new(tests::support::Kind::Sqlite);
    let rejects = station.file("rejects.csv", "");
    std::fs::set_permissions(&rejects, std::fs::Permissions::from_mode(0o644)).unwrap();

    station.import_text(format!("{DONORS_HEADER}\nbad\n"), DONATIONS_HEADER);

    assert_eq!(std::fs::metadata(&rejects).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_file_without_a_column_is_refused_by_the_column_s_name() {
    let station = Station::new(tests::support::Kind::Sqlite);
    let file = station.file("donors.csv", "donor_no,name\nT1,A\n");

    let ran = station.rexue(["import", "--donors", file.to_str().unwrap()]).with_code(2);

    assert!(ran.err.contains("missing_columns") && ran.err.contains("id_number"), "{}", ran.err);
}

#[test]
fn an_import_of_nothing_or_of_what_is_not_there_is_a_wrong_call() {
    let station = Station::new(tests::support::Kind::Sqlite);

    station.rexue(["import"]).with_code(2);
    station.rexue(["import", "--donors", "/nowhere.csv"]).with_code(2);
    station.rexue(["import", "--wrong"]).with_code(2);
}

#[test]
fn random_bytes_are_rejected_line_by_line_and_never_a_panic() {
    use rand::{Rng, RngExt, SeedableRng};
    let station = Station::new(tests::support::Kind::Sqlite);
    let mut chance = rand::rngs::StdRng::seed_from_u64(1);
    let mut bytes = vec![0; 20_000];
    chance.fill_bytes(&mut bytes);
    for _ in 0..500 {
        let place = chance.random_range(0..bytes.len());
        bytes[place] = *b"\n,\"{}".get(place % 5).unwrap();
    }
    let garbage = [format!("{DONORS_HEADER}\n").into_bytes(), bytes].concat();

    let counts = station.import_text(&garbage, DONATIONS_HEADER);

    let rejected = counts["donors"]["rejected"].as_u64().unwrap();
    assert!(rejected > 50, "{counts}");
    assert_eq!(counts["donors"]["created"], 0);
}
