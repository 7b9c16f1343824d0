//! The chain of the audit trail: whatever somebody does to it who can do everything to the database, it shows.

use rexue::chance::Chance;
use rexue::domain::audit_chain::{Head, Row, chain};
use rexue::store::audit::{self, Actor, Entry};
use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Kind, Ran, Station, Town, now};

/// An entry that tells nothing.
pub(crate) fn entry(subject: &str) -> Entry {
    Entry {
        actor: Actor::CommandLine,
        action: "test.written",
        subject: subject.to_owned(),
        detail: json!({}),
    }
}

/// Writes entries, each in a transaction of its own.
fn write(station: &Station, subjects: &[&str]) {
    let (pool, mut chance) = (station.pool(), Chance::from_system().unwrap());
    for subject in subjects {
        pool.write_blocking(|db| audit::append(db, [entry(subject)], now(), &mut chance)).unwrap();
    }
}

/// Takes the triggers away, as somebody would who wants to change the past.
pub(crate) fn disarm(station: &Station) {
    let statements = match station.kind() {
        Kind::Postgres => {
            "ALTER TABLE audit DISABLE TRIGGER USER; ALTER TABLE audit_heads DISABLE TRIGGER USER"
        }
        Kind::Sqlite => {
            "DROP TRIGGER audit_refuses_update; DROP TRIGGER audit_refuses_delete;
             DROP TRIGGER audit_heads_refuse_going_back; DROP TRIGGER audit_heads_refuse_delete"
        }
    };
    station.execute(statements).unwrap();
}

/// What `rexue audit verify` says: the names of what it found, and the rows' numbers.
pub(crate) fn findings(station: &Station, more: &[&str]) -> Vec<(String, i64)> {
    let code_of = |answer: &Value| i32::from(answer["whole"] != true);
    let ran = verify(station, more);
    let answer = ran.json();
    assert_eq!(ran.code, code_of(&answer), "{ran:?}");
    let findings = answer["findings"].as_array().unwrap();
    let named = |finding: &Value| {
        (finding["kind"].as_str().unwrap().to_owned(), finding["seq"].as_i64().unwrap_or_default())
    };
    findings.iter().map(named).collect()
}

fn verify(station: &Station, more: &[&str]) -> Ran {
    station.rexue([&["audit", "verify", "--json"], more].concat())
}

pub(crate) fn found(name: &str, seq: i64) -> Vec<(String, i64)> {
    vec![(name.to_owned(), seq)]
}

/// The rows of the first stream.
fn rows(station: &Station) -> Vec<Row> {
    station.pool().read_blocking(|db| audit::stream_rows(db, 0, (i64::MIN, ""), 1_000)).unwrap()
}

fn bytes(station: &Station, bytes: &[u8]) -> String {
    let hex = data_encoding::HEXLOWER.encode(bytes);
    match station.kind() {
        Kind::Postgres => format!("decode('{hex}', 'hex')"),
        Kind::Sqlite => format!("x'{hex}'"),
    }
}

/// Makes `head` the head of the first stream.
fn set_head(station: &Station, seq: i64, hash: &[u8]) {
    let hash = bytes(station, hash);
    let statement = format!("UPDATE audit_heads SET seq = {seq}, hash = {hash} WHERE stream = 0");
    station.execute(&statement).unwrap();
}

/// Cuts the first stream off behind the row numbered `seq`, and says that it ends there.
fn cut(station: &Station, seq: i64) {
    let hash = rows(station).into_iter().find(|row| row.seq == seq).unwrap().hash;
    station.execute(&format!("DELETE FROM audit WHERE stream = 0 AND seq > {seq}")).unwrap();
    set_head(station, seq, &hash);
}

fn exported(station: &Station) -> String {
    let file = station.path("head.json").to_str().unwrap().to_owned();
    station.rexue(["audit", "head", "--out", &file]).well();
    file
}

on_both! {
    fn an_import_and_certificates_leave_a_whole_chain(station) {
        station.import(&Town::of(20));
        station.issue_all();

        let answer = verify(station, &[]).well().json();

        assert_eq!(answer["whole"], true);
        assert_eq!(answer["rows"].as_i64().unwrap(), station.count("audit"));
        assert_eq!(answer["before_chain"], 0);
        assert_eq!(answer["findings"], json!([]));
        let words = station.rexue(["audit", "verify"]).well().out;
        assert!(words.starts_with("The audit trail is whole: "), "{words}");
    }

    fn an_empty_trail_is_whole(station) {
        assert_eq!(findings(station, &[]), []);
        let head: Value = station.rexue(["audit", "head"]).well().json();
        assert_eq!(head["streams"], json!([]));
    }

    fn appending_twice_in_one_transaction_is_one_chain(station) {
        let mut chance = Chance::from_system().unwrap();
        station
            .pool()
            .write_blocking(|db| {
                audit::append(db, [entry("a"), entry("b")], now(), &mut chance)?;
                audit::append(db, [], now(), &mut chance)?;
                audit::append(db, [entry("c")], now(), &mut chance)
            })
            .unwrap();

        let subjects: Vec<String> = rows(station).into_iter().map(|row| row.content.subject).collect();
        assert_eq!(subjects, ["a", "b", "c"]);
        assert_eq!(findings(station, &[]), []);
    }

    fn a_transaction_that_is_rolled_back_leaves_the_chain_as_it_was(station) {
        write(station, &["a"]);
        let rehearsed = station.pool().rehearse_blocking(|db| {
            audit::append(db, [entry("b")], now(), &mut Chance::from_system()?)
        });
        rehearsed.unwrap();
        write(station, &["c"]);

        assert_eq!(rows(station).len(), 2);
        assert_eq!(findings(station, &[]), []);
    }

    fn a_changed_row_is_found_and_named_without_its_words(station) {
        write(station, &["a", "b", "the-subject"]);
        disarm(station);
        station.execute("UPDATE audit SET actor = 'somebody-else' WHERE subject = 'the-subject'").unwrap();

        assert_eq!(findings(station, &[]), found("changed_row", 3));

        let words = station.rexue(["audit", "verify"]).with_code(1).out;
        let id = &rows(station)[2].content.id;
        assert!(words.starts_with(&format!("changed_row stream 0 seq 3 id {id}\n")), "{words}");
        assert!(words.contains("NOT whole, 1 finding"), "{words}");
        assert!(!words.contains("the-subject") && !words.contains("somebody-else"), "{words}");
    }

    fn every_column_of_a_row_is_covered(station) {
        write(station, &["a", "b", "c"]);
        disarm(station);
        for change in [
            "id = 'another'", "at = '2020-01-01 00:00:00'", "action = 'another'", "detail = '{ }'",
            "hash = NULL", "stream = 5",
        ] {
            let before = "CREATE TABLE kept AS SELECT * FROM audit";
            let after = "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept; DROP TABLE kept";
            station.execute(before).unwrap();
            station.execute(&format!("UPDATE audit SET {change} WHERE seq = 2")).unwrap();

            assert_ne!(findings(station, &[]), [], "{change}");

            station.execute(after).unwrap();
            assert_eq!(findings(station, &[]), [], "{change}");
        }
    }

    fn a_deleted_row_is_found_in_the_middle_and_at_the_end(station) {
        write(station, &["a", "b", "c", "d", "e"]);
        disarm(station);

        station.execute("DELETE FROM audit WHERE seq = 5").unwrap();
        assert_eq!(findings(station, &[]), found("missing_row", 5));

        station.execute("DELETE FROM audit WHERE seq IN (2, 3)").unwrap();
        assert_eq!(findings(station, &[]), [("missing_row".to_owned(), 2), ("missing_row".to_owned(), 5)]);
    }

    fn rows_that_changed_places_are_found(station) {
        write(station, &["a", "b", "c", "d"]);
        disarm(station);
        for step in ["seq = -2 WHERE seq = 2", "seq = 2 WHERE seq = 3", "seq = 3 WHERE seq = -2"] {
            station.execute(&format!("UPDATE audit SET {step}")).unwrap();
        }

        assert_eq!(findings(station, &[]), [("moved_row".to_owned(), 2), ("moved_row".to_owned(), 3)]);
    }

    fn a_head_that_was_set_back_is_found(station) {
        write(station, &["a", "b"]);
        disarm(station);
        set_head(station, 1, &rows(station)[0].hash);

        assert_eq!(findings(station, &[]), found("head_mismatch", 1));
    }

    fn a_chain_that_was_rewritten_is_found_by_an_exported_head(station) {
        write(station, &["a", "b", "c"]);
        let file = exported(station);
        write(station, &["d"]);
        assert_eq!(findings(station, &["--head", &file]), []);
        disarm(station);
        let mut contents: Vec<_> = rows(station).into_iter().map(|row| row.content).collect();
        contents[1].actor = "somebody-else".to_owned();
        let mut head = Head { stream: 0, seq: 0, hash: vec![0; 32] };
        for row in chain(&mut head, contents) {
            let (actor, hash) = (&row.content.actor, bytes(station, &row.hash));
            let statement = format!("UPDATE audit SET actor = '{actor}', hash = {hash} WHERE seq = {}", row.seq);
            station.execute(&statement).unwrap();
        }
        set_head(station, head.seq, &head.hash);

        assert_eq!(findings(station, &[]), [], "a forger who can write everywhere makes a whole chain");
        assert_eq!(findings(station, &["--head", &file]), found("exported_head_mismatch", 3));
    }

    fn a_chain_that_was_cut_short_is_found_by_an_exported_head(station) {
        write(station, &["a", "b", "c"]);
        let file = exported(station);
        disarm(station);
        cut(station, 1);

        assert_eq!(findings(station, &[]), []);
        assert_eq!(findings(station, &["--head", &file]), found("exported_head_mismatch", 3));
    }

    fn a_head_file_that_was_changed_is_refused(station) {
        write(station, &["a"]);
        let text = std::fs::read_to_string(exported(station)).unwrap();
        let changed = station.file("changed.json", text.replace("[[0,1,", "[[0,2,"));

        let ran = station.rexue(["audit", "verify", "--head", changed.to_str().unwrap()]).with_code(2);

        assert!(ran.err.contains("bad_head_file") && ran.err.contains("changed.json"), "{}", ran.err);
        station.rexue(["audit", "verify", "--head", "nowhere.json"]).with_code(2);
    }

    fn rows_from_before_the_chain_are_counted_and_none_may_come_later(station) {
        let insert = |id: &str, at: &str| {
            station
                .execute(&format!("INSERT INTO audit (id, at, actor, action, subject, detail) VALUES ('{id}', '{at}', 'a', 'b', 'c', '{{}}')"))
                .unwrap();
        };
        insert("01900000-0000-7000-8000-000000000000", "2024-07-01 00:00:00");
        write(station, &["a"]);
        let answer = verify(station, &[]).well().json();
        assert_eq!((&answer["before_chain"], &answer["rows"]), (&json!(1), &json!(1)));

        insert("09900000-0000-7000-8000-000000000000", "2100-01-01 00:00:00");

        let answer = verify(station, &[]).with_code(1).json();
        assert_eq!(answer["before_chain"], 1);
        assert_eq!(answer["findings"][0]["kind"], "unchained_row");
        assert_eq!(answer["findings"][0]["id"], "09900000-0000-7000-8000-000000000000");
    }

    fn heads_only_advance(station) {
        write(station, &["a", "b"]);

        for change in [
            "UPDATE audit_heads SET seq = 1 WHERE stream = 0",
            "UPDATE audit_heads SET hash = hash WHERE stream = 0",
            "UPDATE audit_heads SET stream = 99, seq = 3 WHERE stream = 0",
            "DELETE FROM audit_heads",
        ] {
            let refused = station.execute(change).unwrap_err();
            assert!(refused.to_string().contains("only advance"), "{change}: {refused}");
        }

        assert_eq!(findings(station, &[]), []);
    }
}
