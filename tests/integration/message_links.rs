//! What is asked of somebody is answered by the link in the message: without signing in, and nothing else.

use chrono::TimeDelta;
use serde_json::json;
use tests::on_both;
use tests::support::{Caller, Gateway, Person, Server, Station, Town, international, now};

/// Somebody of group O+ with a telephone, who gave at CENTER.
fn somebody(station: &Station, server: &Server, gateway: &Gateway) -> (Person, Caller) {
    station.import(&Town::of(40));
    let person = Person::number(30);
    let caller = server.sign_in(gateway, &person.phone);
    let proof = json!({ "id_number": person.id_number, "donation_no": "4199240000059" });
    server.send(&caller, "/v1/me/donor", proof).with_status(200);
    (person, caller)
}

fn join(server: &Server, donor: &Caller, team: &str) {
    let agreed = json!({ "consent": true, "text_version": "2026-1" });
    server.send(donor, &format!("/v1/me/teams/{team}/membership"), agreed).with_status(204);
}

/// A team of this donor, called up for one: the team and the call-up.
fn called(server: &Server, staff: &Caller, member: &Caller) -> (String, String) {
    let team = server.send(staff, "/v1/station/teams", json!({ "name": "应急一队" })).with_status(201).json();
    let team = team["id"].as_str().unwrap().to_owned();
    join(server, member, &team);
    let wanted = json!({
        "groups": [{ "abo": "O", "rhd": "+" }], "product": "whole_blood", "needed": 1, "closes_at": now() + TimeDelta::hours(6),
    });
    let made =
        server.send(staff, &format!("/v1/station/teams/{team}/call-ups"), wanted).with_status(201).json();
    (team, made["id"].as_str().unwrap().to_owned())
}

/// The path of the link in a message.
fn link(path: &str, text: &str) -> String {
    let begin = text.find(path).unwrap_or_else(|| panic!("no link in {text:?}"));
    text[begin..].chars().take(46).collect()
}

on_both! {
    fn a_call_up_is_answered_by_its_link_until_it_is_over(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        let (person, member) = somebody(station, &server, &gateway);
        let (team, id) = called(&server, &operator, &member);
        let link = link("/t/", &gateway.next_message(&international(&person.phone)));
        let tap = |form: &str| server.post(&link, "application/x-www-form-urlencoded", form.as_bytes());
        let stage = || {
            let path = format!("/v1/station/teams/{team}/call-ups");
            server.read(&operator, &path).with_status(200).json()[0]["state"].clone()
        };
        let said = || station.texts("SELECT state AS text FROM call_up_answers").remove(0);

        let page = server.get(&link).with_status(200);
        assert!(page.text().contains("我会来") && page.text().contains("我不能来"), "{}", page.text());
        for secret in [&person.name, &person.no, "应急一队", "O+", "全血", "whole_blood"] {
            assert!(!page.text().contains(secret), "{secret}");
        }
        assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
        assert_eq!(said(), "asked", "to look changes nothing");
        assert!(tap("action=come").with_status(200).text().contains("等您前来"));
        assert_eq!((said().as_str(), stage()), ("coming", json!("met")));
        assert!(tap("action=stay").with_status(200).text().contains("不能前来"));
        assert_eq!((said().as_str(), stage()), ("not_coming", json!("open")));
        for malformed in ["action=dance", "", "%ff"] {
            tap(malformed).with_status(422);
        }
        assert!(server.get(&format!("{link}?lang=en")).with_status(200).text().contains("I come"));
        server.call(&member, "DELETE", &format!("/v1/me/teams/{team}/membership"), None).with_status(204);
        server.get(&link).with_status(404);
        tap("action=come").with_status(404);
        assert_eq!(said(), "withdrawn");
        station.execute("UPDATE call_up_answers SET state = 'asked'").unwrap();
        join(&server, &member, &team);
        tap("action=come").with_status(200);

        server.send(&operator, &format!("/v1/station/call-ups/{id}/closure"), json!({})).with_status(204);
        assert!(server.get(&link).with_status(409).text().contains("已结束"));
        tap("action=stay").with_status(409);
        assert_eq!((said().as_str(), station.count("audit WHERE action = 'call_up.answered'")), ("coming", 3));
        server.get("/t/none").with_status(404);
        server.get(&link.replace("/t/", "/b/")).with_status(404);
        let log = server.log();
        assert!(!log.contains(&link[3..]), "whoever reads the log cannot answer");
        station.rexue(["audit", "verify"]).well();
    }

    fn an_appeal_s_link_books_a_place_at_its_site(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let staff = station.user(&server, "operator", None).sign_in(&server);
        let (person, asked) = somebody(station, &server, &gateway);
        let site = json!({
            "code": "CENTER", "kind": "fixed", "name": "中心", "address": "测试", "latitude": 34.71, "longitude": 113.6,
        });
        server.send(&staff, "/v1/station/sites", site).with_status(201);
        let here = station.slots("whole_blood", 5, 2, 3);
        station.execute("UPDATE collection_sessions SET site_code = 'CENTER'").unwrap();
        let elsewhere = station.slots("whole_blood", 5, 1, 3).remove(0);
        let later = station.slots("whole_blood", 10, 1, 3).remove(0);
        station.execute("UPDATE collection_sessions SET site_code = 'CENTER' WHERE opens_at = (SELECT max(opens_at) FROM collection_sessions)").unwrap();
        let agreed = json!({ "purpose": "appeals", "text_version": "1", "given_from": "browser" });
        server.send(&asked, "/v1/me/consents", agreed).with_status(201);
        let wanted = json!({
            "groups": [{ "abo": "O", "rhd": "+" }], "product": "whole_blood", "site": "CENTER", "needed": 1,
            "closes_at": now() + TimeDelta::days(8), "holdout_percent": 0,
        });
        let made = server.send(&staff, "/v1/station/appeals", wanted).with_status(201).json();
        let link = link("/b/", &gateway.next_message(&international(&person.phone)));
        let tap = |slot: &str| server.post(&link, "application/x-www-form-urlencoded", format!("slot={slot}").as_bytes());
        let page = server.get(&link).with_status(200);
        let page = page.text();
        assert!(here.iter().all(|slot| page.contains(slot)) && page.contains("中心"), "{page}");
        assert!(!page.contains(&elsewhere) && !page.contains(&later), "{page}");
        assert!(!page.contains(&person.name) && !page.contains(&person.no) && !page.contains("O+") && !page.contains("全血"));
        assert_eq!(station.count("appointments"), 0, "to look changes nothing");
        for foreign in [&elsewhere, &later, "none"] {
            assert!(tap(foreign).with_status(409).text().contains("另选时间"));
        }
        assert!(tap(&here[1]).with_status(200).text().contains("已预约"));
        let booked = server.read(&asked, "/v1/appointments").with_status(200).json();
        assert_eq!((&booked[0]["slot"], &booked[0]["state"]), (&json!(here[1]), &json!("booked")));
        assert!(tap(&here[0]).with_status(409).text().contains("您已有预约"));
        assert!(server.get(&link).with_status(409).text().contains("您已有预约"));
        let path = format!("/v1/appointments/{}/cancellation", booked[0]["id"].as_str().unwrap());
        server.send(&asked, &path, json!({})).with_status(200);
        assert!(server.get(&format!("{link}?lang=en")).with_status(200).text().contains("Choose when"));
        let closure = format!("/v1/station/appeals/{}/closure", made["id"].as_str().unwrap());
        server.send(&staff, &closure, json!({})).with_status(204);
        assert!(server.get(&link).with_status(409).text().contains("已结束"));
        tap(&here[0]).with_status(409);
        server.get("/b/none").with_status(404);
        server.get(&link.replace("/b/", "/t/")).with_status(404);
        server.post(&link, "application/x-www-form-urlencoded", b"place=1").with_status(422);
        let copy = server.read(&asked, "/v1/me/export").with_status(200).json();
        assert_eq!((&copy["appeals"][0]["lot"], &copy["appeals"][0]["site"]), (&json!("asked"), &json!("CENTER")));
        let copy = server.read(&asked, "/v1/me/export?format=text").with_status(200);
        assert!(copy.text().contains("全血 CENTER：已邀请"), "{}", copy.text());
    }
}
