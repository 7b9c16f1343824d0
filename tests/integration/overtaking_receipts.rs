//! Receipts that are faster than the answer to the hand-over that they are about.

use crate::wechat_messages::{Scene, attempts, newest, scene};
use tests::on_both;
use tests::support::{Behaviour, Station, until};

const SECRET: &str = "receipts-secret-0001";
const KIND: &str = "appointment_booked";

/// A booking's SMS has reached the gateway, whose answer is late; a receipt comes before it.
fn overtaken(station: &Station, channels: &[&str], status: u8) -> Scene {
    let scene = scene(station, channels, &[("REXUE_SMS_RECEIPTS_SECRET", SECRET)]);
    scene.agrees();
    scene.gateway.will_answer(Behaviour::Late);
    scene.book(station, 5);
    scene.gateway.next_message(&scene.phone);
    assert_eq!(newest(station, KIND, "state"), "sending");
    receipt(station, &scene, status);
    assert_eq!(newest(station, KIND, "state"), "sending", "who has it still works on it");
    scene
}

fn receipt(station: &Station, scene: &Scene, status: u8) {
    let id = newest(station, KIND, "id");
    let path = format!("/v1/receipts/kannel?token={SECRET}&reference={id}&status={status}&smsc=1");
    scene.server.get(&path).with_status(204);
}

on_both! {
    fn a_failure_before_the_answer_leads_to_the_next_channel(station) {
        let scene = overtaken(station, &["sms", "wechat"], 2);

        scene.gateway.will_answer(Behaviour::Well);

        until("it went by WeChat", || newest(station, KIND, "state") == "sent");
        assert_eq!(attempts(station, KIND), ["sms accepted", "wechat accepted"]);
        assert_eq!((newest(station, KIND, "channel"), newest(station, KIND, "refused_by")), ("wechat".into(), "sms".into()));
        assert_eq!(scene.gateway.wechat_sent().len(), 1);
        receipt(station, &scene, 2);
        receipt(station, &scene, 16);
        assert_eq!(newest(station, KIND, "state"), "sent", "what went by WeChat is not what they speak of");
    }

    fn a_failure_before_an_unknown_fate_leads_to_the_next_channel_too(station) {
        let scene = overtaken(station, &["sms", "wechat"], 16);

        scene.gateway.will_answer(Behaviour::Status(502));
        until("the SMS is over", || attempts(station, KIND).first().is_some_and(|said| said == "sms ambiguous"));
        scene.gateway.will_answer(Behaviour::Well);
        until("WeChat was asked", || attempts(station, KIND).len() >= 2);

        assert_eq!(newest(station, KIND, "refused_by"), "sms");
        assert!(attempts(station, KIND)[1].starts_with("wechat"));
    }

    fn a_failure_before_the_answer_is_a_dead_letter_when_no_channel_is_left(station) {
        let scene = overtaken(station, &["sms"], 2);

        scene.gateway.will_answer(Behaviour::Well);

        until("a person has to look", || newest(station, KIND, "state") == "failed");
        assert_eq!(scene.gateway.wechat_sent().len(), 0);
        assert_eq!(scene.gateway.messages().iter().filter(|sms| sms.to == scene.phone).count(), 1);
    }

    fn a_delivery_before_an_unknown_fate_is_known_and_nothing_is_sent_again(station) {
        let scene = overtaken(station, &["sms", "wechat"], 1);

        scene.gateway.will_answer(Behaviour::Status(502));

        until("it is sent", || newest(station, KIND, "state") == "sent");
        assert_eq!((newest(station, KIND, "delivery"), newest(station, KIND, "channel")), ("delivered".into(), "sms".into()));
        assert_eq!(attempts(station, KIND), ["sms ambiguous"]);
        assert_ne!(newest(station, KIND, "finished_at"), "");
    }

    fn what_somebody_has_from_a_worker_that_died_is_not_sent_again(station) {
        use rexue::store::outbox;
        let scene = scene(station, &["sms"], &[]);
        scene.book(station, 5);
        scene.gateway.next_message(&scene.phone);
        until("it is sent", || newest(station, KIND, "state") == "sent");
        drop(scene.server);
        let id = newest(station, KIND, "id");
        let lost = format!("UPDATE outbox SET state = 'sending', fence = 7, sent_at = NULL, finished_at = NULL, delivery = 'delivered', lease_until = '2020-01-01 00:00:00' WHERE id = '{id}'");
        station.execute(&lost).unwrap();
        let now = tests::support::now();

        station.pool().write_blocking(|db| outbox::release_lost(db, 10, now, |_| Some(now))).unwrap();

        assert_eq!(newest(station, KIND, "state"), "sent");
        assert_ne!(newest(station, KIND, "finished_at"), "");
    }
}
