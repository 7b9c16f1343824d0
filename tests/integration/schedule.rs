//! Sites, sessions and slots; and the soonest places for a donor.

use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use rexue::clock::{day_in_china, instant_in_china};
use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Caller, Gateway, Kind, Person, Server, Station, Town, now, shared};

fn plan() -> Value {
    json!({
        "products": [
            { "product": "whole_blood", "chairs": 2, "minutes": 30 },
            { "product": "apheresis_platelets", "chairs": 1, "minutes": 90 },
        ],
        "staff": 2, "donors_per_staff": 2, "reserved_percent": 50, "release_hours_before": 2,
    })
}

fn site(code: &str, latitude: f64) -> Value {
    json!({
        "code": code, "kind": "fixed", "name": "测试站", "address": "测试路1号",
        "latitude": latitude, "longitude": 113.6253,
    })
}

/// An instant on a day of China, from now on.
fn at(days: u64, hour: u32) -> String {
    let day = day_in_china(now()) + Days::new(days);
    instant_in_china(day, NaiveTime::from_hms_opt(hour, 0, 0).unwrap()).to_rfc3339()
}

fn session(site: &str, days: u64) -> Value {
    json!({ "site": site, "opens_at": at(days, 9), "closes_at": at(days, 12), "plan": plan() })
}

/// A donor who may give, signed in and bound.
fn donor(station: &Station, server: &Server, gateway: &Gateway) -> Caller {
    let person = Person::number(30);
    station.import(&Town::of(30));
    let caller = server.sign_in(gateway, &person.phone);
    let proof = json!({ "id_number": person.id_number, "donation_no": "4199240000059" });
    server.send(&caller, "/v1/me/donor", proof).with_status(200);
    caller
}

on_both! {
    fn a_donor_finds_the_soonest_places_near(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        for (code, latitude) in [("NEAR", 34.7466), ("FAR", 34.8), ("ELSEWHERE", 39.9)] {
            server.send(&operator, "/v1/station/sites", site(code, latitude)).with_status(201);
        }
        for (code, days) in [("FAR", 2), ("NEAR", 2), ("NEAR", 3), ("ELSEWHERE", 1)] {
            server.send(&operator, "/v1/station/sessions", session(code, days)).with_status(201);
        }
        let donor = donor(station, &server, &gateway);

        let path = "/v1/slots/soonest?product=whole_blood&near=34.7466,113.6253&limit=14";
        let found = server.read(&donor, path).with_status(200).json();

        let places = found["places"].as_array().unwrap();
        let sites: Vec<&str> = places.iter().map(|place| place["site"].as_str().unwrap()).collect();
        assert_eq!(sites, [["NEAR"; 6].as_slice(), &["FAR"; 6], &["NEAR"; 2]].concat(), "by day, then by distance");
        assert_eq!((&places[0]["distance_m"], &places[0]["free"]), (&json!(0), &json!(1)), "one place is kept");
        assert_eq!(places[0]["starts_at"].as_str().unwrap()[..16], at(2, 9)[..16]);
        assert_eq!(found["first_day"], day_in_china(now()).to_string());
        let platelets = server.read(&donor, "/v1/slots/soonest?product=apheresis_platelets").json();
        let platelets = platelets["places"].as_array().unwrap().len();
        assert_eq!(platelets, 8, "two starts in each of four sessions, wherever; none of a machine is kept");
        let unknown = server.read(&donor, "/v1/slots/soonest?product=gold").with_status(422);
        assert_eq!(unknown.problem(), "unknown_product");
        let nowhere = server.read(&donor, "/v1/slots/soonest?product=whole_blood&near=91,0").with_status(422);
        assert_eq!(nowhere.problem(), "not_a_place");
        for far in ["-34.7,-113.6", "90,180", "-90,-180"] {
            let path = format!("/v1/slots/soonest?product=whole_blood&near={far}");
            let found = server.read(&donor, &path).with_status(200).json();
            assert_eq!(found["places"], json!([]), "nothing is within reach of {far}");
        }
    }

    fn a_paused_session_offers_nothing_until_it_goes_on(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        server.send(&operator, "/v1/station/sites", site("HERE", 34.7)).with_status(201);
        let opened = server.send(&operator, "/v1/station/sessions", session("HERE", 1)).with_status(201).json();
        let path = format!("/v1/station/sessions/{}", opened["id"].as_str().unwrap());
        let donor = donor(station, &server, &gateway);
        let places = || {
            let found = server.read(&donor, "/v1/slots/soonest?product=whole_blood").with_status(200).json();
            found["places"].as_array().unwrap().len()
        };
        let pause = |tag: &str, paused: bool| {
            let bearer = format!("Bearer {}", operator.access);
            let headers =
                [("authorization", bearer.as_str()), ("content-type", "application/json"), ("if-match", tag)];
            let body = json!({ "paused": paused, "reason": "a test" }).to_string();
            server.request("PUT", &format!("{path}/pause"), &headers, body.as_bytes())
        };
        assert_eq!(places(), 6);

        let read = server.read(&operator, &path).with_status(200);
        let tag = read.header("etag").to_owned();
        assert_eq!(read.json()["slots"].as_array().unwrap().len(), 8);
        pause(&tag, true).with_status(204);
        assert_eq!(places(), 0);
        assert_eq!(pause(&tag, false).with_status(412).problem(), "changed_meanwhile");
        let missing = server.call(&operator, "PUT", &format!("{path}/pause"), Some(json!({ "paused": false })));
        assert_eq!(missing.with_status(428).problem(), "if_match_missing");
        pause("\"2\"", false).with_status(204);
        assert_eq!(places(), 6);
    }

    fn sessions_that_cannot_be_are_refused_by_name(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let admin = station.user(&server, "admin", None).sign_in(&server);
        server.send(&admin, "/v1/station/sites", site("HERE", 34.7)).with_status(201);
        let open = |change: &dyn Fn(&mut Value)| {
            let mut request = session("HERE", 1);
            change(&mut request);
            server.send(&admin, "/v1/station/sessions", request)
        };
        let refused = |change: &dyn Fn(&mut Value)| open(change).with_status(422).problem();

        open(&|_| ()).with_status(201);
        assert_eq!(open(&|_| ()).with_status(409).problem(), "session_exists");
        assert_eq!(open(&|request| request["site"] = json!("NONE")).with_status(404).problem(), "not_found");
        assert_eq!(refused(&|request| request["closes_at"] = request["opens_at"].clone()), "bad_hours");
        assert_eq!(refused(&|request| request["closes_at"] = json!(at(2, 9))), "bad_hours");
        assert_eq!(refused(&|request| request["plan"]["staff"] = json!(0)), "bad_plan");
        assert_eq!(refused(&|request| request["opens_at"] = json!("2020-01-01T01:00:00Z")), "bad_hours");
        let past = |request: &mut Value| {
            request["opens_at"] = json!("2020-01-01T01:00:00Z");
            request["closes_at"] = json!("2020-01-01T04:00:00Z");
        };
        assert_eq!(refused(&past), "in_the_past");
        let taken = server.send(&admin, "/v1/station/sites", site("HERE", 34.7)).with_status(409);
        assert_eq!(taken.problem(), "site_code_taken");
        assert_eq!(server.send(&admin, "/v1/station/sites", site("POLE", 91.0)).with_status(422).problem(), "not_a_place");
    }

    fn weekly_templates_make_sessions_but_not_on_days_off(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        server.send(&operator, "/v1/station/sites", site("HERE", 34.7)).with_status(201);
        let today = day_in_china(now());
        let weekday = today.weekday().number_from_monday();
        let template = json!({
            "weekday": weekday, "opens_minute": 540, "closes_minute": 720, "plan": plan(), "valid_from": today,
        });
        let off = today + Days::new(7);
        let calendar = json!({ "days": [{ "name": "测试", "date": off, "isOffDay": true }] }).to_string();
        let calendar = station.file("calendar.json", calendar);
        let imported = station.rexue(["schedule", "calendar", calendar.to_str().unwrap()]).well();
        assert_eq!(imported.out, "1 days\n");

        let path = "/v1/station/sites/HERE/templates";
        let id = server.send(&operator, path, template).with_status(201).json()["id"].clone();
        let made = station.rexue(["schedule", "plan"]).well().out;

        let days = station.texts("SELECT CAST(day AS TEXT) AS text FROM collection_sessions ORDER BY day");
        let expected: Vec<String> = [14, 21, 28].map(|days| (today + Days::new(days)).to_string()).to_vec();
        assert_eq!((made.as_str(), days), ("3 sessions\n", expected));
        assert_eq!(station.rexue(["schedule", "plan"]).well().out, "0 sessions\n", "once is enough");
        assert_eq!(station.count("slots"), 3 * 8);
        let listed = server.read(&operator, path).with_status(200).json();
        assert_eq!((&listed[0]["weekday"], &listed[0]["plan"]), (&json!(weekday), &plan()));
        let ended = format!("{path}/{}", id.as_str().unwrap());
        server.call(&operator, "DELETE", &ended, None).with_status(204);
        server.call(&operator, "DELETE", "/v1/station/sites/HERE/templates/none", None).with_status(404);
    }
}

#[test]
fn the_state_council_s_calendar_is_imported() {
    let Some(file) = shared("data/holiday-cn/2026.json") else { return };
    let station = Station::new(Kind::Sqlite);

    let imported = station.rexue(["schedule", "calendar", file.to_str().unwrap()]).well();

    assert_eq!(imported.out, "39 days\n");
    let working =
        station.texts("SELECT CAST(day AS TEXT) AS text FROM holidays WHERE NOT is_off ORDER BY day");
    assert_eq!(working.len(), 6);
    assert_eq!(working[0].parse::<NaiveDate>().unwrap().to_string(), "2026-01-04");
}
