//! When may somebody give, over HTTP and from a station's own rule packs.

use serde_json::json;
use tests::on_both;
use tests::support::{Gateway, Kind, Person, Station, Town, repository};

on_both! {
    fn a_donor_reads_when_and_why_not(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(30));
        let server = station.serve_through(&gateway, &[]);
        let person = Person::number(30);
        let caller = server.sign_in(&gateway, &person.phone);
        assert_eq!(server.read(&caller, "/v1/me/eligibility").with_status(409).problem(), "no_record");
        let proof = json!({ "id_number": person.id_number, "donation_no": "4199240000059" });
        server.send(&caller, "/v1/me/donor", proof).with_status(200);

        let answers = server.read(&caller, "/v1/me/eligibility?on=2025-03-07").with_status(200).json();

        let whole_blood = &answers[0];
        assert_eq!((&whole_blood["product"], &whole_blood["eligible"]), (&json!("whole_blood"), &json!(false)));
        assert_eq!(whole_blood["first_day"], "2025-09-06");
        assert_eq!(whole_blood["rule_pack"], "gb18467-2011");
        assert_eq!(whole_blood["blocks"], json!([{
            "rule": "interval.whole_blood.whole_blood", "clause": "GB 18467-2011 8.2.1",
            "donation_no": "4199240000060", "appointment": null, "because_of": "2025-03-06", "until": "2025-09-06",
        }]));
        assert_eq!(answers[1]["first_day"], "2025-06-06");
        let later = server.read(&caller, "/v1/me/eligibility?on=2025-09-06").with_status(200).json();
        assert_eq!((&later[0]["eligible"], &later[0]["blocks"]), (&json!(true), &json!([])));
        let malformed = server.read(&caller, "/v1/me/eligibility?on=2025-02-30").with_status(422);
        assert_eq!(malformed.problem(), "malformed_query");
        server.read(&caller, "/v1/me/eligibility?donor_no=T0029").with_status(404);
    }
}

#[test]
fn a_pack_is_checked_with_its_examples_before_it_is_used() {
    let station = Station::new(Kind::Sqlite);
    let rules = repository().join("api/rules");
    let pack = std::fs::read_to_string(rules.join("gb18467-2011.toml")).unwrap();
    let examples = rules.join("gb18467-2011.examples.toml");
    let check = |text: &str| {
        let pack = station.file("pack.toml", text);
        station.rexue(["rules", "check", pack.to_str().unwrap(), examples.to_str().unwrap()])
    };

    assert!(check(&pack).well().out.contains("26 of 26 examples"));
    let wrong = check(&pack.replace("days = 28", "days = 27")).with_code(1);
    assert!(wrong.out.contains("whole blood after platelets: four weeks"), "{}", wrong.out);
    let broken = check(&pack.replace("months = 3\n", "")).with_code(2);
    assert!(broken.err.contains("either months or days"), "{}", broken.err);
}

#[test]
fn a_station_s_own_pack_takes_over_on_its_day() {
    let station = Station::new(Kind::Sqlite);
    std::fs::create_dir(station.path("rules")).unwrap();
    let built_in = std::fs::read_to_string(repository().join("api/rules/gb18467-2011.toml")).unwrap();
    let own = built_in.replace("gb18467-2011\"", "own-2030\"").replace("2012-07-01\n\n#", "2030-01-01\n\n#");
    station.file("rules/own.toml", own);
    let mut command = station.command(["rules", "list"]);
    command.env("REXUE_RULES_FOLDER", station.path("rules"));

    let listed = tests::support::Ran::new(command.output().unwrap()).well().out;

    let ids: Vec<&str> = listed.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
    assert_eq!(ids, ["gb18467-2011", "own-2030"], "{listed}");
}
