use std::net::TcpListener;
use std::time::{Duration, Instant};

use chrono::DateTime;
use notifications::{
    Accepted, Call, Cause, Class, Failure, Http, HttpAddress, HttpTimeouts, Kannel, KannelSettings, Language,
    OutgoingSms, SetupRefused, Sms, Step, Trust,
};

use super::raw_server::{RawServer, Then, answer};
use super::smtp_server::SmtpServer;

const NUMBER: &str = "+8617000000001";
const TEXT: &str = "【南河市中心血站】登录验证码123456，5分钟内有效 & more";

fn settings(url: String) -> KannelSettings {
    KannelSettings {
        url,
        user: "rexue".into(),
        password: "correct horse".into(),
        from: "1069".into(),
        receipts_url: String::new(),
        timeouts: HttpTimeouts { connect: Duration::from_millis(500), total: Duration::from_secs(1) },
        trust: Trust::System,
    }
}

const CALL: Call<'_> = Call {
    reference: "0199b9a2-7c11",
    now: DateTime::UNIX_EPOCH,
    nonce: "b5ec38a1",
    written_at: DateTime::UNIX_EPOCH,
    access_token: None,
};

async fn send(url: String) -> Result<Accepted, Failure> {
    Kannel::new(settings(url)).unwrap().send_text(NUMBER, TEXT, &CALL).await
}

fn outcome(failure: &Failure) -> (Class, Step, Cause) {
    (failure.class, failure.step, failure.cause)
}

#[tokio::test]
async fn the_request_is_what_kannel_reads() {
    let server = RawServer::start(answer("202 Accepted", "0: Accepted for delivery"));

    let accepted = send(server.url()).await.unwrap();

    assert_eq!(accepted, Accepted { code: 202, text: "0: Accepted for delivery".into(), provider_id: None });
    assert_eq!(
        server.request(),
        "GET /cgi-bin/sendsms?username=rexue&password=correct+horse&from=1069&to=%2B8617000000001&coding=2\
         &charset=UTF-8&text=%E3%80%90%E5%8D%97%E6%B2%B3%E5%B8%82%E4%B8%AD%E5%BF%83%E8%A1%80%E7%AB%99%E3%80%91\
         %E7%99%BB%E5%BD%95%E9%AA%8C%E8%AF%81%E7%A0%81123456%EF%BC%8C5%E5%88%86%E9%92%9F%E5%86%85%E6%9C%89\
         %E6%95%88+%26+more HTTP/1.1"
    );
}

#[tokio::test]
async fn a_path_of_ones_own_is_kept() {
    let server = RawServer::start(answer("202 Accepted", ""));

    send(format!("{}/sms/out", server.url())).await.unwrap();

    assert!(server.request().starts_with("GET /sms/out?username="));
}

#[tokio::test]
async fn receipts_are_asked_for_when_there_is_somewhere_to_send_them() {
    let server = RawServer::start(answer("202 Accepted", ""));
    let receipts_url = "https://blood.example/receipts?token=a%2Fb".to_owned();
    let sms = Sms::new(KannelSettings { receipts_url, ..settings(server.url()) }).unwrap();
    let outgoing = OutgoingSms::new(&super::sms_texts::code_message(), Language::Chinese).unwrap();

    sms.send(NUMBER, &outgoing, &CALL).await.unwrap();

    let request = server.request();
    let expected = "&dlr-mask=31&dlr-url=https%3A%2F%2Fblood.example%2Freceipts%3Ftoken%3Da%25%252Fb%26\
                    reference%3D0199b9a2-7c11%26status%3D%25d%26smsc%3D%25F HTTP/1.1";
    assert!(request.ends_with(expected), "{request}");
}

#[tokio::test]
async fn a_reference_that_would_end_its_parameter_does_not_touch_the_network() {
    let nobody_listens = Kannel::new(settings("http://127.0.0.1:1".into())).unwrap();

    for reference in ["", "a&status=1", "a b", "%d", "张", &"a".repeat(65)] {
        let failure = nobody_listens.send_text(NUMBER, TEXT, &Call { reference, ..CALL }).await.unwrap_err();

        assert_eq!(outcome(&failure), (Class::Permanent, Step::Compose, Cause::Unwritable), "{reference}");
    }
}

#[tokio::test]
async fn every_refusal_has_its_class_and_quotes_nothing() {
    let page = format!("we saw {NUMBER} {TEXT} rexue correct horse username=rexue&password=correct+horse");
    let cases = [
        ("200 OK", Class::Ambiguous, 200),
        ("302 Found\r\nLocation: http://127.0.0.1:1/", Class::Account, 302),
        ("400 Bad Request", Class::Permanent, 400),
        ("401 Unauthorized", Class::Account, 401),
        ("403 Forbidden", Class::Account, 403),
        ("404 Not Found", Class::Account, 404),
        ("429 Too Many Requests", Class::Throttled, 429),
        ("500 Internal Server Error", Class::Ambiguous, 500),
        ("503 Service Unavailable", Class::Transient, 503),
    ];
    for (status, class, code) in cases {
        let server = RawServer::start(answer(status, &page));

        let failure = send(server.url()).await.unwrap_err();

        assert_eq!(outcome(&failure), (class, Step::Acceptance, Cause::Http(code)));
        let shown = format!("{failure} {failure:?}");
        for secret in ["17000", "1234", "验证码", "rexue", "correct", "horse", "127.0.0.1"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert!(failure.detail.starts_with("we saw <…>"), "{failure:?}");
    }
}

#[tokio::test]
async fn what_breaks_before_the_request_is_transient_and_after_it_ambiguous() {
    let nobody_listens = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let closes = RawServer::start(Then::Answer(Vec::new()));
    let breaks_off = RawServer::start(Then::Answer(b"HTTP/1.1 202 Acc".to_vec()));
    let speaks_otherwise = RawServer::start(Then::Answer(b"220 mail.example ESMTP\r\n".to_vec()));
    let is_silent = RawServer::start(Then::Silence(Vec::new()));
    let cases = [
        (
            format!("http://127.0.0.1:{nobody_listens}"),
            (Class::Transient, Step::Connect, Cause::Disconnected),
        ),
        (closes.url(), (Class::Ambiguous, Step::Acceptance, Cause::Disconnected)),
        (breaks_off.url(), (Class::Ambiguous, Step::Acceptance, Cause::Disconnected)),
        (speaks_otherwise.url(), (Class::Ambiguous, Step::Acceptance, Cause::Disconnected)),
        (is_silent.url(), (Class::Ambiguous, Step::Acceptance, Cause::TimedOut)),
    ];
    for (url, expected) in cases {
        let failure = send(url).await.unwrap_err();

        assert_eq!(outcome(&failure), expected);
        assert_eq!(failure.detail, "");
    }
}

#[tokio::test]
async fn a_message_was_taken_when_the_status_says_so_whatever_becomes_of_the_body() {
    let head =
        |length: usize| format!("HTTP/1.1 202 Accepted\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    let cases = [
        Then::Answer([head(100), b"0: Acc".to_vec()].concat()),
        Then::Answer([head(10 << 20), vec![b'x'; 10 << 20]].concat()),
        Then::Silence([head(100), b"0: Acc".to_vec()].concat()),
    ];
    for then in cases {
        let server = RawServer::start(then);
        let begun = Instant::now();

        let accepted = send(server.url()).await.unwrap();

        assert_eq!(accepted, Accepted { code: 202, text: String::new(), provider_id: None });
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn a_number_that_is_none_and_an_empty_text_do_not_touch_the_network() {
    let nobody_listens = Kannel::new(settings("http://127.0.0.1:1".into())).unwrap();

    for (to, text) in [("17000000001", TEXT), ("+86 170", TEXT), (NUMBER, "")] {
        let failure = nobody_listens.send_text(to, text, &CALL).await.unwrap_err();

        assert_eq!(outcome(&failure), (Class::Permanent, Step::Compose, Cause::Unwritable));
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_64_kib() {
    for (length, expected) in [(64 << 10, Ok(64 << 10)), ((64 << 10) + 1, Err(Cause::TooLarge))] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
        let server = RawServer::start(Then::Answer([head, vec![b'x'; length]].concat()));
        let http = Http::new(HttpTimeouts::default(), &Trust::System).unwrap();

        let answer = http.get(&HttpAddress::parse(&server.url()).unwrap(), &[]).await.unwrap();

        let read = answer.body().await.map(|body| body.len()).map_err(|failure| failure.cause);
        assert_eq!(read, expected);
    }
}

/// The mail server speaks TLS well and HTTP not at all: how far a request comes says whether it was trusted.
#[tokio::test]
async fn an_https_server_is_trusted_for_its_certificate_only() {
    let server = SmtpServer::start(&["--tls", "implicit"]);
    let url = format!("https://127.0.0.1:{}", server.port);
    let trusting = |trust| Kannel::new(KannelSettings { trust, ..settings(url.clone()) }).unwrap();

    let stranger = trusting(Trust::System).send_text(NUMBER, TEXT, &CALL).await.unwrap_err();
    let known = trusting(Trust::Only(server.certificate_authority()))
        .send_text(NUMBER, TEXT, &CALL)
        .await
        .unwrap_err();

    assert_eq!(outcome(&stranger), (Class::Account, Step::Connect, Cause::Unacceptable));
    assert_eq!(outcome(&known), (Class::Ambiguous, Step::Acceptance, Cause::Disconnected));
}

#[test]
fn settings_that_cannot_work_are_refused_by_name_and_never_show_the_password() {
    let refused = |settings| Sms::new(settings).unwrap_err();
    let good = settings("https://sms.example".into());

    let plain = refused(KannelSettings { url: "http://sms.example".into(), ..good.clone() });
    let nowhere = refused(KannelSettings { url: "sms.example".into(), ..good.clone() });
    let line_break = refused(KannelSettings { from: "1\n2".into(), ..good.clone() });
    let no_bundle = refused(KannelSettings { trust: Trust::Only(b"not PEM".to_vec()), ..good.clone() });

    assert!(matches!(plain, SetupRefused::PlainBeyondLoopback), "{plain:?}");
    assert!(matches!(nowhere, SetupRefused::NotAnAddress), "{nowhere:?}");
    assert_eq!(line_break.to_string(), "from holds a line break or another control character");
    assert!(matches!(no_bundle, SetupRefused::Tls(_)), "{no_bundle:?}");
    let shown = format!("{good:?} {:?}", Sms::new(good.clone()).unwrap());
    assert!(!shown.contains("rexue") && !shown.contains("horse"), "{shown}");
}
