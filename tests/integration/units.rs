//! What becomes of a donation: imported, shown to its donor coarse and late, and to staff for a purpose.

use crate::import::beginning;
use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Caller, Server, Station, Town, now};

/// The donations of T0001 and T0002, of March 2024.
const DONATION: &str = "4199240000001";
const ANOTHER_S: &str = "4199240000003";

const DONATIONS: &str = "/v1/donors/T0001/donations";

/// A row without a hospital and a temperature.
fn row(unit: &str, component: &str, status: &str, at: &str) -> String {
    format!("{unit},{DONATION},{component},{status},{at},,,")
}

fn days_ago(days: i64) -> String {
    (now() - TimeDelta::days(days)).to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn counts(created: u64, updated: u64, unchanged: u64, rejected: u64) -> Value {
    json!({ "created": created, "updated": updated, "unchanged": unchanged, "rejected": rejected })
}

fn rejects(station: &Station) -> Vec<String> {
    station.rejects().iter().map(|row| beginning(row)).collect()
}

/// What a unit's row says.
fn unit(station: &Station, unit_no: &str) -> String {
    let query = format!(
        "SELECT component || ' ' || status || ' ' || coalesce(hospital_code, '-') AS text FROM units WHERE unit_no = '{unit_no}'"
    );
    station.texts(&query).remove(0)
}

fn a_bag_s_life() -> Vec<String> {
    vec![
        row("U-1", "red_cells", "collected", "2024-03-05T10:00:00+08:00"),
        row("U-1", "red_cells", "tested", "2024-03-06T10:00:00+08:00"),
        format!(
            "U-1,{DONATION},red_cells,issued,2024-03-09T10:00:00+08:00,H-1,4.25,2024-03-09T10:05:00+08:00"
        ),
        row("U-2", "plasma", "stored", "2024-03-31T23:00:00-08:00"),
    ]
}

/// T0001 and T0002, signed in.
fn donors(station: &Station) -> Vec<Caller> {
    let donors = station.crowd(&["T0001".to_owned(), "T0002".to_owned()]);
    donors.into_iter().map(|donor| donor.caller).collect()
}

/// What a donor is shown of the first donation.
fn shown(server: &Server, donor: &Caller) -> Value {
    let answer = server.read(donor, DONATIONS).with_status(200);
    assert!(!answer.text().contains("reactive") && !answer.text().contains("H-1"), "{}", answer.text());
    let donations = answer.json();
    let donation = donations.as_array().unwrap().iter().find(|one| one["donation_no"] == DONATION).unwrap();
    json!([donation["journey"], donation["please_contact_station"]])
}

on_both! {
    fn units_are_imported_and_a_second_import_changes_nothing(station) {
        station.import(&Town::of(1));

        let rehearsed = station.import_units(&a_bag_s_life(), &["--dry-run"]);
        assert_eq!((station.count("units"), station.count("unit_events")), (0, 0));
        let first = station.import_units(&a_bag_s_life(), &[]);
        let second = station.import_units(&a_bag_s_life(), &[]);

        assert_eq!((&rehearsed, &first), (&counts(4, 0, 0, 0), &counts(4, 0, 0, 0)));
        assert_eq!(second, counts(0, 0, 4, 0));
        assert_eq!((station.count("units"), station.count("unit_events")), (2, 4));
        assert_eq!(unit(station, "U-1"), "red_cells issued H-1");
        assert_eq!(station.texts("SELECT unit_no || ' ' || tenths AS text FROM unit_temperatures"), ["U-1 43"]);
        assert_eq!(station.count("audit WHERE action = 'import.finished'"), 3);
    }

    fn a_file_says_the_same_as_ndjson_and_in_gb18030(station) {
        station.import(&Town::of(1));
        station.import_units(&a_bag_s_life(), &[]);
        let ndjson = json!({
            "unit_no": "u-1", "donation_no": DONATION, "component": "red_cells", "status": "issued",
            "status_at": "2024-03-09T02:00:00Z", "hospital_code": "H-1", "temperature_celsius": 4.25,
            "temperature_at": "2024-03-09T02:05:00Z", "remark": "冷链",
        });
        let file = station.file("units.ndjson", encoding_rs::GB18030.encode(&ndjson.to_string()).0);

        let ran = station.rexue(["import", "--json", "--encoding", "gb18030", "--units", file.to_str().unwrap()]);

        assert_eq!(ran.well().json()["units"], counts(0, 0, 1, 0));
    }

    fn what_is_told_late_is_kept_and_changes_nothing(station) {
        station.import(&Town::of(1));
        station.import_units(&[row("U-1", "plasma", "issued", "2024-03-09T10:00:00+08:00")], &[]);

        let late = station.import_units(&[row("U-1", "plasma", "stored", "2024-03-07T10:00:00+08:00")], &[]);
        assert_eq!((late, unit(station, "U-1")), (counts(1, 0, 0, 0), "plasma issued -".to_owned()));

        let used = row("U-1", "plasma", "used", "2024-03-10T10:00:00+08:00");
        let back = row("U-1", "plasma", "stored", "2024-03-11T10:00:00+08:00");
        station.import_units(&[used, back], &[]);
        assert_eq!(unit(station, "U-1"), "plasma used -", "nothing comes back from there");
        assert_eq!(station.count("unit_events"), 4);
    }

    fn one_import_contradicts_itself_and_a_later_one_corrects(station) {
        station.import(&Town::of(1));
        let at = "2024-03-09T10:00:00+08:00";
        let warm = |celsius: &str| format!("U-1,{DONATION},plasma,stored,{at},,{celsius},");

        let contradicting = [
            warm("4"),
            row("U-1", "plasma", "issued", at),
            row("U-1", "platelets", "used", "2024-03-10T10:00:00+08:00"),
            warm("5"),
        ];
        let first = station.import_units(&contradicting, &[]);

        assert_eq!(first, counts(1, 0, 0, 3));
        let contradiction = |line, column| format!("units,{line},{column},contradiction");
        let expected = [contradiction(3, "status_at"), contradiction(4, "unit_no"), contradiction(5, "temperature_celsius")];
        assert_eq!(rejects(station), expected);
        let second = station.import_units(&[format!("U-1,{DONATION},platelets,issued,{at},H-1,5,")], &[]);
        assert_eq!((second, unit(station, "U-1")), (counts(0, 1, 0, 0), "platelets issued H-1".to_owned()));
        assert_eq!(station.count("unit_events"), 2, "what was told before stays");
        assert_eq!(station.count("unit_events WHERE corrected_by IS NOT NULL"), 1);
        assert_eq!(station.texts("SELECT CAST(tenths AS TEXT) AS text FROM unit_temperatures"), ["50"]);
        let trail = station.texts("SELECT detail AS text FROM audit WHERE action = 'unit.corrected'");
        let detail: Value = serde_json::from_str(&trail[0]).unwrap();
        assert_eq!(detail["columns"], json!(["component", "status", "hospital_code", "temperature_celsius"]));
        assert_eq!((&detail["before"]["component"], &detail["before"]["temperature_tenths"]), (&json!("plasma"), &json!(40)));
    }

    fn each_refused_row_has_its_line_and_reason_and_the_rest_is_imported(station) {
        station.import(&Town::of(1));
        let at = "2024-03-09T10:00:00+08:00";
        let with = |rest: &str| format!("U-1,{DONATION},plasma,stored,{at},{rest}");
        let rows = [
            row("U-1", "plasma", "stored", at),
            format!("U-1,4199240000099,plasma,stored,{at},,,"),
            row("", "plasma", "stored", at),
            row("U/1", "plasma", "stored", at),
            row("U-1", "marrow", "stored", at),
            row("U-1", "plasma", "lost", at),
            row("U-1", "plasma", "stored", "2024-03-09T10:00:00"),
            row("U-1", "plasma", "stored", "2999-03-09T10:00:00+08:00"),
            row("U-1", "plasma", "stored", "2024-03-04T23:59:59+08:00"),
            with("H 1,,"),
            with(",100.1,"),
            with(",-100.1,"),
            with(",warm,"),
            with(",4,2999-03-09T10:00:00+08:00"),
            with(",4,soon"),
            with(&format!(",,{at}")),
            "U-1".to_owned(),
            row("U-2", "plasma", "stored", at),
        ];

        let counted = station.import_units(&rows, &[]);

        assert_eq!(counted, counts(2, 0, 0, 16));
        assert_eq!(rejects(station), [
            "units,3,donation_no,unknown_donation",
            "units,4,unit_no,missing",
            "units,5,unit_no,not_a_unit_number",
            "units,6,component,unknown_word",
            "units,7,status,unknown_word",
            "units,8,status_at,not_an_instant",
            "units,9,status_at,in_the_future",
            "units,10,status_at,before_donation",
            "units,11,hospital_code,not_a_hospital_code",
            "units,12,temperature_celsius,out_of_range",
            "units,13,temperature_celsius,out_of_range",
            "units,14,temperature_celsius,not_a_temperature",
            "units,15,temperature_at,in_the_future",
            "units,16,temperature_at,not_an_instant",
            "units,17,temperature_celsius,missing",
            "units,18,,wrong_number_of_fields",
        ]);
    }

    fn the_donor_sees_steps_by_the_month_and_nobody_else_does(station) {
        station.import(&Town::of(2));
        station.import_units(&a_bag_s_life(), &[]);
        let callers = donors(station);
        let server = station.serve();

        let steps = json!([
            { "component": "red_cells", "step": "issued", "month": "2024-03" },
            { "component": "plasma", "step": "stored", "month": "2024-04" },
        ]);
        assert_eq!(shown(&server, &callers[0]), json!([steps, false]));
        let foreign = server.read(&callers[1], DONATIONS).with_status(404);
        let absent = server.read(&callers[1], "/v1/donors/T9999/donations").with_status(404);
        assert_eq!(foreign.text(), absent.text());
        let export = server.read(&callers[0], "/v1/me/export").with_status(200).json();
        assert_eq!((&export["donations"][0]["journey"], &export["donations"][1]["journey"]), (&steps, &json!([])));

        let link = "UPDATE account_donors SET relation = 'family' WHERE donor_id = (SELECT id FROM donors WHERE donor_no = 'T0001')";
        station.execute(link).unwrap();
        assert_eq!(shown(&server, &callers[0]), json!([[], false]), "a relative is shown the donation alone");
    }

    fn a_step_is_shown_some_days_late_as_the_policy_says(station) {
        station.import(&Town::of(1));
        let fresh = row("U-1", "plasma", "tested", &days_ago(3));
        station.import_units(&[row("U-1", "plasma", "collected", "2024-03-05T10:00:00+08:00"), fresh], &[]);
        let caller = station.crowd(&["T0001".to_owned()]).remove(0).caller;
        let server = station.serve();

        let doctor = station.user(&server, "doctor", None).sign_in(&server);
        let path = "/v1/station/unit-policy";
        let change = |version: u32, days: i64| {
            let (bearer, tag) = (format!("Bearer {}", doctor.access), format!("\"{version}\""));
            let headers = [("authorization", bearer.as_str()), ("content-type", "application/json"), ("if-match", &tag)];
            server.request("PUT", path, &headers, json!({ "delay_days": days }).to_string().as_bytes())
        };

        let before = shown(&server, &caller);
        let policy = server.read(&doctor, path).with_status(200);
        change(1, 2).with_status(204);
        let after = shown(&server, &caller);

        assert_eq!((policy.header("etag"), &policy.json()), ("\"1\"", &json!({ "delay_days": 7 })));
        assert_eq!((&before[0][0]["step"], &after[0][0]["step"]), (&json!("collected"), &json!("tested")));
        assert_eq!(change(1, 3).with_status(412).problem(), "changed_meanwhile");
        for days in [-1, 366, i64::MAX] {
            assert_eq!(change(2, days).with_status(422).problem(), "out_of_range");
        }
        let unnamed = server.call(&doctor, "PUT", path, Some(json!({ "delay_days": 3 }))).with_status(428);
        assert_eq!(unnamed.problem(), "if_match_missing");
        let trail = station.texts("SELECT detail AS text FROM audit WHERE action = 'unit_policy.changed'");
        assert_eq!(trail.len(), 1, "{trail:?}");
    }

    fn a_donor_whose_unit_reacted_is_asked_to_call_and_sees_no_step(station) {
        station.import(&Town::of(2));
        let mut rows = a_bag_s_life();
        station.import_units(&rows, &[]);
        let callers = donors(station);
        let server = station.serve();
        let before = shown(&server, &callers[0]);

        rows = vec![row("U-1", "red_cells", "reactive", &days_ago(6)), row("U-1", "red_cells", "discarded", &days_ago(5))];
        station.import_units(&rows, &[]);
        let early = shown(&server, &callers[0]);
        station.import_units(&[row("U-2", "plasma", "reactive", &days_ago(8))], &[]);
        let late = shown(&server, &callers[0]);

        assert_eq!(early, before, "nothing changes before the delay is over");
        assert_eq!(late, json!([[], true]));
        let export = server.read(&callers[0], "/v1/me/export").with_status(200);
        assert_eq!((&export.json()["donations"][0]["please_contact_station"], &export.json()["donations"][0]["journey"]), (&json!(true), &json!([])));
        assert_eq!(export.json()["donations"][1]["please_contact_station"], false, "one donation says nothing of another");
        let text = server.read(&callers[0], "/v1/me/export?format=text").with_status(200);
        assert!(text.text().contains("请联系血站"), "{}", text.text());
        for said in [&export, &text, &server.read(&callers[0], "/v1/me/access-log")] {
            assert!(!said.text().contains("reactive"), "{}", said.text());
        }
        let trail = station.texts("SELECT detail AS text FROM audit");
        assert!(trail.iter().all(|detail| !detail.contains("reactive")), "{trail:?}");
    }

    fn staff_see_a_unit_for_a_purpose_and_its_donor_reads_who_looked(station) {
        station.import(&Town::of(2));
        station.import_units(&a_bag_s_life(), &[]);
        station.import_units(&[format!("U-3,{ANOTHER_S},plasma,reactive,2024-03-09T10:00:00+08:00,,,")], &[]);
        let donor = donors(station).remove(0);
        let server = station.serve();
        let doctor = station.user(&server, "doctor", None).sign_in(&server);

        let read = server.read(&doctor, "/v1/station/units/u-1?purpose=follow_up").with_status(200).json();
        let without = server.read(&doctor, "/v1/station/units/U-1").with_status(422);
        let reacted = server.read(&doctor, "/v1/station/units/U-3?purpose=follow_up").with_status(200).json();
        server.read(&doctor, "/v1/station/units/U-9?purpose=follow_up").with_status(404);
        server.read(&doctor, "/v1/station/units/%20?purpose=follow_up").with_status(404);

        assert_eq!(without.problem(), "purpose_missing");
        assert_eq!((&read["unit_no"], &read["status"], &read["hospital_code"]), (&json!("U-1"), &json!("issued"), &json!("H-1")));
        let told: Vec<&str> = read["events"].as_array().unwrap().iter().map(|event| event["status"].as_str().unwrap()).collect();
        assert_eq!(told, ["collected", "tested", "issued"]);
        let reading = json!([{ "at": "2024-03-09T02:05:00Z", "tenths_celsius": 43 }]);
        assert_eq!(read["temperatures"], reading);
        assert_eq!(reacted["status"], "reactive");
        server.read(&donor, "/v1/station/units/U-1?purpose=follow_up").with_status(403);
        let log = server.read(&donor, "/v1/me/access-log").json();
        let look = log.as_array().unwrap().iter().find(|line| line["action"] == "unit.read").unwrap();
        assert_eq!((&look["by"], &look["purpose"]), (&json!("doctor"), &json!("follow_up")));
    }
}
