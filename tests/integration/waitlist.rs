//! Freed places go to those who wait, in order and not at night; then they are everybody's.

use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Donor, Gateway, Person, Server, Station, Town, international, until};

fn crowd(station: &Station, count: usize) -> Vec<Donor> {
    station.import(&Town::of(60));
    let numbers: Vec<String> = (30..30 + count).map(|number| Person::number(number).no).collect();
    station.crowd(&numbers)
}

fn wish(station: &Station, slot: &str) -> Value {
    let site = station.texts(&format!(
        "SELECT site_code AS text FROM slots JOIN collection_sessions s ON s.id = session_id WHERE slots.id = '{slot}'"
    ));
    let day = station.texts(&format!(
        "SELECT CAST(day AS TEXT) AS text FROM slots JOIN collection_sessions s ON s.id = session_id WHERE slots.id = '{slot}'"
    ));
    json!({ "product": "whole_blood", "site": site[0], "first_day": day[0], "last_day": day[0] })
}

fn counted(station: &Station, slot: &str) -> (i64, i64, i64) {
    let count =
        |column: &str| station.number(&format!("SELECT {column} AS number FROM slots WHERE id = '{slot}'"));
    (count("held"), count("booked"), count("kept"))
}

fn entry(server: &Server, donor: &Donor) -> Value {
    server.read(&donor.caller, "/v1/me/waitlist").with_status(200).json()[0].clone()
}

fn state(station: &Station, donor: &Donor) -> String {
    let account = &donor.account_id;
    station.texts(&format!("SELECT state AS text FROM waitlist WHERE account_id = '{account}'")).remove(0)
}

fn cancel(server: &Server, donor: &Donor, id: &Value) {
    let path = format!("/v1/appointments/{}/cancellation", id.as_str().unwrap());
    server.send(&donor.caller, &path, json!({})).with_status(200);
}

on_both! {
    fn a_freed_place_goes_down_the_line(station) {
        let donors = crowd(station, 4);
        let server = station.serve();
        let slot = station.slots("whole_blood", 5, 1, 1).remove(0);
        let book = |donor: &Donor| server.send(&donor.caller, "/v1/appointments", json!({ "slot": slot }));
        let booked = book(&donors[0]).with_status(201).json();
        assert_eq!(book(&donors[1]).with_status(409).problem(), "slot_full");
        let join = |donor: &Donor| server.send(&donor.caller, "/v1/me/waitlist", wish(station, &slot));
        let first = join(&donors[1]).with_status(201).json();
        assert_eq!((&first["state"], &first["ahead"]), (&json!("waiting"), &json!(0)));
        assert_eq!(join(&donors[1]).with_status(409).problem(), "already_waiting");
        assert_eq!(join(&donors[0]).with_status(409).problem(), "already_booked");
        assert_eq!(join(&donors[2]).with_status(201).json()["ahead"], json!(1));

        cancel(&server, &donors[0], &booked["id"]);
        assert_eq!(book(&donors[3]).with_status(409).problem(), "slot_full", "a freed place is not for the quickest");
        until("the first is offered it", || state(station, &donors[1]) == "offered");
        assert_eq!(counted(station, &slot), (1, 0, 0));
        let offer = entry(&server, &donors[1])["offer"].clone();
        let minutes = station.number("SELECT COUNT(*) AS number FROM outbox WHERE kind = 'place_offered'");
        assert_eq!(minutes, 1);
        let renewal = format!("/v1/appointments/{}/renewal", offer.as_str().unwrap());
        assert_eq!(server.send(&donors[1].caller, &renewal, json!({})).with_status(409).problem(), "renewed_already");
        cancel(&server, &donors[1], &offer);
        until("the second is offered it", || state(station, &donors[2]) == "offered");
        assert_eq!(entry(&server, &donors[1])["passed_over"], json!(1));
        let offer = entry(&server, &donors[2])["offer"].clone();
        let path = format!("/v1/appointments/{}/confirmation", offer.as_str().unwrap());
        server.send(&donors[2].caller, &path, json!({})).with_status(200);

        until("the second has a place", || state(station, &donors[2]) == "placed");
        assert_eq!(counted(station, &slot), (0, 1, 0));
        let staff = station.user(&server, "operator", None).sign_in(&server);
        let counts = server.read(&staff, "/v1/station/waitlist").with_status(200).json();
        assert_eq!((counts.as_array().unwrap().len(), &counts[0]["waiting"]), (1, &json!(1)));
        let own = entry(&server, &donors[1]);
        let leave = format!("/v1/me/waitlist/{}", own["id"].as_str().unwrap());
        assert_eq!(server.call(&donors[2].caller, "DELETE", &leave, None).with_status(404).problem(), "not_found");
        server.call(&donors[1].caller, "DELETE", &leave, None).with_status(204);
        assert_eq!(server.call(&donors[1].caller, "DELETE", &leave, None).with_status(404).problem(), "not_found");
        station.rexue(["audit", "verify"]).well();
    }

    fn an_offer_that_nobody_answers_goes_on_and_three_end_the_wait(station) {
        let donors = crowd(station, 2);
        let server = station.serve();
        let slot = station.slots("whole_blood", 5, 1, 1).remove(0);
        let booked = server.send(&donors[0].caller, "/v1/appointments", json!({ "slot": slot })).with_status(201).json();
        server.send(&donors[1].caller, "/v1/me/waitlist", wish(station, &slot)).with_status(201);
        station.execute("UPDATE waitlist SET passed_over = 2").unwrap();
        cancel(&server, &donors[0], &booked["id"]);
        until("it is offered", || state(station, &donors[1]) == "offered");
        let until_then = station.texts("SELECT CAST(hold_expires_at AS TEXT) AS text FROM appointments WHERE state = 'held'");
        assert_eq!(until_then.len(), 1);

        station.execute("UPDATE appointments SET hold_expires_at = '2020-01-01 00:00:00' WHERE state = 'held'").unwrap();
        server.send(&donors[0].caller, "/v1/holds", json!({ "slot": slot })).with_status(201);

        until("the wait is over", || state(station, &donors[1]) == "ended");
        assert_eq!(counted(station, &slot), (1, 0, 0), "nobody else waits for what was only held");
    }

    fn nobody_is_asked_at_night_and_the_place_waits_with_them(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(40));
        station.always_quiet();
        let server = station.serve_through(&gateway, &[]);
        let person = Person::number(31);
        let caller = server.sign_in(&gateway, &person.phone);
        let proof = json!({ "id_number": person.id_number, "donation_no": format!("4199240{:06}", 61) });
        server.send(&caller, "/v1/me/donor", proof).with_status(200);
        let donors = station.crowd(&[Person::number(30).no, Person::number(32).no]);
        let slot = station.slots("whole_blood", 5, 1, 1).remove(0);
        let booked = server.send(&donors[0].caller, "/v1/appointments", json!({ "slot": slot })).with_status(201).json();
        server.send(&caller, "/v1/me/waitlist", wish(station, &slot)).with_status(201);
        station.execute("UPDATE booking_policy SET public_delay_minutes = 0").unwrap();
        cancel(&server, &donors[0], &booked["id"]);
        until("it is kept", || counted(station, &slot) == (0, 0, 1));
        station.execute("UPDATE kept_places SET public_at = '2020-01-01 00:00:00'").unwrap();
        let book = || server.send(&donors[1].caller, "/v1/appointments", json!({ "slot": slot }));
        assert_eq!(book().with_status(409).problem(), "slot_full");

        station.never_quiet();

        let phone = international(&person.phone);
        let told = gateway.next_message(&phone);
        assert!(told.contains("候补") && told.contains("/a/"), "{told}");
        assert_eq!(counted(station, &slot), (1, 0, 0));
    }

    fn without_anybody_waiting_a_freed_place_is_everybodys_after_a_while(station) {
        let donors = crowd(station, 2);
        let server = station.serve();
        let slot = station.slots("whole_blood", 5, 1, 1).remove(0);
        let book = |donor: &Donor| server.send(&donor.caller, "/v1/appointments", json!({ "slot": slot }));
        let booked = book(&donors[0]).with_status(201).json();
        cancel(&server, &donors[0], &booked["id"]);
        assert_eq!(counted(station, &slot), (0, 0, 1));
        assert_eq!(book(&donors[1]).with_status(409).problem(), "slot_full");

        station.execute("UPDATE kept_places SET public_at = '2020-01-01 00:00:00'").unwrap();
        until("it is everybody's", || counted(station, &slot) == (0, 0, 0));
        let booked = book(&donors[1]).with_status(201).json();

        station.execute("UPDATE booking_policy SET public_delay_minutes = 0").unwrap();
        cancel(&server, &donors[1], &booked["id"]);
        book(&donors[0]).with_status(201);
    }

    fn what_cannot_be_waited_for_is_refused_by_name(station) {
        let donors = crowd(station, 1);
        let server = station.serve();
        let slot = station.slots("whole_blood", 5, 1, 1).remove(0);
        let good = wish(station, &slot);
        let changed = |field: &str, value: Value| {
            let mut wish = good.clone();
            wish[field] = value;
            server.send(&donors[0].caller, "/v1/me/waitlist", wish)
        };

        for (field, value, status, code) in [
            ("product", json!("plasma"), 422, "unknown_product"),
            ("site", json!("NOWHERE"), 404, "unknown_site"),
            ("donor_no", json!(Person::number(33).no), 404, "unknown_donor"),
            ("first_day", json!("2099-01-01"), 422, "days_reversed"),
            ("last_day", json!("2099-01-01"), 422, "too_far_ahead"),
            ("last_day", json!("2026-02-30"), 422, "malformed_body"),
        ] {
            assert_eq!(changed(field, value).with_status(status).problem(), code, "{field}");
        }
    }
}
