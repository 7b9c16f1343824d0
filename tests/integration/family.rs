//! Relatives see each other's records by their own word, and registration tells nobody who gives blood.

use serde_json::json;
use tests::on_both;
use tests::support::{Caller, Gateway, Person, Server, Town};

/// Signs a person of a town in and binds the record.
fn bound(server: &Server, gateway: &Gateway, n: usize) -> Caller {
    let person = Person::number(n);
    let caller = server.sign_in(gateway, &person.phone);
    let donation_no = format!("419924{:07}", 2 * n - 1);
    let proof = json!({ "id_number": person.id_number, "donation_no": donation_no });
    server.send(&caller, "/v1/me/donor", proof).with_status(200);
    caller
}

on_both! {
    fn a_relative_sees_a_record_by_its_owner_s_word_and_no_longer_than_they_wish(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(2));
        station.issue_all();
        let server = station.serve_through(&gateway, &[]);
        let (mother, daughter) = (bound(&server, &gateway, 1), bound(&server, &gateway, 2));
        let donations = "/v1/donors/T0001/donations";
        let foreign = server.read(&daughter, donations).with_status(404);
        let absent = server.read(&daughter, "/v1/donors/T9999/donations").with_status(404);
        assert_eq!(foreign.text(), absent.text(), "a foreign record looks like none");

        let code = server.send(&mother, "/v1/me/sharing-codes", json!({})).with_status(201).json()["code"].clone();
        let joined = server.send(&daughter, "/v1/me/family", json!({ "code": code })).with_status(201).json();
        assert_eq!(joined["donor_no"], "T0001");
        assert_eq!(server.read(&daughter, donations).with_status(200).json().as_array().unwrap().len(), 2);
        let certificate = server.read(&daughter, "/v1/donors/T0001/certificate").with_status(200).json();
        assert_eq!(server.verify(certificate["text"].as_str().unwrap())["code"], "valid");
        let again = server.send(&daughter, "/v1/me/family", json!({ "code": code })).with_status(404);
        assert_eq!(again.problem(), "wrong_sharing_code", "a code is good for once");

        let managers = server.read(&mother, "/v1/me/managers").with_status(200).json();
        assert_eq!(managers[0]["phone"], "+86170****0002");
        let log = server.read(&mother, "/v1/me/access-log").with_status(200).json();
        let viewed = log.as_array().unwrap().iter().find(|line| line["action"] == "donor.viewed").unwrap();
        assert_eq!((&viewed["by"], &viewed["purpose"]), (&json!("relative"), &json!("family")));

        let manager = managers[0]["id"].as_str().unwrap();
        server.call(&daughter, "DELETE", &format!("/v1/me/managers/{manager}"), None).with_status(404);
        server.call(&mother, "DELETE", &format!("/v1/me/managers/{manager}"), None).with_status(204);
        server.read(&daughter, donations).with_status(404);
    }

    fn a_record_is_bound_by_both_numbers_together_and_once(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(3));
        let server = station.serve_through(&gateway, &[]);
        let one = server.sign_in(&gateway, &Person::number(1).phone);
        let proof = |id: usize, donation: usize| {
            json!({ "id_number": Person::number(id).id_number, "donation_no": format!("419924{donation:07}") })
        };

        let others = server.send(&one, "/v1/me/donor", proof(1, 3)).with_status(404);
        let nobodys = server.send(&one, "/v1/me/donor", proof(500, 1)).with_status(404);
        server.send(&one, "/v1/me/donor", proof(1, 2)).with_status(200);
        let twice = server.send(&one, "/v1/me/donor", proof(1, 2));
        let two = server.sign_in(&gateway, &Person::number(2).phone);
        let taken = server.send(&two, "/v1/me/donor", proof(1, 1)).with_status(409);

        assert_eq!(others.text(), nobodys.text());
        assert_eq!(others.problem(), "record_not_found");
        assert_eq!(twice.with_status(429).problem(), "limit_reached", "three claims a minute");
        assert_eq!(taken.problem(), "record_bound_elsewhere");
    }

    fn whoever_registers_learns_nothing_of_who_gives(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(1));
        let server = station.serve_through(&gateway, &[]);
        let registration = |n: usize| {
            let person = Person::number(n);
            json!({ "name": person.name, "id_number": person.id_number })
        };
        let stranger = server.sign_in(&gateway, &Person::number(8).phone);
        let newcomer = server.sign_in(&gateway, &Person::number(9).phone);

        let known = server.send(&stranger, "/v1/me/registration", registration(1)).with_status(201).json();
        let unknown = server.send(&newcomer, "/v1/me/registration", registration(9)).with_status(201).json();

        for registered in [&known, &unknown] {
            assert!(registered["donor_no"].as_str().unwrap().starts_with("R-"), "{registered}");
        }
        let me = server.read(&stranger, "/v1/me").json();
        assert_eq!(me["donors"][0]["donations"], 0, "another's donations are not shown: {me}");
        let twice = server.send(&newcomer, "/v1/me/registration", registration(9)).with_status(409);
        assert_eq!(twice.problem(), "already_bound");
    }

    fn a_lost_number_is_replaced_at_the_window_and_the_old_one_is_out(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(2));
        let server = station.serve_through(&gateway, &[]);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        let old = bound(&server, &gateway, 1);
        let (path, phone) = ("/v1/station/donors/T0001/sign-in-phone", Person::number(77).phone);

        let unseen = json!({ "phone": phone, "document_seen": false });
        let refused = server.call(&operator, "PUT", path, Some(unseen)).with_status(422);
        assert_eq!(refused.problem(), "document_not_seen");
        let request = json!({ "phone": phone, "document_seen": true });
        server.call(&operator, "PUT", path, Some(request)).with_status(204);

        assert_eq!(server.read(&old, "/v1/me").with_status(401).problem(), "session_ended");
        let new = server.sign_in(&gateway, &phone);
        assert_eq!(server.read(&new, "/v1/me").json()["donors"][0]["donor_no"], "T0001");
        let second = json!({ "phone": phone, "document_seen": true });
        let in_use = server.call(&operator, "PUT", "/v1/station/donors/T0002/sign-in-phone", Some(second));
        assert_eq!(in_use.with_status(409).problem(), "phone_in_use");
        let absent = json!({ "phone": Person::number(78).phone, "document_seen": true });
        server.call(&operator, "PUT", "/v1/station/donors/T9/sign-in-phone", Some(absent)).with_status(404);
        let log = server.read(&new, "/v1/me/access-log").json();
        assert!(log.as_array().unwrap().iter().any(|line| line["action"] == "donor.sign_in_phone_set"));
    }

    fn whoever_has_a_new_number_already_gets_the_record_at_the_window(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(1));
        let server = station.serve_through(&gateway, &[]);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        bound(&server, &gateway, 1);
        let number = Person::number(90).phone;
        let early = server.sign_in(&gateway, &number);
        let proof = json!({ "id_number": Person::number(1).id_number, "donation_no": "4199240000001" });
        let elsewhere = server.send(&early, "/v1/me/donor", proof).with_status(409);
        assert_eq!(elsewhere.problem(), "record_bound_elsewhere");

        let request = json!({ "phone": number, "document_seen": true });
        let path = "/v1/station/donors/T0001/sign-in-phone";
        server.call(&operator, "PUT", path, Some(request)).with_status(204);

        assert_eq!(server.read(&early, "/v1/me").with_status(401).problem(), "session_ended");
        // Nobody waits a minute for the next code here.
        let accounts = "SELECT count(*) AS number FROM accounts WHERE phone_index IS NOT NULL";
        assert_eq!(station.number(accounts), 1, "the number signs in to one account, the record's");
    }

    fn a_relative_cannot_make_the_record_their_own(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(1));
        let server = station.serve_through(&gateway, &[]);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        let phone = Person::number(21).phone;
        let request = json!({ "phone": phone, "document_seen": true });
        server.send(&operator, "/v1/station/donors/T0001/managers", request).with_status(204);
        let relative = server.sign_in(&gateway, &phone);

        let proof = json!({ "id_number": Person::number(1).id_number, "donation_no": "4199240000001" });
        let refused = server.send(&relative, "/v1/me/donor", proof).with_status(409);

        assert_eq!(refused.problem(), "record_of_a_relative");
    }

    fn a_number_that_rested_for_half_a_year_shows_nobody_s_record(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(1));
        let server = station.serve_through(&gateway, &[]);
        bound(&server, &gateway, 1);
        station.execute("UPDATE sessions SET last_used_at = '2026-01-01 00:00:00'").unwrap();
        station.execute("DELETE FROM sign_in_codes").unwrap();
        let next = station.serve_through(&gateway, &[]);

        let stranger = next.sign_in(&gateway, &Person::number(1).phone);

        assert_eq!(next.read(&stranger, "/v1/me").json()["donors"], json!([]));
        let proof = json!({ "id_number": Person::number(1).id_number, "donation_no": "4199240000001" });
        next.send(&stranger, "/v1/me/donor", proof).with_status(200);
        let log = next.read(&stranger, "/v1/me/access-log").json();
        assert!(log.as_array().unwrap().iter().any(|line| line["action"] == "account.rested"), "{log}");
    }

    fn a_parent_without_a_telephone_is_managed_from_the_window(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(1));
        let server = station.serve_through(&gateway, &[]);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        let phone = Person::number(20).phone;

        let request = json!({ "phone": phone, "document_seen": true });
        server.send(&operator, "/v1/station/donors/T0001/managers", request.clone()).with_status(204);
        let twice = server.send(&operator, "/v1/station/donors/T0001/managers", request).with_status(409);

        let child = server.sign_in(&gateway, &phone);
        let me = server.read(&child, "/v1/me").json();
        assert_eq!((&me["donors"][0]["donor_no"], &me["donors"][0]["relation"]), (&json!("T0001"), &json!("family")));
        assert_eq!(twice.problem(), "already_linked");
        server.call(&child, "DELETE", "/v1/me/family/T0001", None).with_status(204);
        assert_eq!(server.read(&child, "/v1/me").json()["donors"], json!([]));
    }
}
