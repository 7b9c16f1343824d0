//! `GET /status/{list}`.

use tests::on_both;
use tests::support::{PUBLIC_URL, Ran, Town};

on_both! {
    fn a_list_is_signed_cached_and_new_at_once_after_a_revocation(station) {
        station.import(&Town::of(1));
        station.issue("T0001");
        let server = station.serve();
        let before = server.get("/status/1").with_status(200);
        let seen = |etag: &str| server.get_with("/status/1", &[("if-none-match", etag)]);

        assert_eq!(before.header("content-type"), "application/statuslist+cwt");
        assert!(before.header("cache-control").starts_with("public, max-age="));
        assert_eq!(seen(before.header("etag")).with_status(304).body.len(), 0);
        assert_eq!(server.get("/status/1").body, before.body, "signed once");

        let number = station.certificate_no("T0001");
        station.rexue(["certificates", "revoke", &number, "--reason", "a test"]).well();

        let after = seen(before.header("etag")).with_status(200);
        assert_ne!(after.body, before.body);
        assert_ne!(after.header("etag"), before.header("etag"));
        assert!(after.body.len() < 5_000, "a million entries, one revoked: {} bytes", after.body.len());
    }

    fn a_list_that_is_not_there_is_not_found(station) {
        let server = station.serve();

        for path in ["/status/1", "/status/2", "/status/x", "/status/%00", "/status/..%2f1", "/status/"] {
            assert_eq!(server.get(path).with_status(404).problem(), "not_found", "{path}");
        }
    }

    fn a_full_list_is_followed_by_the_next_one(station) {
        station.import(&Town::of(3));
        let small = |donor: &str| {
            let mut command = station.command(["certificates", "issue", "--donor", donor]);
            Ran::new(command.env("REXUE_STATION_STATUS_LIST_SIZE", "2").output().unwrap()).well();
            let query = format!("SELECT status_list_id AS text FROM certificates
                JOIN donors ON donors.id = donor_id WHERE donor_no = '{donor}'");
            station.texts(&query).remove(0)
        };

        let lists = ["T0001", "T0002", "T0003"].map(small);

        assert_eq!(lists, ["1", "1", "2"]);
        let server = station.serve();
        let out = station.path("out");
        station.rexue(["certificates", "issue", "--donor", "T0003", "--out", out.to_str().unwrap()]).well();
        let text = std::fs::read_to_string(out.join("T0003.txt")).unwrap();
        assert_eq!(server.verify(&text)["code"], "valid");
        let keyset = server.get("/.well-known/xue-keyset").with_status(200).body;
        let holds = |uri: &str| keyset.windows(uri.len()).any(|window| window == uri.as_bytes());
        for id in 1..=3 {
            assert!(holds(&format!("{PUBLIC_URL}/status/{id}")), "verifiers may fetch list {id}");
        }
    }

    fn one_run_that_needs_more_places_than_a_list_has_takes_the_next_ones_too(station) {
        station.import(&Town::of(9));
        let out = station.path("out");
        let mut command = station.command(["certificates", "issue", "--all", "--out", out.to_str().unwrap()]);
        Ran::new(command.env("REXUE_STATION_STATUS_LIST_SIZE", "4").output().unwrap()).well();

        let server = station.serve();

        assert_eq!(station.texts("SELECT id || ' ' || taken AS text FROM status_lists ORDER BY id"), ["1 4", "2 4", "3 1"]);
        for id in 1..=3 {
            server.get(&format!("/status/{id}")).with_status(200);
        }
        for person in Town::of(9).people {
            let text = std::fs::read_to_string(out.join(format!("{}.txt", person.no))).unwrap();
            assert_eq!(server.verify(&text)["code"], "valid");
        }
    }
}
