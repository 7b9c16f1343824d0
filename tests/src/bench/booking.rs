//! `POST /v1/appointments`, beside PostgreSQL's own pgbench and bare rusqlite with transactions of the same shape.
//!
//! Everything is real about a request: the caller, the rules, the slot, the appointment, the trail, the key that makes
//! it safe to repeat; and it is answered after the commit.

use crate::crowd::{self, Caller};
use crate::database::{Database, Place};
use crate::load::{Requests, once};
use crate::options::Options;
use crate::process::run;
use crate::report::{Goal, Report};
use crate::rounds::{Turn, alternate};
use crate::schedule::{self, Plan};
use crate::station::Station;
use crate::{Outcome, city::City};
use diesel::connection::SimpleConnection;
use rexue::chance::Chance;
use rexue::clock::Clock;
use rexue::store::{DatabaseUrl, Pool};
use std::process::Command;
use std::rc::Rc;
use std::time::Instant;
use tempfile::TempDir;

/// Slots over which bookings are spread, when they are.
const SLOTS: usize = 500;
/// One long session, with more places than there are donors.
const PLAN: Plan = Plan { sites: 1, days: 1, products: &["whole_blood"], slots: SLOTS, capacity: 1_000_000 };
/// pgbench's clients.
const CLIENTS: usize = 8;

/// Measures on all databases, spread over slots and on one hot slot.
pub fn measure(options: &Options, report: &mut Report) -> Outcome<()> {
    let folder = TempDir::new()?;
    // Some of the city's donors are too old, too young, or gave lately.
    let city = City::write(folder.path(), options.bookings * 3, options.bookings * 3)?;
    for place in Place::all(options) {
        let station = Station::found(&place)?;
        station.import(&city)?;
        let crowd = crowd::who_may_give(&station, options.bookings as usize)?;
        let slots = schedule::open(&station, &PLAN)?;
        let server = station.serve(false)?;
        for hot in [false, true] {
            let wanted = if hot { 1 } else { SLOTS };
            let mut turn = 0;
            let lane = || -> Outcome<Turn> {
                reset(&station.database.url)?;
                turn += 1;
                let requests =
                    requests(&crowd, slots.get(..wanted).unwrap_or_default(), &format!("{wanted}-{turn}"));
                let before = server.processor_seconds()?;
                let took = once(&server.address, &requests, options.bookers)?;
                Ok(Turn::of(crowd.len() as f64, took, server.processor_seconds()? - before))
            };
            let floor_folder = TempDir::new()?;
            let floor = Floor::new(&place, floor_folder.path(), wanted)?;
            let turns = alternate(options.rounds, lane, || floor.turn(options))?;
            let goal = match (&place, hot) {
                (Place::Postgres(_), true) => 8.0,
                _ => 2.0,
            };
            let name = format!(
                "POST /v1/appointments, {} ({})",
                if hot { "one slot" } else { "500 slots" },
                place.name()
            );
            report.lane(&name, floor.name(), &turns, Goal::AtLeast(goal));
        }
    }
    Ok(())
}

/// A request of each, with a key of its own.
fn requests(crowd: &[Caller], slots: &[String], turn: &str) -> Rc<Requests> {
    let request = |(place, caller): (usize, &Caller)| {
        let slot = slots.get(place % slots.len()).map(String::as_str).unwrap_or_default();
        (caller.token.clone(), format!("bench-{turn}-{place}"), format!("{{\"slot\":\"{slot}\"}}"))
    };
    Rc::new(Requests::post_each("/v1/appointments", crowd.iter().enumerate().map(request)))
}

/// What was booked is over, and was told; its rows stay, as they do at a station.
fn reset(url: &str) -> Outcome<()> {
    let pool = Pool::open(&DatabaseUrl::parse(url), 1)?;
    pool.write_blocking(|db| {
        Ok(db.batch_execute(
            "UPDATE outbox SET state = 'superseded' WHERE state IN ('queued', 'sending');
             UPDATE appointments SET state = 'cancelled', reminded = sequence WHERE state = 'booked';
             UPDATE slots SET booked = 0, held = 0;",
        )?)
    })?;
    for tidy in ["VACUUM", "ANALYZE"] {
        pool.read_blocking(|db| Ok(db.batch_execute(tidy)?))?;
    }
    Ok(())
}

/// A transaction of the same shape, without HTTP, rules or a caller: one donor is read, one slot counted up, and an
/// appointment, a message, a line of a trail and a key are written.
struct Floor {
    database: Database,
    slots: usize,
    kind: Kind,
}

enum Kind {
    Pgbench(TempDir),
    Rusqlite,
}

const TABLES: &str = "
    CREATE TABLE donors (id BIGINT PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE slots (id BIGINT PRIMARY KEY, capacity BIGINT NOT NULL, booked BIGINT NOT NULL);
    CREATE TABLE appointments (id TEXT PRIMARY KEY, slot BIGINT NOT NULL, donor BIGINT NOT NULL);
    CREATE TABLE outbox (id TEXT PRIMARY KEY, content TEXT NOT NULL);
    CREATE TABLE audit (id TEXT PRIMARY KEY, action TEXT NOT NULL);
    CREATE TABLE keys (id TEXT PRIMARY KEY, answer TEXT NOT NULL);
";

impl Floor {
    fn new(place: &Place, folder: &std::path::Path, slots: usize) -> Outcome<Self> {
        let database = Database::create(place, folder)?;
        let pool = Pool::open(&DatabaseUrl::parse(&database.url), 1)?;
        let fill = match place {
            Place::Postgres(_) => format!(
                "INSERT INTO donors SELECT n, 'a donor' FROM generate_series(1, 10000) n;
                 INSERT INTO slots SELECT n, 1000000000, 0 FROM generate_series(1, {slots}) n;"
            ),
            Place::Sqlite => format!(
                "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
                 INSERT INTO donors SELECT n, 'a donor' FROM n;
                 WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {slots})
                 INSERT INTO slots SELECT n, 1000000000, 0 FROM n;"
            ),
        };
        pool.write_blocking(|db| Ok(db.batch_execute(&format!("{TABLES}{fill}"))?))?;
        let kind = match place {
            Place::Postgres(_) => {
                let scripts = TempDir::new()?;
                std::fs::write(scripts.path().join("book.sql"), pgbench_script(slots))?;
                Kind::Pgbench(scripts)
            }
            Place::Sqlite => Kind::Rusqlite,
        };
        Ok(Self { database, slots, kind })
    }

    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Pgbench(_) => "pgbench, 8 clients",
            Kind::Rusqlite => "rusqlite, one a commit",
        }
    }

    fn turn(&self, options: &Options) -> Outcome<Turn> {
        match &self.kind {
            Kind::Pgbench(scripts) => self.pgbench(scripts, options),
            Kind::Rusqlite => self.rusqlite(options),
        }
    }

    fn pgbench(&self, scripts: &TempDir, options: &Options) -> Outcome<Turn> {
        let each = options.bookings as usize / CLIENTS;
        let program = options.pgbench.as_deref().unwrap_or("pgbench");
        let began = Instant::now();
        run(Command::new(program)
            .args(["--no-vacuum", "--protocol", "prepared", "--jobs", "2", "--file"])
            .arg(scripts.path().join("book.sql"))
            .args(["--client", &CLIENTS.to_string(), "--transactions", &each.to_string()])
            .arg(&self.database.url))?;
        Ok(Turn::of((each * CLIENTS) as f64, began.elapsed(), f64::NAN))
    }

    fn rusqlite(&self, options: &Options) -> Outcome<Turn> {
        let connection = rusqlite::Connection::open(&self.database.url)?;
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")?;
        let mut chance = Chance::from_system()?;
        let now = Clock::System.now();
        let began = Instant::now();
        for n in 0..options.bookings {
            let (donor, slot) = (chance.below(10_000) + 1, i64::from(n) % self.slots as i64 + 1);
            let id = chance.id(now);
            connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            let name: String = connection
                .prepare_cached("SELECT name FROM donors WHERE id = ?")?
                .query_row([donor], |row| row.get(0))?;
            connection
                .prepare_cached("UPDATE slots SET booked = booked + 1 WHERE id = ? AND booked < capacity")?
                .execute([slot])?;
            connection
                .prepare_cached("INSERT INTO appointments VALUES (?, ?, ?)")?
                .execute((&id, slot, donor))?;
            for table in ["outbox", "audit", "keys"] {
                connection
                    .prepare_cached(&format!("INSERT INTO {table} VALUES (?, ?)"))?
                    .execute((&id, &name))?;
            }
            connection.prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(Turn::of(f64::from(options.bookings), began.elapsed(), f64::NAN))
    }
}

fn pgbench_script(slots: usize) -> String {
    format!(
        "\\set donor random(1, 10000)
\\set slot random(1, {slots})
BEGIN;
SELECT name FROM donors WHERE id = :donor;
UPDATE slots SET booked = booked + 1 WHERE id = :slot AND booked < capacity;
INSERT INTO appointments VALUES (gen_random_uuid()::text, :slot, :donor);
INSERT INTO outbox VALUES (gen_random_uuid()::text, 'a message');
INSERT INTO audit VALUES (gen_random_uuid()::text, 'appointment.booked');
INSERT INTO keys VALUES (gen_random_uuid()::text, 'an answer');
COMMIT;
"
    )
}
