//! `rexue certificates issue`, `revoke`, `suspend`, `reinstate`.

use tests::on_both;
use tests::support::{Kind, Station, Town};

fn code_online(station: &Station, text: &str) -> String {
    let ran = station.rexue(["verify", "--json", text]);
    let code = ran.json()["code"].as_str().unwrap().to_owned();
    assert_eq!(ran.code, i32::from(!["valid", "status_stale", "status_unknown"].contains(&code.as_str())));
    code
}

on_both! {
    fn everybody_who_has_donated_gets_one_certificate_and_three_files(station) {
        let mut town = Town::of(5);
        station.import(&town);
        town.people.push(tests::support::Person::number(6));
        station.import_text(town.donors(), tests::support::DONATIONS_HEADER);
        let out = station.path("out");

        let ran = station.rexue(["certificates", "issue", "--all", "--json", "--out", out.to_str().unwrap()]).well();

        assert_eq!(ran.out, "{\"issued\":5}\n");
        let mut files: Vec<String> = std::fs::read_dir(&out).unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        let expected = (1..=5).flat_map(|n| ["png", "svg", "txt"].map(|ending| format!("T{n:04}.{ending}")));
        assert_eq!(files, expected.collect::<Vec<_>>());
        assert!(station.rexue(["verify", out.join("T0001.txt").to_str().unwrap()]).well().out.contains("valid (green)"));
    }

    fn a_newer_certificate_supersedes_an_older_one_which_stays_genuine(station) {
        station.import(&Town::of(1));
        let older = station.issue("T0001");
        let newer = station.issue("T0001");

        let verdict = |text: &str| station.rexue(["verify", "--json", text]).well().json();
        let (older, newer) = (verdict(&older), verdict(&newer));

        assert_eq!((&older["code"], &older["superseded"]), (&"valid".into(), &true.into()));
        assert_eq!((&newer["code"], &newer["superseded"]), (&"valid".into(), &false.into()));
        assert_ne!(older["certificate_no"], newer["certificate_no"]);
        assert_ne!(older["claims"]["id"], newer["claims"]["id"]);
    }

    fn only_whose_totals_have_changed_gets_a_new_certificate(station) {
        let town = Town::of(3);
        let issue_changed = || station.rexue(["certificates", "issue", "--changed", "--json"]).well().out;
        station.import(&town);

        assert_eq!(issue_changed(), "{\"issued\":3}\n", "who has none");
        assert_eq!(issue_changed(), "{\"issued\":0}\n", "nothing has changed");
        station.import_text(town.donors(), town.donations().replacen(",200,", ",300,", 1));
        assert_eq!(issue_changed(), "{\"issued\":1}\n", "one has");
        assert!(station.certificate_no("T0001") != station.certificate_no("T0002"));
        let versions = station.texts("SELECT donor_no || ' ' || max(version) AS text FROM certificates
            JOIN donors ON donors.id = donor_id GROUP BY donor_no ORDER BY donor_no");
        assert_eq!(versions, ["T0001 2", "T0002 1", "T0003 1"]);
    }

    fn who_is_unknown_or_has_given_nothing_gets_none(station) {
        let town = Town::of(1);
        station.import_text(town.donors(), tests::support::DONATIONS_HEADER);

        for donor in ["T0001", "NOBODY", "' OR 1=1 --"] {
            let ran = station.rexue(["certificates", "issue", "--donor", donor]).with_code(1);
            assert!(ran.err.contains("nothing_to_certify"), "{}", ran.err);
        }
        assert_eq!(station.count("certificates"), 0);
    }

    fn what_an_interrupted_run_left_unsigned_is_signed_by_the_next_one(station) {
        station.import(&Town::of(2));
        let text = station.issue("T0001");
        let server = station.serve();
        station.execute("UPDATE certificates SET signature = NULL").unwrap();
        let link = station.link("T0001");
        assert_eq!(server.get(&link.path("txt")).with_status(409).problem(), "not_signed_yet");

        station.rexue(["certificates", "issue", "--donor", "T0002"]).well();

        assert_eq!(station.number("SELECT count(*) AS number FROM certificates WHERE signature IS NULL"), 0);
        assert_eq!(server.get(&link.path("txt")).with_status(200).text(), text, "Ed25519 gives the same signature");
    }

    fn a_certificate_is_suspended_reinstated_and_revoked_for_good(station) {
        station.import(&Town::of(2));
        let (text, other) = (station.issue("T0001"), station.issue("T0002"));
        let number = station.certificate_no("T0001");
        let change = |verb: &str| station.rexue(["certificates", verb, &number, "--reason", "a test"]);

        assert_eq!(code_online(station, &text), "valid");
        change("suspend").well();
        assert_eq!(code_online(station, &text), "suspended");
        assert!(change("suspend").with_code(1).err.contains("already_suspended"));
        change("reinstate").well();
        assert_eq!(code_online(station, &text), "valid");
        assert!(change("reinstate").with_code(1).err.contains("not_suspended"));
        change("suspend").well();
        change("revoke").well();
        assert_eq!(code_online(station, &text), "revoked");
        for verb in ["suspend", "reinstate", "revoke"] {
            assert!(change(verb).with_code(1).err.contains("already_revoked"));
        }
        assert_eq!(code_online(station, &other), "valid", "nobody else's");
    }

    fn a_change_of_standing_needs_a_reason_and_a_certificate(station) {
        station.import(&Town::of(1));
        station.issue("T0001");
        let number = station.certificate_no("T0001");

        station.rexue(["certificates", "revoke", &number]).with_code(2);
        assert!(station.rexue(["certificates", "revoke", &number, "--reason", "  "]).with_code(2).err.contains("reason_missing"));
        let long = "x".repeat(501);
        assert!(station.rexue(["certificates", "revoke", &number, "--reason", &long]).with_code(2).err.contains("reason_too_long"));
        assert!(station.rexue(["certificates", "revoke", "1.2.3", "--reason", "x"]).with_code(1).err.contains("not_found"));
        assert_eq!(station.count("certificate_statuses"), 0);
    }

    fn two_runs_at_once_never_give_two_certificates_one_place(station) {
        station.import(&Town::of(200));
        let run = || station.command(["certificates", "issue", "--all", "--json"])
            .stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();

        // One of the two may be told to try again: both wanted to write the same donor's next version.
        let ran = [run(), run()].map(|process| tests::support::Ran::new(process.wait_with_output().unwrap()));

        println!("{ran:?}");
        assert!(ran.iter().any(|ran| ran.code == 0));
        let certificates = station.count("certificates");
        assert!(certificates == 200 || certificates == 400, "{certificates}");
        let places = "SELECT count(DISTINCT status_list_id || ' ' || status_index) AS number FROM certificates";
        assert_eq!(station.number(places), certificates);
        let taken = station.number("SELECT CAST(sum(taken) AS BIGINT) AS number FROM status_lists");
        assert!(taken >= certificates);
        assert_eq!(station.number("SELECT count(*) AS number FROM certificates WHERE signature IS NULL"), 0);
    }
}

#[test]
fn keys_are_made_once_and_private_ones_are_their_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt;
    let station = Station::new(Kind::Sqlite);

    let again = station.rexue(["keys", "init"]).with_code(1);

    assert!(again.err.contains("already_initialised"), "{}", again.err);
    let keys: Vec<_> =
        std::fs::read_dir(station.path("keys")).unwrap().map(|file| file.unwrap().path()).collect();
    let private =
        keys.iter().filter(|path| path.extension().is_some_and(|ending| ending == "pem" || ending == "toml"));
    for path in private.clone() {
        assert_eq!(
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            path.display()
        );
    }
    assert_eq!(private.count(), 5, "root, certificate, status, vault, access: {keys:?}");
}

#[test]
fn nothing_is_issued_without_keys_and_the_message_says_how_to_make_them() {
    let station = Station::bare(Kind::Sqlite);

    let ran = station.rexue(["certificates", "issue", "--all"]).with_code(2);

    assert!(ran.err.contains("rexue keys init"), "{}", ran.err);
}

#[test]
fn a_private_key_that_others_can_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let station = Station::new(Kind::Sqlite);
    for file in std::fs::read_dir(station.path("keys")).unwrap() {
        std::fs::set_permissions(file.unwrap().path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    }

    let ran = station.rexue(["certificates", "issue", "--all"]).with_code(2);

    assert!(ran.err.contains("chmod 600"), "{}", ran.err);
}
