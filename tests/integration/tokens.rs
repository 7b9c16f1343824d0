//! Access tokens over HTTP: only the station's own open anything, in one place of a request, and only what is theirs.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Gateway, Kind, Person, Station, Town, authenticated, now, parts, signed, unsigned};

/// What `value` is with other members.
fn with(value: &Value, changes: &Value) -> Value {
    let mut changed = value.clone();
    for (name, change) in changes.as_object().unwrap() {
        changed[name] = change.clone();
    }
    changed
}

#[test]
fn a_forged_token_opens_nothing_whatever_it_is_made_of() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    let good = station.admin_token(now() + rexue::tokens::LIFETIME);
    let [header, claims] = parts(&good);
    let key = station.access_key();
    let public = key.verifying_key().to_bytes();
    let hs256 = with(&header, &json!({ "alg": "HS256" }));
    let foreign = SigningKey::from_bytes(&[7; 32]);
    let point = BASE64URL_NOPAD.encode(foreign.verifying_key().as_bytes());
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": point });
    let (body, signature) = good.rsplit_once('.').unwrap();
    let longer = with(&claims, &json!({ "exp": claims["exp"].as_i64().unwrap() + 3_600 }));
    let forged = [
        ("no algorithm", unsigned(&with(&header, &json!({ "alg": "none" })), &claims)),
        ("no algorithm, in capitals", unsigned(&with(&header, &json!({ "alg": "NONE" })), &claims)),
        ("no signature", format!("{body}.")),
        ("two parts", body.to_owned()),
        ("the public key as a secret", authenticated(&public, &hs256, &claims)),
        ("its text as a secret", authenticated(BASE64URL_NOPAD.encode(&public).as_bytes(), &hs256, &claims)),
        ("an empty secret", authenticated(b"", &hs256, &claims)),
        ("another key", signed(&foreign, &header, &claims)),
        ("a key of its own in the header", signed(&foreign, &with(&header, &json!({ "jwk": jwk })), &claims)),
        ("an unknown key id", signed(&key, &with(&header, &json!({ "kid": "../access" })), &claims)),
        ("another type", signed(&key, &with(&header, &json!({ "typ": "JWT" })), &claims)),
        ("another audience", signed(&key, &header, &with(&claims, &json!({ "aud": "certificate-qr" })))),
        ("another issuer", signed(&key, &header, &with(&claims, &json!({ "iss": "other.example" })))),
        ("an unknown role", signed(&key, &header, &with(&claims, &json!({ "role": "root" })))),
        ("longer claims", {
            let longer = BASE64URL_NOPAD.encode(longer.to_string().as_bytes());
            format!("{}.{longer}.{signature}", body.split_once('.').unwrap().0)
        }),
    ];

    for (what, token) in &forged {
        let bearer = format!("Bearer {token}");
        let answer = server.get_with("/v1/hospitals", &[("authorization", &bearer)]);
        assert_eq!((answer.status, answer.problem().as_str()), (401, "invalid_token"), "{what}");
    }

    let bearer = format!("Bearer {}", signed(&key, &header, &claims));
    server.get_with("/v1/hospitals", &[("authorization", &bearer)]).with_status(200);
}

#[test]
fn a_token_counts_in_the_authorization_header_and_nowhere_else() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    let token = station.admin_token(now() + rexue::tokens::LIFETIME);
    let elsewhere = [
        (format!("/v1/hospitals?access_token={token}"), "accept", "*/*".to_owned()),
        (format!("/v1/hospitals?token={token}"), "accept", "*/*".to_owned()),
        ("/v1/hospitals".to_owned(), "cookie", format!("access_token={token}")),
        ("/v1/hospitals".to_owned(), "x-access-token", token.clone()),
        ("/v1/hospitals".to_owned(), "proxy-authorization", format!("Bearer {token}")),
        ("/v1/hospitals".to_owned(), "authorization", token.clone()),
        ("/v1/hospitals".to_owned(), "authorization", format!("Basic {token}")),
        ("/v1/hospitals".to_owned(), "authorization", "Bearer".to_owned()),
    ];

    for (path, header, value) in &elsewhere {
        let answer = server.get_with(path, &[(*header, value)]);
        assert_eq!((answer.status, answer.problem().as_str()), (401, "missing_token"), "{header} {value}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }

    // The scheme is a word in any case (RFC 9110 §11.1).
    let bearer = format!("bEARER {token}");
    server.get_with("/v1/hospitals", &[("authorization", &bearer)]).with_status(200);
    assert!(!server.log().contains(&token));
}

on_both! {
    fn a_desk_finds_its_own_hospital_and_no_other(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        station.hospital("A");
        station.hospital("B");
        let desk = station.user(&server, "desk", Some("A")).sign_in(&server);

        let own = server.read(&desk, "/v1/hospitals/A").with_status(200).json();
        let other = server.read(&desk, "/v1/hospitals/B").with_status(404);
        let none = server.read(&desk, "/v1/hospitals/C").with_status(404);

        assert_eq!(own["code"], "A");
        assert_eq!(other.problem(), "not_found");
        assert_eq!(other.body, none.body);
    }

    fn a_donor_finds_the_own_donations_and_certificate_and_nobody_else_s(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(2));
        station.issue_all();
        let server = station.serve_through(&gateway, &[]);
        let person = Person::number(1);
        let donor = server.sign_in(&gateway, &person.phone);
        let unbound = server.read(&donor, "/v1/donors/T0001/donations").with_status(404);
        let proof = json!({ "id_number": person.id_number, "donation_no": "4199240000001" });
        server.send(&donor, "/v1/me/donor", proof).with_status(200);

        for what in ["donations", "certificate"] {
            server.read(&donor, &format!("/v1/donors/T0001/{what}")).with_status(200);
            let other = server.read(&donor, &format!("/v1/donors/T0002/{what}")).with_status(404);
            let none = server.read(&donor, &format!("/v1/donors/T9999/{what}")).with_status(404);

            assert_eq!(other.body, none.body);
            assert_eq!(other.body, unbound.body);
        }
    }
}
