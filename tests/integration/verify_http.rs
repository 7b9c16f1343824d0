//! `POST /v1/verify`.

use rand::{Rng, RngExt, SeedableRng};
use serde_json::json;
use tests::on_both;
use tests::support::{Kind, Station, Town};

on_both! {
    fn json_and_plain_text_get_the_same_answer(station) {
        station.import(&Town::of(1));
        let text = station.issue("T0001");
        let server = station.serve();

        let by_text = server.verify(&text);
        let body = json!({ "text": text }).to_string();
        let by_json = server.post("/v1/verify", "application/json; charset=utf-8", body.as_bytes()).with_status(200).json();

        assert_eq!(by_json["claims"], by_text["claims"]);
        assert_eq!((&by_text["valid"], &by_text["code"], &by_text["light"]), (&json!(true), &json!("valid"), &json!("green")));
        assert_eq!(by_text["certificate_no"], station.certificate_no("T0001"));
        assert_eq!(by_text["superseded"], false);
        let claims = &by_text["claims"];
        assert_eq!(claims["issuer"], "xue.example");
        assert_eq!((&claims["total_volume_ml"], &claims["donations"], &claims["lives_saved"]), (&json!(600), &json!(2), &json!(3)));
        assert_eq!(claims["masked_name"], "钱*");
        assert_eq!(claims["last_donated_on"], "2025-03-06");
    }

    fn a_change_of_standing_is_seen_at_once(station) {
        station.import(&Town::of(1));
        let text = station.issue("T0001");
        let number = station.certificate_no("T0001");
        let server = station.serve();
        let seen = |verb: &str| {
            station.rexue(["certificates", verb, &number, "--reason", "a test"]).well();
            let answer = server.verify(&text);
            (answer["code"].as_str().unwrap().to_owned(), answer["light"].as_str().unwrap().to_owned())
        };

        assert_eq!(server.verify(&text)["code"], "valid");
        assert_eq!(seen("suspend"), ("suspended".into(), "red".into()));
        assert_eq!(seen("reinstate"), ("valid".into(), "green".into()));
        assert_eq!(seen("revoke"), ("revoked".into(), "red".into()));
        assert_eq!(server.verify(&text)["valid"], false);
    }

    fn a_newer_certificate_is_told_of_online(station) {
        station.import(&Town::of(1));
        let text = station.issue("T0001");
        let server = station.serve();
        assert_eq!(server.verify(&text)["superseded"], false);

        station.issue("T0001");

        assert_eq!(server.verify(&text)["superseded"], true);
        assert_eq!(server.verify(&text)["code"], "valid");
    }

    fn a_thousand_questions_at_once_are_all_answered_rightly(station) {
        station.import(&Town::of(4));
        let texts = ["T0001", "T0002", "T0003", "T0004"].map(|donor| station.issue(donor));
        let number = station.certificate_no("T0003");
        station.rexue(["certificates", "revoke", &number, "--reason", "a test"]).well();
        let server = station.serve_with(&[("REXUE_LIMITS_REQUESTS_PER_MINUTE", "0")]);

        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| for round in 0..125 {
                    let place = round % 4;
                    let code = if place == 2 { "revoked" } else { "valid" };
                    let answer = server.verify(&texts[place]);
                    assert_eq!(answer["code"], code);
                    assert!(answer["claims"].is_object());
                });
            }
        });
    }
}

#[test]
fn what_is_no_question_is_refused_by_name() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    let refused = |media_type: &str, body: &[u8], status: u16| {
        server.post("/v1/verify", media_type, body).with_status(status).problem()
    };

    assert_eq!(refused("application/xml", b"<a/>", 415), "unsupported_media_type");
    assert_eq!(refused("", b"XUE:/1/", 415), "unsupported_media_type");
    for body in ["{", "[]", "{}", "{\"text\":1}", "null", "\u{FEFF}", "{\"text\":\"\\ud800\"}"] {
        assert_eq!(refused("application/json", body.as_bytes(), 422), "malformed_body", "{body}");
    }
    assert_eq!(refused("application/json", b"{\"text\":\"\xFF\"}", 422), "malformed_body");
    assert_eq!(refused("text/plain", &[b'A'; 16 * 1024 + 1], 413), "body_too_large");
    assert_eq!(refused("application/json", &[b' '; 1 << 20], 413), "body_too_large");
    let long = server.post("/v1/verify", "text/plain", &[b'A'; 16 * 1024]).with_status(200);
    assert_eq!(long.json()["code"], "malformed");
}

#[test]
fn whatever_bytes_are_sent_the_answer_is_clear_and_never_a_5xx() {
    let station = Station::new(Kind::Sqlite);
    station.import(&Town::of(1));
    let text = station.issue("T0001");
    let server = station.serve_with(&[("REXUE_LIMITS_REQUESTS_PER_MINUTE", "0")]);
    let mut chance = rand::rngs::StdRng::seed_from_u64(20_261_123);

    for round in 0..400 {
        let mut body = match round % 4 {
            0 => Vec::new(),
            1 => b"XUE:/1/".to_vec(),
            2 => b"{\"text\":\"".to_vec(),
            _ => text.as_bytes().to_vec(),
        };
        let mut noise = vec![0; chance.random_range(1..600)];
        chance.fill_bytes(&mut noise);
        if round % 4 == 3 {
            let place = chance.random_range(0..body.len());
            body[place] = noise[0];
        } else {
            body.extend_from_slice(&noise);
        }
        let media_type = ["text/plain", "application/json", "application/octet-stream"][round % 3];
        let answer = server.post("/v1/verify", media_type, &body);
        match answer.status {
            // A random letter may be the one that stood there.
            200 if body.eq_ignore_ascii_case(text.as_bytes()) => {}
            200 => assert_eq!(answer.json()["valid"], false, "{body:?}"),
            415 | 422 => drop(answer.problem()),
            status => panic!("{status} for {body:?}"),
        }
    }
}
