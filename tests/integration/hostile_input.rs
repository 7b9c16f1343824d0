//! What the system is sent by people who mean no good: too much, too often, in disguise.

use certificates::iso7064::mod_11_2;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use tests::on_both;
use tests::support::{Answer, Caller, Gateway, Kind, PASSWORD, Person, Server, Station, Town, international};

/// Characters by which two texts can look the same, or one can break out of its line.
const DISGUISES: [&str; 8] =
    ["\u{202E}", "\u{2066}", "\u{200B}", "\u{200D}", "\u{FEFF}", "\u{0}", "\r\n", "\u{1B}[31m"];

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{}", answer.text());
}

#[test]
fn a_body_that_is_too_long_unreadable_or_of_another_kind_is_refused_and_never_quoted() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    let long = json!({ "phone": "body-canary".repeat(2_000) }).to_string();
    let form = "phone=body-canary";
    let tries = [
        ("application/json", long.as_str(), 413, "body_too_large"),
        ("application/json", "{\"phone\": \"body-canary\",", 422, "malformed_body"),
        ("application/json", "{\"phone\": \"1\", \"body-canary\": 1}", 422, "malformed_body"),
        ("application/json", "{\"phone\": {\"body-canary\": 1}}", 422, "malformed_body"),
        ("application/json", "\"body-canary\"", 422, "malformed_body"),
        ("application/json", "{\"phone\": \"body-canary\"}", 422, "not_a_phone_number"),
        ("application/x-www-form-urlencoded", form, 415, "unsupported_media_type"),
        ("text/plain", form, 415, "unsupported_media_type"),
        ("application/jsonbody-canary", "{}", 415, "unsupported_media_type"),
        ("", form, 415, "unsupported_media_type"),
    ];

    for (media_type, body, status, code) in tries {
        let answer = server.post("/v1/auth/otp", media_type, body.as_bytes());
        refused(&answer, status, code);
        assert!(!answer.text().contains("canary"), "{}", answer.text());
    }
    let nested = "[".repeat(10_000);
    refused(&server.post("/v1/auth/otp", "application/json", nested.as_bytes()), 422, "malformed_body");
    refused(
        &server.post("/v1/auth/otp", "application/json", b"{\"phone\": \"\xFF\"}"),
        422,
        "malformed_body",
    );
    assert!(!server.log().contains("canary"));
}

#[test]
fn registration_refuses_a_mistyped_identity_number_and_a_name_in_disguise() {
    let station = Station::new(Kind::Sqlite);
    let gateway = Gateway::start();
    let server = station.serve_through(&gateway, &[]);
    let person = Person::number(5);
    let donor = server.sign_in(&gateway, &person.phone);
    let register = |name: &str, id_number: &str| {
        server.send(&donor, "/v1/me/registration", json!({ "name": name, "id_number": id_number }))
    };
    let body = &person.id_number[..17];
    let right = mod_11_2(body).unwrap();

    for wrong in "0123456789X".chars().filter(|wrong| *wrong != right) {
        let answer = register(&person.name, &format!("{body}{wrong}"));
        refused(&answer, 422, "check_digit");
        assert_eq!(answer.json()["field"], "id_number");
        assert!(!answer.text().contains(body), "{}", answer.text());
    }
    for disguise in DISGUISES {
        let answer = register(&format!("张{disguise}三"), &person.id_number);
        refused(&answer, 422, "control_character");
        assert_eq!(answer.json()["field"], "name");
    }
    register(&person.name, &person.id_number).with_status(201);
}

#[test]
fn users_hospitals_and_systems_get_no_name_in_disguise() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    let admin = station.user(&server, "admin", None).sign_in(&server);
    station.hospital("A");

    for disguise in DISGUISES {
        let name = format!("张{disguise}三");
        let user = json!({ "user_name": "zhang", "display_name": name, "role": "operator" });
        let user = server.send(&admin, "/v1/users", user);
        let hospital = server.send(&admin, "/v1/hospitals", json!({ "code": "X", "name": name }));
        let system = server.send(&admin, "/v1/hospitals/A/clients", json!({ "name": name }));

        refused(&user, 422, "control_character");
        assert_eq!(user.json()["field"], "display_name");
        refused(&hospital, 422, "control_character");
        refused(&system, 422, "name_missing");
    }
    let elsewhere =
        json!({ "user_name": "zhang", "display_name": "张三", "role": "desk", "hospital": "no such code" });
    let elsewhere = server.send(&admin, "/v1/users", elsewhere);
    refused(&elsewhere, 422, "not_a_hospital_code");
    assert_eq!(elsewhere.json()["field"], "hospital");
}

#[test]
fn a_device_s_name_stays_one_line_and_never_becomes_a_header() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    let admin = station.user(&server, "admin", None);
    let mut login = admin.login(PASSWORD, &admin.totp_code());
    login["device"] = json!("phone\r\nSet-Cookie: a=b\r\n\r\n\u{202E}<script>\u{0}");

    let answer = server.post_json("/v1/auth/token", &login).with_status(200);
    assert_eq!(answer.header("set-cookie"), "");
    let caller = Caller::of(answer);
    let sessions = server.read(&caller, "/v1/me/sessions").with_status(200);

    assert_eq!(sessions.header("set-cookie"), "");
    assert_eq!(sessions.header("content-type"), "application/json");
    assert_eq!(sessions.json()[0]["device"], "phoneSet-Cookie: a=b<script>");
}

#[test]
fn line_breaks_in_addresses_and_headers_do_not_reach_the_answer_s_headers() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    let head = |line: &str, header: &str| {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        write!(stream, "GET {line} HTTP/1.1\r\nHost: x\r\n{header}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        let mut part = [0; 1024];
        // A request that is refused before it is read whole may end with a reset behind the answer.
        while let Ok(1..) = stream.read(&mut part).inspect(|read| answer.extend(&part[..*read])) {}
        let answer = String::from_utf8(answer).unwrap();
        answer.split("\r\n\r\n").next().unwrap().to_ascii_lowercase()
    };
    let injected = "a%0d%0aSet-Cookie:%20a=b";

    for (line, header) in [
        (format!("/v1/certificates/{injected}/qr.svg?key={injected}"), "Accept: */*".to_owned()),
        (format!("/status/{injected}"), "Accept: */*".to_owned()),
        (format!("/verify?{injected}"), "Accept: */*".to_owned()),
        (format!("/{injected}"), "Accept: */*".to_owned()),
        ("/healthz".to_owned(), format!("X-Request-Id: {injected}")),
        ("/healthz".to_owned(), "X-Request-Id: a\rSet-Cookie: a=b".to_owned()),
        ("/healthz".to_owned(), "X-Request-Id: a\n Set-Cookie: a=b".to_owned()),
        ("/healthz".to_owned(), "X-Request-Id: a\u{0}Set-Cookie: a=b".to_owned()),
        ("/healthz".to_owned(), "If-None-Match: \"a\rSet-Cookie: a=b\"".to_owned()),
    ] {
        let head = head(&line, &header);
        assert!(head.starts_with("http/1.1 "), "{line} {header:?}: {head}");
        assert!(!head.starts_with("http/1.1 5"), "{line} {header:?}: {head}");
        assert!(!head.contains("cookie"), "{line} {header:?}: {head}");
    }
}

#[test]
fn whoever_sends_a_line_of_forwarded_addresses_is_still_known_by_the_proxy_s() {
    let station = Station::new(Kind::Sqlite);
    let settings = [("REXUE_LIMITS_REQUESTS_PER_MINUTE", "5"), ("REXUE_LIMITS_BEHIND_PROXY", "true")];
    let server = station.serve_with(&settings);
    // Some proxies add a line of their own (HAProxy's `option forwardfor`) where others lengthen the client's.
    let ask = |invented: usize| {
        let invented = format!("2001:db8::{invented}");
        let lines = [("x-forwarded-for", invented.as_str()), ("x-forwarded-for", "203.0.113.9")];
        server.get_with("/openapi.json", &lines).status
    };

    let answers: Vec<u16> = (0..6).map(ask).collect();

    assert_eq!(answers, [200, 200, 200, 200, 200, 429]);
}

on_both! {
    fn the_thirty_first_look_up_within_a_minute_has_to_wait(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(2));
        let server = station.serve_through(&gateway, &[]);
        let [operator, doctor] =
            ["operator", "doctor"].map(|role| station.user(&server, role, None).sign_in(&server));
        let find = |caller: &Caller, donor_no: &str| {
            let by = json!({ "purpose": "enquiry", "donor_no": donor_no });
            server.send(caller, "/v1/station/donors/search", by)
        };

        let first = find(&operator, "T0001").with_status(200);
        for n in 1..30 {
            find(&operator, &format!("T{n:04}")).with_status(200);
        }
        let last = find(&operator, "T0002");

        refused(&last, 429, "limit_reached");
        let wait: u64 = last.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert!(last.header("ratelimit").contains(";r=0;t="), "{}", last.header("ratelimit"));
        assert!(first.header("ratelimit").starts_with("\"look-ups\";r=29;t="), "{}", first.header("ratelimit"));
        find(&doctor, "T0002").with_status(200);
    }

    fn a_second_code_within_a_minute_is_refused_and_known_numbers_look_like_unknown_ones(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(1));
        let server = station.serve_through(&gateway, &[]);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        let [known, unknown] = [1, 900].map(|n| Person::number(n).phone);
        let seen = json!({ "phone": known, "document_seen": true });
        server.call(&operator, "PUT", "/v1/station/donors/T0001/sign-in-phone", Some(seen)).with_status(204);

        let first = [&known, &unknown].map(|phone| code(&server, "203.0.113.1", phone).with_status(202));
        let second = [&known, &unknown].map(|phone| code(&server, "203.0.113.2", phone));
        let wrong = [&known, &unknown].map(|phone| {
            let guess = json!({ "grant_type": "otp", "phone": phone, "code": "12345x" });
            server.post_from("203.0.113.3", "/v1/auth/token", &guess).with_status(401)
        });

        for [known, unknown] in [&first, &second, &wrong] {
            assert_eq!(known.status, unknown.status);
            assert_eq!(known.body, unknown.body);
            assert_eq!(known.header("content-type"), unknown.header("content-type"));
        }
        for answer in &second {
            refused(answer, 429, "limit_reached");
            let wait: u64 = answer.header("retry-after").parse().unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
        }
        assert_eq!(gateway.next_code(&international(&known)).len(), 6);
        assert_eq!(gateway.next_code(&international(&unknown)).len(), 6);
    }
}

fn code(server: &Server, address: &str, phone: &str) -> Answer {
    let asked: Value = json!({ "phone": phone });
    server.post_from(address, "/v1/auth/otp", &asked)
}
