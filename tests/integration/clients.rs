//! Hospitals' systems sign in: by an API key, or by an assertion (RFC 7523) that they sign themselves.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tests::on_both;
use tests::support::{
    Answer, Caller, Gateway, PUBLIC_URL, Server, Station, authenticated, now, parts, signed, unsigned,
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The system's own key.
fn key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

/// An admin, and hospital A.
fn hospital(station: &Station, server: &Server) -> Caller {
    station.hospital("A");
    station.user(server, "admin", None).sign_in(server)
}

fn register(server: &Server, admin: &Caller, key: Option<&SigningKey>) -> Value {
    let key = key.map(|key| BASE64URL_NOPAD.encode(key.verifying_key().as_bytes()));
    let system = json!({ "name": "billing", "public_key": key });
    server.send(admin, "/v1/hospitals/A/clients", system).with_status(201).json()
}

fn revoke(server: &Server, admin: &Caller, client_id: &str) {
    let path = format!("/v1/hospitals/A/clients/{client_id}");
    server.call(admin, "DELETE", &path, None).with_status(204);
}

fn claims(client_id: &str, jti: &str) -> Value {
    json!({
        "iss": client_id, "sub": client_id, "aud": format!("{PUBLIC_URL}/v1/auth/token"),
        "exp": now().timestamp() + 60, "jti": jti,
    })
}

fn assertion(claims: &Value) -> String {
    signed(&key(), &json!({ "alg": "EdDSA", "typ": "JWT" }), claims)
}

fn by_assertion(server: &Server, assertion: &str) -> Answer {
    let body = json!({
        "grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion,
    });
    server.post_json("/v1/auth/token", &body)
}

fn by_key(server: &Server, client_id: &str, key: &str) -> Answer {
    let body = json!({ "grant_type": "client_credentials", "client_id": client_id, "client_secret": key });
    server.post_json("/v1/auth/token", &body)
}

#[track_caller]
fn refused(answer: Answer) {
    assert_eq!(answer.with_status(401).problem(), "invalid_client");
}

on_both! {
    fn a_system_signs_in_by_an_assertion_that_is_good_for_once(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let admin = hospital(station, &server);
        let system = register(&server, &admin, Some(&key()));
        let client_id = system["client_id"].as_str().unwrap();
        let first = assertion(&claims(client_id, "1"));

        let answer = by_assertion(&server, &first).with_status(200);
        let role = answer.json()["role"].clone();
        let caller = Caller::of(answer);
        let replayed = by_assertion(&server, &first);
        let same_id = by_assertion(&server, &assertion(&{
            let mut later = claims(client_id, "1");
            later["exp"] = json!(now().timestamp() + 120);
            later
        }));

        assert_eq!(system["api_key"], Value::Null);
        assert_eq!((role, caller.refresh.as_str()), (json!("system"), ""));
        assert_eq!(server.read(&caller, "/v1/hospitals/A").with_status(200).json()["code"], "A");
        refused(replayed);
        refused(same_id);
        Caller::of(by_assertion(&server, &assertion(&claims(client_id, "2"))));
    }

    fn an_assertion_for_another_place_time_client_or_key_is_refused_and_stays_unused(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let admin = hospital(station, &server);
        let system = register(&server, &admin, Some(&key()));
        let other = register(&server, &admin, Some(&SigningKey::from_bytes(&[43; 32])));
        let with_api_key = register(&server, &admin, None);
        let (client_id, now) = (system["client_id"].as_str().unwrap(), now().timestamp());
        let changed = |name: &str, value: Value| {
            let mut changed = claims(client_id, "same");
            changed[name] = value;
            assertion(&changed)
        };
        let same = claims(client_id, "same");
        let public = key().verifying_key().to_bytes();
        let good = assertion(&same);
        let as_other = |id: &Value| assertion(&claims(id.as_str().unwrap(), "same"));
        let wrong = [
            ("too long", changed("exp", json!(now + 3_600))),
            ("over", changed("exp", json!(now - 1))),
            ("without an end", changed("exp", Value::Null)),
            ("an end that is no instant", changed("exp", json!(i64::MAX))),
            ("for another server", changed("aud", json!("https://other.example/v1/auth/token"))),
            ("for no server", changed("aud", Value::Null)),
            ("made by another", changed("iss", other["client_id"].clone())),
            ("for another", changed("sub", other["client_id"].clone())),
            ("another's name, this key", as_other(&other["client_id"])),
            ("one with an API key", as_other(&with_api_key["client_id"])),
            ("without an id", changed("jti", json!(""))),
            ("with an endless id", changed("jti", json!("x".repeat(129)))),
            ("another key", signed(&SigningKey::from_bytes(&[44; 32]), &json!({ "alg": "EdDSA" }), &same)),
            ("no algorithm", unsigned(&json!({ "alg": "none" }), &same)),
            ("HMAC with the public key", authenticated(&public, &json!({ "alg": "HS256" }), &same)),
            ("rubbish", "a.b.c".to_owned()),
        ];

        for (what, assertion) in &wrong {
            let answer = by_assertion(&server, assertion);
            assert_eq!((answer.status, answer.problem().as_str()), (401, "invalid_client"), "{what}");
        }

        let beside = |beside: Value| {
            let mut body = json!({
                "grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": good,
            });
            for (name, value) in beside.as_object().unwrap() {
                body[name] = value.clone();
            }
            server.post_json("/v1/auth/token", &body)
        };
        refused(beside(json!({ "client_id": other["client_id"] })));
        refused(beside(json!({ "client_secret": with_api_key["api_key"] })));
        refused(beside(json!({ "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer" })));
        Caller::of(beside(json!({ "client_id": client_id })));
    }

    fn an_api_key_opens_until_it_is_revoked_and_wrong_ones_do_not(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let admin = hospital(station, &server);
        let [system, other] = [(); 2].map(|()| register(&server, &admin, None));
        let (client_id, key) = (system["client_id"].as_str().unwrap(), system["api_key"].as_str().unwrap());
        assert!(key.starts_with("rxk_"), "a search for leaked keys finds them");

        let caller = Caller::of(by_key(&server, client_id, key));
        let wrong = by_key(&server, client_id, "rxk_wrong");
        let of_another = by_key(&server, client_id, other["api_key"].as_str().unwrap());
        let unknown = by_key(&server, "nobody", key);
        revoke(&server, &admin, client_id);
        let revoked = by_key(&server, client_id, key);

        for answer in [wrong, of_another, unknown, revoked] {
            refused(answer);
        }
        assert_eq!(server.read(&caller, "/v1/hospitals/A").with_status(401).problem(), "session_ended");
        assert!(!server.log().contains(key));
    }

    fn a_revoked_system_s_assertions_are_refused_and_its_session_is_over(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let admin = hospital(station, &server);
        let system = register(&server, &admin, Some(&key()));
        let client_id = system["client_id"].as_str().unwrap();
        let caller = Caller::of(by_assertion(&server, &assertion(&claims(client_id, "1"))));

        revoke(&server, &admin, client_id);

        refused(by_assertion(&server, &assertion(&claims(client_id, "2"))));
        assert_eq!(server.read(&caller, "/v1/hospitals/A").with_status(401).problem(), "session_ended");
        let listed = server.read(&admin, "/v1/hospitals/A/clients").with_status(200).json();
        assert!(listed[0]["revoked_at"].is_string(), "{listed}");
    }

    fn the_form_of_oauth_is_taken_like_json(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let admin = hospital(station, &server);
        let [by_key, by_assertion] = [None, Some(&key())].map(|key| register(&server, &admin, key));
        let form = |text: &str| server.post("/v1/auth/token", "application/x-www-form-urlencoded", text.as_bytes());
        let [id, key] = ["client_id", "api_key"].map(|name| by_key[name].as_str().unwrap());
        let said = assertion(&claims(by_assertion["client_id"].as_str().unwrap(), "1"));
        let escaped = ASSERTION_TYPE.replace(':', "%3A");

        let first = form(&format!("grant_type=client_credentials&client_id={id}&client_secret={key}"));
        let second = form(&format!(
            "grant_type=client_credentials&client_assertion_type={escaped}&client_assertion={said}"
        ));
        let unreadable = form("grant_type=magic&client_secret=form-canary").with_status(422);

        assert_eq!(parts(&Caller::of(first).access)[1]["hospital"], "A");
        assert_eq!(parts(&Caller::of(second).access)[1]["role"], "system");
        assert_eq!(unreadable.problem(), "malformed_body");
        assert!(!unreadable.text().contains("form-canary"));
    }
}
