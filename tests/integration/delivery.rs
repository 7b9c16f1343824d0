//! Messages arrive once, on time, by the channel that a donor chose; what providers tell is kept, and who says stop is heard.

use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Behaviour, Caller, Gateway, Person, Server, Station, Town, international, until};

const SECRET: &str = "receipts-secret-0001";

struct Scene {
    gateway: Gateway,
    server: Server,
    caller: Caller,
    phone: String,
}

/// A donor who is told by SMS.
fn scene(station: &Station) -> Scene {
    let gateway = Gateway::start();
    let server = station.serve_through(&gateway, &[("REXUE_SMS_RECEIPTS_SECRET", SECRET)]);
    station.import(&Town::of(40));
    let person = Person::number(30);
    let caller = server.sign_in(&gateway, &person.phone);
    let proof = json!({ "id_number": person.id_number, "donation_no": "4199240000059" });
    server.send(&caller, "/v1/me/donor", proof).with_status(200);
    Scene { gateway, server, caller, phone: international(&person.phone) }
}

impl Scene {
    fn book(&self, station: &Station) -> Value {
        let slot = station.slots("whole_blood", 5, 1, 3).remove(0);
        self.server.send(&self.caller, "/v1/appointments", json!({ "slot": slot })).with_status(201).json()
    }

    fn receipt(&self, id: &str, status: u8) -> u16 {
        let path = format!("/v1/receipts/kannel?token={SECRET}&reference={id}&status={status}&smsc=1");
        self.server.get(&path).status
    }
}

/// The newest message of a kind: id, state, what receipts say.
fn newest(station: &Station, kind: &str) -> [String; 3] {
    let column = |column: &str| {
        let query =
            format!("SELECT {column} AS text FROM outbox WHERE kind = '{kind}' ORDER BY id DESC LIMIT 1");
        station.texts(&query).pop().unwrap_or_default()
    };
    [column("id"), column("state"), column("delivery")]
}

on_both! {
    fn receipts_go_forward_only_whoever_sends_them(station) {
        let scene = scene(station);
        scene.book(station);
        scene.gateway.next_message(&scene.phone);
        until("it is sent", || newest(station, "appointment_booked")[1] == "sent");
        let [id, ..] = newest(station, "appointment_booked");
        let delivery = || newest(station, "appointment_booked")[2].clone();

        for (status, known) in [(4, "buffered"), (8, "buffered"), (1, "delivered"), (2, "delivered"), (16, "delivered"), (1, "delivered")] {
            assert_eq!((scene.receipt(&id, status), delivery()), (204, known.to_owned()), "{status}");
        }
        assert_eq!(station.number("SELECT count(*) AS number FROM message_receipts"), 2, "what changed nothing is not kept");
        for path in [
            format!("/v1/receipts/kannel?token=wrong-secret-00001&reference={id}&status=2"),
            format!("/v1/receipts/kannel?reference={id}&status=2"),
            format!("/v1/receipts/aliyun/{SECRET}"),
        ] {
            let answer = match path.contains("aliyun") {
                true => scene.server.post(&path, "application/json", b"[]"),
                false => scene.server.get(&path),
            };
            assert_eq!(answer.with_status(404).problem(), "not_found", "{path}");
        }
        let malformed = scene.server.get(&format!("/v1/receipts/kannel?token={SECRET}&reference={id}&status=zero"));
        assert_eq!(malformed.with_status(422).problem(), "malformed_receipt");
        assert_eq!(scene.receipt("01890000-0000-7000-8000-00000000dead", 1), 204, "of no message of ours");
        let staff = station.user(&scene.server, "operator", None).sign_in(&scene.server);
        let timeline = scene.server.read(&staff, &format!("/v1/station/messages/{id}")).with_status(200).json();
        let told: Vec<&str> = timeline["events"].as_array().unwrap().iter().map(|event| event["outcome"].as_str().unwrap()).collect();
        assert_eq!(told, ["accepted", "buffered", "delivered"]);
        let metrics = scene.server.get("/metrics").with_status(200);
        assert!(metrics.text().contains(r#"rexue_messages{delivery="delivered",state="sent"} 1"#), "{}", metrics.text());
        assert!(metrics.text().contains(r#"rexue_message_delay_seconds{quantile="0.99"}"#));
        let text = timeline.to_string();
        assert!(!text.contains(&scene.phone[3..]) && !text.contains("预约"), "{text}");
    }

    fn nothing_leaves_at_night_but_codes(station) {
        let scene = scene(station);
        station.always_quiet();
        scene.book(station);
        until("it is put off", || {
            station.number("SELECT count(*) AS number FROM message_attempts WHERE outcome = 'put_off'") == 1
        });
        let [id, state, _] = newest(station, "appointment_booked");
        let texts = scene.gateway.messages().len();
        scene.server.sign_in(&scene.gateway, &Person::number(31).phone);

        assert_eq!((state.as_str(), scene.gateway.messages().len()), ("queued", texts + 1));
        let due = station.texts(&format!("SELECT CAST(due_at AS TEXT) AS text FROM outbox WHERE id = '{id}'")).remove(0);
        assert!(due.contains("16:00:00"), "the end of the night in China, in UTC: {due}");
        assert_eq!(station.number(&format!("SELECT attempts AS number FROM outbox WHERE id = '{id}'")), 0);
        station.never_quiet();
        station.execute(&format!("UPDATE outbox SET due_at = '2020-01-01 00:00:00' WHERE id = '{id}'")).unwrap();
        assert!(scene.gateway.next_message(&scene.phone).contains("您已预约"));
    }

    fn who_answers_r_gets_no_appeals_and_is_still_reminded(station) {
        let scene = scene(station);
        let consent = json!({ "purpose": "appeals", "text_version": "1", "given_from": "browser" });
        scene.server.send(&scene.caller, "/v1/me/consents", consent).with_status(201);
        let standing = || {
            let query = "SELECT count(*) AS number FROM consents WHERE purpose = 'appeals' AND withdrawn_at IS NULL";
            station.number(query)
        };
        let says = |text: &str| {
            let path = format!("/v1/inbound/kannel?token={SECRET}&from={}&text={text}&id=1", &scene.phone[1..]);
            scene.server.get(&path).with_status(204);
        };
        says("%E5%A5%BD%E7%9A%84");
        assert_eq!(standing(), 1, "a kind word is no wish");
        says("R");
        assert_eq!((standing(), station.count("opted_out")), (0, 1));
        says("R");
        assert_eq!(station.count("opted_out"), 1);

        scene.book(station);

        assert!(scene.gateway.next_message(&scene.phone).contains("您已预约"), "what they arranged is still told");
        station.rexue(["audit", "verify"]).well();
    }

    fn a_busy_gateway_is_tried_again_and_a_dead_letter_waits_for_a_person(station) {
        let scene = scene(station);
        scene.gateway.will_answer(Behaviour::Status(503));
        station.execute("UPDATE message_policy SET attempts = 2").unwrap();
        scene.book(station);
        until("both attempts were made", || newest(station, "appointment_booked")[1] == "failed");
        let [id, ..] = newest(station, "appointment_booked");
        assert_eq!(station.number("SELECT count(*) AS number FROM message_attempts WHERE outcome = 'transient'"), 2);
        let listed = station.rexue(["outbox", "list", "--state", "failed"]).well().out;
        assert!(listed.contains(&id), "{listed}");
        let shown = station.rexue(["outbox", "show", &id]).well().out;
        assert!(shown.contains("\"transient\"") && !shown.contains(&scene.phone[3..]), "{shown}");

        scene.gateway.will_answer(Behaviour::Well);
        let staff = station.user(&scene.server, "operator", None).sign_in(&scene.server);
        let retry = format!("/v1/station/messages/{id}/retry");
        scene.server.send(&staff, &retry, json!({})).with_status(204);
        assert!(scene.gateway.next_message(&scene.phone).contains("您已预约"));
        until("it is sent", || newest(station, "appointment_booked")[1] == "sent");
        assert_eq!(scene.server.send(&staff, &retry, json!({})).with_status(409).problem(), "not_stuck");
        let code = station.texts("SELECT id AS text FROM outbox WHERE kind = 'sign_in_code' LIMIT 1").remove(0);
        let again = scene.server.send(&staff, &format!("/v1/station/messages/{code}/retry"), json!({}));
        assert_eq!(again.with_status(409).problem(), "code_is_over");
    }

    fn what_is_sent_once_more_gets_receipts_of_its_own(station) {
        let scene = scene(station);
        scene.book(station);
        scene.gateway.next_message(&scene.phone);
        until("it is sent", || newest(station, "appointment_booked")[1] == "sent");
        let [id, ..] = newest(station, "appointment_booked");
        scene.receipt(&id, 2);
        until("it has failed", || newest(station, "appointment_booked") == [id.as_str(), "failed", "failed"]);

        station.rexue(["outbox", "retry", &id]).well();
        assert!(scene.gateway.next_message(&scene.phone).contains("您已预约"));
        until("it is sent again", || newest(station, "appointment_booked")[1] == "sent");
        assert_eq!(newest(station, "appointment_booked")[2], "unknown");
        scene.receipt(&id, 1);

        assert_eq!(newest(station, "appointment_booked"), [id.as_str(), "sent", "delivered"]);
        station.execute(&format!("UPDATE outbox SET state = 'failed' WHERE id = '{id}'")).unwrap();
        let staff = station.user(&scene.server, "operator", None).sign_in(&scene.server);
        scene.server.send(&staff, &format!("/v1/station/messages/{id}/retry"), json!({})).with_status(204);
        until("it is sent a third time", || newest(station, "appointment_booked")[1..] == ["sent", "unknown"]);
    }

    fn a_message_of_unknown_fate_waits_for_its_receipt_and_only_then_is_sent_again(station) {
        let scene = scene(station);
        scene.gateway.will_answer(Behaviour::Status(502));
        scene.book(station);
        until("its fate is unknown", || newest(station, "appointment_booked")[1] == "ambiguous");
        let [id, ..] = newest(station, "appointment_booked");
        assert_eq!(scene.receipt(&id, 8), 204);
        assert_eq!(newest(station, "appointment_booked")[1], "sent", "the carrier has it");

        let path = format!("/v1/appointments/{}/cancellation",
            scene.server.read(&scene.caller, "/v1/appointments").json()[0]["id"].as_str().unwrap());
        scene.server.send(&scene.caller, &path, json!({})).with_status(200);
        until("its fate is unknown", || newest(station, "appointment_cancelled")[1] == "ambiguous");
        scene.gateway.will_answer(Behaviour::Well);
        station.execute("UPDATE outbox SET due_at = '2020-01-01 00:00:00' WHERE state = 'ambiguous'").unwrap();
        assert!(scene.gateway.next_message(&scene.phone).contains("已取消"));
    }

    fn a_refused_account_closes_the_channel_and_keeps_the_queue(station) {
        let scene = scene(station);
        scene.gateway.will_answer(Behaviour::Status(403));
        scene.book(station);
        until("the channel is left alone", || station.count("channel_circuits") == 1);
        until("the message waits", || newest(station, "appointment_booked")[1] == "queued");
        let attempts = "SELECT attempts AS number FROM outbox WHERE kind = 'appointment_booked'";
        assert_eq!(station.number(attempts), 0, "it was no fault of the message's");

        scene.gateway.will_answer(Behaviour::Well);
        station.execute("UPDATE channel_circuits SET open_until = '2020-01-01 00:00:00'").unwrap();
        station.execute("UPDATE outbox SET due_at = '2020-01-01 00:00:00' WHERE state = 'queued' AND kind <> 'reminder'").unwrap();
        assert!(scene.gateway.next_message(&scene.phone).contains("您已预约"));
    }

    fn what_a_dead_worker_had_is_taken_back_and_who_was_slower_writes_nothing(station) {
        use rexue::store::outbox::{self, Finished, Queue};
        let scene = scene(station);
        drop(scene.server);
        let row = station.texts("SELECT id AS text FROM outbox WHERE kind = 'sign_in_code' LIMIT 1").remove(0);
        station.execute("UPDATE outbox SET state = 'queued', due_at = '2020-01-01 00:00:00', kind = 'thanks', expires_at = '2100-01-01 00:00:00'").unwrap();
        let (pool, now) = (station.pool(), tests::support::now());
        let lease = chrono::TimeDelta::seconds(90);
        let claimed = pool.write_blocking(|db| outbox::claim(db, Queue::All, 10, lease, now)).unwrap();
        assert_eq!((claimed.len(), &claimed[0].id), (1, &row));
        assert!(pool.write_blocking(|db| outbox::claim(db, Queue::All, 10, lease, now)).unwrap().is_empty(), "it has it alone");
        let later = now + chrono::TimeDelta::seconds(91);
        let lost = pool.write_blocking(|db| outbox::release_lost(db, 10, later, |_| Some(later))).unwrap();
        let again = pool.write_blocking(|db| outbox::settle_unknown(db, 10, later)).unwrap();
        let second = pool.write_blocking(|db| outbox::claim(db, Queue::All, 10, lease, later)).unwrap();
        assert_eq!((lost, again, second[0].fence), (1, 1, claimed[0].fence + 1));

        let slow = |fence| Finished {
            id: row.clone(),
            fence,
            state: "sent",
            attempts: 1,
            due_at: now.naive_utc(),
            channel: None,
            refused_by: String::new(),
            sent_at: None,
            finished_at: None,
        };
        // Its attempt was written down as lost when it was taken back.
        let late = [outbox::AttemptRow::ended(&claimed[0], "accepted", later)];
        pool.write_blocking(|db| outbox::finish(db, &[slow(claimed[0].fence)], &late)).unwrap();
        assert_eq!(station.texts("SELECT outcome AS text FROM message_attempts WHERE outcome IN ('lost', 'accepted') AND ended_at > '2026-01-01 00:00:00' ORDER BY ended_at DESC LIMIT 1"), ["lost"]);
        let state = || station.texts(&format!("SELECT state AS text FROM outbox WHERE id = '{row}'")).remove(0);
        assert_eq!(state(), "sending", "somebody else works on it");
        pool.write_blocking(|db| outbox::finish(db, &[slow(second[0].fence)], &[])).unwrap();
        assert_eq!(state(), "sent");
    }

    fn a_donor_chooses_how_to_be_told(station) {
        let scene = scene(station);
        let path = "/v1/me/message-preferences";
        let shown = scene.server.read(&scene.caller, path).with_status(200);
        let usual = json!({
            "channels": ["sms", "email"], "letters": false, "language": "zh", "reminders": null, "reminders_offered": [72, 24, 2],
        });
        assert_eq!(shown.json(), usual);
        let change = |version: &str, wanted: Value| {
            let bearer = format!("Bearer {}", scene.caller.access);
            let headers = [("authorization", bearer.as_str()), ("content-type", "application/json"), ("if-match", version)];
            scene.server.request("PUT", path, &headers, wanted.to_string().as_bytes())
        };
        for (channels, language, code) in [
            (json!([]), "zh", "unknown_channel"),
            (json!(["fax"]), "zh", "unknown_channel"),
            (json!(["sms", "sms"]), "zh", "unknown_channel"),
            (json!(["sms"]), "de", "unknown_language"),
        ] {
            let wanted = json!({ "channels": channels, "letters": false, "language": language });
            assert_eq!(change("\"0\"", wanted).with_status(422).problem(), code);
        }
        let english = json!({ "channels": ["sms"], "letters": false, "language": "en" });
        change("\"0\"", english.clone()).with_status(204);
        assert_eq!(change("\"0\"", english).with_status(412).problem(), "changed_meanwhile");
        scene.book(station);
        assert!(scene.gateway.next_message(&scene.phone).contains("Booked"), "in English");
    }

    fn staff_see_how_each_message_looks(station) {
        let server = station.serve();
        let staff = station.user(&server, "operator", None).sign_in(&server);
        let kinds = server.read(&staff, "/v1/station/templates").with_status(200).json();
        for kind in kinds.as_array().unwrap() {
            for language in ["zh", "en"] {
                let path = format!("/v1/station/templates/{}/preview?language={language}", kind.as_str().unwrap());
                let preview = server.read(&staff, &path).with_status(200).json();
                assert!(preview["sms"].is_string() || preview["letter"].is_string(), "{preview}");
                assert!(preview["sms_parts"].as_u64().is_none_or(|parts| parts <= 2), "{preview}");
            }
        }
        assert_eq!(server.read(&staff, "/v1/station/templates/nothing/preview").with_status(404).problem(), "not_found");
    }
}
