//! A request that comes twice with one `Idempotency-Key` is done once, and told the same.

use super::privacy::everything_in;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::sync::Barrier;
use tests::on_both;
use tests::support::{Answer, Caller, Gateway, Kind, Person, Server, Station, Town, now};

fn staff(station: &Station, server: &Server, role: &str) -> Caller {
    station.user(server, role, None).sign_in(server)
}

fn post(server: &Server, caller: &Caller, path: &str, body: &Value, key: &str) -> Answer {
    let bearer = format!("Bearer {}", caller.access);
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", key)];
    server.request("POST", path, &headers, body.to_string().as_bytes())
}

fn team(server: &Server, caller: &Caller, name: &str, key: &str) -> Answer {
    post(server, caller, "/v1/station/teams", &json!({ "name": name }), key)
}

fn site(code: &str) -> Value {
    json!({
        "code": code, "kind": "fixed", "name": "测试站", "address": "测试路1号",
        "latitude": 34.7, "longitude": 113.6,
    })
}

#[track_caller]
fn assert_same(one: &Answer, other: &Answer) {
    assert_eq!((one.status, &one.body), (other.status, &other.body));
    for header in ["content-type", "etag", "location"] {
        assert_eq!(one.header(header), other.header(header), "{header}");
    }
}

/// What a server leaves that ends between doing something and keeping its answer, so long ago.
fn lose_answers(station: &Station, ago: TimeDelta) {
    let began = (now() - ago).format("%F %T");
    station
        .execute(&format!(
            "UPDATE idempotency_keys SET sealed = NULL, data_key_id = NULL, created_at = '{began}'"
        ))
        .unwrap();
}

on_both! {
    fn what_comes_twice_is_done_once_and_told_the_same(station) {
        let (server, other_node) = (station.serve(), station.serve());
        let operator = staff(station, &server, "operator");

        let made = team(&server, &operator, "应急一队", "a").with_status(201);
        let again = team(&server, &operator, "应急一队", "a");
        let elsewhere = team(&other_node, &operator, "应急一队", "a");
        let entered = post(&server, &operator, "/v1/station/sites", &site("ONE"), "b").with_status(201);
        let entered_again = post(&server, &operator, "/v1/station/sites", &site("ONE"), "b");

        assert_same(&made, &again);
        assert_same(&made, &elsewhere);
        assert_same(&entered, &entered_again);
        assert_eq!((station.count("teams"), station.count("sites")), (1, 1));
        let traces = station.number("SELECT count(*) AS number FROM audit WHERE action = 'team.created'");
        assert_eq!(traces, 1);
        server.send(&operator, "/v1/station/teams", json!({ "name": "应急一队" })).with_status(201);
        team(&server, &operator, "应急一队", "c").with_status(201);
        assert_eq!((station.count("teams"), station.count("idempotency_keys")), (3, 3));
    }

    fn a_key_is_one_caller_s_and_for_one_request(station) {
        let server = station.serve();
        let (operator, admin) = (staff(station, &server, "operator"), staff(station, &server, "admin"));
        let made = team(&server, &operator, "应急一队", "a").with_status(201).json();

        let other_body = team(&server, &operator, "应急二队", "a").with_status(422);
        let closure = format!("/v1/station/teams/{}/closure", made["id"].as_str().unwrap());
        let other_path = post(&server, &operator, &closure, &json!({ "name": "应急一队" }), "a").with_status(422);
        let somebody_else = team(&server, &admin, "应急一队", "a").with_status(201).json();

        assert_eq!((other_body.problem(), other_path.problem()), ("key_reused".into(), "key_reused".into()));
        assert_ne!(made["id"], somebody_else["id"]);
        assert_eq!(station.count("teams"), 2);
        for bad in [String::new(), "x".repeat(129)] {
            let refused = team(&server, &operator, "应急三队", &bad).with_status(422);
            assert_eq!(refused.problem(), "bad_idempotency_key");
        }
    }

    fn a_refusal_is_told_again_too(station) {
        let server = station.serve();
        let operator = staff(station, &server, "operator");
        server.send(&operator, "/v1/station/sites", site("ONE")).with_status(201);

        let refused = post(&server, &operator, "/v1/station/sites", &site("ONE"), "a").with_status(409);
        station.execute("DELETE FROM sites").unwrap();
        let again = post(&server, &operator, "/v1/station/sites", &site("ONE"), "a");

        assert_eq!(refused.problem(), "site_code_taken");
        assert_same(&refused, &again);
        post(&server, &operator, "/v1/station/sites", &site("ONE"), "b").with_status(201);
    }

    fn of_many_at_once_on_two_nodes_one_has_an_effect(station) {
        let nodes = [station.serve(), station.serve()];
        let operator = staff(station, &nodes[0], "operator");
        let start = Barrier::new(8);

        let ask = |number: usize| {
            start.wait();
            team(&nodes[number % 2], &operator, "应急一队", "a")
        };
        let ask = &ask;

        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|number| scope.spawn(move || ask(number))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });

        assert_eq!(station.count("teams"), 1);
        let first = team(&nodes[1], &operator, "应急一队", "a").with_status(201);
        assert!(answers.iter().any(|answer| answer.status == 201));
        for answer in answers {
            match answer.status {
                409 => assert_eq!(answer.problem(), "request_running"),
                _ => assert_same(&answer, &first),
            }
        }
    }

    fn what_was_done_without_an_answer_is_never_done_again(station) {
        let server = station.serve();
        let operator = staff(station, &server, "operator");
        team(&server, &operator, "应急一队", "a").with_status(201);

        lose_answers(station, TimeDelta::seconds(1));
        let running = team(&server, &operator, "应急一队", "a").with_status(409);
        lose_answers(station, TimeDelta::minutes(2));
        let lost = team(&server, &operator, "应急一队", "a").with_status(409);
        let other = team(&server, &operator, "应急二队", "a").with_status(422);

        assert_eq!((running.problem(), lost.problem()), ("request_running".into(), "answer_lost".into()));
        assert_eq!(other.problem(), "key_reused");
        assert_eq!(station.count("teams"), 1);
    }

    fn what_failed_on_our_side_may_be_asked_again(station) {
        let server = station.serve();
        let operator = staff(station, &server, "operator");
        station.execute("ALTER TABLE teams RENAME TO teams_away").unwrap();
        team(&server, &operator, "应急一队", "a").with_status(500);
        station.execute("ALTER TABLE teams_away RENAME TO teams").unwrap();
        assert_eq!(station.count("idempotency_keys"), 0, "the claim was rolled back with the rest");

        team(&server, &operator, "应急一队", "a").with_status(201);

        assert_eq!(station.count("teams"), 1);
    }

    fn bookings_and_everything_else_share_their_keys(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        station.import(&Town::of(30));
        let [donor] = station.crowd(&[Person::number(30).no]).try_into().unwrap_or_else(|_| panic!("one"));
        let [first, second] = station.slots("whole_blood", 2, 2, 1).try_into().unwrap();
        let consent = json!({ "purpose": "appeals", "text_version": "1" });
        post(&server, &donor.caller, "/v1/me/sharing-codes", &json!({}), "a").with_status(201);

        let booking = post(&server, &donor.caller, "/v1/appointments", &json!({ "slot": first }), "a");
        post(&server, &donor.caller, "/v1/appointments", &json!({ "slot": second }), "b").with_status(201);
        let consent = post(&server, &donor.caller, "/v1/me/consents", &consent, "b");

        assert_eq!(booking.with_status(422).problem(), "key_reused");
        assert_eq!(consent.with_status(422).problem(), "key_reused");
        assert_eq!(station.count("appointments"), 1);
    }

    fn who_has_not_signed_in_has_no_keys(station) {
        let server = station.serve();
        let operator = staff(station, &server, "operator");
        let nobody = Caller { access: "nothing".to_owned(), refresh: String::new() };

        team(&server, &nobody, "应急一队", "a").with_status(401);
        let search = json!({ "donor_no": "T0001", "reason": "at_the_window" });
        post(&server, &operator, "/v1/station/donors/search", &search, "a");
        post(&server, &operator, "/v1/verify", &json!({ "text": "XUE:/1/" }), "a");
        post(&server, &operator, "/v1/auth/sign-out", &json!({}), "a");

        assert_eq!(station.count("idempotency_keys"), 0);
    }
}

fn a_kept_answer_rests_sealed(kind: Kind) {
    let station = Station::new(kind);
    let server = station.serve();
    let admin = staff(&station, &server, "admin");
    let wanted = json!({ "user_name": "zhangsan", "display_name": "张三", "role": "operator" });

    let invited = post(&server, &admin, "/v1/users", &wanted, "key-of-the-test").with_status(201);
    let again = post(&server, &admin, "/v1/users", &wanted, "key-of-the-test");

    assert_same(&invited, &again);
    let everything = everything_in(&station, kind);
    assert!(everything.contains("zhangsan"), "it was looked at");
    assert!(!everything.contains(invited.json()["invitation"].as_str().unwrap()), "a secret in clear");
    assert!(!everything.contains("key-of-the-test"), "the key itself is not kept");
    assert_eq!(station.number("SELECT count(*) AS number FROM idempotency_keys WHERE answer = ''"), 1);
}

#[test]
fn a_kept_answer_rests_sealed_in_sqlite() {
    a_kept_answer_rests_sealed(Kind::Sqlite);
}

#[test]
fn a_kept_answer_rests_sealed_in_postgres() {
    a_kept_answer_rests_sealed(Kind::Postgres);
}
