//! Messages by WeChat: one for each consent, and by the next channel when there is none.

use serde_json::{Value, json};
use tests::on_both;
use tests::support::{
    Answer, Behaviour, Caller, Gateway, Person, Server, Station, Town, international, until,
};

const OPENID: &str = "oCanary-OpenId_0001";
const BOOKED: &str = "TMPL-booked";
const TOLD: &str = "TMPL-told";
const SUBSCRIPTIONS: &str = "/v1/me/wechat-subscriptions";

/// Two kinds have a template of their own, two share one.
fn templates() -> String {
    let fields = json!({ "thing1": "place", "time2": "time", "thing3": "station" });
    let page = "pages/appointment/index?key={link}";
    let booked = json!({ "id": BOOKED, "page": page, "fields": fields });
    let told = json!({ "id": TOLD, "fields": fields });
    json!({ "appointment_booked": booked, "reminder": told, "appointment_moved": told }).to_string()
}

/// A donor with a number who signs in with WeChat.
pub(crate) struct Scene {
    pub gateway: Gateway,
    pub server: Server,
    pub caller: Caller,
    pub person: Person,
    pub phone: String,
}

/// A donor who wants to be told by these channels, at a station that sends SMS by Kannel.
pub(crate) fn scene(station: &Station, channels: &[&str], more: &[(&str, &str)]) -> Scene {
    scene_by(station, Gateway::settings, channels, more)
}

/// The same at a station that sends SMS as these settings say.
pub(crate) fn scene_by(
    station: &Station,
    settings: fn(&Gateway) -> Vec<(&'static str, String)>,
    channels: &[&str],
    more: &[(&str, &str)],
) -> Scene {
    let gateway = Gateway::start();
    let (settings, templates) = (settings(&gateway), templates());
    let mut all: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    all.extend([("REXUE_WECHAT_TEMPLATES", templates.as_str()), ("REXUE_WECHAT_TIMEOUT_SECONDS", "1")]);
    all.push(("REXUE_LIMITS_REQUESTS_PER_MINUTE", "0"));
    all.extend(more);
    let server = station.serve_with(&all);
    station.import(&Town::of(40));
    let person = Person::number(30);
    gateway.wechat_user("js", OPENID);
    gateway.wechat_phone("number", &person.phone);
    let grant =
        json!({ "grant_type": "wechat", "js_code": "js", "phone_code": "number", "device": "a telephone" });
    let caller = Caller::of(server.post_json("/v1/auth/token", &grant));
    let proof = json!({ "id_number": person.id_number, "donation_no": "4199240000059" });
    server.send(&caller, "/v1/me/donor", proof).with_status(200);
    let phone = international(&person.phone);
    let scene = Scene { gateway, server, caller, person, phone };
    scene.wants(channels).with_status(204);
    scene
}

impl Scene {
    /// Chooses channels.
    pub(crate) fn wants(&self, channels: &[&str]) -> Answer {
        let path = "/v1/me/message-preferences";
        let version = self.server.read(&self.caller, path).header("etag").to_owned();
        let bearer = format!("Bearer {}", self.caller.access);
        let wanted = json!({ "channels": channels, "letters": false, "language": "zh" }).to_string();
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("if-match", version.as_str()),
        ];
        self.server.request("PUT", path, &headers, wanted.as_bytes())
    }

    /// Agrees to one more message about bookings, and WeChat knows of it.
    pub(crate) fn agrees(&self) {
        self.gateway.wechat_consent(OPENID);
        self.answers(json!({ BOOKED: "accept" })).with_status(200);
    }

    fn answers(&self, answers: Value) -> Answer {
        self.server.send(&self.caller, SUBSCRIPTIONS, json!({ "answers": answers }))
    }

    /// Books one of the places of that day: the appointment.
    pub(crate) fn book(&self, station: &Station, days: i64) -> Value {
        let slot = station.slots("whole_blood", days, 1, 3).remove(0);
        self.server.send(&self.caller, "/v1/appointments", json!({ "slot": slot })).with_status(201).json()
    }

    /// Cancels an appointment.
    pub(crate) fn cancel(&self, appointment: &Value) {
        let path = format!("/v1/appointments/{}/cancellation", appointment["id"].as_str().unwrap());
        self.server.send(&self.caller, &path, json!({})).with_status(200);
    }

    /// No secret, and nobody's name at WeChat, is in the log.
    fn assert_silent(&self) {
        let log = self.server.log();
        for canary in [OPENID, "token-canary", Gateway::APP_SECRET] {
            assert!(!log.contains(canary), "{canary}");
        }
    }
}

/// A column of the newest message of a kind.
pub(crate) fn newest(station: &Station, kind: &str, column: &str) -> String {
    let query = format!(
        "SELECT coalesce(CAST({column} AS TEXT), '') AS text FROM outbox WHERE kind = '{kind}' ORDER BY id DESC LIMIT 1"
    );
    station.texts(&query).pop().unwrap_or_default()
}

/// The attempts for the newest message of a kind: channel and outcome of each.
pub(crate) fn attempts(station: &Station, kind: &str) -> Vec<String> {
    station.texts(&format!(
        "SELECT channel || ' ' || outcome AS text FROM message_attempts
         WHERE message_id = (SELECT max(id) FROM outbox WHERE kind = '{kind}') ORDER BY fence"
    ))
}

/// Makes what waits due.
pub(crate) fn now_due(station: &Station, state: &str) {
    station
        .execute(&format!(
            "UPDATE outbox SET due_at = '2020-01-01 00:00:00' WHERE state = '{state}' AND kind <> 'reminder'"
        ))
        .unwrap();
}

fn left(station: &Station) -> Vec<String> {
    let query = "SELECT template_id || ' ' || CAST(remaining AS TEXT) AS text FROM wechat_subscriptions ORDER BY template_id";
    station.texts(query)
}

const ATTEMPTED: &str = "appointment_booked";

on_both! {
    fn a_consent_is_good_for_one_message_and_the_next_goes_by_sms(station) {
        let scene = scene(station, &["wechat", "sms"], &[]);
        scene.agrees();
        assert_eq!(left(station), ["TMPL-booked 1"]);

        let booked = scene.book(station, 5);
        until("it is sent", || newest(station, "appointment_booked", "state") == "sent");

        let sent = scene.gateway.wechat_sent();
        assert_eq!((sent.len(), &sent[0]["touser"], &sent[0]["template_id"]), (1, &json!(OPENID), &json!(BOOKED)));
        let page = sent[0]["page"].as_str().unwrap();
        let key = page.strip_prefix("pages/appointment/index?key=").unwrap();
        assert!(key.len() > 20 && !key.contains('/'), "{page}");
        let data = &sent[0]["data"];
        assert!(data["thing1"]["value"].as_str().unwrap().chars().count() <= 20, "{data}");
        assert!(data["time2"]["value"].as_str().unwrap().contains('年'), "{data}");
        assert_eq!(data.as_object().unwrap().len(), 3);
        assert_eq!((newest(station, "appointment_booked", "channel"), left(station)), ("wechat".into(), vec!["TMPL-booked 0".into()]));
        assert_eq!(scene.gateway.messages(), [], "nothing went by SMS");

        // There is no template for cancellations, and no consent is left for bookings.
        scene.cancel(&booked);
        assert!(scene.gateway.next_message(&scene.phone).contains("已取消"));
        scene.book(station, 9);
        assert!(scene.gateway.next_message(&scene.phone).contains("您已预约"));
        assert_eq!(scene.gateway.wechat_sent().len(), 1);
        scene.assert_silent();
    }

    fn who_took_the_consent_back_is_told_by_sms_and_nothing_is_left(station) {
        let scene = scene(station, &["wechat", "sms"], &[]);
        for _ in 0..3 {
            scene.answers(json!({ BOOKED: "accept", TOLD: "accept" })).with_status(200);
        }
        assert_eq!(left(station), ["TMPL-booked 3", "TMPL-told 3"]);

        scene.book(station, 5);

        assert!(scene.gateway.next_message(&scene.phone).contains("您已预约"));
        until("it is written down", || attempts(station, ATTEMPTED).len() == 2);
        assert_eq!(attempts(station, ATTEMPTED), ["wechat permanent", "sms accepted"]);
        assert_eq!(left(station), ["TMPL-booked 0", "TMPL-told 3"]);
        assert_eq!(newest(station, ATTEMPTED, "refused_by"), "wechat");
    }

    fn a_token_that_wechat_refuses_is_replaced_within_the_attempt(station) {
        let scene = scene(station, &["wechat", "sms"], &[]);
        scene.agrees();
        scene.gateway.wechat_token_is_refused();
        assert_eq!(scene.gateway.wechat_tokens_made(), 1);

        scene.book(station, 5);
        until("it is sent", || newest(station, ATTEMPTED, "state") == "sent");

        assert_eq!(attempts(station, ATTEMPTED), ["wechat accepted"]);
        assert_eq!((scene.gateway.wechat_tokens_made(), scene.gateway.wechat_sent().len()), (2, 1));
        scene.assert_silent();
    }

    fn a_token_that_stays_refused_and_a_busy_server_are_tried_again(station) {
        let scene = scene(station, &["wechat", "sms"], &[]);
        scene.agrees();
        for errcode in [40001, -1] {
            scene.gateway.will_answer(Behaviour::Errcode(errcode));
            let booked = scene.book(station, 5);
            until("it was tried", || attempts(station, ATTEMPTED).first().is_some_and(|said| said == "wechat transient"));
            scene.cancel(&booked);
            scene.gateway.next_message(&scene.phone);
        }
        assert_eq!(left(station), ["TMPL-booked 1"], "nothing was used up");

        scene.book(station, 9);
        until("it was tried", || attempts(station, ATTEMPTED).first().is_some_and(|said| said == "wechat transient"));
        scene.gateway.will_answer(Behaviour::Well);
        now_due(station, "queued");
        until("it is sent", || newest(station, ATTEMPTED, "state") == "sent");
        assert_eq!((newest(station, ATTEMPTED, "channel"), left(station)), ("wechat".into(), vec!["TMPL-booked 0".into()]));
    }

    fn a_refused_set_up_closes_the_channel_and_the_message_goes_by_sms(station) {
        let scene = scene(station, &["wechat", "sms"], &[]);
        scene.agrees();
        scene.gateway.will_answer(Behaviour::Errcode(47003));

        scene.book(station, 5);

        assert!(scene.gateway.next_message(&scene.phone).contains("您已预约"));
        until("it is written down", || newest(station, ATTEMPTED, "state") == "sent");
        assert_eq!(attempts(station, ATTEMPTED), ["wechat account", "sms accepted"]);
        assert_eq!(station.texts("SELECT channel AS text FROM channel_circuits"), ["wechat"]);
        assert_eq!(left(station), ["TMPL-booked 1"]);
    }

    fn an_answer_that_does_not_come_or_cannot_be_read_leaves_the_fate_unknown(station) {
        let scene = scene(station, &["wechat", "sms"], &[]);
        scene.agrees();
        for behaviour in [Behaviour::Hang, Behaviour::Huge, Behaviour::HalfClosed, Behaviour::Status(200), Behaviour::Errcode(99999)] {
            scene.gateway.will_answer(behaviour);
            let booked = scene.book(station, 5);
            until("its fate is unknown", || newest(station, ATTEMPTED, "state") == "ambiguous");
            assert_eq!(attempts(station, ATTEMPTED), ["wechat ambiguous"], "{behaviour:?}");
            scene.gateway.will_answer(Behaviour::Well);
            scene.cancel(&booked);
            scene.gateway.next_message(&scene.phone);
        }
        assert_eq!(left(station), ["TMPL-booked 1"], "WeChat says no to the next one, if need be");

        scene.agrees();
        scene.gateway.will_answer(Behaviour::Huge);
        scene.book(station, 9);
        until("its fate is unknown", || newest(station, ATTEMPTED, "state") == "ambiguous");
        scene.gateway.will_answer(Behaviour::Well);
        now_due(station, "ambiguous");
        until("it is sent after all", || newest(station, ATTEMPTED, "state") == "sent");
        assert_eq!(attempts(station, ATTEMPTED), ["wechat ambiguous", "wechat accepted"]);
        scene.assert_silent();
    }

    fn answers_are_counted_bounded_and_the_same_one_is_counted_once(station) {
        let scene = scene(station, &["wechat", "sms"], &[]);
        let shown = scene.server.read(&scene.caller, SUBSCRIPTIONS).with_status(200).json();
        assert_eq!(shown, json!({
            "most": 20,
            "templates": [
                { "template_id": BOOKED, "kinds": ["appointment_booked"], "remaining": 0 },
                { "template_id": TOLD, "kinds": ["appointment_moved", "reminder"], "remaining": 0 },
            ],
        }));
        for (answers, code) in [
            (json!({ "TMPL-other": "accept" }), "unknown_template"),
            (json!({ BOOKED: "yes" }), "unknown_answer"),
            (json!({ BOOKED: 1 }), "malformed_body"),
            (json!([BOOKED]), "malformed_body"),
        ] {
            assert_eq!(scene.answers(answers).with_status(422).problem(), code);
        }
        scene.answers(json!({ BOOKED: "reject", TOLD: "ban" })).with_status(200);
        assert_eq!(left(station), Vec::<String>::new());

        let keyed = |key: &str, answers: Value| {
            let bearer = format!("Bearer {}", scene.caller.access);
            let headers = [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", key)];
            scene.server.request("POST", SUBSCRIPTIONS, &headers, json!({ "answers": answers }).to_string().as_bytes())
        };
        for _ in 0..2 {
            let answer = keyed("one", json!({ BOOKED: "accept" })).with_status(200).json();
            assert_eq!(answer["templates"][0]["remaining"], 1);
        }
        assert_eq!(keyed("one", json!({ TOLD: "accept" })).with_status(422).problem(), "key_reused");
        for _ in 0..25 {
            scene.answers(json!({ BOOKED: "accept" })).with_status(200);
        }
        assert_eq!(left(station), ["TMPL-booked 20"]);
        let traces = "SELECT count(*) AS number FROM audit WHERE action = 'wechat.subscribed'";
        assert_eq!(station.number(traces), 20, "what changed nothing leaves no line");
        station.rexue(["audit", "verify"]).well();
    }

    fn a_copy_holds_what_is_left_and_an_erasure_takes_it_away(station) {
        let scene = scene(station, &["wechat", "sms"], &[]);
        scene.agrees();
        scene.agrees();

        let copy = scene.server.read(&scene.caller, "/v1/me/export").with_status(200).json();
        let text = scene.server.read(&scene.caller, "/v1/me/export?format=text").with_status(200);

        let one = &copy["wechat_subscriptions"][0];
        assert_eq!((&one["template_id"], &one["remaining"]), (&json!(BOOKED), &json!(2)));
        assert!(text.text().contains("模板 TMPL-booked：还可发送 2 条"), "{}", text.text());
        scene.server.send(&scene.caller, "/v1/me/erasure", json!({ "confirm": true })).with_status(200);
        assert_eq!(station.count("wechat_subscriptions"), 0);
    }

    fn who_does_not_sign_in_with_wechat_takes_nothing_by_it(station) {
        let scene = scene(station, &["sms", "wechat"], &[]);
        assert_eq!(scene.wants(&["wechat"]).with_status(422).problem(), "wechat_alone");
        let other = scene.server.sign_in(&scene.gateway, &Person::number(31).phone);

        let answer = scene.server.send(&other, SUBSCRIPTIONS, json!({ "answers": { BOOKED: "accept" } }));

        assert_eq!(answer.with_status(409).problem(), "no_wechat");
        assert_eq!(station.count("wechat_subscriptions"), 0);
    }

    fn what_many_messages_use_up_at_once_is_counted_together(station) {
        use rexue::store::wechat_subscriptions::{self as store, Used};
        let scene = scene(station, &["wechat", "sms"], &[]);
        for _ in 0..3 {
            scene.answers(json!({ BOOKED: "accept", TOLD: "accept" })).with_status(200);
        }
        let account_id = station.texts("SELECT DISTINCT account_id AS text FROM wechat_subscriptions").remove(0);
        let used = |template: &str, refused| Used { account_id: account_id.clone(), template_id: template.to_owned(), refused };
        let spend = |used: Vec<Used>| station.pool().write_blocking(|db| store::spend(db, &used, tests::support::now())).unwrap();

        spend(vec![used(BOOKED, false), used(BOOKED, false), used(TOLD, false), used("TMPL-gone", false)]);
        assert_eq!(left(station), ["TMPL-booked 1", "TMPL-told 2"]);
        spend(vec![used(BOOKED, false), used(BOOKED, false), used(TOLD, false), used(TOLD, true)]);
        assert_eq!(left(station), ["TMPL-booked 0", "TMPL-told 0"]);
    }
}
