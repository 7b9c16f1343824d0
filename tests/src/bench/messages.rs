//! Claiming due messages and marking them in batches of a hundred, beside the bare loop that does nothing else: PostgreSQL's
//! `SKIP LOCKED` with one UPDATE, rusqlite's prepared ones.

use crate::Outcome;
use crate::database::{Database, Place};
use crate::options::Options;
use crate::report::{Goal, Report};
use crate::rounds::{Turn, alternate, own_processor_seconds};
use crate::station::Station;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Array, BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use rexue::chance::Chance;
use rexue::clock::Clock;
use rexue::store::outbox::{self, AttemptRow, Finished, Notice, OutboxRow, Queue};
use rexue::store::{DatabaseUrl, Pool};
use rusqlite::params;
use std::path::Path;
use std::time::Instant;
use tempfile::TempDir;

/// Messages in one claim.
const BATCH: i64 = 100;
const LEASE: TimeDelta = TimeDelta::seconds(90);

const FLOOR_TABLE: &str = "
    CREATE TABLE floor (id TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL, due BIGINT NOT NULL, lease BIGINT);
    CREATE INDEX floor_due ON floor (due) WHERE state = 'queued';
";

/// Measures on all databases.
pub fn measure(options: &Options, report: &mut Report) -> Outcome<()> {
    for place in Place::all(options) {
        let station = Station::found(&place)?;
        let pool = Pool::open(&DatabaseUrl::parse(&station.database.url), 1)?;
        let rows = rows(options.messages, Clock::System.now())?;
        let folder = TempDir::new()?;
        let mut floor = Floor::new(&place, folder.path())?;
        let lane = || -> Outcome<Turn> {
            pool.write_blocking(|db| {
                db.batch_execute("DELETE FROM message_attempts; DELETE FROM outbox;")?;
                outbox::push(db, &rows)
            })?;
            let (begun, worked) = (Instant::now(), own_processor_seconds()?);
            while deliver(&pool)? > 0 {}
            Ok(Turn::of(
                f64::from(options.messages),
                begun.elapsed(),
                place.work(own_processor_seconds()? - worked),
            ))
        };
        let turns = alternate(options.rounds, lane, || floor.turn(&place, options.messages))?;
        let name = format!("messages claimed and marked, by 100 ({})", place.name());
        report.lane(&name, "the bare loop", &turns, Goal::AtLeast(0.6));
    }
    Ok(())
}

fn rows(count: u32, now: DateTime<Utc>) -> Outcome<Vec<OutboxRow>> {
    let mut chance = Chance::from_system()?;
    let row = |_| {
        // Nobody's: whom a message goes to is not asked here.
        let notice = Notice {
            kind: "reminder",
            account_id: "",
            subject: "appointment",
            version: 0,
            due_at: now,
            expires_at: now + TimeDelta::days(1),
        };
        let mut row = OutboxRow::notice(&notice, now, &mut chance);
        row.account_id = None;
        row
    };
    Ok((0..count).map(row).collect())
}

/// One claim, and all that is written of it.
fn deliver(pool: &Pool) -> Outcome<usize> {
    let now = Clock::System.now();
    let claimed = pool.write_blocking(|db| outbox::claim(db, Queue::All, BATCH, LEASE, now))?;
    let finished: Vec<Finished> = claimed
        .iter()
        .map(|row| Finished {
            id: row.id.clone(),
            fence: row.fence,
            state: "sent",
            attempts: row.attempts,
            due_at: row.due_at,
            channel: Some("sms".to_owned()),
            refused_by: String::new(),
            sent_at: Some(now.naive_utc()),
            finished_at: Some(now.naive_utc()),
        })
        .collect();
    let attempts: Vec<AttemptRow> =
        claimed.iter().map(|row| AttemptRow::ended(row, "accepted", now)).collect();
    pool.write_blocking(|db| outbox::finish(db, &finished, &attempts))?;
    Ok(claimed.len())
}

struct Floor {
    bare: Bare,
    // It goes with the floor.
    _database: Database,
}

enum Bare {
    Postgres(Box<PgConnection>),
    Sqlite(rusqlite::Connection),
}

#[derive(QueryableByName)]
struct Claimed {
    #[diesel(sql_type = Text)]
    id: String,
}

impl Floor {
    fn new(place: &Place, folder: &Path) -> Outcome<Self> {
        let database = Database::create(place, folder)?;
        let bare = match place {
            Place::Postgres(_) => {
                let mut connection = PgConnection::establish(&database.url)?;
                connection.batch_execute(FLOOR_TABLE)?;
                Bare::Postgres(Box::new(connection))
            }
            Place::Sqlite => {
                let connection = rusqlite::Connection::open(&database.url)?;
                connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
                connection.execute_batch(FLOOR_TABLE)?;
                Bare::Sqlite(connection)
            }
        };
        Ok(Self { bare, _database: database })
    }

    fn turn(&mut self, place: &Place, count: u32) -> Outcome<Turn> {
        self.fill(count)?;
        let (begun, worked) = (Instant::now(), own_processor_seconds()?);
        while self.batch()? > 0 {}
        Ok(Turn::of(f64::from(count), begun.elapsed(), place.work(own_processor_seconds()? - worked)))
    }

    fn fill(&mut self, count: u32) -> Outcome<()> {
        match &mut self.bare {
            Bare::Postgres(connection) => connection.batch_execute(&format!(
                "TRUNCATE floor; INSERT INTO floor SELECT gen_random_uuid()::text, 'queued', n, NULL FROM generate_series(1, {count}) n;"
            ))?,
            Bare::Sqlite(connection) => connection.execute_batch(&format!(
                "DELETE FROM floor; WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
                 INSERT INTO floor SELECT lower(hex(randomblob(16))), 'queued', n, NULL FROM n;"
            ))?,
        }
        Ok(())
    }

    fn batch(&mut self) -> Outcome<usize> {
        match &mut self.bare {
            Bare::Postgres(connection) => {
                let claimed: Vec<Claimed> = diesel::sql_query(
                    "UPDATE floor SET state = 'sending', lease = 1 WHERE id IN (
                         SELECT id FROM floor WHERE state = 'queued' AND due <= $1 ORDER BY due LIMIT 100 FOR UPDATE SKIP LOCKED)
                     RETURNING id",
                )
                .bind::<BigInt, _>(i64::MAX)
                .load(&mut **connection)?;
                let ids: Vec<&str> = claimed.iter().map(|row| row.id.as_str()).collect();
                diesel::sql_query("UPDATE floor SET state = 'sent' WHERE id = ANY($1)")
                    .bind::<Array<Text>, _>(&ids)
                    .execute(&mut **connection)?;
                Ok(claimed.len())
            }
            Bare::Sqlite(connection) => {
                let claim = connection.transaction()?;
                let ids: Vec<String> = claim
                    .prepare_cached(
                        "UPDATE floor SET state = 'sending', lease = 1 WHERE id IN (
                             SELECT id FROM floor WHERE state = 'queued' AND due <= ? ORDER BY due LIMIT 100)
                         RETURNING id",
                    )?
                    .query_map([i64::MAX], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                claim.commit()?;
                let mark = connection.transaction()?;
                for id in &ids {
                    mark.prepare_cached("UPDATE floor SET state = 'sent' WHERE id = ?")?
                        .execute(params![id])?;
                }
                mark.commit()?;
                Ok(ids.len())
            }
        }
    }
}
