//! `openapi.yaml`, and the server that should keep it.

use serde_json::Value;
use tests::support::{Kind, Station, repository};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// A path with something in the place of each parameter.
fn path_of(documented: &str) -> String {
    let known = documented
        .replace("{certificate_no}", "1.2.156.3005.2.XUE1.4199.0.1.0")
        .replace("{format}", "svg")
        .replace("{list}", "1")
        .replace("{token}", "something");
    let part = |part: &str| if part.starts_with('{') { "something".to_owned() } else { part.to_owned() };
    known.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[test]
fn the_committed_contract_is_the_one_that_the_program_prints() {
    let station = Station::bare(Kind::Sqlite);

    let printed = station.rexue(["openapi"]).well().out;

    let committed = std::fs::read_to_string(repository().join("openapi.yaml")).unwrap_or_default();
    assert!(
        committed == printed,
        "openapi.yaml is not what the program says. Look at the difference, and if it is meant: \
         target/debug/rexue openapi > openapi.yaml"
    );
}

#[test]
fn every_documented_operation_is_served_and_no_other_method_is() {
    let station = Station::new(Kind::Sqlite);
    let server = station.serve();
    let document = server.get("/openapi.json").with_status(200).json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 10, "{paths:?}");

    for (documented, operations) in paths {
        let path = path_of(documented);
        assert!(!path.contains('{'), "a parameter that this test does not know: {documented}");
        for method in METHODS {
            let answer = server.request(&method.to_uppercase(), &path, &[], &[]);
            let here = answer.status != 405
                && !answer.body.windows(23).any(|text| text == b"nothing at this address");
            assert_eq!(here, operations.get(method).is_some(), "{method} {documented}: {}", answer.status);
            assert!(answer.status < 500, "{method} {documented}: {}", answer.status);
        }
    }
}

#[test]
fn every_answer_of_the_walk_is_a_documented_one() {
    let station = Station::new(Kind::Sqlite);
    station.import(&tests::support::Town::of(1));
    let text = station.issue("T0001");
    let link = station.link("T0001");
    let server = station.serve();
    let document = server.get("/openapi.json").json();
    let documented = |path: &str, method: &str, answer: &tests::support::Answer| {
        let response = &document["paths"][path][method]["responses"][answer.status.to_string()];
        assert!(!response.is_null(), "{method} {path} answers {}", answer.status);
        let media_type = answer.header("content-type").split(';').next().unwrap().to_owned();
        if !answer.body.is_empty() {
            assert!(
                response["content"].get(&media_type).is_some(),
                "{method} {path}: {media_type} in {response}"
            );
        }
    };

    for format in ["svg", "png", "txt"] {
        documented("/v1/certificates/{certificate_no}/qr.{format}", "get", &server.get(&link.path(format)));
    }
    documented(
        "/v1/certificates/{certificate_no}/qr.{format}",
        "get",
        &server.get("/v1/certificates/x/qr.svg"),
    );
    for (media_type, body) in [
        ("text/plain", text.as_bytes()),
        ("application/json", b"{"),
        ("a/b", b"x"),
        ("text/plain", &[b'x'; 20_000]),
    ] {
        documented("/v1/verify", "post", &server.post("/v1/verify", media_type, body));
    }
    documented("/status/{list}", "get", &server.get("/status/1"));
    documented("/status/{list}", "get", &server.get("/status/9"));
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/.well-known/jwks.json",
        "/.well-known/cose-keys",
        "/.well-known/xue-keyset",
    ] {
        documented(path, "get", &server.get(path));
    }
}

#[test]
fn every_operation_has_a_summary_an_id_of_its_own_and_problems_in_the_common_form() {
    let station = Station::bare(Kind::Sqlite);
    let yaml = station.rexue(["openapi"]).well().out;
    assert!(yaml.starts_with("openapi: 3.1"), "{}", &yaml[..40]);
    let station = Station::new(Kind::Sqlite);
    let document = station.serve().get("/openapi.json").json();
    let mut ids = Vec::new();

    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
            assert!(operation["summary"].is_string(), "{method} {path}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let problem =
                    response["content"].get("application/problem+json").is_some_and(Value::is_object);
                assert_eq!(problem, status.starts_with(['4', '5']), "{method} {path} {status}");
            }
        }
    }
    let operations = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), operations);
}
