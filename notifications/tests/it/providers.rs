//! Aliyun and Tencent Cloud: the request that leaves, and what every kind of answer means.

use std::net::TcpListener;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use notifications::{
    Accepted, AliyunSettings, Call, Cause, Class, Failure, HttpTimeouts, Language, Message, OutgoingSms,
    Reason, SetupRefused, Sms, Step, Templates, TencentSettings, Thanks, Trust,
};

use super::raw_server::{RawServer, Request, Then, answer};

const NUMBER: &str = "+8617000000001";
const SECRETS: [&str; 5] = ["17000000001", "042137", "correct horse", "KEYID", "南河"];

fn templates(ids: &[(&str, &str)]) -> Templates {
    Templates::new(ids.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned()))).unwrap()
}

fn timeouts() -> HttpTimeouts {
    HttpTimeouts { connect: Duration::from_millis(500), total: Duration::from_secs(1) }
}

fn aliyun_settings(url: String) -> AliyunSettings {
    AliyunSettings {
        url,
        host: "dysmsapi.aliyuncs.com".into(),
        access_key_id: "KEYID".into(),
        access_key_secret: "correct horse".into(),
        sign_name: "南河市中心血站".into(),
        templates: templates(&[("sign_in_code", "SMS_154950909"), ("thanks", "SMS_1")]),
        timeouts: timeouts(),
        trust: Trust::System,
    }
}

fn tencent_settings(url: String) -> TencentSettings {
    TencentSettings {
        url,
        host: "sms.tencentcloudapi.com".into(),
        region: "ap-guangzhou".into(),
        secret_id: "KEYID".into(),
        secret_key: "correct horse".into(),
        app_id: "1400006666".into(),
        sign_name: "南河市中心血站".into(),
        templates: templates(&[("sign_in_code", "449739"), ("thanks", "1")]),
        timeouts: timeouts(),
        trust: Trust::System,
    }
}

fn both(url: &str) -> [(&'static str, Sms); 2] {
    [
        ("aliyun", Sms::new(aliyun_settings(url.to_owned())).unwrap()),
        ("tencent", Sms::new(tencent_settings(url.to_owned())).unwrap()),
    ]
}

/// 2026-11-23 00:30 in Beijing, the day before in UTC.
fn call() -> Call<'static> {
    Call::new("0199b9a2-7c11", Utc.with_ymd_and_hms(2026, 11, 22, 16, 30, 0).unwrap(), "3156853299f313e2")
}

fn code() -> OutgoingSms {
    OutgoingSms::new(&super::sms_texts::code_message(), Language::Chinese).unwrap()
}

async fn send(sms: &Sms) -> Result<Accepted, Failure> {
    sms.send(NUMBER, &code(), &call()).await
}

fn outcome(failure: &Failure) -> (Class, Step, Cause) {
    (failure.class, failure.step, failure.cause)
}

fn shown(request: &Request, headers: &[&str]) -> String {
    let mut lines = vec![request.line.clone()];
    lines.extend(headers.iter().map(|name| format!("{name}: {}", request.header(name).unwrap_or("(none)"))));
    lines.push(request.body.clone());
    lines.join("\n")
}

#[tokio::test]
async fn aliyuns_request_is_signed_as_it_is_sent() {
    let server =
        RawServer::start(answer("200 OK", r#"{"Code":"OK","Message":"OK","BizId":"9006197469364984^0"}"#));
    let sms = Sms::new(aliyun_settings(server.url())).unwrap();

    let accepted = send(&sms).await.unwrap();

    let provider_id = Some("9006197469364984^0".to_owned());
    assert_eq!(accepted, Accepted { code: 200, text: "OK".into(), provider_id });
    let request = server.whole_request();
    let headers = [
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
        "content-type",
        "authorization",
    ];
    insta::assert_snapshot!(shown(&request, &headers), @r#"
    POST /?OutId=0199b9a2-7c11&PhoneNumbers=17000000001&SignName=%E5%8D%97%E6%B2%B3%E5%B8%82%E4%B8%AD%E5%BF%83%E8%A1%80%E7%AB%99&TemplateCode=SMS_154950909&TemplateParam=%7B%22code%22%3A%22042137%22%2C%22minutes%22%3A%225%22%7D HTTP/1.1
    host: dysmsapi.aliyuncs.com
    x-acs-action: SendSms
    x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    x-acs-date: 2026-11-22T16:30:00Z
    x-acs-signature-nonce: 3156853299f313e2
    x-acs-version: 2017-05-25
    content-type: (none)
    authorization: ACS3-HMAC-SHA256 Credential=KEYID,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=8c9119a018dae1f49449d2b27cfb0be004d7a966f5ec5886af2f16912d580b21
    "#);
}

#[tokio::test]
async fn tencents_request_is_signed_as_it_is_sent() {
    let sent = r#"{"Response":{"SendStatusSet":[{"SerialNo":"5000:1045710669157053657849499619","PhoneNumber":"+8617000000001",
                  "Fee":1,"SessionContext":"x","Code":"Ok","Message":"send success","IsoCode":"CN"}],"RequestId":"a0aabda6"}}"#;
    let server = RawServer::start(answer("200 OK", sent));
    let sms = Sms::new(tencent_settings(server.url())).unwrap();

    let accepted = send(&sms).await.unwrap();

    let provider_id = Some("5000:1045710669157053657849499619".to_owned());
    assert_eq!(accepted, Accepted { code: 200, text: "Ok".into(), provider_id });
    let request = server.whole_request();
    let headers = [
        "host",
        "content-type",
        "x-tc-action",
        "x-tc-version",
        "x-tc-region",
        "x-tc-timestamp",
        "authorization",
    ];
    insta::assert_snapshot!(shown(&request, &headers), @r#"
    POST / HTTP/1.1
    host: sms.tencentcloudapi.com
    content-type: application/json; charset=utf-8
    x-tc-action: SendSms
    x-tc-version: 2021-01-11
    x-tc-region: ap-guangzhou
    x-tc-timestamp: 1795365000
    authorization: TC3-HMAC-SHA256 Credential=KEYID/2026-11-22/sms/tc3_request, SignedHeaders=content-type;host;x-tc-action, Signature=5f4f58bcd0b20a4411ec4eae7a8138d64abd3845602ac485d3b899c54ea6224f
    {"PhoneNumberSet":["+8617000000001"],"SmsSdkAppId":"1400006666","TemplateId":"449739","SignName":"南河市中心血站","TemplateParamSet":["042137","5"],"SessionContext":"0199b9a2-7c11"}
    "#);
}

#[tokio::test]
async fn a_message_without_variables_has_none() {
    let thanks = Message::Thanks(Thanks { station: "南河市中心血站".into(), certificate: false });
    let thanks = OutgoingSms::new(&thanks, Language::English).unwrap();

    let mut bodies = Vec::new();
    for index in 0..2 {
        let server = RawServer::start(answer("503 Service Unavailable", ""));
        let (_, sms) = &both(&server.url())[index];
        sms.send(NUMBER, &thanks, &call()).await.unwrap_err();
        let request = server.whole_request();
        bodies.push(format!("{}{}", request.line, request.body));
    }

    assert!(
        bodies[0].contains("TemplateCode=SMS_1 ") && !bodies[0].contains("TemplateParam"),
        "{}",
        bodies[0]
    );
    assert!(bodies[1].contains(r#""TemplateParamSet":[]"#), "{}", bodies[1]);
}

#[tokio::test]
async fn two_hundred_with_another_code_is_a_failure_of_its_class() {
    let aliyun = |code: &str| format!(r#"{{"Code":"{code}","Message":"{NUMBER} 042137"}}"#);
    let tencent = |code: &str| {
        format!(
            r#"{{"Response":{{"SendStatusSet":[{{"Code":"{code}","SerialNo":"","Message":"{NUMBER}"}}]}}}}"#
        )
    };
    let refused =
        |code: &str| format!(r#"{{"Response":{{"Error":{{"Code":"{code}","Message":"{NUMBER}"}}}}}}"#);
    let cases = [
        (
            0,
            "isv.MOBILE_NUMBER_ILLEGAL",
            aliyun("isv.MOBILE_NUMBER_ILLEGAL"),
            Class::Permanent,
            Step::Recipient,
            Reason::Recipient,
        ),
        (
            0,
            "isv.SMS_TEMPLATE_ILLEGAL",
            aliyun("isv.SMS_TEMPLATE_ILLEGAL"),
            Class::Permanent,
            Step::Acceptance,
            Reason::Template,
        ),
        (
            0,
            "isv.BUSINESS_LIMIT_CONTROL",
            aliyun("isv.BUSINESS_LIMIT_CONTROL"),
            Class::Throttled,
            Step::Acceptance,
            Reason::Pace,
        ),
        (
            0,
            "isv.AMOUNT_NOT_ENOUGH",
            aliyun("isv.AMOUNT_NOT_ENOUGH"),
            Class::Account,
            Step::Acceptance,
            Reason::Account,
        ),
        (0, "isv.NEVER_SEEN", aliyun("isv.NEVER_SEEN"), Class::Ambiguous, Step::Acceptance, Reason::Unknown),
        (0, "", aliyun(NUMBER), Class::Ambiguous, Step::Acceptance, Reason::Unknown),
        (
            1,
            "FailedOperation.PhoneNumberInBlacklist",
            tencent("FailedOperation.PhoneNumberInBlacklist"),
            Class::Permanent,
            Step::Recipient,
            Reason::OptedOut,
        ),
        (
            1,
            "LimitExceeded.PhoneNumberDailyLimit",
            tencent("LimitExceeded.PhoneNumberDailyLimit"),
            Class::Throttled,
            Step::Acceptance,
            Reason::Pace,
        ),
        (
            1,
            "AuthFailure.SignatureFailure",
            refused("AuthFailure.SignatureFailure"),
            Class::Account,
            Step::Acceptance,
            Reason::Account,
        ),
        (
            1,
            "InternalError.Timeout",
            refused("InternalError.Timeout"),
            Class::Ambiguous,
            Step::Acceptance,
            Reason::Unfinished,
        ),
        (1, "New", tencent("New"), Class::Ambiguous, Step::Acceptance, Reason::Unknown),
    ];
    for (index, code, body, class, step, reason) in cases {
        let server = RawServer::start(answer("200 OK", &body));

        let failure = send(&both(&server.url())[index].1).await.unwrap_err();

        assert_eq!(outcome(&failure), (class, step, Cause::Refused(reason)), "{code}");
        assert_eq!(failure.detail, code);
        let shown = format!("{failure} {failure:?}");
        assert!(!SECRETS.iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}

#[tokio::test]
async fn a_code_counts_more_than_the_status_and_the_status_more_than_a_code_that_nobody_knows() {
    let cases = [
        ("404 Not Found", "InvalidAccessKeyId.NotFound", Class::Account, Cause::Refused(Reason::Account)),
        ("400 Bad Request", "Throttling.User", Class::Throttled, Cause::Refused(Reason::Pace)),
        ("503 Service Unavailable", "ServiceUnavailable", Class::Transient, Cause::Refused(Reason::Busy)),
        ("500 Internal Server Error", "InternalError", Class::Ambiguous, Cause::Refused(Reason::Unfinished)),
        ("500 Internal Server Error", "OK", Class::Ambiguous, Cause::Http(500)),
        ("403 Forbidden", "NeverSeen", Class::Account, Cause::Http(403)),
        ("503 Service Unavailable", "NeverSeen", Class::Transient, Cause::Http(503)),
        ("502 Bad Gateway", "NeverSeen", Class::Ambiguous, Cause::Http(502)),
    ];
    for (status, code, class, cause) in cases {
        let server = RawServer::start(answer(status, &format!(r#"{{"Code":"{code}"}}"#)));

        let failure = send(&both(&server.url())[0].1).await.unwrap_err();

        assert_eq!(outcome(&failure), (class, Step::Acceptance, cause), "{status} {code}");
    }
}

#[tokio::test]
async fn a_bad_server_never_makes_a_message_unsent_that_may_be_sent() {
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    let huge = || Then::Answer([head(10 << 20), vec![b' '; 10 << 20]].concat());
    let cases: [(&dyn Fn() -> Then, Class, Cause); 9] = [
        (&huge, Class::Ambiguous, Cause::TooLarge),
        (&|| Then::Silence(Vec::new()), Class::Ambiguous, Cause::TimedOut),
        (&|| Then::Silence([head(100), b"{\"Code\":".to_vec()].concat()), Class::Ambiguous, Cause::TimedOut),
        (
            &|| Then::Answer([head(100), b"{\"Code\":".to_vec()].concat()),
            Class::Ambiguous,
            Cause::Disconnected,
        ),
        (&|| Then::Answer(Vec::new()), Class::Ambiguous, Cause::Disconnected),
        (&|| answer("200 OK", "<html>Sign in to the Wi-Fi</html>"), Class::Ambiguous, Cause::Unreadable),
        (&|| answer("200 OK", r#"{"Response":{"SendStatusSet":[]}}"#), Class::Ambiguous, Cause::Unreadable),
        (&|| answer("502 Bad Gateway", "<html>"), Class::Ambiguous, Cause::Http(502)),
        (&|| answer("503 Service Unavailable", "<html>"), Class::Transient, Cause::Http(503)),
    ];
    for (number, (then, class, cause)) in cases.iter().enumerate() {
        for index in 0..2 {
            let server = RawServer::start(then());
            let (name, sms) = &both(&server.url())[index];

            let failure = send(sms).await.unwrap_err();

            assert_eq!(outcome(&failure), (*class, Step::Acceptance, *cause), "{name}, case {number}");
            assert_eq!(failure.detail, "");
        }
    }
}

#[tokio::test]
async fn nothing_leaves_without_a_template_a_number_or_a_reference() {
    let certificate = Message::Thanks(Thanks { station: "站".into(), certificate: true });
    let no_template = OutgoingSms::new(&certificate, Language::Chinese).unwrap();
    for (name, sms) in both("http://127.0.0.1:1") {
        let untemplated = sms.send(NUMBER, &no_template, &call()).await.unwrap_err();
        let no_number = sms.send("17000000001", &code(), &call()).await.unwrap_err();
        let no_reference = sms.send(NUMBER, &code(), &Call { reference: "", ..call() }).await.unwrap_err();
        let no_nonce = sms.send(NUMBER, &code(), &Call { nonce: "a\r\nb", ..call() }).await.unwrap_err();

        assert_eq!(outcome(&untemplated), (Class::Account, Step::Compose, Cause::NoTemplate), "{name}");
        for failure in [no_number, no_reference, no_nonce] {
            assert_eq!(outcome(&failure), (Class::Permanent, Step::Compose, Cause::Unwritable), "{name}");
        }
    }
}

#[tokio::test]
async fn nobody_listening_is_transient() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

    for (name, sms) in both(&format!("http://127.0.0.1:{port}")) {
        let failure = send(&sms).await.unwrap_err();

        assert_eq!(outcome(&failure), (Class::Transient, Step::Connect, Cause::Disconnected), "{name}");
    }
}

#[test]
fn settings_that_cannot_work_are_refused_by_name_and_never_show_a_secret() {
    let aliyun = || aliyun_settings("https://dysmsapi.aliyuncs.com".into());
    let tencent = || tencent_settings("https://sms.tencentcloudapi.com".into());
    let refused = [
        (Sms::new(AliyunSettings { access_key_id: "a b".into(), ..aliyun() }), "access_key_id"),
        (Sms::new(AliyunSettings { access_key_secret: String::new(), ..aliyun() }), "access_key_secret"),
        (Sms::new(AliyunSettings { host: "a\r\nb".into(), ..aliyun() }), "host"),
        (Sms::new(TencentSettings { secret_id: String::new(), ..tencent() }), "secret_id"),
        (Sms::new(TencentSettings { app_id: String::new(), ..tencent() }), "app_id"),
    ];
    for (refused, field) in refused {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, SetupRefused::Unusable(name) if name == field), "{refused:?}");
    }
    let plain =
        Sms::new(AliyunSettings { url: "http://dysmsapi.aliyuncs.com".into(), ..aliyun() }).unwrap_err();
    assert!(matches!(plain, SetupRefused::PlainBeyondLoopback), "{plain:?}");
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        aliyun(),
        tencent(),
        Sms::new(aliyun()).unwrap(),
        Sms::new(tencent()).unwrap()
    );
    assert!(!SECRETS.iter().any(|secret| shown.contains(secret)), "{shown}");
}

#[test]
fn a_variable_holds_no_address() {
    for (place, ok) in [("南河站", true), ("https://a.cn", false), ("WWW.a", false)] {
        let news = notifications::AppointmentNews {
            station: "站".into(),
            what: notifications::AppointmentEvent::Booked,
            visit: notifications::Visit { place: place.into(), starts_at: DateTime::UNIX_EPOCH },
            link: "https://blood.example/a/AAAAB".into(),
        };

        let variables = Message::Appointment(news).variables();

        assert_eq!(variables.is_ok(), ok, "{place}");
        if let Ok(variables) = variables {
            let said: Vec<_> = variables.iter().map(|v| (v.name(), v.text(Language::Chinese))).collect();
            let expected = [("time", "1月1日周四08:00"), ("place", "南河站"), ("link", "AAAAB")];
            assert_eq!(said, expected.map(|(name, value)| (name, value.to_owned())));
        }
    }
}
