//! The SMS channel against a server that plays Kannel.

use chrono::DateTime;
use notifications::{
    Accepted, Call, Class, Failure, HttpTimeouts, KannelSettings, Language, Message, OutgoingSms, SignInCode,
    Sms, Trust,
};
use tests::support::{Behaviour, Gateway};

const NUMBER: &str = "+8617005550001";

fn channel(gateway: &Gateway, password: &str) -> Sms {
    Sms::new(KannelSettings {
        url: gateway.url(),
        user: Gateway::SMS_USER.to_owned(),
        password: password.to_owned(),
        from: Gateway::SMS_FROM.to_owned(),
        receipts_url: String::new(),
        timeouts: HttpTimeouts::default(),
        trust: Trust::System,
    })
    .unwrap()
}

fn outgoing(code: &str) -> OutgoingSms {
    let station = "热血示范中心血站".to_owned();
    let message = Message::SignInCode(SignInCode { station, code: code.to_owned(), minutes: 5 });
    OutgoingSms::new(&message, Language::Chinese).unwrap()
}

async fn send(sms: &Sms, to: &str, code: &str) -> Result<Accepted, Failure> {
    sms.send(to, &outgoing(code), &Call::new("a-message", DateTime::UNIX_EPOCH, "once")).await
}

#[tokio::test]
async fn a_code_arrives_as_it_was_written() {
    let gateway = Gateway::start();
    let sms = channel(&gateway, Gateway::SMS_PASSWORD);

    send(&sms, NUMBER, "042137").await.unwrap();
    send(&sms, "+8617005550002", "999999").await.unwrap();
    assert_eq!(gateway.next_code(NUMBER), "042137");
    send(&sms, NUMBER, "111111").await.unwrap();
    send(&sms, NUMBER, "222222").await.unwrap();

    assert_eq!(gateway.next_code(NUMBER), "222222", "the newest");
    assert_eq!(gateway.wait_for_message(NUMBER), outgoing("222222").text().as_str());
    let arrived = gateway.messages();
    assert_eq!(arrived.len(), 4);
    assert!(arrived.iter().all(|sms| sms.credentials_ok && sms.from == Gateway::SMS_FROM));
}

#[tokio::test]
async fn a_wrong_password_keeps_the_message_back_and_is_never_shown() {
    let gateway = Gateway::start();

    let failure = send(&channel(&gateway, "guess"), NUMBER, "042137").await.unwrap_err();

    assert_eq!(failure.class, Class::Account);
    assert_eq!(failure.detail, "Authorization failed for sendsms");
    assert!(!gateway.messages()[0].credentials_ok);
}

#[tokio::test]
async fn a_gateway_that_quotes_the_request_is_not_quoted() {
    let gateway = Gateway::start();
    gateway.will_answer(Behaviour::Status(503));

    let failure = send(&channel(&gateway, Gateway::SMS_PASSWORD), NUMBER, "042137").await.unwrap_err();

    assert_eq!(failure.class, Class::Transient);
    let shown = format!("{failure} {failure:?}");
    for secret in ["042137", "17005550001", "canary", Gateway::SMS_USER] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
