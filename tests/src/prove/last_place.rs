//! G2: the last place of a slot, and many who want it at the same moment.

use super::caller::{Caller, Owner};
use super::checker::{self, Kind::*};
use super::history::{Asked, History, Sent, Told};
use super::nodes::Nodes;
use super::report::{Report, say};
use super::{crowd, tables};
use crate::support::{Kind, Station};
use std::collections::HashMap;
use std::sync::{Barrier, Mutex};

/// Races between two progress lines.
const A_WHILE: usize = 200;

/// How many races, and how large.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Slots with one place each.
    pub slots: usize,
    /// Donors who want it.
    pub racers: usize,
    /// What the donors are drawn from.
    pub seed: u64,
}

/// Races for the last place of each slot, at two servers on PostgreSQL.
pub fn prove(station: &Station, size: &Size) -> Report {
    // Whoever has won has an appointment, and makes room for somebody else.
    let mut donors = crowd::donors(station, size.racers + size.slots, size.seed);
    let slots = crowd::slots(station, size.slots, 1);
    let servers = if station.kind() == Kind::Postgres { 2 } else { 1 };
    let (nodes, signer) = (Nodes::start(station, servers), station.signer());
    let (start, fresh) = (Barrier::new(size.racers), Mutex::new(donors.split_off(size.racers)));
    let race = |racer: usize, mut owner: Owner| {
        let caller = Caller::new(&nodes, &signer);
        let run = |(place, slot): (usize, &String)| {
            start.wait();
            if racer == 0 && place % A_WHILE == A_WHILE - 1 {
                say(&format!("{place} of {} last places", slots.len()));
            }
            let (key, asked) = (format!("race-{place}-{racer}"), Asked::Book { slot: slot.clone() });
            let sent = caller.send(&owner, &key, &asked, racer);
            if matches!(sent.told, Told::Done(_)) {
                owner = fresh.lock().unwrap().pop().unwrap_or_else(|| owner.clone());
            }
            sent
        };
        slots.iter().enumerate().map(run).collect::<Vec<Sent>>()
    };
    let sent = std::thread::scope(|threads| {
        let race = &race;
        let racing: Vec<_> = donors
            .into_iter()
            .enumerate()
            .map(|(racer, owner)| threads.spawn(move || race(racer, owner)))
            .collect();
        racing.into_iter().flat_map(|racer| racer.join().unwrap()).collect()
    });
    drop(nodes);
    report(station, &History { sent, ..History::default() }, size)
}

fn report(station: &Station, history: &History, size: &Size) -> Report {
    let mut winners: HashMap<&str, usize> = HashMap::new();
    for sent in history.sent.iter().filter(|sent| matches!(sent.told, Told::Done(_))) {
        *winners.entry(sent.asked.slot().unwrap()).or_default() += 1;
    }
    let full =
        |sent: &&Sent| matches!(&sent.told, Told::Refused { status: 409, code } if code == "slot_full");
    let found = checker::check(history, &tables::read(station));
    let mut report = Report::new(&format!("G2 {:?}, {} racers", station.kind(), size.racers), found);
    report.figure("slots with one winner", size.slots, winners.values().filter(|count| **count == 1).count());
    let refused = history.sent.iter().filter(full).count();
    report.figure("clean 409 answers", size.slots * (size.racers - 1), refused);
    let nothing = history.sent.iter().filter(|sent| sent.told == Told::Nothing).count();
    report.figure("5xx, or no answer", 0, nothing);
    report.none("over capacity", &[OverCapacity, WrongCount]);
    report.rest();
    report
}
