//! The audit trail's streams: writers do not wait for each other, and checkpoints hold the streams together.

use super::audit_chain::{disarm, entry, findings, found};
use chrono::{DateTime, TimeDelta, Utc};
use rexue::actions;
use rexue::chance::Chance;
use rexue::store::{Db, audit};
use std::sync::mpsc::channel;
use tests::on_both;
use tests::support::{Kind, Station, now, until};

fn append(db: &mut Db, subject: &str) -> Result<(), rexue::error::Error> {
    audit::append(db, [entry(subject)], now(), &mut Chance::from_system()?)
}

fn checkpoint(station: &Station, at: DateTime<Utc>) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(actions::audit::checkpoint(&station.pool(), at)).unwrap()
}

/// A PostgreSQL station on which whoever waits for a lock fails instead.
fn impatient() -> Station {
    let station = Station::new(Kind::Postgres);
    let name = station.texts("SELECT current_database()::text AS text").remove(0);
    station.execute(&format!("ALTER DATABASE {name} SET lock_timeout = '3s'")).unwrap();
    station
}

/// Leaves so many streams.
fn leave_streams(station: &Station, streams: usize) {
    disarm(station);
    station.execute(&format!("DELETE FROM audit_heads WHERE stream >= {streams}")).unwrap();
}

fn subjects(station: &Station, stream: i64) -> Vec<String> {
    station.texts(&format!("SELECT subject AS text FROM audit WHERE stream = {stream} ORDER BY seq"))
}

#[test]
fn open_transactions_write_side_by_side_and_the_first_free_stream_is_taken_again() {
    let station = impatient();
    let (first, second) = (station.pool(), station.pool());

    first
        .write_blocking(|db| {
            append(db, "a")?;
            second.write_blocking(|db| append(db, "b"))?;
            append(db, "c")
        })
        .unwrap();
    second.write_blocking(|db| append(db, "d")).unwrap();

    assert_eq!(subjects(&station, 0), ["a", "c", "d"]);
    assert_eq!(subjects(&station, 1), ["b"]);
    assert_eq!(findings(&station, &[]), []);
}

#[test]
fn a_second_entry_never_waits_even_when_every_stream_is_taken() {
    let station = impatient();
    leave_streams(&station, 2);
    let (first, second) = (station.pool(), station.pool());

    first
        .write_blocking(|db| {
            append(db, "a")?;
            second.write_blocking(|other| {
                append(other, "b")?;
                append(db, "c")?;
                append(other, "d")
            })
        })
        .unwrap();

    assert_eq!(subjects(&station, 0), ["a", "c"]);
    assert_eq!(subjects(&station, 1), ["b", "d"]);
}

#[test]
fn one_transaction_more_than_there_are_streams_waits_for_one_and_goes_on() {
    let station = Station::new(Kind::Postgres);
    leave_streams(&station, 1);
    let waiting = "SELECT count(*) AS number FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let (first, second) = (station.pool(), station.pool());

    std::thread::scope(|threads| {
        first
            .write_blocking(|db| {
                append(db, "a")?;
                threads.spawn(|| second.write_blocking(|db| append(db, "b")).unwrap());
                until("the second waits", || station.number(waiting) > 0);
                append(db, "c")
            })
            .unwrap();
    });

    assert_eq!(subjects(&station, 0), ["a", "c", "b"]);
    assert_eq!(findings(&station, &[]), []);
}

#[test]
fn many_writers_at_once_leave_whole_chains() {
    const WRITERS: usize = 8;
    const TRANSACTIONS: usize = 25;
    for streams in [3, 64] {
        let station = Station::new(Kind::Postgres);
        leave_streams(&station, streams);
        let pools: Vec<_> = (0..WRITERS).map(|_| station.pool()).collect();

        std::thread::scope(|threads| {
            for (writer, pool) in pools.iter().enumerate() {
                threads.spawn(move || {
                    for n in 0..TRANSACTIONS {
                        let write = |db: &mut Db| {
                            append(db, &format!("{writer}-{n}"))?;
                            append(db, &format!("{writer}-{n}-again"))
                        };
                        pool.write_blocking(write).unwrap();
                    }
                });
            }
        });

        assert_eq!(usize::try_from(station.count("audit")).unwrap(), 2 * WRITERS * TRANSACTIONS);
        assert_eq!(findings(&station, &[]), [], "{streams} streams");
        let used = station.number("SELECT count(DISTINCT stream) AS number FROM audit");
        assert!(used > 1, "{used} of {streams} streams");
    }
}

#[test]
fn a_verification_sees_one_state_while_others_write() {
    let station = Station::new(Kind::Postgres);
    let (reader, writer) = (station.pool(), station.pool());
    let (stop, stopped) = channel::<()>();

    std::thread::scope(|threads| {
        threads.spawn(move || {
            while stopped.try_recv().is_err() {
                writer.write_blocking(|db| append(db, "a")).unwrap();
            }
        });
        for _ in 0..20 {
            let report = actions::audit::verify(&reader, &[], &mut |finding| panic!("{finding}")).unwrap();
            assert_eq!(report.findings, 0);
        }
        stop.send(()).unwrap();
    });
}

#[test]
fn a_checkpoint_finds_a_stream_that_was_cut_short_or_taken_away() {
    for (cut, named) in [("seq > 1", 1), ("seq > 0", 0)] {
        let station = Station::new(Kind::Postgres);
        let (first, second) = (station.pool(), station.pool());
        first
            .write_blocking(|db| {
                append(db, "a")?;
                second.write_blocking(|db| append(db, "b"))?;
                second.write_blocking(|db| append(db, "c"))
            })
            .unwrap();
        assert!(checkpoint(&station, now()));
        assert_eq!(findings(&station, &[]), []);
        disarm(&station);
        let head = "coalesce((SELECT hash FROM audit WHERE stream = 1 AND seq = 1), decode(repeat('00', 32), 'hex'))";
        station
            .execute(&format!(
                "DELETE FROM audit WHERE stream = 1 AND {cut};
                 UPDATE audit_heads SET seq = {named}, hash = {head} WHERE stream = 1"
            ))
            .unwrap();

        assert_eq!(findings(&station, &[]), found("checkpoint_mismatch", 2), "{cut}");
    }
}

on_both! {
    fn a_checkpoint_is_written_once_an_hour_when_there_is_something_new(station) {
        let (pool, start) = (station.pool(), now());
        assert!(!checkpoint(station, start), "an empty trail needs none");
        pool.write_blocking(|db| append(db, "a")).unwrap();

        assert!(checkpoint(station, start));
        assert!(!checkpoint(station, start + TimeDelta::hours(2)), "nothing was written since");
        pool.write_blocking(|db| append(db, "b")).unwrap();
        assert!(!checkpoint(station, start + TimeDelta::minutes(59)), "the last one is too young");
        assert!(checkpoint(station, start + TimeDelta::minutes(60)));

        let written = station.texts("SELECT detail AS text FROM audit WHERE action = 'audit.checkpoint' ORDER BY seq");
        assert_eq!(written.len(), 2);
        assert!(written[1].starts_with("{\"streams\":[[0,3,\""), "{written:?}");
        assert_eq!(findings(station, &[]), []);
    }

    fn nodes_that_come_together_write_one_checkpoint(station) {
        station.pool().write_blocking(|db| append(db, "a")).unwrap();
        let at = now();

        let written: usize = std::thread::scope(|threads| {
            let nodes: Vec<_> = (0..4).map(|_| threads.spawn(|| checkpoint(station, at))).collect();
            nodes.into_iter().map(|node| usize::from(node.join().unwrap())).sum()
        });

        assert_eq!(written, 1);
        assert_eq!(station.count("audit"), 2);
    }

    fn the_server_writes_one_by_itself(station) {
        station.pool().write_blocking(|db| append(db, "a")).unwrap();
        let server = station.serve();

        until("a checkpoint comes", || station.count("audit") > 1);

        server.stop();
        assert_eq!(findings(station, &[]), []);
    }
}
