//! Subscribe messages: the request that leaves, and what every kind of answer means.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use notifications::{
    Accepted, AppointmentEvent, AppointmentNews, Call, Cause, Class, Failure, HttpTimeouts, Language,
    Message, MiniProgram, OutgoingWeChat, Reason, RenderRefused, SetupRefused, Step, Trust, Visit, WeChat,
    WeChatSettings, WeChatTemplate,
};

use super::raw_server::{RawServer, Then, answer};

const OPENID: &str = "oABC-123_def";
const TOKEN: &str = "TOKEN&x=1";

fn template(page: &str, fields: &[(&str, &str)]) -> WeChatTemplate {
    WeChatTemplate {
        id: "tmpl-1".into(),
        page: page.into(),
        fields: fields.iter().map(|(field, name)| ((*field).to_owned(), (*name).to_owned())).collect(),
    }
}

fn settings(url: String) -> WeChatSettings {
    let reminder = template(
        "pages/appointment/index?key={link}",
        &[("thing1", "place"), ("time2", "time"), ("thing3", "station")],
    );
    let cancelled = template("pages/appointment/index?key={link}", &[("thing1", "link")]);
    WeChatSettings {
        url,
        templates: BTreeMap::from([
            ("reminder".to_owned(), reminder),
            ("appointment_cancelled".to_owned(), cancelled),
        ]),
        opens: MiniProgram::Formal,
        timeouts: HttpTimeouts { connect: Duration::from_millis(500), total: Duration::from_secs(1) },
        trust: Trust::System,
    }
}

fn news(what: AppointmentEvent) -> Message {
    Message::Appointment(AppointmentNews {
        station: "南河市中心血站".into(),
        what,
        visit: Visit {
            place: "南河市人民广场西北角地铁二号线三号出口献血屋".into(),
            starts_at: DateTime::from_timestamp(1_795_395_600, 0).unwrap(),
        },
        link: "https://blood.example/a/AZubonwRcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
    })
}

fn reminder() -> OutgoingWeChat {
    OutgoingWeChat::new(&news(AppointmentEvent::Near), Language::English).unwrap()
}

fn call() -> Call<'static> {
    Call { access_token: Some(TOKEN), ..Call::new("0199b9a2-7c11", DateTime::<Utc>::UNIX_EPOCH, "n") }
}

async fn send(url: String) -> Result<Accepted, Failure> {
    WeChat::new(settings(url)).unwrap().send(OPENID, &reminder(), &call()).await
}

#[tokio::test]
async fn the_request_is_what_wechat_reads() {
    let server =
        RawServer::start(answer("200 OK", r#"{"errcode":0,"errmsg":"ok","msgid":1700827132819554304}"#));

    let accepted = send(server.url()).await.unwrap();

    let provider_id = Some("1700827132819554304".to_owned());
    assert_eq!(accepted, Accepted { code: 200, text: "ok".into(), provider_id });
    let request = server.whole_request();
    assert_eq!(request.line, "POST /cgi-bin/message/subscribe/send?access_token=TOKEN%26x%3D1 HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/json"));
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "touser": OPENID,
            "template_id": "tmpl-1",
            "page": "pages/appointment/index?key=AZubonwRcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "miniprogram_state": "formal",
            "lang": "en_US",
            "data": {
                "thing1": { "value": "南河市人民广场西北角地铁二号线三号出口…" },
                "time2": { "value": "2026年11月23日 09:00" },
                "thing3": { "value": "南河市中心血站" },
            },
        })
    );
}

#[tokio::test]
async fn every_errcode_has_its_class_and_its_reason() {
    let cases = [
        (43101, Class::Permanent, Step::Acceptance, Reason::NotSubscribed),
        (40003, Class::Permanent, Step::Recipient, Reason::Recipient),
        (40001, Class::Transient, Step::Acceptance, Reason::Token),
        (42001, Class::Transient, Step::Acceptance, Reason::Token),
        (45009, Class::Throttled, Step::Acceptance, Reason::Pace),
        (47003, Class::Account, Step::Acceptance, Reason::Setup),
        (-1, Class::Transient, Step::Acceptance, Reason::Busy),
        (12345, Class::Ambiguous, Step::Acceptance, Reason::Unknown),
    ];
    for (errcode, class, step, reason) in cases {
        let body = format!(r#"{{"errcode":{errcode},"errmsg":"{OPENID} {TOKEN} rid: 1"}}"#);
        let server = RawServer::start(answer("200 OK", &body));

        let failure = send(server.url()).await.unwrap_err();

        assert_eq!((failure.class, failure.step, failure.cause), (class, step, Cause::Refused(reason)));
        assert_eq!(failure.detail, errcode.to_string());
        let shown = format!("{failure} {failure:?}");
        assert!(!shown.contains(OPENID) && !shown.contains("TOKEN"), "{shown}");
    }
}

#[tokio::test]
async fn a_bad_server_never_makes_a_message_unsent_that_may_be_sent() {
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    let cases = [
        (Then::Answer([head(10 << 20), vec![b' '; 10 << 20]].concat()), Class::Ambiguous, Cause::TooLarge),
        (Then::Silence(head(10)), Class::Ambiguous, Cause::TimedOut),
        (Then::Answer([head(10), b"{".to_vec()].concat()), Class::Ambiguous, Cause::Disconnected),
        (answer("200 OK", "<html>"), Class::Ambiguous, Cause::Unreadable),
        (answer("200 OK", r#"{"errmsg":"ok"}"#), Class::Ambiguous, Cause::Unreadable),
        (answer("502 Bad Gateway", r#"{"errcode":0}"#), Class::Ambiguous, Cause::Http(502)),
        (answer("503 Service Unavailable", ""), Class::Transient, Cause::Http(503)),
    ];
    for (then, class, cause) in cases {
        let server = RawServer::start(then);

        let failure = send(server.url()).await.unwrap_err();

        assert_eq!((failure.class, failure.step, failure.cause), (class, Step::Acceptance, cause));
    }
}

#[tokio::test]
async fn nothing_leaves_without_token_template_recipient_or_variable() {
    let wechat = WeChat::new(settings("http://127.0.0.1:1".into())).unwrap();
    let booked = OutgoingWeChat::new(&news(AppointmentEvent::Booked), Language::Chinese).unwrap();
    let cancelled = OutgoingWeChat::new(&news(AppointmentEvent::Cancelled), Language::Chinese).unwrap();

    let without_token = Call { access_token: None, ..call() };
    let failures = [
        wechat.send(OPENID, &reminder(), &without_token).await.unwrap_err(),
        wechat.send(OPENID, &booked, &call()).await.unwrap_err(),
        wechat.send("", &reminder(), &call()).await.unwrap_err(),
        wechat.send(OPENID, &cancelled, &call()).await.unwrap_err(),
    ];

    let expected = [
        (Class::Transient, Cause::Refused(Reason::Token)),
        (Class::Account, Cause::NoTemplate),
        (Class::Permanent, Cause::Unwritable),
        (Class::Account, Cause::Refused(Reason::Setup)),
    ];
    for (failure, (class, cause)) in failures.iter().zip(expected) {
        assert_eq!((failure.class, failure.step, failure.cause), (class, Step::Compose, cause));
    }
}

#[tokio::test]
async fn a_page_that_needs_what_the_message_lacks_is_left_out() {
    let server = RawServer::start(answer("200 OK", r#"{"errcode":0}"#));
    let mut settings = settings(server.url());
    settings.templates.get_mut("appointment_cancelled").unwrap().fields =
        vec![("thing1".into(), "place".into())];
    let cancelled = OutgoingWeChat::new(&news(AppointmentEvent::Cancelled), Language::Chinese).unwrap();

    WeChat::new(settings).unwrap().send(OPENID, &cancelled, &call()).await.unwrap();

    let body: serde_json::Value = serde_json::from_str(&server.whole_request().body).unwrap();
    assert_eq!(body.get("page"), None);
    assert_eq!(body["lang"], "zh_CN");
}

#[test]
fn a_sign_in_code_is_no_subscribe_message() {
    let refused = OutgoingWeChat::new(&super::sms_texts::code_message(), Language::Chinese).unwrap_err();

    assert!(matches!(refused, RenderRefused::NotForThisChannel), "{refused:?}");
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let with = |name: &str, template: WeChatTemplate| {
        let templates = BTreeMap::from([(name.to_owned(), template)]);
        WeChat::new(WeChatSettings { templates, ..settings("https://api.weixin.qq.com".into()) })
    };
    let good = || template("", &[("thing1", "place")]);

    assert!(with("reminder.en", good()).is_ok());
    assert!(matches!(with("remindr", good()).unwrap_err(), SetupRefused::NotAKind(_)));
    let no_id = with("reminder", WeChatTemplate { id: String::new(), ..good() });
    assert!(matches!(no_id.unwrap_err(), SetupRefused::NotATemplate(_)));
    let page = with("reminder", template("https://a.cn", &[("thing1", "place")]));
    assert!(matches!(page.unwrap_err(), SetupRefused::Unusable("page")));
    for fields in [&[][..], &[("keyword1", "place")]] {
        let refused = with("reminder", template("", fields)).unwrap_err();
        assert!(matches!(refused, SetupRefused::Unusable("fields")), "{refused:?}");
    }
}
