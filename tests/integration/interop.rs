//! Other people's programs read what ours writes: PyPI `cwt` verifies, `zxing-cpp` scans.

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Station, Town, run_python, shared, variable};

/// How many certificates are checked; all of them with `REXUE_TEST_INTEROP=748`.
fn size() -> usize {
    variable("REXUE_TEST_INTEROP").map_or(25, |text| text.parse().unwrap())
}

/// The sample station when it is there, otherwise an invented town.
fn fill(station: &Station) {
    match (shared("data/sample-station/donors.csv"), shared("data/sample-station/donations.csv")) {
        (Some(donors), Some(donations)) => station.import_files(&donors, &donations, &[]),
        _ => station.import(&Town::of(30)),
    };
}

on_both! {
    fn certificates_are_verified_by_cwt_and_scanned_by_zxing(station) {
        fill(station);
        station.issue_all();
        let server = station.serve_with(&[("REXUE_LIMITS_REQUESTS_PER_MINUTE", "0")]);
        let donors = station.texts("SELECT DISTINCT donor_no AS text FROM donors JOIN certificates ON donors.id = donor_id ORDER BY 1");
        let step = (donors.len() / size()).max(1);
        let certificates: Vec<Value> = donors.iter().step_by(step).take(size()).map(|donor| {
            let link = station.link(donor);
            let [text, png] = ["txt", "png"].map(|format| server.get(&link.path(format)).with_status(200));
            json!({ "text": text.text(), "png": BASE64.encode(&png.body) })
        }).collect();

        let seen = run_python("interop/read_certificates.py", &json!({
            "certificates": certificates,
            "jwks": server.get("/.well-known/jwks.json").json(),
            "cose_keys": HEXLOWER.encode(&server.get("/.well-known/cose-keys").body),
            "status_list": HEXLOWER.encode(&server.get("/status/1").body),
        }));

        let claims: Vec<Value> = certificates.iter().map(|one| server.verify(one["text"].as_str().unwrap())["claims"].clone()).collect();
        let seen_certificates = seen["certificates"].as_array().unwrap();
        assert_eq!(seen_certificates.len(), certificates.len());
        for ((ours, theirs), claims) in certificates.iter().zip(seen_certificates).zip(&claims) {
            assert_eq!(theirs["scanned"], ours["text"]);
            for keys in ["by_jwks", "by_cose_keys"] {
                assert_eq!(theirs[keys]["iss"], claims["issuer"]);
                assert_eq!(theirs[keys]["cti"], claims["id"]);
            }
        }
        assert_eq!(seen["status_list"]["sub"], format!("{}/status/1", tests::support::PUBLIC_URL));
        assert_eq!(seen["forged"], "refused");
        println!("{} certificates verified by cwt with JWKS and COSE keys, and scanned by zxing-cpp", certificates.len());
    }
}
