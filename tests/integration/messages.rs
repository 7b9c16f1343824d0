//! What a donor is told of an appointment, what the links in it do, and what calendars say.

use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Answer, Caller, Gateway, Person, Server, Station, Town, international, until};

/// Somebody who may give, signed in by telephone.
fn donor(station: &Station, server: &Server, gateway: &Gateway) -> (Caller, String) {
    station.import(&Town::of(30));
    let person = Person::number(30);
    let caller = server.sign_in(gateway, &person.phone);
    let proof = json!({ "id_number": person.id_number, "donation_no": "4199240000059" });
    server.send(&caller, "/v1/me/donor", proof).with_status(200);
    (caller, international(&person.phone))
}

/// The path of the link in a message.
fn link(text: &str) -> String {
    let begin = text.find("/a/").unwrap_or_else(|| panic!("no link in {text:?}"));
    text[begin..].chars().take(46).collect()
}

fn tap(server: &Server, link: &str, form: &str) -> Answer {
    server.post(link, "application/x-www-form-urlencoded", form.as_bytes())
}

fn reminders(station: &Station, state: &str) -> Vec<String> {
    station.texts(&format!(
        "SELECT CAST(due_at AS TEXT) AS text FROM outbox WHERE kind = 'reminder' AND state = '{state}' ORDER BY due_at"
    ))
}

on_both! {
    fn every_change_is_told_and_its_reminders_move_with_it(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let (caller, phone) = donor(station, &server, &gateway);
        let first = station.slots("whole_blood", 5, 1, 3).remove(0);
        let second = station.slots("whole_blood", 9, 1, 3).remove(0);

        let booked = server.send(&caller, "/v1/appointments", json!({ "slot": first })).with_status(201).json();
        let path = format!("/v1/appointments/{}", booked["id"].as_str().unwrap());
        assert!(gateway.next_message(&phone).contains("您已预约"));
        until("reminders are queued", || reminders(station, "queued").len() == 3);
        let before = reminders(station, "queued");
        server.send(&caller, &format!("{path}/move"), json!({ "slot": second })).with_status(200);
        assert!(gateway.next_message(&phone).contains("已改为"));
        until("the old ones are called off", || reminders(station, "superseded") == before);
        let after = reminders(station, "queued");
        server.send(&caller, &format!("{path}/cancellation"), json!({})).with_status(200);
        assert!(gateway.next_message(&phone).contains("已取消"));
        until("all are called off", || reminders(station, "queued").is_empty());

        assert_eq!(after.len(), 3);
        assert!(after[0] > before[0], "{before:?} {after:?}");
    }

    fn a_donor_chooses_which_reminders_come(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let (caller, phone) = donor(station, &server, &gateway);
        let path = "/v1/me/message-preferences";
        let choose = |reminders: Value| {
            let tag = server.read(&caller, path).with_status(200).header("etag").to_owned();
            let bearer = format!("Bearer {}", caller.access);
            let headers = [("authorization", bearer.as_str()), ("content-type", "application/json"), ("if-match", &tag)];
            let wanted = json!({ "channels": ["sms"], "letters": false, "language": "zh", "reminders": reminders });
            server.request("PUT", path, &headers, wanted.to_string().as_bytes())
        };
        let waits = |count: usize| until("reminders follow the choice", || reminders(station, "queued").len() == count);
        let slot = station.slots("whole_blood", 5, 1, 3).remove(0);
        let booked = server.send(&caller, "/v1/appointments", json!({ "slot": slot })).with_status(201).json();
        assert!(gateway.next_message(&phone).contains("您已预约"));
        waits(3);
        let all = reminders(station, "queued");

        for wrong in [json!([3]), json!([24, 24]), json!([0])] {
            let refused = choose(wrong).with_status(422);
            assert_eq!((refused.problem(), &refused.json()["field"]), ("unknown_reminder_time".to_owned(), &json!("reminders")));
        }
        choose(json!([24])).with_status(204);
        waits(1);
        assert_eq!((reminders(station, "queued"), reminders(station, "superseded")), (vec![all[1].clone()], all.clone()));
        choose(json!([])).with_status(204);
        waits(0);
        choose(json!([2, 72])).with_status(204);
        waits(2);
        assert_eq!(server.read(&caller, path).json()["reminders"], json!([72, 2]));
        station.execute(
            "UPDATE outbox SET due_at = '2020-01-01 00:00:00', expires_at = '2100-01-01 00:00:00'
             WHERE kind = 'reminder' AND state = 'queued'"
        ).unwrap();
        until("they are sent", || reminders(station, "sent").len() == 2);
        station.execute("UPDATE appointments SET starts_at = '2020-01-01 00:00:00'").unwrap();
        choose(json!(null)).with_status(204);
        assert_eq!(server.read(&caller, path).json()["reminders"], json!(null));
        assert_eq!((reminders(station, "sent").len(), reminders(station, "queued").len()), (2, 0), "what is past is not sent again");

        let shown = format!("/v1/appointments/{}", booked["id"].as_str().unwrap());
        assert_eq!(server.read(&caller, &shown).json()["version"], 0, "the appointment has not changed");
        choose(json!([24])).with_status(204);
        assert_eq!(server.read(&caller, "/v1/me/export").json()["message_preferences"]["reminders"], json!([24]));
        server.send(&caller, "/v1/me/erasure", json!({ "confirm": true })).with_status(200);
        assert_eq!(station.count("message_preferences"), 0);
    }

    fn a_link_says_yes_no_or_another_time_once(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let (caller, phone) = donor(station, &server, &gateway);
        let slots = station.slots("whole_blood", 5, 2, 3);
        let booked = server.send(&caller, "/v1/appointments", json!({ "slot": slots[0] })).with_status(201).json();
        let path = format!("/v1/appointments/{}", booked["id"].as_str().unwrap());
        let shown = |column: &str| server.read(&caller, &path).with_status(200).json()[column].clone();
        let from_booking = link(&gateway.next_message(&phone));

        let page = server.get(&from_booking).with_status(200);
        assert!(page.text().contains("我会来") && page.text().contains(&slots[1]), "{}", page.text());
        assert_eq!(shown("version"), 0, "to look changes nothing");
        assert!(tap(&server, &from_booking, "action=come").with_status(200).text().contains("已确认"));
        assert_eq!((shown("will_come"), shown("version")), (json!(true), json!(1)));
        assert!(tap(&server, &from_booking, "action=cancel").with_status(409).text().contains("链接已使用"));
        server.get(&from_booking).with_status(409);
        let secret = link_secret(station);
        let next = |version: i64| {
            let id = booked["id"].as_str().unwrap();
            format!("/a/{}", rexue::links::appointment::key(&secret, id, version).unwrap())
        };
        tap(&server, &next(1), &format!("action=move&slot={}", slots[1])).with_status(200);
        assert_eq!(shown("slot"), json!(slots[1]));
        assert_eq!(link(&gateway.next_message(&phone)), next(2), "the message has the new link");
        tap(&server, &next(2), "action=dance").with_status(422);
        let english = server.post(&format!("{}?lang=en", next(2)), "application/x-www-form-urlencoded", b"action=cancel");
        assert!(english.with_status(200).text().contains("Cancelled"));
        assert_eq!(shown("state"), "cancelled");
        server.get("/a/none").with_status(404);
    }

    fn a_calendar_follows_the_appointment(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let (caller, _) = donor(station, &server, &gateway);
        let slots = station.slots("whole_blood", 5, 2, 3);
        let booked = server.send(&caller, "/v1/appointments", json!({ "slot": slots[0] })).with_status(201).json();
        let path = format!("/v1/appointments/{}", booked["id"].as_str().unwrap());
        let opened = server.send(&caller, "/v1/me/calendar-feed", json!({})).with_status(201).json();
        let feed = opened["url"].as_str().unwrap();
        let feed = &feed[feed.find("/calendar/").unwrap()..];
        let line = |text: &str, name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();

        let one = server.read(&caller, &format!("{path}/calendar")).with_status(200);
        assert_eq!(one.header("content-type"), "text/calendar; method=PUBLISH; charset=utf-8");
        let uid = line(one.text(), "UID:");
        assert!(uid.contains(booked["id"].as_str().unwrap()));
        server.send(&caller, &format!("{path}/move"), json!({ "slot": slots[1] })).with_status(200);
        let moved = server.get(feed).with_status(200);
        server.send(&caller, &format!("{path}/cancellation"), json!({})).with_status(200);
        let cancelled = server.get(feed).with_status(200);

        assert_eq!((line(moved.text(), "UID:"), line(moved.text(), "SEQUENCE:")), (uid, "SEQUENCE:1".to_owned()));
        assert!(cancelled.text().contains("STATUS:CANCELLED") && cancelled.text().contains("SEQUENCE:2"));
        server.call(&caller, "DELETE", "/v1/me/calendar-feed", None).with_status(204);
        server.get(feed).with_status(404);
        server.call(&caller, "DELETE", "/v1/me/calendar-feed", None).with_status(404);
    }

    fn a_change_names_the_version_that_it_was_made_from(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let (caller, _) = donor(station, &server, &gateway);
        let slot = station.slots("whole_blood", 5, 1, 3).remove(0);
        let booked = server.send(&caller, "/v1/appointments", json!({ "slot": slot })).with_status(201);
        let tag = booked.header("etag").to_owned();
        let path = format!("/v1/appointments/{}/cancellation", booked.json()["id"].as_str().unwrap());
        let bearer = format!("Bearer {}", caller.access);
        let cancel = |tag: &str| server.request("POST", &path, &[("authorization", &bearer), ("if-match", tag)], b"");

        assert_eq!(cancel("\"7\"").with_status(412).problem(), "changed_meanwhile");
        assert_eq!(cancel(&tag).with_status(200).json()["state"], Value::from("cancelled"));
    }
}

fn link_secret(station: &Station) -> [u8; 32] {
    let folder = rexue::keyring::KeyFolder::in_data(&station.path(""));
    let keys = folder.text("vault.toml").unwrap().unwrap();
    *rexue::vault::Vault::new(&rexue::vault::VaultKeys::from_text(&keys).unwrap()).unwrap().link_secret()
}
