//! `./prove booking`, `./prove notifications`: the fault tests at full size. Exit 1 when a figure is not what is wanted.
#![expect(clippy::print_stdout, reason = "a table for people is what this program is for")]

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::process::ExitCode;
use tests::prove::report::Report;
use tests::prove::{expiry, last_place, reminders, storm};
use tests::support::{Kind, Station};

/// Proves that faults break no promise.
#[derive(Parser)]
#[command(name = "prove")]
struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Places: a storm of bookings with kills and stops, the last place, holds that end while they are confirmed.
    Booking(Booking),
    /// Messages: reminders through a real Kannel and a real mail server, while workers and the gateway are killed.
    Notifications(Notifications),
}

#[derive(Args)]
struct Notifications {
    /// Reminders; every fifth donor is reminded by letter.
    #[arg(long, default_value_t = 20_000)]
    reminders: usize,
    /// How often a worker is killed.
    #[arg(long, default_value_t = 100)]
    kills: usize,
    /// How often the gateway is killed.
    #[arg(long, default_value_t = 10)]
    gateway_kills: usize,
    /// What the choices are drawn from [default: the time].
    #[arg(long)]
    seed: Option<u64>,
    /// The database.
    #[arg(long, value_enum, default_value_t = Database::Both)]
    database: Database,
}

#[derive(Args)]
struct Booking {
    /// Attempts to get a place, ten for each place; 0 leaves the storm out.
    #[arg(long, default_value_t = 100_000)]
    attempts: usize,
    /// Clients at once.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// How often a server is killed in the storm.
    #[arg(long, default_value_t = 200)]
    kills: usize,
    /// How often PostgreSQL is stopped at once in the storm.
    #[arg(long, default_value_t = 20)]
    stops: usize,
    /// Last places that are raced for; 0 leaves the races out.
    #[arg(long, default_value_t = 1_000)]
    slots: usize,
    /// Racers for each.
    #[arg(long, default_value_t = 100)]
    racers: usize,
    /// Holds that end while they are confirmed and another donor books; 0 leaves them out.
    #[arg(long, default_value_t = 50_000)]
    pairs: usize,
    /// What the clients' choices are drawn from [default: the time].
    #[arg(long)]
    seed: Option<u64>,
    /// The database.
    #[arg(long, value_enum, default_value_t = Database::Both)]
    database: Database,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
    Both,
}

impl Booking {
    /// The proofs that are wanted, one after the other.
    fn prove(&self, kind: Kind, seed: u64) -> impl Iterator<Item = Report> {
        let Self { attempts, clients, kills, stops, slots, racers, pairs, .. } = *self;
        let storm = (attempts > 0).then_some(move || {
            let size = storm::Size { attempts, clients, kills, stops, seed };
            match kind {
                Kind::Sqlite => storm::sqlite(&size),
                Kind::Postgres => storm::postgres(&size),
            }
        });
        let races = (slots > 0).then_some(move || {
            last_place::prove(&Station::new(kind), &last_place::Size { slots, racers, seed })
        });
        let ends =
            (pairs > 0).then_some(move || expiry::prove(&Station::new(kind), &expiry::Size { pairs, seed }));
        let ran = storm.into_iter().map(|prove| prove());
        ran.chain(races.into_iter().map(|prove| prove())).chain(ends.into_iter().map(|prove| prove()))
    }
}

fn main() -> ExitCode {
    let any = || tests::support::now().timestamp().unsigned_abs();
    let good = match Options::parse().what {
        What::Booking(booking) => {
            let seed = booking.seed.unwrap_or_else(any);
            println!("seed {seed}");
            on_each(booking.database, |kind| booking.prove(kind, seed).collect())
        }
        What::Notifications(wanted) => {
            let Notifications { reminders, kills, gateway_kills, .. } = wanted;
            let seed = wanted.seed.unwrap_or_else(any);
            println!("seed {seed}");
            let size = reminders::Size { reminders, kills, gateway_kills, seed };
            on_each(wanted.database, |kind| vec![reminders::on(kind, &size)])
        }
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether all reports are good, on each database that is wanted.
fn on_each(wanted: Database, prove: impl Fn(Kind) -> Vec<Report>) -> bool {
    let mut good = true;
    for (database, kind) in [(Database::Sqlite, Kind::Sqlite), (Database::Postgres, Kind::Postgres)] {
        if ![database, Database::Both].contains(&wanted) {
            continue;
        }
        for report in prove(kind) {
            println!("\n{}", report.text());
            good &= report.is_good();
        }
    }
    good
}
