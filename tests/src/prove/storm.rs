//! G1: a storm of bookings, far more than there are places, while servers are killed and the database is stopped.

use super::caller::Caller;
use super::checker::{self, Kind::*};
use super::donor::Client;
use super::history::{History, Sent, Told};
use super::nodes::Nodes;
use super::report::Report;
use super::{crowd, tables};
use crate::support::{Kind, Postgres, Station};
use rexue::chance::Chance;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// Attempts for each place.
const OVERSUBSCRIBED: usize = 10;
/// Attempts of each donor.
const ATTEMPTS_OF_A_DONOR: usize = 5;
/// Places of a slot.
const PLACES: u32 = 5;
/// Progress lines.
const LINES: usize = 10;
/// A storm without an attempt for so long is over.
const PATIENCE: Duration = Duration::from_secs(300);

/// How large the storm is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Attempts to get a place; each is one or more requests.
    pub attempts: usize,
    /// Clients at once.
    pub clients: usize,
    /// How often a server is killed (SIGKILL).
    pub kills: usize,
    /// How often PostgreSQL is stopped at once.
    pub stops: usize,
    /// What the clients' choices are drawn from.
    pub seed: u64,
}

/// What is done to the station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Kill,
    Stop,
}

/// A storm over a station on SQLite with one server.
pub fn sqlite(size: &Size) -> Report {
    storm(&Station::new(Kind::Sqlite), 1, None, size)
}

/// A storm over a station on a PostgreSQL of its own with two servers.
pub fn postgres(size: &Size) -> Report {
    let mut postgres = Postgres::start();
    let station = Station::on(&postgres);
    storm(&station, 2, Some(&mut postgres), size)
}

fn storm(station: &Station, servers: usize, postgres: Option<&mut Postgres>, size: &Size) -> Report {
    let donors = crowd::donors(station, (size.attempts / ATTEMPTS_OF_A_DONOR).max(size.clients), size.seed);
    let places = size.attempts / OVERSUBSCRIBED;
    let slots = crowd::slots(station, (places / usize::try_from(PLACES).unwrap()).max(1), PLACES);
    // Freed places of full slots come back within a minute.
    station.execute("UPDATE booking_policy SET public_delay_minutes = 1").unwrap();
    let (signer, progress) = (station.signer(), Progress::new(size.attempts));
    let nodes = Nodes::start(station, servers);
    let mut clients: Vec<Client> = donors
        .chunks(donors.len().div_ceil(size.clients))
        .enumerate()
        .map(|(place, share)| {
            let chance = Chance::from_seed(size.seed.wrapping_add(u64::try_from(place).unwrap()));
            Client::new(Caller::new(&nodes, &signer), share, &slots, format!("storm-{place}"), chance)
        })
        .collect();
    let stops = if postgres.is_some() { size.stops } else { 0 };
    std::thread::scope(|threads| {
        for client in &mut clients {
            threads.spawn(|| {
                while progress.next() {
                    client.attempt();
                }
            });
        }
        work_havoc(&nodes, servers, postgres, &progress, &faults(size.kills, stops, size.attempts));
    });
    let sent = clients.into_iter().flat_map(|client| client.sent).collect();
    drop(nodes);
    let history = History { sent, ..History::default() };
    report(station, &history, size, stops)
}

/// What happens after how many attempts: both kinds spread evenly.
fn faults(kills: usize, stops: usize, attempts: usize) -> Vec<(usize, Fault)> {
    let spread = |count: usize, fault| (1..=count).map(move |n| (attempts * n / (count + 1), fault));
    let mut faults: Vec<(usize, Fault)> =
        spread(kills, Fault::Kill).chain(spread(stops, Fault::Stop)).collect();
    faults.sort_unstable();
    faults
}

fn work_havoc(
    nodes: &Nodes,
    servers: usize,
    mut postgres: Option<&mut Postgres>,
    progress: &Progress,
    faults: &[(usize, Fault)],
) {
    for (place, (attempts, fault)) in faults.iter().enumerate() {
        progress.wait_for(*attempts);
        match (fault, &mut postgres) {
            (Fault::Stop, Some(postgres)) => nodes.without_database(|| {
                postgres.stop_at_once();
                postgres.start_again();
            }),
            _ => nodes.replace(place % servers),
        }
        if place % (faults.len() / LINES).max(1) == 0 {
            super::report::say(&format!("{attempts} attempts, {} of {} faults", place + 1, faults.len()));
        }
    }
}

fn report(station: &Station, history: &History, size: &Size, stops: usize) -> Report {
    let verified = station.rexue(["audit", "verify"]).code == 0;
    let found = checker::check(history, &tables::read(station));
    let told = |what: fn(&Sent) -> bool| history.sent.iter().filter(|sent| what(sent)).count();
    let mut report = Report::new(&format!("G1 {:?}, {} clients", station.kind(), size.clients), found);
    report.tell("booking attempts", size.attempts);
    report.tell("server killed", size.kills);
    report.tell("PostgreSQL stopped at once", stops);
    report.tell("requests sent", history.sent.len());
    report.tell("  done", told(|sent| matches!(sent.told, Told::Done(_))));
    report.tell("  refused", told(|sent| matches!(sent.told, Told::Refused { .. })));
    report.tell("  without an answer", told(|sent| sent.told == Told::Nothing));
    report.none("over capacity", &[OverCapacity, WrongCount]);
    report.none("donors with two active appointments", &[TwoActive]);
    report.none("confirmed answers lost", &[AnswerLost, WrongEnd]);
    report.none("key-reuse duplicates", &[TwoAnswers, KeyTakenTwice, NobodyAsked]);
    report.none("holds leaked or ended early", &[LeakedHold, WrongTime]);
    report.none("trail that tells something else", &[WrongTrail]);
    report.none("strange answers", &[StrangeAnswer]);
    report.figure("breaks of the audit chain", 0, usize::from(!verified));
    report
}

/// How many attempts were begun.
struct Progress {
    begun: Mutex<usize>,
    changed: Condvar,
    total: usize,
}

impl Progress {
    fn new(total: usize) -> Self {
        Self { begun: Mutex::new(0), changed: Condvar::new(), total }
    }

    /// Whether there is one more attempt to be made, which the caller then makes.
    fn next(&self) -> bool {
        let mut begun = self.begun.lock().unwrap();
        let more = *begun < self.total;
        *begun += usize::from(more);
        self.changed.notify_one();
        more
    }

    fn wait_for(&self, attempts: usize) {
        let begun = self.begun.lock().unwrap();
        let (begun, waited) =
            self.changed.wait_timeout_while(begun, PATIENCE, |begun| *begun < attempts).unwrap();
        drop(begun);
        assert!(!waited.timed_out(), "the clients came to a stop");
    }
}
