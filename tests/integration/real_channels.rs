//! The product with a real Kannel and a real mail server: a reminder as SMS and as letter, moved with its booking, and an answer.

use serde_json::{Value, json};
use tests::on_both;
use tests::support::{
    Caller, Kannel, Letter, MailServer, Person, Server, Station, Town, international, until,
};

const SECRET: &str = "receipts-secret-0001";

struct Scene {
    kannel: Kannel,
    mail: MailServer,
    server: Server,
    caller: Caller,
    person: Person,
}

/// A donor who wants letters about appointments beside the SMS.
fn scene(station: &Station) -> Scene {
    let (kannel, mail) = (Kannel::start(), MailServer::start());
    let mut settings = kannel.settings("");
    settings.extend(mail.settings());
    settings.push(("REXUE_SMS_RECEIPTS_SECRET", SECRET.to_owned()));
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server = station.serve_with(&settings);
    station.import(&Town::of(40));
    let person = Person::number(30);
    let asked = json!({ "phone": person.phone });
    server.post_json("/v1/auth/otp", &asked).with_status(202);
    let text = kannel.wait_for(&international(&person.phone), |text| text.contains("验证码")).text;
    let code: String = text.chars().skip_while(|c| !c.is_ascii_digit()).take(6).collect();
    let grant = json!({ "grant_type": "otp", "phone": person.phone, "code": code });
    let caller = Caller::of(server.post_json("/v1/auth/token", &grant));
    let proof = json!({ "id_number": person.id_number, "donation_no": "4199240000059" });
    server.send(&caller, "/v1/me/donor", proof).with_status(200);
    let bearer = format!("Bearer {}", caller.access);
    let wanted = json!({ "channels": ["sms", "email"], "letters": true, "language": "zh" }).to_string();
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "application/json"), ("if-match", "\"0\"")];
    server.request("PUT", "/v1/me/message-preferences", &headers, wanted.as_bytes()).with_status(204);
    Scene { kannel, mail, server, caller, person }
}

impl Scene {
    fn sms(&self, word: &str) -> String {
        self.kannel.wait_for(&international(&self.person.phone), |text| text.contains(word)).text
    }

    /// The newest letter whose subject or text has the word.
    fn letter(&self, word: &str) -> Letter {
        let mut found = None;
        until(&format!("a letter with {word}"), || {
            let mine =
                |letter: &Letter| letter.to == self.person.email && letter.read.to_string().contains(word);
            found = self.mail.letters().into_iter().rfind(mine);
            found.is_some()
        });
        found.unwrap()
    }
}

fn now_due(station: &Station) {
    station
        .execute(
            "UPDATE outbox SET due_at = '2020-01-01 00:00:00', expires_at = '2100-01-01 00:00:00'
             WHERE id = (SELECT id FROM outbox WHERE kind = 'reminder' AND state = 'queued' ORDER BY due_at LIMIT 1)",
        )
        .unwrap();
}

fn queued_reminders(station: &Station) -> i64 {
    station.number("SELECT count(*) AS number FROM outbox WHERE kind = 'reminder' AND state = 'queued'")
}

on_both! {
    fn a_reminder_arrives_as_sms_and_as_letter_and_moves_with_its_booking(station) {
        let scene = scene(station);
        let (first, second) = (station.slots("whole_blood", 5, 1, 3).remove(0), station.slots("whole_blood", 9, 1, 3).remove(0));
        let booked = scene.server.send(&scene.caller, "/v1/appointments", json!({ "slot": first })).with_status(201).json();
        assert!(scene.sms("您已预约").contains("/a/"));
        let request = scene.letter("预约").calendar();
        assert_eq!((&request["method"], &request["errors"]), (&json!("REQUEST"), &json!([])));
        let uid = request["events"][0]["uid"].clone();
        until("reminders are queued", || queued_reminders(station) == 3);
        now_due(station);
        let reminder = scene.sms("提醒：您预约了");
        assert!(reminder.contains("献血"), "{reminder}");
        let starts = |calendar: &Value| calendar["events"][0]["starts"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        let reminded = scene.letter("提醒").calendar();
        assert_eq!((starts(&reminded), &reminded["events"][0]["uid"]), (starts(&request), &uid));
        until("the SMS is delivered, says the carrier", || {
            station.number("SELECT count(*) AS number FROM outbox WHERE kind = 'reminder' AND delivery = 'delivered'") == 1
        });

        let path = format!("/v1/appointments/{}/move", booked["id"].as_str().unwrap());
        let moved = scene.server.send(&scene.caller, &path, json!({ "slot": second })).with_status(200).json();
        scene.sms("已改为");
        let update = scene.letter("改为").calendar();
        assert_eq!((&update["method"], &update["events"][0]["uid"]), (&json!("REQUEST"), &uid), "the same entry");
        assert_eq!(starts(&update), moved["starts_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        until("its reminders are new ones", || queued_reminders(station) == 3);
        now_due(station);
        until("a reminder of the new time", || scene.kannel.messages().iter().filter(|sms| sms.text.contains("提醒：")).count() == 2);
    }

    fn an_answer_reaches_us_and_ends_appeals(station) {
        let mut scene = scene(station);
        let consent = json!({ "purpose": "appeals", "text_version": "1", "given_from": "browser" });
        scene.server.send(&scene.caller, "/v1/me/consents", consent).with_status(201);
        scene.kannel.inbound_to(&format!("http://{}/v1/inbound/kannel?token={SECRET}", scene.server.address()));

        scene.kannel.receive(&international(&scene.person.phone), Kannel::FROM, "退订");

        until("the wish is kept", || station.count("opted_out") == 1);
        let standing = "SELECT count(*) AS number FROM consents WHERE purpose = 'appeals' AND withdrawn_at IS NULL";
        assert_eq!(station.number(standing), 0);
        let slot = station.slots("whole_blood", 5, 1, 3).remove(0);
        scene.server.send(&scene.caller, "/v1/appointments", json!({ "slot": slot })).with_status(201);
        scene.sms("您已预约");
    }
}
