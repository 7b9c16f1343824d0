//! The client of WeChat's server against a server that plays it.

use chrono::{DateTime, TimeDelta, Utc};
use notifications::{Http, HttpAddress, HttpTimeouts, Trust};
use rexue::clock::Clock;
use rexue::config;
use rexue::domain::personal::Phone;
use rexue::error::{Error, Kind};
use rexue::wechat::{OpenId, WeChat};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::support::{Behaviour, Gateway};

const OPENID: &str = "oCanary-OpenId_0001";
const PHONE: &str = "17005550001";
const LOGIN_CODE: &str = "login-code-canary";
const PHONE_CODE: &str = "phone-code-canary";

/// What must not be in any error.
const CANARIES: [&str; 8] = [
    OPENID,
    PHONE,
    LOGIN_CODE,
    PHONE_CODE,
    Gateway::APP_SECRET,
    Gateway::SESSION_KEY,
    "token-canary",
    "127.0.0.1",
];

/// Somebody who has opened the mini-program and pressed the button.
fn gateway() -> Gateway {
    let gateway = Gateway::start();
    gateway.wechat_user(LOGIN_CODE, OPENID);
    gateway.wechat_phone(PHONE_CODE, PHONE);
    gateway
}

fn settings(gateway: &Gateway) -> config::WeChat {
    config::WeChat {
        app_id: Gateway::APP_ID.to_owned(),
        secret: Gateway::APP_SECRET.to_owned(),
        base_url: gateway.url(),
        timeout_seconds: 1,
        ..config::WeChat::default()
    }
}

fn client(gateway: &Gateway) -> WeChat {
    WeChat::new(&settings(gateway)).unwrap()
}

fn noon() -> DateTime<Utc> {
    "2026-11-23T04:00:00Z".parse().unwrap()
}

fn openid() -> OpenId {
    OpenId::parse(OPENID).unwrap()
}

async fn phone_of(wechat: &WeChat, code: &str) -> Result<Phone, Error> {
    wechat.phone_number(Clock::Fixed(noon()), code, &openid()).await
}

#[track_caller]
fn assert_tells_nothing(error: &Error) {
    let shown = format!("{error} {error:?}");
    for canary in CANARIES {
        assert!(!shown.contains(canary), "{canary} in {shown}");
    }
}

#[track_caller]
fn assert_is(error: &Error, code: &str, context: &str) {
    assert_eq!((error.code, error.context.as_deref().unwrap()), (code, context));
    assert_tells_nothing(error);
}

#[tokio::test]
async fn a_login_code_becomes_an_openid_once() {
    let gateway = gateway();
    let wechat = client(&gateway);

    let first = wechat.code_to_session(LOGIN_CODE).await.unwrap();
    let second = wechat.code_to_session(LOGIN_CODE).await.unwrap_err();
    let invented = wechat.code_to_session("login-code-canary-2").await.unwrap_err();

    assert_eq!(first.reveal(), OPENID);
    assert_eq!(format!("{first:?}"), "OpenId(…)");
    assert_eq!(second.kind, Kind::Invalid);
    assert_is(&second, "wechat_code_refused", "errcode 40163");
    assert_is(&invented, "wechat_code_refused", "errcode 40029");
}

#[tokio::test]
async fn a_phone_code_becomes_a_number_once_and_the_token_is_kept() {
    let gateway = gateway();
    gateway.wechat_phone("hong-kong", "+85255550001");
    let wechat = client(&gateway);

    let mainland = phone_of(&wechat, PHONE_CODE).await.unwrap();
    let abroad = phone_of(&wechat, "hong-kong").await.unwrap();
    let again = phone_of(&wechat, PHONE_CODE).await.unwrap_err();

    assert_eq!(mainland.reveal(), "+8617005550001");
    assert_eq!(abroad.reveal(), "+85255550001", "its country code came as a text");
    assert_is(&again, "wechat_code_refused", "errcode 40163");
    assert_eq!(gateway.wechat_tokens_asked(), 1);
}

#[tokio::test]
async fn a_number_for_another_mini_program_is_refused() {
    let gateway = gateway();
    gateway.wechat_watermark("wxffffffffffffffff");

    let error = phone_of(&client(&gateway), PHONE_CODE).await.unwrap_err();

    assert_is(&error, "wechat_code_refused", "the watermark of another mini-program");
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let gateway = gateway();
    let wechat = client(&gateway);
    let clock = Clock::Fixed(noon());
    let first = wechat.access_token(clock).await.unwrap();
    gateway.wechat_token_expires();

    let phone = phone_of(&wechat, PHONE_CODE).await.unwrap();

    assert_eq!(phone.reveal(), "+8617005550001");
    assert_eq!(gateway.wechat_tokens_asked(), 2);
    assert!(wechat.access_token(clock).await.unwrap() != first);

    gateway.will_answer(Behaviour::Errcode(40001));
    let error = phone_of(&wechat, "whatever").await.unwrap_err();

    assert_is(&error, "wechat_unavailable", "errcode 40001");
}

#[tokio::test]
async fn nodes_do_not_end_each_others_tokens() {
    let gateway = gateway();
    gateway.wechat_phone("second", PHONE);
    let (one, other) = (client(&gateway), client(&gateway));
    for node in [&one, &other] {
        node.access_token(Clock::Fixed(noon())).await.unwrap();
    }
    gateway.wechat_token_expires();

    phone_of(&one, PHONE_CODE).await.unwrap();
    phone_of(&other, "second").await.unwrap();

    assert_eq!(gateway.wechat_tokens_made(), 2, "the second node took the first one's");
    let again = one.access_token(Clock::Fixed(noon())).await.unwrap();
    assert!(again == other.access_token(Clock::Fixed(noon())).await.unwrap());
}

#[tokio::test]
async fn a_token_that_is_refused_and_still_given_out_is_replaced_by_force() {
    let gateway = gateway();
    let wechat = client(&gateway);
    wechat.access_token(Clock::Fixed(noon())).await.unwrap();
    gateway.wechat_token_is_refused();

    phone_of(&wechat, PHONE_CODE).await.unwrap();

    assert_eq!((gateway.wechat_tokens_made(), gateway.wechat_tokens_asked()), (2, 3));
}

#[tokio::test]
async fn many_who_wait_for_a_token_in_vain_wait_once() {
    let gateway = gateway();
    let wechat = client(&gateway);
    gateway.will_answer(Behaviour::Hang);
    let begun = Instant::now();

    let token = || wechat.access_token(Clock::Fixed(noon()));
    let (a, b, c, d) = tokio::join!(token(), token(), token(), token());

    for error in [a, b, c, d].map(Result::unwrap_err) {
        assert_eq!(error.code, "wechat_unavailable");
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_its_end() {
    let gateway = gateway();
    let wechat = client(&gateway);
    let asked_after = async |minutes, seconds| {
        let now = noon() + TimeDelta::minutes(minutes) + TimeDelta::seconds(seconds);
        let token = wechat.access_token(Clock::Fixed(now)).await.unwrap();
        assert_eq!(format!("{token:?}"), "AccessToken(…)");
        gateway.wechat_tokens_asked()
    };

    assert_eq!(asked_after(0, 0).await, 1);
    assert_eq!(asked_after(114, 59).await, 1);
    assert_eq!(asked_after(115, 0).await, 2);
}

#[tokio::test]
async fn many_who_need_a_token_at_once_share_one() {
    let gateway = gateway();
    let wechat = client(&gateway);
    let clock = Clock::Fixed(noon());
    let four = async || {
        let token = || wechat.access_token(clock);
        let (a, b, c, d) = tokio::join!(token(), token(), token(), token());
        [a, b, c, d].map(Result::unwrap)
    };

    let tokens = four().await;

    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(gateway.wechat_tokens_asked(), 1);
}

#[tokio::test]
async fn many_whose_token_is_refused_at_once_replace_it_once() {
    let gateway = gateway();
    let codes = ["p1", "p2", "p3", "p4"];
    for code in codes {
        gateway.wechat_phone(code, PHONE);
    }
    let wechat = client(&gateway);
    wechat.access_token(Clock::Fixed(noon())).await.unwrap();
    gateway.wechat_token_expires();

    let [a, b, c, d] = codes.map(|code| phone_of(&wechat, code));
    let (a, b, c, d) = tokio::join!(a, b, c, d);

    for phone in [a, b, c, d] {
        assert_eq!(phone.unwrap().reveal(), "+8617005550001");
    }
    assert_eq!(gateway.wechat_tokens_asked(), 2);
}

#[tokio::test]
async fn whatever_wechat_does_wrong_is_unavailable_in_bounded_time_and_tells_nothing() {
    let cases = [
        (Behaviour::Hang, "no answer in time"),
        (Behaviour::Status(500), "HTTP 500"),
        (Behaviour::Status(302), "HTTP 302"),
        (Behaviour::Huge, "the answer is too large"),
        (Behaviour::HalfClosed, "no connection or no readable answer"),
        (Behaviour::Status(200), "an answer that cannot be read"),
        (Behaviour::Errcode(-1), "errcode -1"),
        (Behaviour::Errcode(40125), "errcode 40125"),
        (Behaviour::Errcode(0), "an answer without an OpenID"),
    ];
    for (behaviour, context) in cases {
        let gateway = gateway();
        let wechat = client(&gateway);
        gateway.will_answer(behaviour);
        let begun = Instant::now();

        let error = wechat.code_to_session(LOGIN_CODE).await.unwrap_err();

        assert_eq!(error.kind, Kind::Unavailable);
        assert_is(&error, "wechat_unavailable", context);
        assert!(begun.elapsed() < Duration::from_secs(10), "{behaviour:?} took {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_number_fails_the_same_way_with_and_without_a_token() {
    for behaviour in [Behaviour::Hang, Behaviour::Status(500), Behaviour::Huge, Behaviour::HalfClosed] {
        let gateway = gateway();
        let (fresh, with_token) = (client(&gateway), client(&gateway));
        with_token.access_token(Clock::Fixed(noon())).await.unwrap();
        gateway.will_answer(behaviour);

        for wechat in [fresh, with_token] {
            let error = phone_of(&wechat, PHONE_CODE).await.unwrap_err();

            assert_eq!((error.kind, error.code), (Kind::Unavailable, "wechat_unavailable"));
            assert_tells_nothing(&error);
        }
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable() {
    let settings = settings(&Gateway::start());

    let error = WeChat::new(&settings).unwrap().code_to_session(LOGIN_CODE).await.unwrap_err();

    assert_is(&error, "wechat_unavailable", "no connection or no readable answer");
}

#[tokio::test]
async fn wechat_may_ask_for_a_pause() {
    let gateway = gateway();
    gateway.will_answer(Behaviour::Errcode(45011));

    let error = client(&gateway).code_to_session(LOGIN_CODE).await.unwrap_err();

    assert_eq!(error.kind, Kind::TooMany { retry_after_seconds: 60 });
    assert_is(&error, "wechat_unavailable", "errcode 45011");
}

#[tokio::test]
async fn a_wrong_secret_is_our_fault_and_not_the_codes() {
    let gateway = gateway();
    let wrong = config::WeChat { secret: "wechat-secret-canary-2".to_owned(), ..settings(&gateway) };
    let wechat = WeChat::new(&wrong).unwrap();

    let login = wechat.code_to_session(LOGIN_CODE).await.unwrap_err();
    let phone = phone_of(&wechat, PHONE_CODE).await.unwrap_err();

    for error in [login, phone] {
        assert_is(&error, "wechat_unavailable", "errcode 40125");
    }
}

#[tokio::test]
async fn a_station_without_a_mini_program_says_so() {
    let wechat = WeChat::new(&config::WeChat::default()).unwrap();

    let login = wechat.code_to_session(LOGIN_CODE).await.unwrap_err();
    let phone = phone_of(&wechat, PHONE_CODE).await.unwrap_err();
    let token = wechat.access_token(Clock::Fixed(noon())).await.unwrap_err();

    for error in [login, phone, token] {
        assert_eq!((error.kind, error.code), (Kind::Conflict, "wechat_not_configured"));
    }
}

/// Of the gateway itself.
#[tokio::test]
async fn the_gateway_takes_one_message_for_one_consent() {
    let gateway = gateway();
    let token = client(&gateway).access_token(Clock::Fixed(noon())).await.unwrap();
    let http = Http::new(HttpTimeouts::default(), &Trust::System).unwrap();
    let address = HttpAddress::parse(&format!("{}/cgi-bin/message/subscribe/send", gateway.url())).unwrap();
    let send = async |token: &str| {
        let message = json!({ "touser": OPENID, "template_id": "T1", "data": {} }).to_string().into_bytes();
        let answer = http.post_json(&address, &[("access_token", token)], message).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.body().await.unwrap()).unwrap();
        answer["errcode"].as_i64().unwrap()
    };
    gateway.wechat_consent(OPENID);

    assert_eq!(send("invented").await, 40001);
    assert_eq!(send(token.reveal()).await, 0);
    assert_eq!(send(token.reveal()).await, 43101);
    assert_eq!(gateway.wechat_sent()[0]["template_id"], "T1");
    assert_eq!(gateway.wechat_sent().len(), 1);
}

#[tokio::test]
async fn nothing_that_can_be_printed_shows_the_secret() {
    let gateway = gateway();
    let wechat = client(&gateway);
    wechat.access_token(Clock::Fixed(noon())).await.unwrap();

    let shown = format!("{wechat:?} {:?}", settings(&gateway));

    assert!(!shown.contains("canary"), "{shown}");
}
