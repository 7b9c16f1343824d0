//! Every kind of channel behind one name, and a letter with an appointment in it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use notifications::calendar::{Appointment, Calendar, Method, State, document};
use notifications::{
    AppointmentEvent, AppointmentNews, Call, Cause, Channel, ChannelKind, Class, EmailAddress, HttpTimeouts,
    KannelSettings, Language, Message, MiniProgram, Outgoing, Recipient, RenderRefused, Sms, Step, Trust,
    Visit, WeChat, WeChatSettings, render,
};

use super::email::email;
use super::raw_server::{RawServer, answer};
use super::sms_texts::code_message;
use super::smtp_server::SmtpServer;

const NUMBER: &str = "+8617000000001";

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_395_723, 0).unwrap()
}

fn call() -> Call<'static> {
    Call { written_at: at(), ..Call::new("0199b9a2-7c11", DateTime::UNIX_EPOCH, "nonce") }
}

fn address() -> EmailAddress {
    "zhang.san@example.org".parse().unwrap()
}

fn timeouts() -> HttpTimeouts {
    HttpTimeouts { connect: Duration::from_millis(500), total: Duration::from_secs(1) }
}

fn sms(url: String) -> Channel {
    let (user, password, from) = ("rexue".into(), "correct horse".into(), "1069".into());
    let receipts_url = String::new();
    let trust = Trust::System;
    let settings = KannelSettings { url, user, password, from, receipts_url, timeouts: timeouts(), trust };
    Channel::Sms(Sms::new(settings).unwrap())
}

fn wechat(url: String) -> Channel {
    let (templates, opens) = (BTreeMap::new(), MiniProgram::Trial);
    let settings = WeChatSettings { url, templates, opens, timeouts: timeouts(), trust: Trust::System };
    Channel::WeChat(WeChat::new(settings).unwrap())
}

fn news(what: AppointmentEvent) -> Message {
    Message::Appointment(AppointmentNews {
        station: "南河市中心血站".into(),
        what,
        visit: Visit { place: "人民广场献血屋".into(), starts_at: at() },
        link: "https://blood.example/a/AZubonwR".into(),
    })
}

fn calendar(method: Method) -> Calendar {
    let state = if method == Method::Cancel { State::Cancelled } else { State::Confirmed };
    let appointment = Appointment {
        uid: "0199b9a2@blood.example".into(),
        sequence: 1,
        stamp: at(),
        starts_at: at(),
        minutes: 45,
        summary: "献血".into(),
        location: "人民广场献血屋".into(),
        description: String::new(),
        geo: None,
        organizer_name: "南河市中心血站".into(),
        organizer_address: Some("noreply@rexue.example".parse().unwrap()),
        attendee_address: Some(address()),
        state,
    };
    document(method, &[appointment], "").unwrap()
}

#[test]
fn names_of_channels_never_change() {
    let names = ChannelKind::ALL.map(ChannelKind::as_str);

    assert_eq!(names, ["email", "sms", "wechat", "console"]);
    for kind in ChannelKind::ALL {
        assert_eq!(ChannelKind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!(ChannelKind::parse("Email"), None);
}

#[tokio::test]
async fn an_sms_goes_to_a_telephone() {
    let server = RawServer::start(answer("202 Accepted", "0: Accepted for delivery"));
    let outgoing = Outgoing::new(&code_message(), Language::Chinese, ChannelKind::Sms).unwrap();

    let accepted = sms(server.url()).send(&Recipient::Phone(NUMBER), &outgoing, &call()).await.unwrap();

    assert_eq!(accepted.text, "0: Accepted for delivery");
    assert!(server.request().contains("to=%2B8617000000001"));
}

#[tokio::test]
async fn the_console_takes_everything_in_some_form() {
    let letter_only = Message::CertificateReady(super::rendering::certificate());

    for message in [&code_message(), &letter_only] {
        let outgoing = Outgoing::new(message, Language::English, ChannelKind::Console).unwrap();
        let accepted = Channel::Console.send(&Recipient::Phone("x"), &outgoing, &call()).await.unwrap();

        assert_eq!(accepted.provider_id, None);
    }
    let refused = Outgoing::new(&letter_only, Language::English, ChannelKind::Sms).unwrap_err();
    assert!(matches!(refused, RenderRefused::NotForThisChannel));
}

#[tokio::test]
async fn a_form_or_a_recipient_of_another_channel_does_not_touch_the_network() {
    let nowhere = || "http://127.0.0.1:1".to_owned();
    let form = |kind| Outgoing::new(&news(AppointmentEvent::Near), Language::Chinese, kind).unwrap();
    let address = address();
    let cases = [
        (sms(nowhere()), Recipient::Email(&address), form(ChannelKind::Sms)),
        (sms(nowhere()), Recipient::Phone(NUMBER), form(ChannelKind::Email)),
        (sms(nowhere()), Recipient::Phone(NUMBER), form(ChannelKind::WeChat)),
        (wechat(nowhere()), Recipient::Phone(NUMBER), form(ChannelKind::WeChat)),
    ];
    for (channel, recipient, outgoing) in cases {
        let failure = channel.send(&recipient, &outgoing, &call()).await.unwrap_err();

        assert_eq!(
            (failure.class, failure.step, failure.cause),
            (Class::Permanent, Step::Compose, Cause::Unwritable)
        );
    }
    let untemplated =
        wechat(nowhere()).send(&Recipient::WeChat("o1"), &form(ChannelKind::WeChat), &call()).await;
    assert_eq!(untemplated.unwrap_err().cause, Cause::NoTemplate);
}

#[test]
fn debug_shows_no_recipient_and_no_words() {
    let address = address();
    let recipients = [Recipient::Email(&address), Recipient::Phone(NUMBER), Recipient::WeChat("oABC")];
    let forms: Vec<_> = [ChannelKind::Email, ChannelKind::Sms, ChannelKind::WeChat]
        .map(|kind| Outgoing::new(&news(AppointmentEvent::Near), Language::Chinese, kind).unwrap())
        .into();

    let shown = format!(
        "{recipients:?} {forms:?} {:?}",
        [sms("http://127.0.0.1:1".into()), wechat("http://[::1]:1".into())]
    );

    for secret in ["zhang", "17000", "oABC", "广场", "血站", "AZubonwR", "horse"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[tokio::test]
async fn a_letter_brings_the_appointment_and_the_way_out() {
    let server = SmtpServer::start(&[]);
    let channel = Channel::Email { email: email(&server), from: "noreply@rexue.example".parse().unwrap() };
    let unsubscribe = format!("https://blood.example/u/{}?purpose=service&channel=email", "K3y".repeat(50));
    let cases = [
        (AppointmentEvent::Booked, Method::Request, "appointment.ics"),
        (AppointmentEvent::Cancelled, Method::Cancel, "cancellation.ics"),
    ];
    for (number, (event, method, file)) in (1..).zip(cases) {
        let words = render(&news(event), Language::Chinese).unwrap();
        let calendar = calendar(method);
        let outgoing = words.clone().with_calendar(&calendar).with_unsubscribe(&unsubscribe).unwrap();

        channel.send(&Recipient::Email(&address()), &outgoing.into(), &call()).await.unwrap();

        let letter = server.letter(number);
        assert_eq!(
            letter["structure"],
            "multipart/mixed(multipart/alternative(text/plain, text/html, text/calendar), application/ics)"
        );
        let headers = &letter["headers"];
        assert_eq!(headers["From"], "南河市中心血站 <noreply@rexue.example>");
        assert_eq!(headers["Message-ID"], "<0199b9a2-7c11@rexue.example>");
        assert_eq!(headers["Date"], "Mon, 23 Nov 2026 01:02:03 +0000");
        assert_eq!(headers["List-Unsubscribe"], format!("<{unsubscribe}>"));
        assert_eq!(headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
        let parts = &letter["parts"];
        assert_eq!(parts[0]["content"], words.text());
        assert_eq!(parts[1]["content"], words.html());
        assert_eq!(parts[2]["content"], calendar.text().replace("\r\n", "\n"));
        assert_eq!(parts[3]["disposition"], format!("attachment; filename=\"{file}\""));
        let bytes = server.letter_bytes(number);
        let raw = String::from_utf8(bytes).unwrap();
        assert!(raw.is_ascii() && raw.lines().all(|line| line.len() <= 998));
        let kind = format!("text/calendar; method={}; charset=utf-8", method.as_str());
        assert!(raw.contains(&format!("Content-Type: {kind}")), "{raw}");
        // Some programs do not decode it: it stands as it is.
        assert!(raw.replace("\r\n ", " ").contains(&format!("List-Unsubscribe: <{unsubscribe}>")), "{raw}");
    }
}

#[tokio::test]
async fn a_letter_without_them_has_neither() {
    let server = SmtpServer::start(&[]);
    let channel = Channel::Email { email: email(&server), from: "noreply@rexue.example".parse().unwrap() };
    let outgoing =
        Outgoing::new(&news(AppointmentEvent::Near), Language::English, ChannelKind::Email).unwrap();

    channel.send(&Recipient::Email(&address()), &outgoing, &call()).await.unwrap();

    let letter = server.letter(1);
    assert_eq!(letter["structure"], "multipart/alternative(text/plain, text/html)");
    assert!(letter["headers"].get("List-Unsubscribe").is_none());
}

#[test]
fn only_a_safe_address_is_a_way_out() {
    let letter = || render(&news(AppointmentEvent::Near), Language::English).unwrap();

    for good in ["https://blood.example/u/1", "http://127.0.0.1:8080/u/1", "http://localhost/u"] {
        assert_eq!(letter().with_unsubscribe(good).unwrap().unsubscribe(), Some(good));
    }
    for bad in [
        "",
        "http://blood.example/u",
        "http://127.0.0.1.blood.example/u",
        "mailto:a@b.cn",
        "https://a.cn/>,<https://b.cn",
        "https://a.cn/\r\nBcc: x@y.cn",
        "https://血站.cn/",
    ] {
        assert!(letter().with_unsubscribe(bad).is_err(), "{bad:?}");
    }
}
