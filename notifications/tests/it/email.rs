use std::collections::BTreeSet;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use notifications::{
    Accepted, Cause, Class, Email, EmailAddress, EmailSettings, Envelope, Failure, Language, Login,
    MessageId, Security, Sender, SetupRefused, Step, Timeouts, Trust,
};
use serde_json::json;

use super::rendering::{PICTURE, certificate, rendered};
use super::smtp_server::SmtpServer;

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);

pub fn settings(server: &SmtpServer) -> EmailSettings {
    EmailSettings {
        host: "127.0.0.1".into(),
        port: server.port,
        security: Security::StartTls,
        trust: Trust::Only(server.certificate_authority()),
        login: Some(Login { user: "rexue".into(), password: "correct horse".into() }),
        hello_name: "rexue.example".into(),
        timeouts: Timeouts { step: LONG, acceptance: LONG },
        connections: NonZeroUsize::new(2).unwrap(),
    }
}

pub fn email(server: &SmtpServer) -> Email {
    Email::new(settings(server)).unwrap()
}

/// 2026-11-23 01:02:03 UTC.
fn date() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_395_723)
}

async fn send_to(email: &Email, recipient: &str) -> Result<Accepted, Failure> {
    send_dated(email, recipient, date()).await
}

async fn send_dated(email: &Email, recipient: &str, date: SystemTime) -> Result<Accepted, Failure> {
    let from = Sender::new("南河市中心血站", "noreply@rexue.example".parse().unwrap()).unwrap();
    let to: EmailAddress = recipient.parse().unwrap();
    let message_id = MessageId::parse("0199b9a2-7c11@rexue.example").unwrap();
    let letter = rendered(certificate(), Language::Chinese);
    email.send(&letter, &Envelope { from: &from, to: &to, message_id: &message_id, date }).await
}

fn outcome(failure: &Failure) -> (Class, Step, Cause) {
    (failure.class, failure.step, failure.cause)
}

#[tokio::test]
async fn a_letter_arrives_encrypted_whole_and_readable() {
    let server = SmtpServer::start(&[]);

    let accepted = send_to(&email(&server), "zhang.san@example.org").await.unwrap();

    assert_eq!(
        accepted,
        Accepted { code: 250, text: "2.0.0 Queued as 1 for <address>".into(), provider_id: None }
    );
    let letter = server.letter(1);
    let words = rendered(certificate(), Language::Chinese);
    assert_eq!(letter["encrypted"], true);
    assert_eq!(letter["user"], "rexue");
    assert_eq!(letter["mail_from"], "noreply@rexue.example");
    assert_eq!(letter["rcpt_tos"], json!(["zhang.san@example.org"]));
    let headers = &letter["headers"];
    assert_eq!(headers["Subject"], "您的电子献血证已签发（NH-2026-000123）");
    assert_eq!(headers["From"], "南河市中心血站 <noreply@rexue.example>");
    assert_eq!(headers["To"], "zhang.san@example.org");
    assert_eq!(headers["Date"], "Mon, 23 Nov 2026 01:02:03 +0000");
    assert_eq!(headers["Message-ID"], "<0199b9a2-7c11@rexue.example>");
    assert_eq!(headers["Auto-Submitted"], "auto-generated");
    assert_eq!(
        letter["structure"],
        "multipart/alternative(text/plain, multipart/related(text/html, image/png))"
    );
    assert_eq!(letter["parts"][0]["content"], words.text());
    assert_eq!(letter["parts"][1]["content"], words.html());
    let picture = &letter["parts"][2];
    assert_eq!(picture["content"], hex(PICTURE));
    assert_eq!(picture["disposition"], "inline; filename=\"certificate-qr.png\"");
    assert_eq!(picture["content_id"], "<certificate-qr@rexue.invalid>");
    assert!(words.html().contains("cid:certificate-qr@rexue.invalid"));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_retry_has_the_same_bytes_and_is_ascii_in_short_lines() {
    let server = SmtpServer::start(&[]);
    let email = email(&server);

    send_to(&email, "zhang.san@example.org").await.unwrap();
    send_to(&email, "zhang.san@example.org").await.unwrap();

    let bytes = server.letter_bytes(1);
    assert_eq!(bytes, server.letter_bytes(2));
    assert!(bytes.is_ascii());
    assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 200));
}

#[tokio::test]
async fn every_refusal_has_its_class_and_never_shows_the_address() {
    let server = SmtpServer::start(&[]);
    let email = email(&server);
    let cases = [
        ("full@example.org", (Class::Throttled, Step::Recipient, Cause::Answer(452))),
        ("gone@example.org", (Class::Permanent, Step::Recipient, Cause::Answer(550))),
        ("grey@example.org", (Class::Transient, Step::Recipient, Cause::Answer(451))),
        ("spam@example.org", (Class::Permanent, Step::Acceptance, Cause::Answer(554))),
        ("halfway@example.org", (Class::Transient, Step::Recipient, Cause::Disconnected)),
        ("vanish@example.org", (Class::Ambiguous, Step::Acceptance, Cause::Disconnected)),
    ];
    for (recipient, expected) in cases {
        let failure = send_to(&email, recipient).await.unwrap_err();

        assert_eq!(outcome(&failure), expected, "{recipient}: {failure:?}");
        let shown = format!("{failure} {failure:?}");
        assert!(!shown.contains("example.org") && !shown.contains("gone"), "{shown}");
    }
    assert_eq!(server.letters(), 1, "only the ambiguous one was taken");
}

#[tokio::test]
async fn the_servers_words_are_kept_for_the_log_without_the_address() {
    let server = SmtpServer::start(&[]);

    let failure = send_to(&email(&server), "gone@example.org").await.unwrap_err();

    assert_eq!(failure.to_string(), "the message was refused for good while naming the recipient (SMTP 550)");
    assert_eq!(failure.detail, "5.1.1 <address> no such user <address>");
}

#[tokio::test]
async fn silence_after_the_letter_is_ambiguous() {
    let server = SmtpServer::start(&[]);
    let timeouts = Timeouts { step: LONG, acceptance: SHORT };
    let email = Email::new(EmailSettings { timeouts, ..settings(&server) }).unwrap();

    let failure = send_to(&email, "hang@example.org").await.unwrap_err();

    assert_eq!(outcome(&failure), (Class::Ambiguous, Step::Acceptance, Cause::TimedOut));
    assert_eq!(server.letters(), 1, "it had in fact been taken");
}

#[tokio::test]
async fn silence_before_the_letter_is_transient() {
    let server = SmtpServer::start(&[]);
    let timeouts = Timeouts { step: Duration::from_secs(2), acceptance: LONG };
    let email = Email::new(EmailSettings { timeouts, ..settings(&server) }).unwrap();

    let failure = send_to(&email, "slow@example.org").await.unwrap_err();

    assert_eq!(outcome(&failure), (Class::Transient, Step::Recipient, Cause::TimedOut));
    assert_eq!(server.letters(), 0);
}

#[tokio::test]
async fn a_wrong_password_is_about_our_account() {
    let server = SmtpServer::start(&[]);
    let login = Some(Login { user: "rexue".into(), password: "wrong".into() });
    let email = Email::new(EmailSettings { login, ..settings(&server) }).unwrap();

    let failure = send_to(&email, "zhang.san@example.org").await.unwrap_err();

    assert_eq!(outcome(&failure), (Class::Account, Step::Login, Cause::Answer(535)));
    assert!(!format!("{email:?}").contains("wrong"));
}

#[tokio::test]
async fn a_missing_login_is_about_our_account_and_not_the_recipient() {
    let server = SmtpServer::start(&[]);
    let email = Email::new(EmailSettings { login: None, ..settings(&server) }).unwrap();

    let failure = send_to(&email, "zhang.san@example.org").await.unwrap_err();

    assert_eq!(outcome(&failure), (Class::Account, Step::Sender, Cause::Answer(530)));
}

#[tokio::test]
async fn encryption_from_the_first_byte_works_too() {
    let server = SmtpServer::start(&["--tls", "implicit"]);
    let email = Email::new(EmailSettings { security: Security::Tls, ..settings(&server) }).unwrap();

    send_to(&email, "zhang.san@example.org").await.unwrap();

    assert_eq!(server.letter(1)["user"], "rexue");
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_letter_and_no_password() {
    let server = SmtpServer::start(&["--tls", "none"]);

    let failure = send_to(&email(&server), "zhang.san@example.org").await.unwrap_err();

    assert_eq!(outcome(&failure), (Class::Account, Step::Secure, Cause::Unacceptable));
    assert_eq!(server.letters(), 0);
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_not_trusted() {
    let (server, other) = (SmtpServer::start(&[]), SmtpServer::start(&[]));
    let implicit = SmtpServer::start(&["--tls", "implicit"]);
    let trust = || Trust::Only(other.certificate_authority());
    let starttls = Email::new(EmailSettings { trust: trust(), ..settings(&server) }).unwrap();
    let tls =
        Email::new(EmailSettings { trust: trust(), security: Security::Tls, ..settings(&implicit) }).unwrap();

    for (email, step) in [(starttls, Step::Secure), (tls, Step::Connect)] {
        let failure = send_to(&email, "zhang.san@example.org").await.unwrap_err();

        assert_eq!(outcome(&failure), (Class::Account, step, Cause::Unacceptable), "{failure:?}");
    }
}

#[tokio::test]
async fn an_answer_slipped_in_before_encryption_breaks_the_handshake() {
    let server = SmtpServer::start(&["--inject"]);

    let failure = send_to(&email(&server), "zhang.san@example.org").await.unwrap_err();

    assert_eq!(failure.step, Step::Secure, "{failure:?}");
    assert_eq!(server.letters(), 0);
}

#[tokio::test]
async fn plain_mail_goes_to_this_machine_only() {
    let server = SmtpServer::start(&["--tls", "none"]);
    let plain = EmailSettings { security: Security::PlainOnLoopback, login: None, ..settings(&server) };

    send_to(&Email::new(plain.clone()).unwrap(), "zhang.san@example.org").await.unwrap();
    let refused = Email::new(EmailSettings { host: "mail.example.org".into(), ..plain }).unwrap_err();

    assert_eq!(server.letter(1)["encrypted"], false);
    assert!(matches!(refused, SetupRefused::PlainBeyondLoopback), "{refused:?}");
}

#[tokio::test]
async fn a_server_that_is_away_is_transient() {
    let server = SmtpServer::start(&[]);
    let nobody_listens = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for security in [Security::StartTls, Security::Tls] {
        let email =
            Email::new(EmailSettings { port: nobody_listens, security, ..settings(&server) }).unwrap();

        let failure = send_to(&email, "zhang.san@example.org").await.unwrap_err();

        assert_eq!(outcome(&failure), (Class::Transient, Step::Connect, Cause::Disconnected));
    }
}

#[tokio::test]
async fn a_connection_is_used_again_also_after_a_refusal_and_replaced_when_it_was_closed() {
    let server = SmtpServer::start(&[]);
    let email = email(&server);

    send_to(&email, "one@example.org").await.unwrap();
    send_to(&email, "gone@example.org").await.unwrap_err();
    send_to(&email, "bye@example.org").await.unwrap();
    send_to(&email, "two@example.org").await.unwrap();
    email.close().await;

    let connections = [1, 2, 3].map(|number| server.letter(number)["connection"].as_u64().unwrap());
    assert_eq!(connections, [1, 1, 2]);
}

#[tokio::test]
async fn many_letters_at_once_share_the_allowed_connections() {
    let server = SmtpServer::start(&[]);
    let email = email(&server);

    let (a, b, c, d, e) = tokio::join!(
        send_to(&email, "a@example.org"),
        send_to(&email, "b@example.org"),
        send_to(&email, "c@example.org"),
        send_to(&email, "d@example.org"),
        send_to(&email, "e@example.org"),
    );

    for accepted in [a, b, c, d, e] {
        assert_eq!(accepted.unwrap().code, 250);
    }
    let connections: BTreeSet<u64> =
        (1..=5).map(|number| server.letter(number)["connection"].as_u64().unwrap()).collect();
    assert_eq!(connections.len(), 2);
}

#[tokio::test]
async fn a_date_that_no_header_can_hold_is_refused_before_the_network_is_touched() {
    let server = SmtpServer::start(&[]);
    let email = email(&server);
    let before_1970 = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    let after_9999 = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);

    for date in [before_1970, after_9999] {
        let failure = send_dated(&email, "zhang.san@example.org", date).await.unwrap_err();

        assert_eq!(outcome(&failure), (Class::Permanent, Step::Compose, Cause::Unwritable));
    }
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let settings = EmailSettings {
        host: "mail.example.org".into(),
        port: 465,
        security: Security::Tls,
        trust: Trust::System,
        login: None,
        hello_name: "rexue.example".into(),
        timeouts: Timeouts::default(),
        connections: NonZeroUsize::MIN,
    };
    let refused = |settings| Email::new(settings).unwrap_err();

    let no_bundle = refused(EmailSettings { trust: Trust::Only(b"not PEM".to_vec()), ..settings.clone() });
    let line_break = refused(EmailSettings { hello_name: "a\r\nMAIL FROM:<>".into(), ..settings });

    assert!(matches!(no_bundle, SetupRefused::Tls(_)), "{no_bundle:?}");
    assert_eq!(line_break.to_string(), "hello_name holds a line break or another control character");
}
