//! From booking to the next certificate: what happens at the door becomes the donation record.

use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Caller, Gateway, Person, Server, Station, Town, international, now, until};

const WELL: &str = r#"{"haemoglobin_g_per_l":140,"systolic_mmhg":120,"diastolic_mmhg":80,"pulse_per_minute":70,"weight_kg":65}"#;

fn well() -> Value {
    serde_json::from_str(WELL).unwrap()
}

/// Somebody who may give, signed in by telephone, with a record of 600 ml.
fn donor(station: &Station, server: &Server, gateway: &Gateway, number: usize) -> Caller {
    let person = Person::number(number);
    if station.count("donors") == 0 {
        station.import(&Town::of(40));
    }
    let caller = server.sign_in(gateway, &person.phone);
    let proof =
        json!({ "id_number": person.id_number, "donation_no": format!("4199240{:06}", number * 2 - 1) });
    server.send(&caller, "/v1/me/donor", proof).with_status(200);
    caller
}

fn session_of(station: &Station, slot: &str) -> String {
    station.texts(&format!("SELECT session_id AS text FROM slots WHERE id = '{slot}'")).remove(0)
}

/// The day has come: the session of a slot is today's, and the slot starts now.
fn the_day_comes(station: &Station, slot: &str) -> String {
    let (session, now) = (session_of(station, slot), now());
    let today = rexue::clock::day_in_china(now);
    let starts_at = now.naive_utc().format("%Y-%m-%d %H:%M:%S");
    station
        .execute(&format!(
            "UPDATE collection_sessions SET day = '{today}' WHERE id = '{session}';
             UPDATE slots SET starts_at = '{starts_at}' WHERE id = '{slot}';
             UPDATE appointments SET starts_at = '{starts_at}' WHERE slot_id = '{slot}'"
        ))
        .unwrap();
    session
}

fn code_of(server: &Server, text: &str) -> String {
    server.verify(text)["code"].as_str().unwrap().to_owned()
}

on_both! {
    fn from_the_first_question_to_the_next_certificate(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let caller = donor(station, &server, &gateway, 30);
        let staff = station.user(&server, "operator", None).sign_in(&server);
        let phone = international(&Person::number(30).phone);
        let old_certificate = station.issue("T0030");
        assert_eq!(code_of(&server, &old_certificate), "valid");
        let slots = station.slots("whole_blood", 5, 3, 2);

        let answers = server.read(&caller, "/v1/me/eligibility").with_status(200).json();
        assert_eq!(answers[0]["eligible"], true);
        let soonest = server.read(&caller, "/v1/slots/soonest?product=whole_blood&near=34.7,113.6").with_status(200).json();
        let slot = soonest["places"][0]["slot"].as_str().unwrap().to_owned();
        assert!(slots.contains(&slot));
        let held = server.send(&caller, "/v1/holds", json!({ "slot": slot })).with_status(201).json();
        let path = format!("/v1/appointments/{}", held["id"].as_str().unwrap());
        server.send(&caller, &format!("{path}/confirmation"), json!({})).with_status(200);
        assert!(gateway.next_message(&phone).contains("您已预约"));
        let reminders = "SELECT count(*) AS number FROM outbox WHERE kind = 'reminder' AND state = 'queued'";
        until("reminders are queued", || station.number(reminders) == 3);

        let session = the_day_comes(station, &slot);
        let visits = format!("/v1/station/sessions/{session}/visits");
        let visit = server.send(&staff, &visits, json!({ "code": old_certificate })).with_status(201).json();
        assert_eq!((&visit["appointment"], &visit["number"]), (&held["id"], &json!(1)));
        let at = |what: &str| format!("/v1/station/visits/{}/{what}", visit["id"].as_str().unwrap());
        let donation = json!({ "donation_no": "4199240099001", "product": "whole_blood", "volume_ml": 400 });
        assert_eq!(server.send(&staff, &at("donation"), donation.clone()).with_status(409).problem(), "wrong_state");
        let screened = server.send(&staff, &at("screening"), well()).with_status(200).json();
        assert_eq!((&screened["passed"], &screened["rule_pack"]), (&json!(true), &json!("gb18467-2011")));
        let recorded = server.send(&staff, &at("donation"), donation.clone()).with_status(200).json();

        assert_eq!((&recorded["whole_blood_ml"], &recorded["donations"]), (&json!(1_000), &json!(3)));
        let number = recorded["certificate_no"].as_str().unwrap();
        assert_eq!(server.send(&staff, &at("donation"), donation).with_status(200).json(), recorded, "sent again");
        assert_eq!(server.read(&caller, &path).with_status(200).json()["state"], "donated");
        assert!(gateway.next_message(&phone).contains("感谢"));
        let later = server.read(&caller, "/v1/me/eligibility").with_status(200).json();
        assert_eq!((&later[0]["eligible"], &later[0]["blocks"][0]["donation_no"]), (&json!(false), &json!("4199240099001")));
        let new_certificate = server.read(&caller, "/v1/donors/T0030/certificate").with_status(200).json();
        let verified = server.verify(new_certificate["text"].as_str().unwrap());
        assert_eq!((&verified["code"], &verified["certificate_no"]), (&json!("valid"), &json!(number)));
        assert_eq!(verified["claims"]["total_volume_ml"], 1_000);
        assert_eq!(server.verify(&old_certificate)["superseded"], true);
        assert_eq!(station.count("certificates"), 2);
        station.rexue(["audit", "verify"]).well();
        let seen = server.read(&caller, "/v1/me/access-log").with_status(200).text().to_owned();
        assert!(seen.contains("donation.recorded"), "{seen}");
    }

    fn whoever_is_outside_the_limits_is_deferred_until_a_day(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let caller = donor(station, &server, &gateway, 30);
        let staff = station.user(&server, "operator", None).sign_in(&server);
        let doctor = station.user(&server, "doctor", None).sign_in(&server);
        let session = the_day_comes(station, &station.slots("whole_blood", 1, 1, 2)[0]);
        let visits = format!("/v1/station/sessions/{session}/visits");
        let missing = server.send(&staff, &visits, json!({ "code": "T0030" })).with_status(422);
        assert_eq!(missing.problem(), "product_missing");
        let walk_in = json!({ "code": "T0030", "product": "whole_blood" });
        let visit = server.send(&staff, &visits, walk_in.clone()).with_status(201).json();
        assert_eq!(server.send(&staff, &visits, walk_in.clone()).with_status(409).problem(), "already_here");
        let at = |what: &str| format!("/v1/station/visits/{}/{what}", visit["id"].as_str().unwrap());

        let mut anaemic = well();
        anaemic["haemoglobin_g_per_l"] = json!(114);
        let screened = server.send(&staff, &at("screening"), anaemic).with_status(200).json();
        let finding = json!({ "rule": "haemoglobin.min", "limit": 115, "clause": "GB 18467-2011 6" });
        assert_eq!((&screened["passed"], &screened["findings"]), (&json!(false), &json!([finding])));
        let mut slip = well();
        slip["weight_kg"] = json!(650);
        assert_eq!(server.send(&staff, &at("screening"), slip).with_status(422).problem(), "out_of_range");
        let until = rexue::clock::day_in_china(now()) + chrono::TimeDelta::days(90);
        let refuse = |body: Value| server.send(&staff, &at("deferral"), body).with_status(422).problem();
        assert_eq!(refuse(json!({ "rule": "乙肝", "until": until })), "not_a_rule");
        assert_eq!(refuse(json!({ "rule": "doctor", "until": "2020-01-01" })), "in_the_past");
        let deferral = json!({ "rule": "haemoglobin.min", "until": until });
        let deferred = server.send(&staff, &at("deferral"), deferral).with_status(201).json();

        let answers = || server.read(&caller, "/v1/me/eligibility").with_status(200).json();
        assert_eq!((&answers()[0]["first_day"], &answers()[0]["blocks"][0]["rule"]), (&json!(until), &json!("deferral")));
        assert_eq!(server.send(&staff, &visits, walk_in.clone()).with_status(409).problem(), "not_eligible");
        let slot = station.slots("whole_blood", 3, 1, 2).remove(0);
        let refused = server.send(&caller, "/v1/appointments", json!({ "slot": slot })).with_status(409);
        assert_eq!(refused.problem(), "not_eligible");
        let lift = format!("/v1/station/deferrals/{}/lifting", deferred["id"].as_str().unwrap());
        server.send(&staff, &lift, json!({})).with_status(403);
        server.send(&doctor, &lift, json!({})).with_status(204);
        server.send(&doctor, &lift, json!({})).with_status(404);
        assert_eq!(answers()[0]["eligible"], true);
        let listed = server.read(&doctor, "/v1/station/donors/T0030/deferrals").with_status(200).json();
        assert!(listed[0]["lifted_at"].is_string());
        server.send(&staff, &visits, walk_in).with_status(201);
        assert_eq!(station.count("donations"), 80, "nothing was collected");
    }

    fn the_queue_is_fair_and_says_how_long_it_takes(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let callers: Vec<Caller> = [30, 31, 32].map(|number| donor(station, &server, &gateway, number)).into();
        let staff = station.user(&server, "operator", None).sign_in(&server);
        let slot = station.slots("whole_blood", 2, 1, 1).remove(0);
        let session = session_of(station, &slot);
        let booked = server.send(&callers[2], "/v1/appointments", json!({ "slot": slot })).with_status(201).json();
        let ticket = json!({ "session": session, "product": "whole_blood" });
        assert_eq!(server.send(&callers[0], "/v1/me/visit", ticket.clone()).with_status(409).problem(), "not_today");
        the_day_comes(station, &slot);
        station.execute("UPDATE collection_sessions SET closes_at = '2100-01-01 00:00:00'").unwrap();

        assert_eq!(server.read(&callers[0], "/v1/me/visit").with_status(404).problem(), "no_visit");
        server.send(&callers[0], "/v1/me/visit", ticket.clone()).with_status(201);
        assert_eq!(server.send(&callers[0], "/v1/me/visit", ticket.clone()).with_status(409).problem(), "already_here");
        server.send(&callers[1], "/v1/me/visit", ticket).with_status(201);
        let visits = format!("/v1/station/sessions/{session}/visits");
        let by_appointment = server.send(&staff, &visits, json!({ "code": booked["id"] })).with_status(201).json();
        assert_eq!(by_appointment["appointment"], booked["id"]);

        let queue = server.read(&staff, &visits).with_status(200).json();
        let order: Vec<i64> = queue.as_array().unwrap().iter().map(|place| place["number"].as_i64().unwrap()).collect();
        assert_eq!(order, [3, 1, 2], "the appointment began before the tickets were taken");
        let own = server.read(&callers[1], "/v1/me/visit").with_status(200).json();
        assert_eq!((&own["ahead"], &own["wait_minutes"]), (&json!(2), &json!(10)), "one chair, five minutes each");
        server.call(&callers[0], "DELETE", "/v1/me/visit", None).with_status(204);
        let own = server.read(&callers[1], "/v1/me/visit").with_status(200).json();
        assert_eq!((&own["ahead"], &own["wait_minutes"]), (&json!(1), &json!(5)));
        let departure = format!("/v1/station/visits/{}/departure", by_appointment["id"].as_str().unwrap());
        server.send(&staff, &departure, json!({})).with_status(204);
        let path = format!("/v1/appointments/{}", booked["id"].as_str().unwrap());
        assert_eq!(server.read(&callers[2], &path).with_status(200).json()["state"], "cancelled");
    }

    fn an_adverse_reaction_is_followed_up(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        donor(station, &server, &gateway, 30);
        let staff = station.user(&server, "operator", None).sign_in(&server);
        let doctor = station.user(&server, "doctor", None).sign_in(&server);
        let reactions = "/v1/station/donations/4199240000059/reactions";

        let bad = server.send(&staff, reactions, json!({ "severity": "awful", "note": "" })).with_status(422);
        assert_eq!(bad.problem(), "unknown_severity");
        let note = "晕厥，卧床十分钟";
        let recorded = server.send(&staff, reactions, json!({ "severity": "moderate", "note": note })).with_status(201).json();
        server.read(&staff, "/v1/station/reactions").with_status(403);
        let open = server.read(&doctor, "/v1/station/reactions").with_status(200).json();
        assert_eq!((&open[0]["id"], &open[0]["note"]), (&recorded["id"], &json!(note)));
        assert_eq!(station.number("SELECT count(*) AS number FROM reactions WHERE CAST(note_sealed AS TEXT) LIKE '%晕厥%'"), 0);
        let path = format!("/v1/station/reactions/{}/follow-up", recorded["id"].as_str().unwrap());
        server.send(&doctor, &path, json!({ "outcome": "recovered" })).with_status(204);
        server.send(&doctor, &path, json!({ "outcome": "recovered" })).with_status(404);
        assert_eq!(server.read(&doctor, "/v1/station/reactions").with_status(200).json(), json!([]));
    }
}
