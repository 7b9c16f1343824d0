//! Two records of one person become one, by two members of staff; and two again.

use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Caller, Gateway, Person, Server, Station, Town};

fn totals(server: &Server, staff: &Caller, donor_no: &str) -> (String, Value, Value) {
    let request = json!({ "purpose": "record_correction", "donor_no": donor_no });
    let found = server.send(staff, "/v1/station/donors/search", request).with_status(200).json();
    let donor = &found[0];
    (
        donor["donor_no"].as_str().unwrap().to_owned(),
        donor["donations"].clone(),
        donor["whole_blood_ml"].clone(),
    )
}

fn verdict(station: &Station, server: &Server, donor_no: &str) -> String {
    let text = server.get(&station.link(donor_no).path("txt")).with_status(200);
    server.verify(text.text())["code"].as_str().unwrap().to_owned()
}

on_both! {
    fn a_merge_takes_two_people_moves_donations_and_can_be_undone(station) {
        let gateway = Gateway::start();
        let town = Town::of(2);
        station.import(&town);
        station.issue_all();
        let server = station.serve_through(&gateway, &[]);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        let reviewer_user = station.user(&server, "reviewer", None);
        let reviewer = reviewer_user.sign_in(&server);
        let decide = |caller: &Caller, id: &str, approve: bool| {
            server.send(caller, &format!("/v1/station/merges/{id}/decision"), json!({ "approve": approve }))
        };
        let propose = |caller: &Caller| {
            let request = json!({ "kept": "T0001", "duplicate": "T0002", "reason": "same document" });
            server.send(caller, "/v1/station/merges", request)
        };

        let own = propose(&reviewer).with_status(201).json()["id"].as_str().unwrap().to_owned();
        assert_eq!(decide(&reviewer, &own, true).with_status(409).problem(), "own_proposal");
        assert_eq!(propose(&operator).with_status(409).problem(), "merge_under_way");
        let admin = station.user(&server, "admin", None).sign_in(&server);
        decide(&admin, &own, false).with_status(204);
        let id = propose(&operator).with_status(201).json()["id"].as_str().unwrap().to_owned();
        decide(&reviewer, &id, true).with_status(204);

        assert_eq!(totals(&server, &operator, "T0001"), ("T0001".to_owned(), json!(4), json!(1200)));
        assert_eq!(totals(&server, &operator, "T0002"), ("T0001".to_owned(), json!(4), json!(1200)), "it leads on");
        assert_eq!(verdict(station, &server, "T0002"), "revoked");
        assert_eq!(verdict(station, &server, "T0001"), "valid", "a new one was issued");
        let again = station.import(&town);
        assert_eq!(again["donations"]["unchanged"], 4, "an import knows where the donations are: {again}");
        assert_eq!(decide(&reviewer, &id, true).with_status(409).problem(), "nothing_to_decide");

        server.send(&operator, &format!("/v1/station/merges/{id}/reversal"), json!({})).with_status(204);
        decide(&reviewer, &id, true).with_status(204);

        assert_eq!(totals(&server, &operator, "T0001"), ("T0001".to_owned(), json!(2), json!(600)));
        assert_eq!(totals(&server, &operator, "T0002"), ("T0002".to_owned(), json!(2), json!(600)));
        assert_eq!((verdict(station, &server, "T0001"), verdict(station, &server, "T0002")), ("valid".to_owned(), "valid".to_owned()));
        assert_eq!(station.import(&town)["donations"]["unchanged"], 4);
        station.rexue(["audit", "verify"]).well();
    }

    fn whoever_saw_a_merged_record_sees_it_again_when_it_is_two(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(2));
        let server = station.serve_through(&gateway, &[]);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        let reviewer = station.user(&server, "reviewer", None).sign_in(&server);
        let own = server.sign_in(&gateway, &Person::number(2).phone);
        let proof = json!({ "id_number": Person::number(2).id_number, "donation_no": "4199240000003" });
        server.send(&own, "/v1/me/donor", proof).with_status(200);
        let sees = || {
            let me = server.read(&own, "/v1/me").with_status(200).json();
            (me["donors"][0]["donor_no"].clone(), me["donors"][0]["donations"].clone())
        };
        let request = json!({ "kept": "T0001", "duplicate": "T0002", "reason": "same document" });
        let id = server.send(&operator, "/v1/station/merges", request).with_status(201).json()["id"].clone();
        let path = format!("/v1/station/merges/{}", id.as_str().unwrap());
        let decide = || {
            server.send(&reviewer, &format!("{path}/decision"), json!({ "approve": true })).with_status(204);
        };

        decide();
        let merged = sees();
        server.send(&operator, &format!("{path}/reversal"), json!({})).with_status(204);
        decide();

        assert_eq!(merged, (json!("T0001"), json!(4)));
        assert_eq!(sees(), (json!("T0002"), json!(2)));
        let revoked = "SELECT count(*) AS number FROM audit WHERE action = 'certificate.revoked'";
        let statuses = station.count("certificate_statuses");
        assert_eq!(station.number(revoked), statuses, "each revocation has its line");
    }

    fn a_record_is_not_merged_with_itself_or_with_none(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(1));
        let server = station.serve_through(&gateway, &[]);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        let propose = |kept: &str, duplicate: &str, reason: &str| {
            let request = json!({ "kept": kept, "duplicate": duplicate, "reason": reason });
            server.send(&operator, "/v1/station/merges", request)
        };

        assert_eq!(propose("T0001", "T0001", "why").with_status(409).problem(), "same_record");
        assert_eq!(propose("T0001", "T0009", "why").with_status(404).problem(), "not_found");
        assert_eq!(propose("T0001", "T0009", " ").with_status(422).problem(), "reason_missing");
    }
}
