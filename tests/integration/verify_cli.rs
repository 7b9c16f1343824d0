//! `rexue verify`: online, offline from cached files, at any instant; its exit codes.

use certificates::{Keyset, PREFIX, UnixTime, verify};
use chrono::TimeDelta;
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use tests::on_both;
use tests::support::{Kind, PUBLIC_URL, Ran, Station, Town, instant, now};

/// Whole seconds: a status list's time to live, and how long it proves anything.
const TTL: i64 = 3_600;
const LIFETIME: i64 = 24 * TTL;

/// What a hospital keeps for when it is offline.
struct Offline<'a> {
    station: &'a Station,
    keyset: String,
    list: String,
    root: String,
}

impl<'a> Offline<'a> {
    /// Fetches keyset and status list from the running server.
    fn fetch(station: &'a Station) -> Self {
        let server = station.serve();
        let keyset = server.get("/.well-known/xue-keyset").with_status(200).body;
        let list = server.get("/status/1").with_status(200).body;
        let keep = |name: &str, bytes: Vec<u8>| station.file(name, bytes).to_str().unwrap().to_owned();
        let root = station.rexue(["keys", "root"]).well().out.trim_end().to_owned();
        Self { station, keyset: keep("hospital-keyset", keyset), list: keep("hospital-list", list), root }
    }

    fn verify(&self, text: &str, more: &[&str]) -> Ran {
        let root = format!("--root={}", self.root);
        let known = ["verify", "--json", "--keyset", &self.keyset, &root, text];
        self.station.rexue(known.iter().chain(more))
    }

    /// The code and the exit code after so many seconds, by the cached list.
    fn after(&self, text: &str, seconds: i64) -> (String, i32) {
        let at = instant(now() + TimeDelta::seconds(seconds));
        let ran = self.verify(text, &["--status-list", &self.list, "--at", &at]);
        (ran.json()["code"].as_str().unwrap_or_else(|| panic!("{ran:?}")).to_owned(), ran.code)
    }
}

fn verdict(code: &str, exit: i32) -> (String, i32) {
    (code.to_owned(), exit)
}

on_both! {
    fn a_cached_list_tells_revoked_and_suspended_from_valid_and_grows_stale(station) {
        station.import(&Town::of(3));
        let texts = ["T0001", "T0002", "T0003"].map(|donor| station.issue(donor));
        for (verb, donor) in [("revoke", "T0001"), ("suspend", "T0002")] {
            let number = station.certificate_no(donor);
            station.rexue(["certificates", verb, &number, "--reason", "a test"]).well();
        }
        let offline = Offline::fetch(station);

        for (seconds, codes) in [
            (0, ["revoked", "suspended", "valid"]),
            (TTL - 60, ["revoked", "suspended", "valid"]),
            (TTL + 60, ["revoked", "suspended", "status_stale"]),
            (LIFETIME - 60, ["revoked", "suspended", "status_stale"]),
            (LIFETIME + 60, ["status_unknown"; 3]),
        ] {
            for (text, code) in texts.iter().zip(codes) {
                let exit = i32::from(["revoked", "suspended"].contains(&code));
                assert_eq!(offline.after(text, seconds), verdict(code, exit), "after {seconds} s");
            }
        }
        let amber = offline.verify(&texts[2], &[]).well().json();
        assert_eq!((&amber["code"], &amber["light"], &amber["valid"]), (&"status_unknown".into(), &"amber".into(), &true.into()));
    }

    fn a_certificate_has_its_time(station) {
        let short = |arguments: &[&str]| {
            let mut command = station.command(arguments);
            Ran::new(command.env("REXUE_STATION_CERTIFICATE_DAYS", "2").output().unwrap()).well()
        };
        station.import(&Town::of(1));
        let out = station.path("out");
        short(&["certificates", "issue", "--all", "--out", out.to_str().unwrap()]);
        let file = out.join("T0001.txt");
        let at = |offset: TimeDelta| {
            station.rexue(["verify", "--json", file.to_str().unwrap(), "--at", &instant(now() + offset)])
        };

        assert_eq!(at(TimeDelta::hours(47)).well().json()["code"], "valid");
        let after = at(TimeDelta::hours(49)).with_code(1).json();
        assert_eq!((&after["code"], &after["valid"], &after["claims"]), (&"expired".into(), &false.into(), &().into()));
    }

    fn before_its_issue_nothing_is_valid(station) {
        station.import(&Town::of(1));
        let text = station.issue("T0001");
        let offline = Offline::fetch(station);
        let earlier = instant(now() - TimeDelta::hours(2));

        let online = station.rexue(["verify", "--json", &text, "--at", &earlier]);
        let offline = offline.verify(&text, &["--at", &earlier]);

        println!("{online:?}\n{offline:?}");
        assert_eq!((online.code, offline.code), (1, 1), "a no, not a wrong call");
    }
}

#[test]
fn a_text_a_file_and_the_standard_input_say_the_same() {
    let station = Station::new(Kind::Sqlite);
    station.import(&Town::of(1));
    let text = station.issue("T0001");
    let file = station.path("out/T0001.txt");
    let wedge = text.replace(":/1/", "：／1／").to_lowercase();
    let lines = text
        .as_bytes()
        .chunks(64)
        .map(|part| std::str::from_utf8(part).unwrap())
        .collect::<Vec<_>>()
        .join("\r\n ");

    let said = |ran: Ran| ran.well().json()["claims"].clone();
    let by_text = said(station.rexue(["verify", "--json", &text]));

    assert_eq!(said(station.rexue(["verify", "--json", file.to_str().unwrap()])), by_text);
    assert_eq!(said(station.rexue_reading(["verify", "--json", "-"], text.as_bytes())), by_text);
    assert_eq!(
        said(station.rexue(["verify", "--json", &wedge])),
        by_text,
        "a wedge scanner under an input method"
    );
    assert_eq!(said(station.rexue(["verify", "--json", &lines])), by_text, "wrapped by a mail program");
    let readable = station.rexue(["verify", &text]).well().out;
    assert!(
        readable.starts_with("valid (green)\n") && readable.contains("600 ml in 2 donations"),
        "{readable}"
    );
}

#[test]
fn exit_codes_are_0_for_yes_1_for_no_and_2_for_a_wrong_call() {
    let station = Station::new(Kind::Sqlite);
    station.import(&Town::of(1));
    let text = station.issue("T0001");

    station.rexue(["verify", &text]).with_code(0);
    for (no, code) in [
        ("XUE:/1/", "malformed"),
        ("rubbish", "malformed"),
        ("血", "malformed"),
        (&text[..text.len() - 1], "malformed"),
        (&format!("{PREFIX}{}", &text[PREFIX.len() + 8..]), "malformed"),
    ] {
        assert_eq!(station.rexue(["verify", "--json", no]).with_code(1).json()["code"], code, "{no}");
    }
    for wrong in [
        &["verify"][..],
        &["verify", "/no/such/file.txt"],
        &["verify", &text, "--at", "yesterday"],
        &["verify", &text, "--what"],
        &["nothing"],
    ] {
        station.rexue(wrong).with_code(2);
    }
    for bytes in [&b""[..], b"\xFF\xFE\x00", &[0x58; 100_000], b"\n\n"] {
        assert_eq!(
            station.rexue_reading(["verify", "--json", "-"], bytes).with_code(1).json()["code"],
            "malformed"
        );
    }
}

#[test]
fn another_station_s_root_and_certificates_are_refused() {
    let (ours, theirs) = (Station::new(Kind::Sqlite), Station::new(Kind::Sqlite));
    for station in [&ours, &theirs] {
        station.import(&Town::of(1));
    }
    let (our_text, their_text) = (ours.issue("T0001"), theirs.issue("T0001"));
    let mut hospital = Offline::fetch(&ours);

    assert_eq!(hospital.verify(&their_text, &[]).with_code(1).json()["code"], "unknown_key");
    assert_eq!(ours.rexue(["verify", "--json", &their_text]).with_code(1).json()["code"], "unknown_key");
    hospital.root = theirs.rexue(["keys", "root"]).well().out.trim_end().to_owned();
    let refused = hospital.verify(&our_text, &[]).with_code(1);
    assert!(refused.err.contains("bad_keyset"), "{}", refused.err);
    hospital.root = "AAAA".to_owned();
    hospital.verify(&our_text, &[]).with_code(2);
}

#[test]
fn a_root_key_may_begin_with_a_dash() {
    let station = Station::new(Kind::Sqlite);
    let keyset = station.path("keys/keyset.cwt");
    let root = format!("-{}", "A".repeat(42));

    let ran = station.rexue(["verify", "--keyset", keyset.to_str().unwrap(), "--root", &root, "XUE:/1/"]);

    assert!(!ran.err.contains("unexpected argument"), "one key in 64 does (base64url): {}", ran.err);
}

#[test]
fn a_list_that_is_not_the_certificate_s_own_proves_nothing() {
    let (ours, theirs) = (Station::new(Kind::Sqlite), Station::new(Kind::Sqlite));
    for station in [&ours, &theirs] {
        station.import(&Town::of(1));
    }
    let text = ours.issue("T0001");
    theirs.issue("T0001");
    let (mut hospital, other) = (Offline::fetch(&ours), Offline::fetch(&theirs));
    let mut damaged = std::fs::read(&hospital.list).unwrap();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;

    hospital.list = other.list;
    assert_eq!(hospital.after(&text, 0), verdict("status_unknown", 0));
    hospital.list = ours.file("damaged", damaged).to_str().unwrap().to_owned();
    assert_eq!(hospital.after(&text, 0), verdict("status_unknown", 0));
}

#[test]
fn every_one_bit_flip_of_three_certificates_is_refused() {
    let station = Station::new(Kind::Sqlite);
    station.import(&Town::of(3));
    let root = station.rexue(["keys", "root"]).well().out;
    let root = BASE64URL_NOPAD.decode(root.trim_end().as_bytes()).unwrap();
    let root = certificates::PublicKey::from_bytes(root.try_into().unwrap()).unwrap();
    let snapshot = std::fs::read(station.path("keys/keyset.cwt")).unwrap();
    let texts = ["T0001", "T0002", "T0003"].map(|donor| station.issue(donor));
    let now = UnixTime(now().timestamp());
    let keyset = Keyset::open(&snapshot, &root, now, None).unwrap();
    let mut flips = 0;

    for text in texts {
        let token = BASE32_NOPAD.decode(&text.as_bytes()[PREFIX.len()..]).unwrap();
        verify(&text, &keyset, now).unwrap();
        for bit in 0..8 * token.len() {
            let mut flipped = token.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let flipped = format!("{PREFIX}{}", BASE32_NOPAD.encode(&flipped));
            assert!(verify(&flipped, &keyset, now).is_err(), "bit {bit} of {text}");
            flips += 1;
        }
    }
    println!("{flips} flips, all refused");
    assert!(keyset.claims().status_list_uris.contains(&format!("{PUBLIC_URL}/status/1")));
}

#[test]
fn what_a_later_key_signed_is_still_verified_after_the_root_was_taken_away() {
    let station = Station::new(Kind::Sqlite);
    station.import(&Town::of(1));
    std::fs::rename(station.path("keys/root.pem"), station.path("root.pem")).unwrap();

    let text = station.issue("T0001");

    station.rexue(["verify", &text]).well();
    assert!(station.rexue(["keys", "publish"]).with_code(1).err.contains("root_key_away"));
    drop(station.serve());
}
