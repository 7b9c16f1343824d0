//! A cancelled or moved session reaches everybody; who does not come is nudged; the station settles the policy.

use serde_json::{Value, json};
use tests::on_both;
use tests::support::{
    Answer, Caller, Donor, Gateway, Person, Server, Station, Town, international, now, until,
};

/// Somebody who may give, signed in by telephone.
fn reachable(station: &Station, server: &Server, gateway: &Gateway, number: usize) -> Caller {
    let person = Person::number(number);
    let caller = server.sign_in(gateway, &person.phone);
    let proof =
        json!({ "id_number": person.id_number, "donation_no": format!("4199240{:06}", number * 2 - 1) });
    server.send(&caller, "/v1/me/donor", proof).with_status(200);
    assert!(station.count("accounts") > 0);
    caller
}

/// Somebody who may give and has no telephone.
fn unreachable(station: &Station, number: usize) -> Donor {
    station.crowd(&[Person::number(number).no]).remove(0)
}

fn session_of(station: &Station, slot: &str) -> String {
    station.texts(&format!("SELECT session_id AS text FROM slots WHERE id = '{slot}'")).remove(0)
}

fn changed(server: &Server, staff: &Caller, method: &str, path: &str, version: i64, body: Value) -> Answer {
    let (bearer, tag) = (format!("Bearer {}", staff.access), format!("\"{version}\""));
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("if-match", tag.as_str()),
    ];
    server.request(method, path, &headers, body.to_string().as_bytes())
}

fn places(station: &Station, slot: &str) -> (i64, i64) {
    let count =
        |column: &str| station.number(&format!("SELECT {column} AS number FROM slots WHERE id = '{slot}'"));
    (count("held"), count("booked"))
}

on_both! {
    fn a_cancelled_session_tells_everybody_and_holds_other_places(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        station.import(&Town::of(40));
        let staff = station.user(&server, "operator", None).sign_in(&server);
        let (one, other, holder) =
            (reachable(station, &server, &gateway, 30), unreachable(station, 31), unreachable(station, 32));
        let slot = station.slots("whole_blood", 5, 1, 3).remove(0);
        let elsewhere = station.slots("whole_blood", 7, 1, 1).remove(0);
        let book = |caller: &Caller| server.send(caller, "/v1/appointments", json!({ "slot": slot })).with_status(201).json();
        let (first, second) = (book(&one), book(&other.caller));
        server.send(&holder.caller, "/v1/holds", json!({ "slot": slot })).with_status(201);
        assert!(gateway.next_message(&international(&Person::number(30).phone)).contains("您已预约"));
        let session = session_of(station, &slot);
        let path = format!("/v1/station/sessions/{session}/cancellation");

        let stale = changed(&server, &staff, "POST", &path, 9, json!({ "reason": "车辆故障" }));
        assert_eq!(stale.with_status(412).problem(), "changed_meanwhile");
        let touched = changed(&server, &staff, "POST", &path, 1, json!({ "reason": "车辆故障" })).with_status(200).json();
        assert_eq!(touched, json!({ "told": 2, "offered": 1 }));
        let again = changed(&server, &staff, "POST", &path, 2, json!({ "reason": "车辆故障" }));
        assert_eq!(again.with_status(409).problem(), "session_cancelled");

        assert_eq!((places(station, &slot), places(station, &elsewhere)), ((0, 0), (1, 0)));
        let told = gateway.next_message(&international(&Person::number(30).phone));
        assert!(told.contains("取消") && told.contains("/a/"), "{told}");
        let state = |caller: &Caller, id: &Value| {
            server.read(caller, &format!("/v1/appointments/{}", id.as_str().unwrap())).with_status(200).json()["state"].clone()
        };
        assert_eq!((state(&one, &first["id"]), state(&other.caller, &second["id"])), (json!("cancelled"), json!("cancelled")));
        let unreached = format!("/v1/station/sessions/{session}/unreached");
        let listed = || server.read(&staff, &unreached).with_status(200).json();
        until("somebody could not be reached", || listed() != json!([]));
        let list = listed();
        assert_eq!((list.as_array().unwrap().len(), &list[0]["donor_no"]), (1, &json!(Person::number(31).no)));
        let call = format!("/v1/station/appointments/{}/call", list[0]["appointment"].as_str().unwrap());
        server.send(&staff, &call, json!({})).with_status(204);
        server.send(&staff, &call, json!({})).with_status(404);
        assert_eq!(listed(), json!([]));
        let closed = server.send(&holder.caller, "/v1/appointments", json!({ "slot": slot })).with_status(409);
        assert_eq!(closed.problem(), "session_closed");
        let offer = station.texts("SELECT id AS text FROM appointments WHERE state = 'held'").remove(0);
        let owner = station.texts("SELECT donor_no AS text FROM appointments JOIN donors ON donors.id = donor_id WHERE state = 'held'");
        let owner = if owner[0] == Person::number(30).no { &one } else { &other.caller };
        server.send(owner, &format!("/v1/appointments/{offer}/confirmation"), json!({})).with_status(200);
        assert_eq!(places(station, &elsewhere), (0, 1));
        station.rexue(["audit", "verify"]).well();
    }

    fn a_moved_session_takes_its_appointments_with_it(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        station.import(&Town::of(40));
        let staff = station.user(&server, "operator", None).sign_in(&server);
        let caller = reachable(station, &server, &gateway, 30);
        let slots = station.slots("whole_blood", 5, 3, 3);
        let session = session_of(station, &slots[0]);
        let booked = server.send(&caller, "/v1/appointments", json!({ "slot": slots[1] })).with_status(201).json();
        let phone = international(&Person::number(30).phone);
        gateway.next_message(&phone);
        let path = format!("/v1/station/sessions/{session}/move");
        let opens_at = |minutes: i64| {
            let first = server.read(&staff, &format!("/v1/station/sessions/{session}")).with_status(200).json();
            let opens: chrono::DateTime<chrono::Utc> = first["opens_at"].as_str().unwrap().parse().unwrap();
            json!({ "opens_at": opens + chrono::TimeDelta::minutes(minutes) })
        };

        for (minutes, code) in [(0, "not_moved"), (60 * 24 * 31, "too_far"), (-60 * 24 * 6, "in_the_past")] {
            let refused = changed(&server, &staff, "POST", &path, 1, opens_at(minutes));
            assert_eq!(refused.with_status(422).problem(), code);
        }
        // By one slot's length: every slot moves onto its neighbour's old time.
        let touched = changed(&server, &staff, "POST", &path, 1, opens_at(5)).with_status(200).json();
        assert_eq!(touched, json!({ "told": 1, "offered": 0 }));
        assert!(gateway.next_message(&phone).contains("变动"));
        let now = server.read(&caller, &format!("/v1/appointments/{}", booked["id"].as_str().unwrap())).json();
        let at = |appointment: &Value| appointment["starts_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert_eq!(at(&now) - at(&booked), chrono::TimeDelta::minutes(5));
        changed(&server, &staff, "POST", &path, 2, opens_at(-5)).with_status(200);
    }

    fn who_missed_twice_books_for_tomorrow_until_it_is_forgiven(station) {
        station.import(&Town::of(40));
        let server = station.serve();
        let staff = station.user(&server, "operator", None).sign_in(&server);
        let donor = unreachable(station, 30);
        let (soon, later) = (station.slots("whole_blood", 1, 1, 3).remove(0), station.slots("whole_blood", 6, 1, 3).remove(0));
        let missed = station.slots("whole_blood", 3, 2, 3);
        for (slot, days) in missed.iter().zip([3, 40]) {
            let booked = server.send(&donor.caller, "/v1/appointments", json!({ "slot": slot })).with_status(201).json();
            let at = (now() - chrono::TimeDelta::days(days)).naive_utc().format("%Y-%m-%d %H:%M:%S");
            station.execute(&format!(
                "UPDATE appointments SET state = 'no_show', starts_at = '{at}' WHERE id = '{}'", booked["id"].as_str().unwrap()
            )).unwrap();
        }
        let book = |slot: &str| server.send(&donor.caller, "/v1/holds", json!({ "slot": slot }));

        assert_eq!(book(&later).with_status(409).problem(), "limited");
        server.send(&staff, &format!("/v1/station/donors/{}/forgiveness", donor.donor_no), json!({})).with_status(204);
        let held = book(&later).with_status(201).json();
        server.send(&donor.caller, &format!("/v1/appointments/{}/cancellation", held["id"].as_str().unwrap()), json!({})).with_status(200);
        station.execute("DELETE FROM forgiven_misses").unwrap();
        book(&soon).with_status(201);
    }

    fn the_station_settles_the_policy(station) {
        station.import(&Town::of(40));
        let server = station.serve();
        let staff = station.user(&server, "operator", None).sign_in(&server);
        let donor = unreachable(station, 30);
        let far = station.slots("whole_blood", 20, 1, 3).remove(0);
        let path = "/v1/station/booking-policy";
        let shown = server.read(&staff, path).with_status(200);
        let (tag, mut policy) = (shown.header("etag").to_owned(), shown.json());
        assert_eq!((tag.as_str(), &policy["window_days"]), ("\"1\"", &json!(14)));
        let refused = server.send(&donor.caller, "/v1/appointments", json!({ "slot": far })).with_status(409);
        assert_eq!(refused.problem(), "too_far_ahead");

        policy["window_days"] = json!(1_000_000_000_000_i64);
        assert_eq!(changed(&server, &staff, "PUT", path, 1, policy.clone()).with_status(422).problem(), "out_of_range");
        policy["window_days"] = json!(30);
        changed(&server, &staff, "PUT", path, 1, policy.clone()).with_status(204);
        assert_eq!(changed(&server, &staff, "PUT", path, 1, policy).with_status(412).problem(), "changed_meanwhile");
        server.send(&donor.caller, "/v1/appointments", json!({ "slot": far })).with_status(201);
    }
}
