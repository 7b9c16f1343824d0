//! Rate limits, in one process and shared through Redis.

use rand::RngExt;
use std::net::TcpListener;
use std::time::{Duration, Instant};
use tests::support::{Kind, Server, Station, set_by_test};

/// An address that no other test uses.
fn somebody() -> String {
    let mut chance = rand::rng();
    format!("2001:db8:{:x}:{:x}::1", chance.random::<u16>(), chance.random::<u16>())
}

fn serve(station: &Station, redis: &str) -> Server {
    station.serve_with(&[
        ("REXUE_LIMITS_REQUESTS_PER_MINUTE", "5"),
        ("REXUE_LIMITS_BEHIND_PROXY", "true"),
        ("REDIS_URL", redis),
    ])
}

fn ask(server: &Server, address: &str) -> u16 {
    server.get_with("/openapi.json", &[("x-forwarded-for", address)]).status
}

#[test]
fn one_request_too_many_is_told_when_to_come_again() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve_with(&[("REXUE_LIMITS_REQUESTS_PER_MINUTE", "5")]);
    for _ in 0..5 {
        server.get("/openapi.json").with_status(200);
    }

    let refused = server.get("/openapi.json").with_status(429);

    assert_eq!(refused.problem(), "too_many_requests");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=12).contains(&seconds), "{seconds}");
    assert!(!refused.header("x-request-id").is_empty());
    for probe in ["/healthz", "/readyz", "/metrics"] {
        server.get(probe).with_status(200);
    }
    assert!(server.get("/metrics").text().contains("rexue_http_limited_total{counted_by=\"process\"} 1"));
}

#[test]
fn whoever_invents_a_forwarded_address_is_still_one_client() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve_with(&[("REXUE_LIMITS_REQUESTS_PER_MINUTE", "5")]);

    let answers: Vec<u16> = (0..6).map(|_| ask(&server, &somebody())).collect();

    assert_eq!(answers, [200, 200, 200, 200, 200, 429]);
}

#[test]
fn behind_a_proxy_each_address_has_its_own_limit_and_only_the_last_entry_counts() {
    let station = Station::new(Kind::Sqlite);
    let server = serve(&station, "");
    let (one, other) = (somebody(), somebody());

    let answers: Vec<u16> = (0..6).map(|_| ask(&server, &format!("{}, {one}", somebody()))).collect();

    assert_eq!(answers, [200, 200, 200, 200, 200, 429]);
    assert_eq!(ask(&server, &other), 200);
}

#[test]
fn two_servers_share_one_limit_through_redis() {
    let redis = set_by_test("REXUE_TEST_REDIS_URL");
    let station = Station::new(Kind::Sqlite);
    let servers = [serve(&station, &redis), serve(&station, &redis)];
    let address = somebody();

    let answers: Vec<u16> = (0..8).map(|n| ask(&servers[n % 2], &address)).collect();

    assert_eq!(answers, [200, 200, 200, 200, 200, 429, 429, 429]);
    let counted = |server: &Server| server.get("/metrics").text().contains("counted_by=\"redis\"");
    assert!(servers.iter().all(counted));
}

#[test]
fn a_redis_that_is_not_there_costs_nobody_an_answer() {
    let station = Station::new(Kind::Sqlite);
    let server = serve(&station, "redis://127.0.0.1:1");
    let address = somebody();

    let answers: Vec<u16> = (0..6).map(|_| ask(&server, &address)).collect();

    assert_eq!(answers, [200, 200, 200, 200, 200, 429], "the node counts for itself");
    let (_, log) = server.stop();
    assert!(log.contains("Redis does not answer"), "{log}");
}

#[test]
fn a_redis_that_never_answers_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let station = Station::new(Kind::Sqlite);
    let server = serve(&station, &format!("redis://{}", silent.local_addr().unwrap()));
    let address = somebody();
    let began = Instant::now();

    let answers: Vec<u16> = (0..6).map(|_| ask(&server, &address)).collect();

    assert_eq!(answers, [200, 200, 200, 200, 200, 429]);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn a_redis_url_that_is_none_is_refused_at_the_start() {
    let station = Station::new(Kind::Sqlite);
    let mut command = station.command(["serve", "--port", "0"]);

    let ran =
        tests::support::Ran::new(command.env("REDIS_URL", "http://nowhere").output().unwrap()).with_code(2);

    assert!(ran.err.contains("redis.url"), "{}", ran.err);
}
