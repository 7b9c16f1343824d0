use super::*;
use chrono::{DateTime, TimeDelta, Utc};

fn content(n: usize) -> Content {
    Content {
        id: format!("id-{n}"),
        at_micros: 1_700_000_000_000_000,
        actor: "command-line".to_owned(),
        action: "certificate.issued".to_owned(),
        subject: format!("subject-{n}"),
        detail: "{}".to_owned(),
    }
}

fn genesis() -> Head {
    Head { stream: 7, seq: 0, hash: GENESIS.to_vec() }
}

/// A stream of so many rows, and where it ends.
fn stream(rows: usize) -> (Vec<Row>, Head) {
    let mut head = genesis();
    let rows = chain(&mut head, (1..=rows).map(content));
    (rows, head)
}

/// What a walk over the rows finds: names and numbers.
fn found(rows: &[Row], head: &Head) -> Vec<(&'static str, i64)> {
    let (mut walk, mut found) = (Walk::new(7), Vec::new());
    walk.page(rows, &mut found);
    found.extend(walk.finish(Some(head)));
    found.into_iter().map(|finding| (finding.kind.as_str(), finding.seq.unwrap())).collect()
}

#[test]
fn the_hash_is_the_one_that_the_documentation_spells_out() {
    let mut bytes = Vec::new();
    let mut part = |part: &[u8]| {
        bytes.extend(u64::try_from(part.len()).unwrap().to_be_bytes());
        bytes.extend(part);
    };
    for text in ["rexue audit v1".as_bytes(), &GENESIS, &7_i64.to_be_bytes(), &1_i64.to_be_bytes(), b"id-1"] {
        part(text);
    }
    part(&1_700_000_000_000_000_i64.to_be_bytes());
    for text in ["command-line", "certificate.issued", "subject-1", "{}"] {
        part(text.as_bytes());
    }

    let expected: Hash = Sha256::digest(&bytes).into();

    assert_eq!(hash(&GENESIS, 7, 1, &content(1)), expected);
}

#[test]
fn every_part_of_a_row_is_covered() {
    let plain = content(1);
    let whole = hash(&GENESIS, 7, 1, &plain);
    let changed = [
        Content { id: "other".to_owned(), ..plain.clone() },
        Content { at_micros: 0, ..plain.clone() },
        Content { actor: "nobody".to_owned(), ..plain.clone() },
        Content { action: "other".to_owned(), ..plain.clone() },
        Content { subject: "other".to_owned(), ..plain.clone() },
        Content { detail: "{ }".to_owned(), ..plain.clone() },
        Content { action: format!("{}s", plain.action), subject: "ubject-1".to_owned(), ..plain.clone() },
    ];

    for changed in changed {
        assert_ne!(hash(&GENESIS, 7, 1, &changed), whole, "{changed:?}");
    }
    assert_ne!(hash(&[1; 32], 7, 1, &plain), whole);
    assert_ne!(hash(&GENESIS, 8, 1, &plain), whole);
    assert_ne!(hash(&GENESIS, 7, 2, &plain), whole);
}

#[test]
fn a_stream_that_nobody_touched_is_whole_however_it_is_paged() {
    let (rows, head) = stream(10);
    for page in 1..=10 {
        let (mut walk, mut found) = (Walk::new(7), Vec::new());
        for page in rows.chunks(page) {
            walk.page(page, &mut found);
        }
        found.extend(walk.finish(Some(&head)));
        assert_eq!(found, [], "pages of {page}");
    }
    assert_eq!(found(&[], &genesis()), []);
}

#[test]
fn a_batch_of_two_is_the_same_chain_as_two_batches_of_one() {
    let mut head = genesis();
    let mut rows = chain(&mut head, [content(1)]);
    rows.extend(chain(&mut head, [content(2)]));

    assert_eq!((rows, head), stream(2));
}

#[test]
fn a_changed_row_is_found_once_whether_its_words_or_its_hash_changed() {
    for last in [2, 5] {
        let (mut rows, head) = stream(5);
        rows[last - 1].content.actor = "nobody".to_owned();
        assert_eq!(found(&rows, &head), [("changed_row", i64::try_from(last).unwrap())]);

        let (mut rows, head) = stream(5);
        rows[last - 1].hash = Vec::new();
        assert_eq!(found(&rows, &head), [("changed_row", i64::try_from(last).unwrap())]);
    }
}

#[test]
fn rows_that_are_gone_are_found_at_the_start_in_the_middle_and_at_the_end() {
    let (rows, head) = stream(6);

    assert_eq!(found(&rows[2..], &head), [("missing_row", 1)]);
    assert_eq!(found(&[&rows[..2], &rows[4..]].concat(), &head), [("missing_row", 3)]);
    assert_eq!(found(&rows[..4], &head), [("missing_row", 5)]);
    assert_eq!(found(&[], &head), [("missing_row", 1)]);
}

#[test]
fn rows_that_changed_places_are_both_found() {
    let (mut rows, head) = stream(6);
    (rows[1].seq, rows[3].seq) = (4, 2);
    rows.swap(1, 3);

    assert_eq!(found(&rows, &head), [("moved_row", 2), ("moved_row", 4)]);
}

#[test]
fn two_rows_in_one_place_are_one_too_many() {
    let (mut rows, head) = stream(3);
    rows.insert(2, Row { seq: 2, ..rows[1].clone() });

    assert_eq!(found(&rows, &head), [("moved_row", 2)]);
}

#[test]
fn a_head_that_says_something_else_is_found() {
    let (rows, head) = stream(3);

    assert_eq!(found(&rows, &Head { hash: vec![1; 32], ..head.clone() }), [("head_mismatch", 3)]);
    assert_eq!(found(&rows, &Head { seq: 2, ..head }), [("head_mismatch", 2)]);
    assert_eq!(Walk::new(7).finish(None), None);
    let (mut walk, mut nothing) = (Walk::new(7), Vec::new());
    walk.page(&rows, &mut nothing);
    assert_eq!(walk.finish(None).unwrap().kind, Kind::HeadMismatch);
}

#[test]
fn numbers_at_the_end_of_their_range_are_findings_and_no_panic() {
    let (mut rows, head) = stream(3);
    (rows[0].seq, rows[2].seq) = (i64::MIN, i64::MAX);

    let names: Vec<&str> = found(&rows, &head).into_iter().map(|(name, _)| name).collect();

    assert_eq!(names, ["moved_row", "missing_row", "missing_row", "head_mismatch"]);
}

#[test]
fn an_exported_head_reads_back_and_shows_when_it_was_changed() {
    let (_, head) = stream(3);
    let text = exported(&[genesis(), head.clone()], DateTime::UNIX_EPOCH);

    assert_eq!(read_exported(&text).unwrap(), [head]);
    for changed in
        [text.replace("7,3,", "7,2,"), text.replace("1970", "1971"), "{}".to_owned(), String::new()]
    {
        assert_eq!(read_exported(&changed).unwrap_err().code, "bad_head_file", "{changed}");
    }
}

#[test]
fn a_checkpoint_is_due_after_an_hour_in_which_something_was_written() {
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let heads = |seq| [Head { seq, ..genesis() }];
    let due = |age: i64, then: i64, seq: i64| {
        checkpoint_is_due(Some((now - TimeDelta::minutes(age), &heads(then))), &heads(seq), now)
    };

    assert!(!checkpoint_is_due(None, &heads(0), now));
    assert!(checkpoint_is_due(None, &heads(1), now));
    assert!(!due(59, 5, 100), "too soon");
    assert!(!due(60, 5, 6), "the checkpoint itself is the sixth row");
    assert!(due(60, 5, 7));
}
