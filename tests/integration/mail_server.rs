//! Letters against a real SMTP server, read by Python's mail parser and by PyPI `icalendar`.

use chrono::{DateTime, Utc};
use notifications::calendar::{Appointment, Method, State, document};
use notifications::{
    CertificateReady, Class, Email, EmailAddress, EmailSettings, Envelope, Language, Login, Message,
    MessageId, Rendered, Security, Sender, Timeouts, Trust, render,
};
use serde_json::json;
use std::num::NonZeroUsize;
use tests::support::MailServer;

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn email(server: &MailServer) -> Email {
    Email::new(EmailSettings {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        security: Security::StartTls,
        trust: Trust::Only(std::fs::read(server.ca_file()).unwrap()),
        login: Some(Login { user: MailServer::USER.to_owned(), password: MailServer::PASSWORD.to_owned() }),
        hello_name: "rexue.example".to_owned(),
        timeouts: Timeouts::default(),
        connections: NonZeroUsize::MIN,
    })
    .unwrap()
}

fn letter() -> Rendered {
    let message = Message::CertificateReady(CertificateReady {
        station: "南河市中心血站".to_owned(),
        masked_name: "张*".to_owned(),
        certificate_number: "NH-2026-000123".to_owned(),
        link: "https://blood.example/c/NH-2026-000123".to_owned(),
        total_ml: 1200,
        donations: 4,
        lives_saved: 6,
        valid_until: "2027-11-22".to_owned(),
        qr_png: b"\x89PNG\r\n\x1a\n".to_vec(),
    });
    render(&message, Language::Chinese).unwrap()
}

fn appointment(attendee: &str) -> Appointment {
    Appointment {
        uid: "0199b9a2-7c11-7000-8000-000000000001@blood.example".to_owned(),
        sequence: 0,
        stamp: instant("2026-11-02T03:00:00Z"),
        starts_at: instant("2026-11-22T01:30:00Z"),
        minutes: 45,
        summary: "献血：400 ml 全血".to_owned(),
        location: "南河市中心血站, 人民路 1 号; 二楼".to_owned(),
        description: "请携带身份证。\n前一晚请早睡。".to_owned(),
        geo: None,
        organizer_name: "南河市中心血站".to_owned(),
        organizer_address: Some(MailServer::FROM.parse().unwrap()),
        attendee_address: Some(attendee.parse().unwrap()),
        state: State::Confirmed,
    }
}

async fn send(server: &MailServer, to: &str, letter: &Rendered) -> Result<u16, Class> {
    let from = Sender::new("南河市中心血站", MailServer::FROM.parse().unwrap()).unwrap();
    let to: EmailAddress = to.parse().unwrap();
    let message_id = MessageId::parse("0199b9a2-7c11@rexue.example").unwrap();
    let date = instant("2026-11-02T03:00:00Z").into();
    let envelope = Envelope { from: &from, to: &to, message_id: &message_id, date };
    let sent = email(server).send(letter, &envelope).await;
    sent.map(|accepted| accepted.code).map_err(|failure| failure.class)
}

#[tokio::test]
async fn a_letter_with_an_appointment_arrives_and_icalendar_reads_it() {
    let server = MailServer::start();
    let to = "zhang.san@example.org";
    let request = document(Method::Request, &[appointment(to)], "").unwrap();

    send(&server, to, &letter().with_calendar(&request)).await.unwrap();

    let arrived = server.wait_for(to);
    assert_eq!(arrived.subject, letter().subject());
    assert_eq!((&arrived.read["encrypted"], &arrived.read["user"]), (&json!(true), &json!(MailServer::USER)));
    assert!(String::from_utf8_lossy(&arrived.raw).contains("To: zhang.san@example.org\r\n"));
    let calendar = arrived.calendar();
    assert_eq!((&calendar["method"], &calendar["errors"]), (&json!("REQUEST"), &json!([])));
    let event = &calendar["events"][0];
    for (name, expected) in [
        ("starts", "2026-11-22T01:30:00+00:00"),
        ("ends", "2026-11-22T02:15:00+00:00"),
        ("summary", "献血：400 ml 全血"),
        ("location", "南河市中心血站, 人民路 1 号; 二楼"),
        ("description", "请携带身份证。\n前一晚请早睡。"),
        ("attendee", "mailto:zhang.san@example.org"),
    ] {
        assert_eq!(event[name], expected);
    }
}

#[tokio::test]
async fn only_accepted_letters_are_kept() {
    let server = MailServer::start();

    let full = send(&server, "full@example.org", &letter()).await;
    let gone = send(&server, "gone@example.org", &letter()).await;
    let taken = send(&server, "zhang.san@example.org", &letter()).await;

    assert_eq!((full, gone, taken), (Err(Class::Throttled), Err(Class::Permanent), Ok(250)));
    let recipients: Vec<String> = server.letters().into_iter().map(|letter| letter.to).collect();
    assert_eq!(recipients, ["zhang.san@example.org"]);
}
