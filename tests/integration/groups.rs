//! Organisations whose people give together: places by code, counts without names, unused ones come back.

use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Caller, Donor, Person, Server, Station, Town, now, until};

struct Scene {
    server: Server,
    staff: Caller,
    donors: Vec<Donor>,
    slots: Vec<String>,
    session: String,
}

/// Three slots of two places each.
fn scene(station: &Station) -> Scene {
    station.import(&Town::of(60));
    let server = station.serve();
    let staff = station.user(&server, "operator", None).sign_in(&server);
    let slots = station.slots("whole_blood", 5, 3, 2);
    let session =
        station.texts(&format!("SELECT session_id AS text FROM slots WHERE id = '{}'", slots[0])).remove(0);
    let numbers: Vec<String> = (30..36).map(|number| Person::number(number).no).collect();
    Scene { donors: station.crowd(&numbers), server, staff, slots, session }
}

fn group(places: u32) -> Value {
    json!({ "name": "南河中学", "product": "whole_blood", "places": places, "returns_at": now() + chrono::TimeDelta::days(4) })
}

impl Scene {
    fn make(&self, places: u32) -> Value {
        let path = format!("/v1/station/sessions/{}/groups", self.session);
        self.server.send(&self.staff, &path, group(places)).with_status(201).json()
    }

    fn book(&self, donor: usize, slot: usize, code: Option<&Value>) -> tests::support::Answer {
        let body = json!({ "slot": self.slots[slot], "group": code });
        self.server.send(&self.donors[donor].caller, "/v1/appointments", body)
    }

    fn counts(&self, made: &Value) -> Value {
        self.server
            .get(&format!("/v1/group-counts/{}", made["organiser_key"].as_str().unwrap()))
            .with_status(200)
            .json()
    }
}

on_both! {
    fn members_book_by_code_and_the_organiser_sees_counts(station) {
        let scene = scene(station);
        let made = scene.make(5);
        let code = &made["code"];
        let kept = || station.number("SELECT CAST(SUM(kept) AS BIGINT) AS number FROM slots");
        assert_eq!(kept(), 5);
        let path = format!("/v1/groups/{}", code.as_str().unwrap().to_lowercase());
        let seen = scene.server.read(&scene.donors[0].caller, &path).with_status(200).json();
        let unused: Vec<i64> = seen["slots"].as_array().unwrap().iter().map(|slot| slot["unused"].as_i64().unwrap()).collect();
        assert_eq!((&seen["name"], unused), (&json!("南河中学"), vec![2, 2, 1]));

        assert_eq!(scene.book(0, 0, None).with_status(409).problem(), "slot_full", "kept for the group");
        assert_eq!(scene.book(0, 0, Some(&json!("AAAAAAAA"))).with_status(404).problem(), "unknown_group");
        let first = scene.book(0, 0, Some(code)).with_status(201).json();
        scene.book(1, 0, Some(code)).with_status(201);
        assert_eq!(scene.book(2, 0, Some(code)).with_status(409).problem(), "group_full");
        scene.book(2, 2, None).with_status(201);
        assert_eq!(scene.book(3, 2, None).with_status(409).problem(), "slot_full");
        let counts = scene.counts(&made);
        assert_eq!((&counts["places"], &counts["unused"], &counts["appointments"]), (&json!(5), &json!(3), &json!({ "booked": 2 })));
        assert!(!counts.to_string().contains(&scene.donors[0].donor_no));

        let cancel = format!("/v1/appointments/{}/cancellation", first["id"].as_str().unwrap());
        scene.server.send(&scene.donors[0].caller, &cancel, json!({})).with_status(200);
        assert_eq!(scene.counts(&made)["unused"], json!(4), "the group's again");
        scene.book(0, 1, Some(code)).with_status(201);
        station.rexue(["audit", "verify"]).well();
    }

    fn unused_places_come_back_at_their_hour_or_when_the_group_is_closed(station) {
        let scene = scene(station);
        let (one, other) = (scene.make(2), scene.make(2));
        scene.book(0, 0, Some(&one["code"])).with_status(201);
        let kept = || station.number("SELECT CAST(SUM(kept) AS BIGINT) AS number FROM slots");
        assert_eq!(kept(), 3);
        station.execute(&format!(
            "UPDATE donor_groups SET returns_at = '2020-01-01 00:00:00' WHERE id = '{}'", one["id"].as_str().unwrap()
        )).unwrap();
        until("they are back", || kept() == 2);
        assert_eq!(scene.book(1, 1, Some(&one["code"])).with_status(409).problem(), "group_full");

        let bearer = format!("Bearer {}", scene.staff.access);
        let close = |version: &str| scene.server.request(
            "DELETE",
            &format!("/v1/station/groups/{}", other["id"].as_str().unwrap()),
            &[("authorization", bearer.as_str()), ("if-match", version)],
            b"",
        );
        assert_eq!(close("\"7\"").with_status(412).problem(), "changed_meanwhile");
        assert_eq!(kept(), 2);
        close("\"1\"").with_status(204);
        assert_eq!((kept(), close("\"2\"").with_status(404).problem()), (0, "not_found".to_owned()));
        let gone = scene.server.read(&scene.donors[1].caller, &format!("/v1/groups/{}", other["code"].as_str().unwrap()));
        assert_eq!(gone.with_status(404).problem(), "unknown_group");
        let list = scene.server.read(&scene.staff, &format!("/v1/station/sessions/{}/groups", scene.session)).with_status(200).json();
        assert_eq!((list.as_array().unwrap().len(), &list[1]["closed"]), (2, &json!(true)));
    }

    fn a_group_that_cannot_be_is_refused_by_name(station) {
        let scene = scene(station);
        let path = format!("/v1/station/sessions/{}/groups", scene.session);
        let changed = |field: &str, value: Value| {
            let mut body = group(2);
            body[field] = value;
            scene.server.send(&scene.staff, &path, body)
        };

        for (field, value, status, code) in [
            ("places", json!(7), 409, "not_enough_places"),
            ("places", json!(0), 422, "no_places"),
            ("name", json!(" "), 422, "bad_name"),
            ("name", json!("一\n二"), 422, "bad_name"),
            ("product", json!("plasma"), 422, "unknown_product"),
            ("returns_at", json!("2020-01-01T00:00:00Z"), 422, "bad_time"),
            ("returns_at", json!("2099-01-01T00:00:00Z"), 422, "bad_time"),
        ] {
            assert_eq!(changed(field, value).with_status(status).problem(), code, "{field}");
        }
        scene.server.get("/v1/group-counts/AAAA").with_status(404);
        assert_eq!(station.count("donor_groups"), 0);
    }
}
