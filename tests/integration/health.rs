//! `/healthz`, `/readyz`, `/metrics`; what every answer carries.

use tests::on_both;
use tests::support::{Kind, Station};

on_both! {
    fn a_server_is_alive_and_ready(station) {
        let server = station.serve();

        assert_eq!(server.get("/healthz").with_status(200).json()["status"], "ok");
        assert_eq!(server.get("/readyz").with_status(200).json()["status"], "ready");
    }

    fn a_server_that_has_lost_its_tables_is_alive_and_not_ready(station) {
        let server = station.serve();
        station.execute("ALTER TABLE status_lists RENAME TO gone").unwrap();

        server.get("/healthz").with_status(200);
        let answer = server.get("/readyz").with_status(503);

        assert_eq!(answer.problem(), "database_unavailable");
        assert!(!answer.text().contains("status_lists"), "the context is for the log");
        let (_, log) = server.stop();
        assert!(log.contains("status_lists"), "{log}");
    }
}

#[test]
fn requests_are_counted_by_route_and_never_by_number() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    server.get("/v1/certificates/1.2.156.SECRET/qr.svg?key=SECRET");
    server.get("/SECRET");
    server.get("/healthz");

    let metrics = server.get("/metrics").with_status(200);

    assert!(metrics.header("content-type").starts_with("text/plain"));
    let counted = |route: &str, status: u16| {
        metrics.text().contains(&format!(
            "rexue_http_request_seconds_count{{method=\"GET\",route=\"{route}\",status=\"{status}\"}} 1"
        ))
    };
    assert!(counted("/v1/certificates/{certificate_no}/qr.{format}", 404), "{}", metrics.text());
    assert!(counted("/healthz", 200));
    assert!(!metrics.text().contains("SECRET"));
}

#[test]
fn strange_methods_do_not_make_new_series_without_end() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    for n in 0..20 {
        server.request(&format!("METHOD{n}"), "/healthz", &[], &[]).with_status(405);
    }

    let metrics = server.get("/metrics");

    assert!(metrics.text().matches("rexue_http_request_seconds_count{").count() < 10, "{}", metrics.text());
}

#[test]
fn every_answer_has_an_id_and_the_security_headers() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    let answers = [
        server.get("/healthz").with_status(200),
        server.get("/nowhere").with_status(404),
        server.get("/v1/verify").with_status(405),
        server.request("DELETE", "/healthz", &[], &[]).with_status(405),
        server.post("/v1/verify", "application/xml", b"<a/>").with_status(415),
        server.post("/v1/verify", "text/plain", &[b'x'; 20_000]).with_status(413),
        server.get("/v1/certificates/x/qr.svg").with_status(404),
    ];

    let mut ids: Vec<&str> = answers.iter().map(|answer| answer.header("x-request-id")).collect();

    assert!(ids.iter().all(|id| !id.is_empty()), "{ids:?}");
    for answer in &answers {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        if answer.status >= 400 {
            answer.problem();
        }
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), answers.len(), "each its own");
}

#[test]
fn a_given_request_id_is_kept_when_it_is_sane_and_stands_in_the_log() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    let id = |given: &str| {
        server.get_with("/openapi.json", &[("x-request-id", given)]).header("x-request-id").to_owned()
    };

    assert_eq!(id("trace-0123456789"), "trace-0123456789");
    assert_ne!(id("a b"), "a b");
    assert_ne!(id(&"x".repeat(65)), "x".repeat(65));
    let (_, log) = server.stop();
    assert!(log.contains("trace-0123456789"), "{log}");
}

#[test]
fn a_method_that_a_resource_lacks_is_told_which_it_has() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();

    let answer = server.get("/v1/verify").with_status(405);

    assert_eq!(answer.problem(), "method_not_allowed");
    assert!(
        answer.header("allow").contains("POST"),
        "RFC 9110 15.5.6: MUST send Allow; got {:?}",
        answer.header("allow")
    );
}

#[test]
fn logs_can_be_json_lines() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve_with(&[("REXUE_LOG_FORMAT", "json")]);
    server.get_with("/openapi.json", &[("x-request-id", "one")]);

    let (_, log) = server.stop();

    let line =
        log.lines().find(|line| line.contains("\"request_id\":\"one\"")).unwrap_or_else(|| panic!("{log}"));
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!((&line["route"], &line["status"]), (&"/openapi.json".into(), &200.into()));
}

#[test]
fn probes_are_counted_and_leave_no_line() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    server.get_with("/healthz", &[("x-request-id", "probe-1")]);

    let metrics = server.get("/metrics");
    let (_, log) = server.stop();

    assert!(metrics.text().contains("route=\"/healthz\""), "{}", metrics.text());
    assert!(!log.contains("probe-1"), "{log}");
}
