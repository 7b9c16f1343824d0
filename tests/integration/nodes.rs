//! Two nodes of one station: one PostgreSQL database, one Redis. What one is told, the other knows; and while Redis is
//! away, each goes on by itself.

use serde_json::{Value, json};
use std::net::TcpListener;
use std::time::{Duration, Instant};
use tests::support::{
    Answer, Caller, Gateway, Kind, PASSWORD, Person, Redis, Server, Station, User, by_code, international,
};

/// What does not come within this time does not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Two nodes of a station. When they go out of scope, neither has answered anything with 5xx.
struct Nodes {
    a: Server,
    b: Server,
}

impl Nodes {
    fn of(station: &Station, gateway: &Gateway, redis: &str) -> Self {
        let serve = || station.serve_through(gateway, &[("REDIS_URL", redis)]);
        Self { a: serve(), b: serve() }
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            for node in [&self.a, &self.b] {
                let statuses = statuses(node);
                assert!(!statuses.is_empty(), "it was asked something");
                assert!(statuses.iter().all(|status| !status.starts_with('5')), "{statuses:?}");
            }
        }
    }
}

/// The status of every kind of answer that a node has given, by its own count.
fn statuses(node: &Server) -> Vec<String> {
    let metrics = node.get("/metrics").with_status(200);
    let counts = metrics.text().lines().filter(|line| line.starts_with("rexue_http_request_seconds_count"));
    counts.map(|line| line.split("status=\"").nth(1).unwrap()[..3].to_owned()).collect()
}

fn station() -> (Station, Gateway, Redis) {
    (Station::new(Kind::Postgres), Gateway::start(), Redis::start())
}

fn ask_for_code(node: &Server, phone: &str) -> Answer {
    node.post_json("/v1/auth/otp", &json!({ "phone": phone }))
}

fn token(node: &Server, body: &Value) -> Answer {
    node.post_json("/v1/auth/token", body)
}

/// An access token still opens doors.
#[track_caller]
fn assert_in(node: &Server, caller: &Caller) {
    node.read(caller, "/v1/me/sessions").with_status(200);
}

/// An access token opens no door any more.
#[track_caller]
fn assert_out(node: &Server, caller: &Caller) {
    let refused = node.read(caller, "/v1/me/sessions").with_status(401);
    assert_eq!(refused.problem(), "session_ended");
}

/// A refresh token buys nothing any more.
#[track_caller]
fn assert_spent(node: &Server, caller: &Caller) {
    assert_eq!(node.refresh(&caller.refresh).with_status(401).problem(), "invalid_refresh_token");
}

#[test]
fn a_code_of_one_node_signs_in_at_the_other() {
    let (station, gateway, redis) = station();
    let nodes = Nodes::of(&station, &gateway, &redis.url());
    let phone = Person::number(1).phone;

    ask_for_code(&nodes.a, &phone).with_status(202);
    let code = gateway.next_code(&international(&phone));
    let caller = Caller::of(token(&nodes.b, &by_code(&phone, &code)));

    for node in [&nodes.a, &nodes.b] {
        node.read(&caller, "/v1/me").with_status(200);
        assert_eq!(token(node, &by_code(&phone, &code)).with_status(401).problem(), "wrong_code");
    }
    assert_eq!(gateway.messages().len(), 1, "both nodes deliver, and one of them did");
}

#[test]
fn a_limit_spent_at_one_node_is_spent_at_the_other() {
    let (station, gateway, redis) = station();
    let nodes = Nodes::of(&station, &gateway, &redis.url());
    let phone = Person::number(2).phone;

    ask_for_code(&nodes.a, &phone).with_status(202);
    let refused = ask_for_code(&nodes.b, &phone).with_status(429);

    assert_eq!(refused.problem(), "limit_reached");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((50..=60).contains(&seconds), "{seconds}");
    ask_for_code(&nodes.b, &Person::number(3).phone).with_status(202);
}

#[test]
fn wrong_guesses_at_both_nodes_lock_out_together() {
    let (station, gateway, redis) = station();
    let nodes = Nodes::of(&station, &gateway, &redis.url());
    let phone = Person::number(4).phone;
    ask_for_code(&nodes.a, &phone).with_status(202);
    let code = gateway.next_code(&international(&phone));

    for node in [&nodes.a, &nodes.b, &nodes.a, &nodes.b, &nodes.a] {
        assert_eq!(token(node, &by_code(&phone, "12345x")).with_status(401).problem(), "wrong_code");
    }

    for node in [&nodes.a, &nodes.b] {
        assert_eq!(token(node, &by_code(&phone, &code)).with_status(429).problem(), "locked_out");
    }
}

#[test]
fn wrong_guesses_at_the_same_moment_are_all_counted() {
    let (station, gateway, redis) = station();
    let nodes = Nodes::of(&station, &gateway, &redis.url());
    let doctor = station.user(&nodes.a, "doctor", None);
    let wrong = doctor.login(PASSWORD, "00000x");

    let answers: Vec<String> = std::thread::scope(|threads| {
        let guess = |node| {
            let wrong = &wrong;
            threads.spawn(move || token(node, wrong).problem())
        };
        let guesses: Vec<_> = (0..12).map(|n| guess([&nodes.a, &nodes.b][n % 2])).collect();
        guesses.into_iter().map(|guess| guess.join().unwrap()).collect()
    });

    let wrong = answers.iter().filter(|answer| *answer == "wrong_credentials").count();
    assert_eq!(wrong, 5, "{answers:?}");
    assert!(answers.iter().all(|answer| ["wrong_credentials", "locked_out"].contains(&answer.as_str())));
}

#[test]
fn who_signs_out_at_one_node_is_out_at_the_other_at_once() {
    let (station, gateway, redis) = station();
    let nodes = Nodes::of(&station, &gateway, &redis.url());
    let sign_in = |node, js_code: &str| {
        gateway.wechat_user(js_code, "oSomebody");
        Caller::of(token(node, &json!({ "grant_type": "wechat", "js_code": js_code })))
    };
    let [one, other] = [sign_in(&nodes.a, "one"), sign_in(&nodes.b, "two")];
    assert_in(&nodes.b, &one);

    nodes.a.send(&one, "/v1/auth/sign-out", json!({})).with_status(204);

    assert_out(&nodes.b, &one);
    assert_spent(&nodes.b, &one);
    assert_in(&nodes.a, &other);
    let third = sign_in(&nodes.a, "three");
    let ended = nodes.a.send(&third, "/v1/auth/sign-out-everywhere", json!({})).with_status(200).json();
    assert_eq!(ended["sessions_ended"], 2);
    for caller in [&other, &third] {
        assert_out(&nodes.b, caller);
        assert_spent(&nodes.b, caller);
    }
}

#[test]
fn a_refresh_token_used_at_one_node_and_replayed_at_the_other_ends_the_family_at_both() {
    let (station, gateway, redis) = station();
    let nodes = Nodes::of(&station, &gateway, &redis.url());
    let first = nodes.a.sign_in(&gateway, &Person::number(5).phone);
    let second = Caller::of(nodes.a.refresh(&first.refresh));

    assert_spent(&nodes.b, &first);

    for node in [&nodes.a, &nodes.b] {
        assert_out(node, &second);
        assert_spent(node, &second);
    }
}

#[test]
fn a_user_who_is_disabled_at_one_node_is_out_at_the_other() {
    let (station, gateway, redis) = station();
    let nodes = Nodes::of(&station, &gateway, &redis.url());
    let admin = station.user(&nodes.a, "admin", None).sign_in(&nodes.a);
    let operator = station.user(&nodes.b, "operator", None);
    let caller = operator.sign_in(&nodes.b);
    assert_in(&nodes.b, &caller);

    nodes.a.call(&admin, "DELETE", &format!("/v1/users/{}", operator.id), None).with_status(204);

    assert_out(&nodes.b, &caller);
    assert_spent(&nodes.b, &caller);
    let login = operator.login(PASSWORD, &operator.totp_code());
    assert_eq!(token(&nodes.b, &login).with_status(401).problem(), "wrong_credentials");
}

#[test]
fn one_wechat_user_who_signs_in_at_both_nodes_at_the_same_moment_gets_one_account() {
    let (station, gateway, redis) = station();
    let nodes = Nodes::of(&station, &gateway, &redis.url());

    for round in 0..5 {
        let answers: Vec<u16> = std::thread::scope(|threads| {
            let sign_ins: Vec<_> = [&nodes.a, &nodes.b, &nodes.a, &nodes.b]
                .into_iter()
                .enumerate()
                .map(|(n, node)| {
                    let js_code = format!("code-{round}-{n}");
                    gateway.wechat_user(&js_code, &format!("oSame_{round}"));
                    threads.spawn(move || {
                        token(node, &json!({ "grant_type": "wechat", "js_code": js_code })).status
                    })
                })
                .collect();
            sign_ins.into_iter().map(|sign_in| sign_in.join().unwrap()).collect()
        });

        assert_eq!(answers, [200; 4]);
        assert_eq!(station.count("accounts"), round + 1);
    }
}

/// Everything that must go on whatever becomes of Redis. The donor's phone and the user are nobody else's.
fn everything_goes_on(node: &Server, gateway: &Gateway, phone: &str, user: &User) {
    let donor = node.sign_in(gateway, phone);
    node.read(&donor, "/v1/me").with_status(200);
    let donor = Caller::of(node.refresh(&donor.refresh));
    node.read(&donor, "/v1/me").with_status(200);
    node.send(&donor, "/v1/auth/sign-out", json!({})).with_status(204);
    assert_out(node, &donor);
    assert_spent(node, &donor);

    let staff = user.sign_in(node);
    assert_in(node, &staff);
    node.send(&staff, "/v1/auth/sign-out-everywhere", json!({})).with_status(200);
    assert_out(node, &staff);
}

#[test]
fn while_redis_is_away_each_node_goes_on_by_itself_and_then_they_share_again() {
    let (station, gateway, mut redis) = station();
    let nodes = Nodes::of(&station, &gateway, &redis.url());
    let users = ["admin", "operator", "doctor"].map(|role| station.user(&nodes.a, role, None));
    let [leaving, staying] =
        [nodes.a.sign_in(&gateway, &Person::number(10).phone), users[2].sign_in(&nodes.b)];

    redis.stop();

    for (place, node) in [&nodes.a, &nodes.b].into_iter().enumerate() {
        assert_in(node, &leaving);
        everything_goes_on(node, &gateway, &Person::number(11 + place).phone, &users[place]);
    }
    // Each node counts for itself.
    let phone = Person::number(13).phone;
    for node in [&nodes.a, &nodes.b] {
        ask_for_code(node, &phone).with_status(202);
        assert_eq!(ask_for_code(node, &phone).with_status(429).problem(), "limit_reached");
    }
    // A sign-out is known at once where it was made, and everywhere to the database, which the refresh token asks. The
    // other node's doors close when the access token ends, within ten minutes (`Caller::of` asserts `expires_in`).
    nodes.a.send(&leaving, "/v1/auth/sign-out", json!({})).with_status(204);
    assert_out(&nodes.a, &leaving);
    assert_in(&nodes.b, &leaving);
    assert_spent(&nodes.b, &leaving);
    assert_in(&nodes.a, &staying);

    redis.start_again();

    until("a limit is shared again", |round| {
        let phone = Person::number(100 + round).phone;
        ask_from(&nodes.a, round, &phone).with_status(202);
        ask_from(&nodes.b, round, &phone).status == 429
    });
    nodes.a.send(&staying, "/v1/auth/sign-out", json!({})).with_status(204);
    assert_out(&nodes.b, &staying);
    assert!(nodes.a.log().contains("Redis does not answer"), "{}", nodes.a.log());
}

/// A code asked for from an address of this round's own: the limit of an address shall not be the one that is seen.
fn ask_from(node: &Server, round: usize, phone: &str) -> Answer {
    node.post_from(&format!("2001:db8:0:{round:x}::1"), "/v1/auth/otp", &json!({ "phone": phone }))
}

/// Tries until it holds; the number of the round comes with each try.
#[track_caller]
fn until(what: &str, holds: impl Fn(usize) -> bool) {
    let began = Instant::now();
    let mut round = 0;
    while !holds(round) {
        assert!(began.elapsed() < PATIENCE, "{what} never came true");
        round += 1;
        std::thread::yield_now();
    }
}

#[test]
fn a_redis_that_stops_answering_in_the_middle_costs_nobody_an_answer() {
    let (station, gateway, redis) = station();
    let nodes = Nodes::of(&station, &gateway, &redis.url());
    let users = ["admin", "operator"].map(|role| station.user(&nodes.a, role, None));
    let leaving = nodes.a.sign_in(&gateway, &Person::number(20).phone);

    redis.freeze();

    let began = Instant::now();
    for (place, node) in [&nodes.a, &nodes.b].into_iter().enumerate() {
        assert_in(node, &leaving);
        everything_goes_on(node, &gateway, &Person::number(21 + place).phone, &users[place]);
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    redis.thaw();

    nodes.a.send(&leaving, "/v1/auth/sign-out", json!({})).with_status(204);
    assert_out(&nodes.a, &leaving);
    assert_spent(&nodes.b, &leaving);
}

#[test]
fn a_redis_that_never_answers_costs_nobody_a_sign_in() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (station, gateway) = (Station::new(Kind::Postgres), Gateway::start());
    let nodes = Nodes::of(&station, &gateway, &format!("redis://{}", silent.local_addr().unwrap()));
    let began = Instant::now();

    for (place, node) in [&nodes.a, &nodes.b].into_iter().enumerate() {
        let user = station.user(node, ["admin", "operator"][place], None);
        everything_goes_on(node, &gateway, &Person::number(30 + place).phone, &user);
    }

    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn whoever_taps_twice_is_told_so_and_is_no_fault() {
    let (station, gateway, redis) = station();
    let nodes = Nodes::of(&station, &gateway, &redis.url());
    let person = Person::number(40);
    let caller = nodes.a.sign_in(&gateway, &person.phone);
    let at_both = |path: &str, body: Value| {
        let (caller, body) = (&caller, &body);
        let mut answers: Vec<u16> = std::thread::scope(|threads| {
            let taps: Vec<_> = [&nodes.a, &nodes.b, &nodes.a]
                .map(|node| threads.spawn(move || node.send(caller, path, body.clone()).status))
                .into();
            taps.into_iter().map(|tap| tap.join().unwrap()).collect()
        });
        answers.sort_unstable();
        answers
    };

    let consents = json!({ "purpose": "service", "text_version": "1", "given_from": "browser" });
    assert_eq!(at_both("/v1/me/consents", consents), [201; 3]);
    let registration = json!({ "name": person.name, "id_number": person.id_number });
    assert_eq!(at_both("/v1/me/registration", registration), [201, 409, 409]);
    assert_eq!(station.count("donors"), 1);
}
