//! The product with Alibaba Cloud's and Tencent Cloud's SMS services, played by a server that checks every signature.

use crate::wechat_messages::{Scene, attempts, newest, now_due, scene_by};
use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Answer, Behaviour, Gateway, Station, until};

const SECRET: &str = "receipts-secret-0001";
const KIND: &str = "appointment_booked";

#[derive(Clone, Copy, PartialEq)]
enum Provider {
    Aliyun,
    Tencent,
}
use Provider::{Aliyun, Tencent};

impl Provider {
    fn name(self) -> &'static str {
        if self == Aliyun { "aliyun" } else { "tencent" }
    }

    fn settings(self) -> fn(&Gateway) -> Vec<(&'static str, String)> {
        if self == Aliyun { Gateway::aliyun_settings } else { Gateway::tencent_settings }
    }

    /// What the provider wants to hear.
    fn thanks(self) -> Value {
        if self == Aliyun {
            json!({ "code": 0, "msg": "OK" })
        } else {
            json!({ "result": 0, "errmsg": "OK" })
        }
    }

    /// A code for good, one for a while, and one about the account.
    fn codes(self) -> [&'static str; 3] {
        match self {
            Aliyun => ["isv.MOBILE_NUMBER_ILLEGAL", "isv.BUSINESS_LIMIT_CONTROL", "isv.AMOUNT_NOT_ENOUGH"],
            Tencent => [
                "FailedOperation.PhoneNumberInBlacklist",
                "LimitExceeded.PhoneNumberDailyLimit",
                "AuthFailure.SecretIdNotFound",
            ],
        }
    }

    /// A receipt as the provider writes it.
    fn receipt(self, phone: &str, number: &str, reference: &str, arrived: bool) -> Value {
        let national = phone.trim_start_matches("+86");
        match self {
            Aliyun => json!({
                "phone_number": national, "send_time": "2026-11-23 10:00:00", "report_time": "2026-11-23 10:00:01",
                "success": arrived, "err_code": if arrived { "DELIVERED" } else { "MK:0001" }, "err_msg": "…",
                "sms_size": "1", "biz_id": number, "out_id": reference,
            }),
            Tencent => json!({
                "user_receive_time": "2026-11-23 10:00:01", "nationcode": "86", "mobile": national,
                "report_status": if arrived { "SUCCESS" } else { "FAIL" },
                "errmsg": if arrived { "DELIVRD" } else { "UNDELIV" }, "description": "…", "sid": number,
            }),
        }
    }

    /// A text that somebody sends back, as the provider hands it on.
    fn reply(self, phone: &str, text: &str) -> Value {
        let national = phone.trim_start_matches("+86");
        match self {
            Aliyun => json!([{
                "phone_number": national, "send_time": "2026-11-23 10:00:00", "content": text,
                "sign_name": Gateway::SIGN_NAME, "dest_code": "10690000", "sequence_id": 1_234_567_890,
            }]),
            Tencent => json!({
                "extend": "", "mobile": national, "nationcode": "86", "sign": Gateway::SIGN_NAME, "text": text, "time": 1_795_395_600,
            }),
        }
    }
}

/// A donor who is told by SMS, and by WeChat when that does not work.
fn scene(station: &Station, provider: Provider) -> Scene {
    scene_by(station, provider.settings(), &["sms", "wechat"], &[("REXUE_SMS_RECEIPTS_SECRET", SECRET)])
}

fn tell(scene: &Scene, path: &str, body: &Value) -> Answer {
    scene.server.post(path, "application/json", body.to_string().as_bytes())
}

/// The provider's number of the newest message of a kind.
fn number(station: &Station, kind: &str) -> String {
    let id = newest(station, kind, "id");
    station
        .texts(&format!("SELECT provider_id AS text FROM message_attempts WHERE message_id = '{id}' AND provider_id IS NOT NULL"))
        .remove(0)
}

fn sends_a_reminder_and_hears_that_it_arrived(station: &Station, provider: Provider) {
    let scene = scene(station, provider);
    scene.book(station, 5);
    scene.gateway.next_message(&scene.phone);
    let queued = || {
        station.number("SELECT count(*) AS number FROM outbox WHERE kind = 'reminder' AND state = 'queued'")
    };
    until("reminders are queued", || queued() == 3);
    station
        .execute(
            "UPDATE outbox SET due_at = '2020-01-01 00:00:00', expires_at = '2100-01-01 00:00:00'
             WHERE id = (SELECT max(id) FROM outbox WHERE kind = 'reminder')",
        )
        .unwrap();

    let reminder = scene.gateway.next_message(&scene.phone);
    until("it is sent", || newest(station, "reminder", "state") == "sent");

    let id = newest(station, "reminder", "id");
    assert!(reminder.contains("005") && reminder.contains(&id), "template, variables, our id: {reminder}");
    assert!(!reminder.contains("http") && !reminder.contains("/a/"), "no address in a variable: {reminder}");
    let number = number(station, "reminder");
    let path = format!("/v1/receipts/{}/{SECRET}", provider.name());
    let delivery = || newest(station, "reminder", "delivery");
    let ours = |arrived| provider.receipt(&scene.phone, &number, &id, arrived);
    // Nobody signs receipts: the number, the telephone and the secret have to be right together.
    for forged in [
        provider.receipt("+8617005559999", &number, &id, false),
        provider.receipt(&scene.phone, "9006197469364984999^0", &id, false),
    ] {
        assert_eq!(tell(&scene, &path, &json!([forged])).with_status(200).json(), provider.thanks());
        assert_eq!(delivery(), "unknown");
    }
    for wrong in [
        format!("/v1/receipts/{}/wrong-secret-00001", provider.name()),
        format!("/v1/receipts/{}/{SECRET}", if provider == Aliyun { "tencent" } else { "aliyun" }),
    ] {
        assert_eq!(tell(&scene, &wrong, &json!([ours(false)])).with_status(404).problem(), "not_found");
    }
    for malformed in [json!({}), json!([{}]), json!([ours(true), { "mobile": "x" }]), json!("[]")] {
        assert_eq!(tell(&scene, &path, &malformed).with_status(422).problem(), "malformed_receipt");
    }
    assert_eq!(delivery(), "unknown", "of a body that cannot be read nothing is taken");

    // Twice in one body, again, and the other way round.
    for batch in [json!([ours(true), ours(true)]), json!([ours(true)]), json!([ours(false)])] {
        assert_eq!(tell(&scene, &path, &batch).with_status(200).json(), provider.thanks());
        assert_eq!(delivery(), "delivered");
    }
    assert_eq!(station.count("message_receipts"), 1);
    assert_eq!(newest(station, "reminder", "state"), "sent");
    assert_eq!(scene.gateway.wechat_sent().len(), 0);
}

fn goes_to_the_next_channel_when_a_receipt_says_no(station: &Station, provider: Provider) {
    let scene = scene(station, provider);
    scene.agrees();
    scene.book(station, 5);
    scene.gateway.next_message(&scene.phone);
    until("it is sent", || newest(station, KIND, "state") == "sent");
    let (id, number) = (newest(station, KIND, "id"), number(station, KIND));
    let path = format!("/v1/receipts/{}/{SECRET}", provider.name());
    let failed = json!([provider.receipt(&scene.phone, &number, &id, false)]);

    tell(&scene, &path, &failed).with_status(200);

    until("it went by WeChat", || newest(station, KIND, "channel") == "wechat");
    assert_eq!(scene.gateway.wechat_sent().len(), 1);
    tell(&scene, &path, &failed).with_status(200);
    assert_eq!((newest(station, KIND, "state"), station.count("message_receipts")), ("sent".into(), 1));
    assert_eq!(attempts(station, KIND), ["sms accepted", "wechat accepted"]);
}

/// Aliyun gives our own id back: so it is known what became of a message whose number never came.
fn is_found_by_our_own_id(station: &Station, behaviour: Behaviour, state: &str, arrived: bool) -> Scene {
    let scene = scene(station, Aliyun);
    scene.agrees();
    scene.gateway.will_answer(behaviour);
    scene.book(station, 5);
    until("it is on its way", || newest(station, KIND, "state") == state);
    let id = newest(station, KIND, "id");
    let path = format!("/v1/receipts/aliyun/{SECRET}");
    let forged = Aliyun.receipt("+8617005559999", "1^0", &id, arrived);
    tell(&scene, &path, &json!([forged])).with_status(200);
    assert_eq!(newest(station, KIND, "delivery"), "unknown", "the telephone has to be right");

    let ours = Aliyun.receipt(&scene.phone, "9006197469364984999^0", &id, arrived);
    tell(&scene, &path, &json!([ours])).with_status(200);
    scene
}

fn does_what_each_code_asks_for(station: &Station, provider: Provider) {
    let scene = scene(station, provider);
    scene.agrees();
    let [for_good, for_a_while, account] = provider.codes();
    scene.gateway.will_answer(Behaviour::Code(for_good));
    let booked = scene.book(station, 5);
    until("it went by WeChat", || newest(station, KIND, "state") == "sent");
    assert_eq!(attempts(station, KIND), ["sms permanent", "wechat accepted"]);

    scene.gateway.will_answer(Behaviour::Code(for_a_while));
    scene.cancel(&booked);
    let cancelled = "appointment_cancelled";
    until("it waits", || attempts(station, cancelled) == ["sms throttled"]);
    assert_eq!(
        (newest(station, cancelled, "state"), newest(station, cancelled, "attempts")),
        ("queued".into(), "0".into())
    );
    scene.gateway.will_answer(Behaviour::Well);
    now_due(station, "queued");
    scene.gateway.next_message(&scene.phone);

    // No consent is left for WeChat.
    scene.gateway.will_answer(Behaviour::Code(account));
    scene.book(station, 9);
    until("it waits", || attempts(station, KIND) == ["sms account"]);
    assert_eq!(
        (newest(station, KIND, "state"), newest(station, KIND, "attempts")),
        ("queued".into(), "0".into())
    );
    assert_eq!(station.texts("SELECT channel AS text FROM channel_circuits"), ["sms"]);
    scene.gateway.will_answer(Behaviour::Well);
    station.execute("UPDATE channel_circuits SET open_until = '2020-01-01 00:00:00'").unwrap();
    now_due(station, "queued");
    scene.gateway.next_message(&scene.phone);
}

fn hears_who_wants_no_more(station: &Station, provider: Provider) {
    let scene = scene(station, provider);
    let consent = json!({ "purpose": "appeals", "text_version": "1", "given_from": "browser" });
    scene.server.send(&scene.caller, "/v1/me/consents", consent).with_status(201);
    let standing = || {
        station.number(
            "SELECT count(*) AS number FROM consents WHERE purpose = 'appeals' AND withdrawn_at IS NULL",
        )
    };
    let path = format!("/v1/inbound/{}/{SECRET}", provider.name());
    let says = |text: &str| {
        let answer = tell(&scene, &path, &provider.reply(&scene.phone, text)).with_status(200);
        assert_eq!(answer.json(), provider.thanks());
    };
    let forged = format!("/v1/inbound/{}/wrong-secret-00001", provider.name());
    let reply = provider.reply(&scene.phone, "TD");
    assert_eq!(tell(&scene, &forged, &reply).with_status(404).problem(), "not_found");
    for malformed in [json!({}), json!([{}]), json!("TD"), provider.reply("x", "TD")] {
        assert_eq!(tell(&scene, &path, &malformed).with_status(422).problem(), "malformed_receipt");
    }
    says("好的");
    assert_eq!((standing(), station.count("opted_out")), (1, 0), "a kind word is no wish");

    says("退订");
    says("R");

    assert_eq!((standing(), station.count("opted_out")), (0, 1));
    says("恢复");
    assert_eq!((standing(), station.count("opted_out")), (0, 0), "a consent is given in the application");
    let log = scene.server.log();
    assert!(!log.contains(&scene.person.phone) && !log.contains("退订"), "{log}");
}

on_both! {
    fn aliyun_sends_a_reminder_and_says_that_it_arrived(station) {
        sends_a_reminder_and_hears_that_it_arrived(station, Aliyun);
    }

    fn tencent_sends_a_reminder_and_says_that_it_arrived(station) {
        sends_a_reminder_and_hears_that_it_arrived(station, Tencent);
    }

    fn what_aliyun_could_not_deliver_goes_by_the_next_channel(station) {
        goes_to_the_next_channel_when_a_receipt_says_no(station, Aliyun);
    }

    fn what_tencent_could_not_deliver_goes_by_the_next_channel(station) {
        goes_to_the_next_channel_when_a_receipt_says_no(station, Tencent);
    }

    fn what_became_of_a_message_of_unknown_fate_is_found_by_our_own_id(station) {
        let _scene = is_found_by_our_own_id(station, Behaviour::Status(502), "ambiguous", true);

        assert_eq!((newest(station, KIND, "state"), newest(station, KIND, "delivery")), ("sent".into(), "delivered".into()));
    }

    fn a_failure_that_aliyun_tells_before_it_answers_leads_to_the_next_channel(station) {
        let scene = is_found_by_our_own_id(station, Behaviour::Late, "sending", false);
        assert_eq!((newest(station, KIND, "state"), newest(station, KIND, "delivery")), ("sending".into(), "failed".into()));

        scene.gateway.will_answer(Behaviour::Well);

        until("it went by WeChat", || newest(station, KIND, "channel") == "wechat");
        assert_eq!(attempts(station, KIND), ["sms accepted", "wechat accepted"]);
    }

    fn each_of_aliyuns_codes_does_what_it_asks_for(station) {
        does_what_each_code_asks_for(station, Aliyun);
    }

    fn each_of_tencents_codes_does_what_it_asks_for(station) {
        does_what_each_code_asks_for(station, Tencent);
    }

    fn who_answers_aliyun_gets_no_appeals(station) {
        hears_who_wants_no_more(station, Aliyun);
    }

    fn who_answers_tencent_gets_no_appeals(station) {
        hears_who_wants_no_more(station, Tencent);
    }
}
