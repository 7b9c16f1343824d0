//! Urgent appeals: who agreed, fits and was not asked too often is asked, in waves, until enough have booked.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::on_both;
use tests::support::{
    Answer, Caller, Donor, Gateway, PUBLIC_URL, Person, Server, Station, Town, international, now, until,
};

/// A town in which everybody has group O+ and gave at CENTER, but for those who are named with theirs.
fn town(station: &Station, groups: &[(usize, &str)], sites: &[(usize, &str)]) {
    let town = Town::of(40);
    let (mut donors, mut donations) = (town.donors(), town.donations());
    for (number, group) in groups {
        let row = Person::number(*number).row();
        donors = donors.replace(&row, &row.replace(",O,+", group));
    }
    for (number, site) in sites {
        for day in ["2024-03-05", "2025-03-06"] {
            let row = format!("{},{day}T09:30:00+08:00,", Person::number(*number).no);
            donations = donations.replace(&format!("{row}CENTER"), &format!("{row}{site}"));
        }
    }
    station.import_text(donors, donations);
}

/// Donors who agreed to appeals.
fn agreeing(station: &Station, server: &Server, numbers: impl IntoIterator<Item = usize>) -> Vec<Donor> {
    let numbers: Vec<String> = numbers.into_iter().map(|number| Person::number(number).no).collect();
    let crowd = station.crowd(&numbers);
    for donor in &crowd {
        agree(server, &donor.caller);
    }
    crowd
}

fn agree(server: &Server, caller: &Caller) {
    let given = json!({ "purpose": "appeals", "text_version": "1", "given_from": "browser" });
    server.send(caller, "/v1/me/consents", given).with_status(201);
}

fn planner(station: &Station, server: &Server) -> Caller {
    station.user(server, "operator", None).sign_in(server)
}

/// For so many of group O+, asking everybody.
fn wanted(needed: u32) -> Value {
    json!({
        "groups": [{ "abo": "O", "rhd": "+" }], "product": "whole_blood", "needed": needed,
        "closes_at": now() + TimeDelta::days(8), "holdout_percent": 0,
    })
}

fn with(needed: u32, member: &str, value: Value) -> Value {
    let mut body = wanted(needed);
    body[member] = value;
    body
}

fn open(server: &Server, staff: &Caller, body: Value) -> Value {
    server.send(staff, "/v1/station/appeals", body).with_status(201).json()
}

fn shown(server: &Server, staff: &Caller, appeal: &Value) -> Value {
    let path = format!("/v1/station/appeals/{}", appeal["id"].as_str().unwrap());
    server.read(staff, &path).with_status(200).json()
}

fn close(server: &Server, staff: &Caller, appeal: &Value) -> Answer {
    let path = format!("/v1/station/appeals/{}/closure", appeal["id"].as_str().unwrap());
    server.send(staff, &path, json!({}))
}

fn book(server: &Server, donor: &Caller, slot: &str) -> Value {
    server.send(donor, "/v1/appointments", json!({ "slot": slot })).with_status(201).json()
}

fn messages(station: &Station, state: &str) -> i64 {
    station
        .number(&format!("SELECT count(*) AS number FROM outbox WHERE kind = 'appeal' AND state = '{state}'"))
}

fn traces(station: &Station, action: &str) -> i64 {
    station.number(&format!("SELECT count(*) AS number FROM audit WHERE action = '{action}'"))
}

/// Somebody of the crowd whom the lot asked, or held out.
fn drawn<'a>(station: &Station, crowd: &'a [Donor], state: &str) -> &'a Donor {
    let query = format!("SELECT account_id AS text FROM appeal_recipients WHERE state = '{state}'");
    let account = station.texts(&query).remove(0);
    crowd.iter().find(|donor| donor.account_id == account).unwrap()
}

on_both! {
    fn only_who_agreed_fits_and_has_no_place_is_asked_and_hears_of_it(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        town(station, &[(32, ",A,+"), (36, ",O,-"), (38, ",,")], &[]);
        let staff = planner(station, &server);
        let person = Person::number(30);
        let asked = server.sign_in(&gateway, &person.phone);
        let proof = json!({ "id_number": person.id_number, "donation_no": "4199240000059" });
        server.send(&asked, "/v1/me/donor", proof).with_status(200);
        agree(&server, &asked);
        station.crowd(&[Person::number(31).no]);
        let crowd = agreeing(station, &server, 32..=38);
        let [_, _, booked, withdrew, _, erased, _] = crowd.as_slice() else { panic!("seven") };
        station.execute(
            "INSERT INTO deferrals (id, donor_id, rule, created_at, user_id)
             SELECT 'd', id, 'doctor', '2026-01-01 00:00:00', 'nobody' FROM donors WHERE donor_no = 'T0033'"
        ).unwrap();
        let slot = station.slots("whole_blood", 5, 1, 6).remove(0);
        book(&server, &booked.caller, &slot);
        server.call(&withdrew.caller, "DELETE", "/v1/me/consents/appeals", None).with_status(204);
        server.send(&erased.caller, "/v1/me/erasure", json!({ "confirm": true })).with_status(200);

        let made = open(&server, &staff, with(2, "groups", json!([{ "abo": "O", "rhd": "+" }, { "abo": "O", "rhd": "+" }])));

        assert_eq!((&made["asked"], &made["held_out"], &made["places"]), (&json!(1), &json!(0), &json!(5)));
        let text = gateway.next_message(&international(&person.phone));
        assert!(text.contains(PUBLIC_URL) && !text.contains('型') && !text.contains("O+"), "{text}");
        let now = shown(&server, &staff, &made);
        assert_eq!((&now["state"], &now["waves"], &now["places_left"]), (&json!("open"), &json!(1), &json!(5)));
        assert_eq!((&now["asked"]["n"], &now["asked"]["booked_percent"]), (&json!(1), &json!(0.0)));
        assert_eq!(now["lift_points"], json!({ "booked": null, "donated": null }));
        let listed = server.read(&staff, "/v1/station/appeals").with_status(200).json();
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &made["id"]));
        let log = server.read(&asked, "/v1/me/access-log").with_status(200).text().to_owned();
        assert!(log.contains("appeal.asked"), "{log}");
        assert_eq!((traces(station, "appeal.opened"), traces(station, "appeal.wave")), (1, 1));
        let doctor = station.user(&server, "doctor", None).sign_in(&server);
        for foreign in [&doctor, &asked] {
            server.send(foreign, "/v1/station/appeals", wanted(1)).with_status(403);
            server.read(foreign, "/v1/station/appeals").with_status(403);
        }
        server.read(&staff, "/v1/station/appeals/none").with_status(404);
        station.rexue(["audit", "verify"]).well();
    }

    fn some_are_held_out_by_lot_and_what_asking_does_is_counted(station) {
        let server = station.serve();
        town(station, &[], &[]);
        // Nobody of the crowd has a telephone: at night nobody finds out.
        station.always_quiet();
        let staff = planner(station, &server);
        let crowd = agreeing(station, &server, 15..=38);
        let slot = station.slots("whole_blood", 3, 1, 10).remove(0);

        let made = open(&server, &staff, with(9, "holdout_percent", json!(50)));

        let (asked, held_out) = (made["asked"].as_u64().unwrap(), made["held_out"].as_u64().unwrap());
        assert!(asked > 0 && held_out > 0 && asked + held_out == 24, "{made}");
        let told = station.number("SELECT count(*) AS number FROM outbox WHERE kind = 'appeal'");
        assert_eq!((told, traces(station, "appeal.asked")), (i64::try_from(asked).unwrap(), told));
        book(&server, &drawn(station, &crowd, "asked").caller, &slot);
        book(&server, &drawn(station, &crowd, "held_out").caller, &slot);
        let given = (now() + TimeDelta::minutes(1)).format("%Y-%m-%d %H:%M:%S");
        station.execute(&format!(
            "INSERT INTO donations (donation_no, donor_id, collected_at, site_code, product, volume_ml, units, outcome, import_id)
             SELECT '4199249999999', donor_id, '{given}', 'CENTER', 'whole_blood', 400, 0, 'donated',
                 (SELECT min(id) FROM imports) FROM appeal_recipients WHERE account_id = '{}'",
            drawn(station, &crowd, "asked").account_id,
        )).unwrap();

        let now = shown(&server, &staff, &made);
        assert_eq!((&now["asked"]["n"], &now["held_out"]["n"]), (&json!(asked), &json!(held_out)));
        assert_eq!((&now["asked"]["booked"], &now["held_out"]["booked"]), (&json!(1), &json!(1)));
        assert_eq!((&now["asked"]["donated"], &now["held_out"]["donated"]), (&json!(1), &json!(0)));
        let percent = |n: u64| 100.0 / f64::from(u32::try_from(n).unwrap());
        let points = |member: &str| now["lift_points"][member].as_f64().unwrap();
        assert!((points("booked") - (percent(asked) - percent(held_out))).abs() < 0.06, "{now}");
        assert!((points("donated") - percent(asked)).abs() < 0.06, "{now}");
        assert_eq!((&now["state"], &now["places_left"]), (&json!("open"), &json!(8)));
    }

    fn it_stops_when_enough_have_booked_and_goes_on_when_one_cancels(station) {
        let server = station.serve();
        town(station, &[], &[]);
        station.always_quiet();
        let staff = planner(station, &server);
        let crowd = agreeing(station, &server, 30..=32);
        let slot = station.slots("whole_blood", 5, 1, 3).remove(0);
        let made = open(&server, &staff, wanted(1));
        assert_eq!((&made["asked"], messages(station, "queued")), (&json!(3), 3), "nobody is woken");

        let booked = book(&server, &crowd[0].caller, &slot);
        until("it stops", || traces(station, "appeal.met") == 1);
        let now = shown(&server, &staff, &made);
        assert_eq!((&now["state"], &now["called_off"], &now["asked"]["n"]), (&json!("met"), &json!(2), &json!(1)));
        assert_eq!((messages(station, "queued"), messages(station, "superseded")), (0, 3));

        let path = format!("/v1/appointments/{}/cancellation", booked["id"].as_str().unwrap());
        server.send(&crowd[0].caller, &path, json!({})).with_status(200);
        until("it goes on", || traces(station, "appeal.reopened") == 1);
        let now = shown(&server, &staff, &made);
        assert_eq!((&now["state"], &now["called_off"], &now["asked"]["n"]), (&json!("open"), &json!(0), &json!(3)));
        assert_eq!((&now["waves"], messages(station, "queued")), (&json!(2), 2));

        close(&server, &staff, &made).with_status(204);
        assert_eq!(close(&server, &staff, &made).with_status(409).problem(), "appeal_closed");
        let now = shown(&server, &staff, &made);
        assert_eq!((&now["state"], &now["called_off"], messages(station, "queued")), (&json!("closed"), &json!(2), 0));
        assert_eq!(traces(station, "appeal.closed"), 1);
        station.rexue(["audit", "verify"]).well();
    }

    fn a_message_does_not_leave_when_its_reason_is_gone(station) {
        let server = station.serve();
        town(station, &[], &[]);
        station.always_quiet();
        let staff = planner(station, &server);
        let crowd = agreeing(station, &server, 30..=32);
        let slot = station.slots("whole_blood", 5, 1, 6).remove(0);
        let made = open(&server, &staff, wanted(2));
        book(&server, &crowd[0].caller, &slot);
        server.call(&crowd[1].caller, "DELETE", "/v1/me/consents/appeals", None).with_status(204);

        station.never_quiet();
        station.execute("UPDATE outbox SET due_at = '2020-01-01 00:00:00' WHERE kind = 'appeal'").unwrap();

        // Nobody of the crowd has a telephone: the one that is tried fails.
        let ends = ["failed", "superseded", "suppressed"];
        until("one is tried, two are not", || ends.map(|state| messages(station, state)) == [1, 1, 1]);
        until("neither was asked", || shown(&server, &staff, &made)["not_reached"] == 2);
        let now = shown(&server, &staff, &made);
        assert_eq!((&now["asked"]["n"], &now["asked"]["booked"], &now["asked"]["booked_percent"]), (&json!(1), &json!(1), &json!(100.0)));

        close(&server, &staff, &made).with_status(204);
        let dead = station.texts("SELECT id AS text FROM outbox WHERE kind = 'appeal' AND state = 'failed'").remove(0);
        station.execute(&format!("UPDATE outbox SET state = 'sent' WHERE id = '{dead}'")).unwrap();
        until("one was reached after all", || shown(&server, &staff, &made)["not_reached"] == 1);
        assert_eq!(shown(&server, &staff, &made)["asked"]["n"], 2);
    }

    fn the_next_wave_follows_when_too_few_have_booked(station) {
        let server = station.serve_with(&[("REXUE_LIMITS_REQUESTS_PER_MINUTE", "0")]);
        town(station, &[], &[]);
        station.always_quiet();
        let staff = planner(station, &server);
        agreeing(station, &server, 30..=38);
        station.slots("whole_blood", 5, 1, 2);
        let made = open(&server, &staff, wanted(1));
        assert_eq!(made["asked"], 3);
        let past = "UPDATE appeals SET next_wave_at = '2020-01-01 00:00:00'";

        station.execute(past).unwrap();
        until("three more are asked", || shown(&server, &staff, &made)["asked"]["n"] == 6);
        station.execute(past).unwrap();
        until("it is looked at again", || station.count("appeals WHERE next_wave_at > '2021-01-01 00:00:00'") == 1);

        let now = shown(&server, &staff, &made);
        assert_eq!((&now["asked"]["n"], &now["waves"]), (&json!(6), &json!(2)), "three for each place, and no more");
    }

    fn nobody_is_asked_by_two_at_once_nor_too_often(station) {
        let server = station.serve();
        town(station, &[], &[]);
        station.always_quiet();
        let staff = planner(station, &server);
        agreeing(station, &server, [30]);
        station.slots("whole_blood", 5, 1, 5);
        let asked = |appeal: &Value| appeal["asked"].as_u64().unwrap();
        // A message that was called off would not count, and nobody of the crowd has a telephone.
        let sent = || station.execute("UPDATE outbox SET state = 'sent' WHERE kind = 'appeal'").unwrap();

        let first = open(&server, &staff, wanted(1));
        let beside = open(&server, &staff, wanted(1));
        sent();
        close(&server, &staff, &first).with_status(204);
        close(&server, &staff, &beside).with_status(204);
        let second = open(&server, &staff, wanted(1));
        sent();
        close(&server, &staff, &second).with_status(204);
        let third = open(&server, &staff, wanted(1));

        assert_eq!([&first, &beside, &second, &third].map(asked), [1, 0, 1, 0]);
    }

    fn who_gave_at_a_site_is_near_it(station) {
        let server = station.serve();
        town(station, &[], &[(31, "FAR"), (32, "NEAR")]);
        let staff = planner(station, &server);
        for (code, latitude) in [("CENTER", 34.71), ("NEAR", 34.9), ("FAR", 40.0)] {
            let site = json!({
                "code": code, "kind": "fixed", "name": "测试", "address": "测试", "latitude": latitude, "longitude": 113.6,
            });
            server.send(&staff, "/v1/station/sites", site).with_status(201);
        }
        agreeing(station, &server, 30..=32);
        let slot = station.slots("whole_blood", 5, 1, 5).remove(0);
        let site = station.texts(&format!(
            "SELECT site_code AS text FROM slots JOIN collection_sessions s ON s.id = session_id WHERE slots.id = '{slot}'"
        )).remove(0);
        let near = |km: Value| {
            let mut body = with(1, "site", json!(site));
            body["within_km"] = km;
            let made = open(&server, &staff, body);
            close(&server, &staff, &made).with_status(204);
            made["asked"].as_u64().unwrap()
        };

        assert_eq!((near(json!(null)), near(json!(10)), near(json!(30))), (0, 1, 2));
    }

    fn more_than_there_are_places_and_what_makes_no_sense_is_refused(station) {
        let server = station.serve();
        town(station, &[], &[]);
        let staff = planner(station, &server);
        agreeing(station, &server, [30]);
        let slot = station.slots("whole_blood", 5, 1, 2).remove(0);
        let refused = |body: Value, status: u16| server.send(&staff, "/v1/station/appeals", body).with_status(status).problem();

        for (body, code) in [
            (with(1, "groups", json!([])), "no_group"),
            (with(1, "groups", json!([{ "abo": "C", "rhd": "+" }])), "unknown_group"),
            (with(1, "product", json!("plasma")), "unknown_product"),
            (wanted(0), "out_of_range"),
            (with(1, "holdout_percent", json!(51)), "out_of_range"),
            (with(1, "closes_at", json!(now() - TimeDelta::minutes(1))), "in_the_past"),
            (with(1, "closes_at", json!(now() + TimeDelta::days(15))), "too_far"),
            (with(1, "site", json!("NONE")), "unknown_site"),
            (with(1, "within_km", json!(5)), "site_missing"),
            (with(1, "hospital", json!("A")), "malformed_body"),
        ] {
            assert_eq!(refused(body, 422), code);
        }
        assert_eq!(refused(wanted(3), 409), "not_enough_places");
        assert_eq!(refused(with(1, "product", json!("apheresis_platelets")), 409), "not_enough_places");
        assert_eq!(refused(with(1, "closes_at", json!(now() + TimeDelta::hours(1))), 409), "not_enough_places");
        let [donor] = station.crowd(&[Person::number(31).no]).try_into().unwrap_or_else(|_| panic!("one"));
        book(&server, &donor.caller, &slot);
        assert_eq!(refused(wanted(2), 409), "not_enough_places");
        station.always_quiet();
        assert_eq!(refused(with(1, "closes_at", json!(now() + TimeDelta::minutes(1))), 422), "quiet_until_then");
        assert_eq!((station.count("appeals"), station.count("outbox WHERE kind = 'appeal'")), (0, 0));
        assert_eq!(open(&server, &staff, wanted(1))["asked"], 1);
    }
}
