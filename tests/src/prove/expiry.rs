//! G3: holds that end while their owners confirm them, other donors book the same place, and the sweeper sweeps.

use super::caller::{Caller, Owner};
use super::checker::{self, Kind::*};
use super::history::{Asked, History, Sent, Told};
use super::nodes::Nodes;
use super::report::{Report, say};
use super::{crowd, tables};
use crate::support::{Kind, Station, now};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use rexue::actions::book;
use rexue::chance::Chance;
use rexue::store::Pool;
use std::collections::HashMap;
use std::sync::{Barrier, Mutex};

/// Pairs at once, each with two clients.
const AT_ONCE: usize = 32;
/// Half of the holds are over before they are confirmed; the others end within so many milliseconds.
const SOON: u32 = 100;
/// Rounds between two progress lines.
const A_WHILE: usize = 200;

/// How many pairs there are.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Pairs of a confirmation and a booking of the same place.
    pub pairs: usize,
    /// What the ends of holds are drawn from.
    pub seed: u64,
}

/// Two donors and the place that both want.
struct Pair<'a> {
    holder: &'a Owner,
    rival: &'a Owner,
    slot: &'a str,
    /// The hold of this round.
    held: Mutex<Option<String>>,
}

/// Who panics ends everybody: the others would wait at the gate for ever.
struct EndTogether;

impl Drop for EndTogether {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::abort();
        }
    }
}

/// Everybody waits here for everybody: holds are taken, their ends are set, the race is run, the winners make room.
type Gate = Barrier;

/// Races pairs, at two servers on PostgreSQL.
pub fn prove(station: &Station, size: &Size) -> Report {
    let owners = crowd::donors(station, 2 * AT_ONCE, size.seed);
    let slots = crowd::slots(station, AT_ONCE, 1);
    // Who wins gives the place back, and it is everybody's at once.
    station.execute("UPDATE booking_policy SET public_delay_minutes = 0").unwrap();
    let servers = if station.kind() == Kind::Postgres { 2 } else { 1 };
    let (nodes, signer) = (Nodes::start(station, servers), station.signer());
    let pairs: Vec<Pair> = owners
        .chunks_exact(2)
        .zip(&slots)
        .map(|(two, slot)| Pair { holder: &two[0], rival: &two[1], slot, held: Mutex::default() })
        .collect();
    let rounds = size.pairs.div_ceil(AT_ONCE);
    let gate = Gate::new(2 * AT_ONCE + 1);
    let (mut sent, mut ends, mut failed_sweeps) = (Vec::new(), HashMap::new(), 0);
    std::thread::scope(|threads| {
        let _together = EndTogether;
        let mut clients = Vec::new();
        for (place, pair) in pairs.iter().enumerate() {
            let (gate, nodes, signer) = (&gate, &nodes, &signer);
            clients.push(threads.spawn(move || hold_and_confirm(pair, place, rounds, gate, nodes, signer)));
            clients.push(threads.spawn(move || book_instead(pair, place, rounds, gate, nodes, signer)));
        }
        let (pool, mut chance) = (station.pool(), Chance::from_seed(size.seed));
        for round in 0..rounds {
            gate.wait();
            ends.extend(set_ends(&pool, &pairs, &mut chance));
            gate.wait();
            failed_sweeps += usize::from(pool.write_blocking(|db| book::sweep(db, now())).is_err());
            gate.wait();
            gate.wait();
            if round % A_WHILE == A_WHILE - 1 {
                say(&format!("{} of {} pairs", (round + 1) * AT_ONCE, rounds * AT_ONCE));
            }
        }
        sent.extend(clients.into_iter().flat_map(|client| client.join().unwrap()));
    });
    drop(nodes);
    report(station, &History { sent, ends_of_holds: ends }, rounds * AT_ONCE, failed_sweeps)
}

fn hold_and_confirm(
    pair: &Pair,
    place: usize,
    rounds: usize,
    gate: &Gate,
    nodes: &Nodes,
    signer: &crate::support::Signer,
) -> Vec<Sent> {
    let _together = EndTogether;
    let caller = Caller::new(nodes, signer);
    let mut sent = Vec::new();
    for round in 0..rounds {
        let name = format!("holder-{place}-{round}");
        let hold = Asked::Hold { slot: pair.slot.to_owned() };
        let held = caller.send(pair.holder, &format!("{name}-hold"), &hold, round);
        let id = done(&held);
        sent.push(held);
        pair.held.lock().unwrap().clone_from(&id);
        gate.wait();
        gate.wait();
        if let Some(appointment) = id {
            let confirm = Asked::Confirm { appointment };
            sent.push(caller.send(pair.holder, &format!("{name}-confirm"), &confirm, round));
        }
        gate.wait();
        sent.extend(make_room(&caller, pair.holder, &name, sent.last(), round));
        gate.wait();
    }
    sent
}

fn book_instead(
    pair: &Pair,
    place: usize,
    rounds: usize,
    gate: &Gate,
    nodes: &Nodes,
    signer: &crate::support::Signer,
) -> Vec<Sent> {
    let _together = EndTogether;
    let caller = Caller::new(nodes, signer);
    let mut sent = Vec::new();
    for round in 0..rounds {
        let name = format!("rival-{place}-{round}");
        gate.wait();
        gate.wait();
        let book = Asked::Book { slot: pair.slot.to_owned() };
        sent.push(caller.send(pair.rival, &format!("{name}-book"), &book, round + 1));
        gate.wait();
        sent.extend(make_room(&caller, pair.rival, &name, sent.last(), round));
        gate.wait();
    }
    sent
}

/// Whoever has won gives the place back, for the next round.
fn make_room(caller: &Caller, owner: &Owner, name: &str, last: Option<&Sent>, wanted: usize) -> Option<Sent> {
    let cancel = Asked::Cancel { appointment: done(last?)? };
    Some(caller.send(owner, &format!("{name}-cancel"), &cancel, wanted))
}

fn done(sent: &Sent) -> Option<String> {
    match &sent.told {
        Told::Done(appointment) => Some(appointment.id.clone()),
        Told::Refused { .. } | Told::Nothing => None,
    }
}

/// A hold lives for minutes: its end is set in the database, to a moment ago or to some milliseconds from now.
fn set_ends(pool: &Pool, pairs: &[Pair], chance: &mut Chance) -> Vec<(String, DateTime<Utc>)> {
    let mut end = || match chance.below(2) {
        0 => now() - TimeDelta::milliseconds(1),
        _ => now() + TimeDelta::milliseconds(chance.below(SOON).into()),
    };
    let held = pairs.iter().filter_map(|pair| pair.held.lock().unwrap().take());
    let ends: Vec<(String, DateTime<Utc>)> = held.map(|id| (id, end())).collect();
    let updates: Vec<String> = ends
        .iter()
        .map(|(id, end)| {
            let end = end.format("%F %T%.6f");
            format!("UPDATE appointments SET hold_expires_at = '{end}' WHERE id = '{id}' AND state = 'held';")
        })
        .collect();
    pool.write_blocking(|db| Ok(db.batch_execute(&updates.concat())?)).unwrap();
    ends
}

fn report(station: &Station, history: &History, pairs: usize, failed_sweeps: usize) -> Report {
    let count = |what: &dyn Fn(&Sent) -> bool| history.sent.iter().filter(|sent| what(sent)).count();
    let done = |sent: &Sent| matches!(sent.told, Told::Done(_));
    let held = count(&|sent| done(sent) && matches!(sent.asked, Asked::Hold { .. }));
    let confirmed = count(&|sent| done(sent) && matches!(sent.asked, Asked::Confirm { .. }));
    let booked = count(&|sent| done(sent) && matches!(sent.asked, Asked::Book { .. }));
    let found = checker::check(history, &tables::read(station));
    let mut report = Report::new(&format!("G3 {:?}, {} clients", station.kind(), 2 * AT_ONCE), found);
    report.figure("holds taken: the place was free each time", pairs, held);
    report.tell("  confirmed by the holder", confirmed);
    report.tell("  booked by the other", booked);
    report
        .tell("  neither: asked for too early, confirmed too late", held.saturating_sub(confirmed + booked));
    report.none("confirmed after release", &[WrongTime, WrongEnd, OverCapacity, TwoActive]);
    report.none("leaked holds", &[LeakedHold, WrongCount]);
    report.figure("5xx, or no answer", 0, count(&|sent| sent.told == Told::Nothing));
    report.figure("sweeps that failed", 0, failed_sweeps);
    report.rest();
    report
}
