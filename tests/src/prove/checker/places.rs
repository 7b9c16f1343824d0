//! Places: no more than there are, at the end by the tables, at every moment by what clients knew for certain.

use super::{Findings, Kind, Request, Row, Tables};
use crate::prove::history::{Asked, History};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap};

/// Slots agree with their appointments, donors have one active appointment a product, no hold outlives its end.
pub(super) fn check_tables(tables: &Tables, findings: &mut Findings) {
    let mut counted: HashMap<&str, (i64, i64)> = HashMap::new();
    let mut active: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for row in tables.appointments.iter().filter(|row| row.is_active()) {
        let (held, booked) = counted.entry(&row.slot).or_default();
        *if row.state == "held" { held } else { booked } += 1;
        active.entry((&row.donor_no, &row.product)).or_default().push(&row.id);
        if is_over(row, tables) {
            findings.add(Kind::LeakedHold, &row.id);
        }
    }
    for slot in &tables.slots {
        let (held, booked) = counted.remove(slot.id.as_str()).unwrap_or_default();
        if (held, booked) != (slot.held, slot.booked) {
            let says = (slot.held, slot.booked);
            findings.add(Kind::WrongCount, format!("{} says {says:?} of {:?}", slot.id, (held, booked)));
        }
        if slot.kept != slot.kept_rows {
            let says = format!("{} keeps {} of {}", slot.id, slot.kept, slot.kept_rows);
            findings.add(Kind::WrongCount, says);
        }
        if slot.held + slot.booked + slot.kept > slot.capacity || held + booked > slot.capacity {
            findings.add(Kind::OverCapacity, format!("{} at the end", slot.id));
        }
    }
    for slot in counted.into_keys() {
        findings.add(Kind::WrongCount, format!("{slot} is no slot"));
    }
    for ((donor_no, product), ids) in active.into_iter().filter(|(_, ids)| ids.len() > 1) {
        findings.add(Kind::TwoActive, format!("{donor_no} for {product} at the end: {ids:?}"));
    }
}

fn is_over(row: &Row, tables: &Tables) -> bool {
    row.state == "held" && row.hold_expires_at.is_none_or(|end| end <= tables.read_at)
}

/// Somebody's place, for as long as its owner knew that they had it.
struct Stay<'a> {
    slot: &'a str,
    donor_no: &'a str,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// At no moment more places than there are were certainly taken, nor two by one donor. All slots MUST be of one product.
pub(super) fn check_times(
    history: &History,
    requests: &[Request<'_>],
    tables: &Tables,
    findings: &mut Findings,
) {
    let stays = stays(history, requests);
    let (mut by_slot, mut by_donor) =
        (BTreeMap::<&str, Vec<&Stay>>::new(), BTreeMap::<&str, Vec<&Stay>>::new());
    for stay in stays.iter().filter(|stay| stay.from < stay.until) {
        by_slot.entry(stay.slot).or_default().push(stay);
        by_donor.entry(stay.donor_no).or_default().push(stay);
    }
    let capacity: HashMap<&str, i64> =
        tables.slots.iter().map(|slot| (slot.id.as_str(), slot.capacity)).collect();
    for (slot, stays) in by_slot {
        if most_at_once(&stays) > capacity.get(slot).copied().unwrap_or(0) {
            findings.add(Kind::OverCapacity, format!("{slot} on the way"));
        }
    }
    for (donor_no, stays) in by_donor {
        if most_at_once(&stays) > 1 {
            findings.add(Kind::TwoActive, format!("{donor_no} on the way"));
        }
    }
}

/// A stay begins when its owner is told so. It ends when they begin to give it up, or when the hold may be taken back.
fn stays<'a>(history: &History, requests: &'a [Request<'a>]) -> Vec<Stay<'a>> {
    let mut about: HashMap<&str, Vec<&Request>> = HashMap::new();
    for request in requests {
        if let Some(id) = request.asked.appointment() {
            about.entry(id).or_default().push(request);
        }
    }
    let stay = |request: &'a Request<'a>| {
        let (told, from) = (request.done()?, request.until?);
        matches!(request.asked, Asked::Hold { .. } | Asked::Book { .. }).then_some(())?;
        let later = about.get(told.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let given_up = later
            .iter()
            .filter(|later| later.may_be_done())
            .filter(|later| matches!(later.asked, Asked::Cancel { .. } | Asked::Move { .. }))
            .map(|later| later.from);
        let confirmed =
            later.iter().any(|later| matches!(later.asked, Asked::Confirm { .. }) && later.done().is_some());
        let end = history.ends_of_holds.get(&told.id).copied().or(told.hold_expires_at);
        let taken_back = end.filter(|_| !confirmed);
        let until = given_up.chain(taken_back).min().unwrap_or(DateTime::<Utc>::MAX_UTC);
        Some(Stay { slot: &told.slot, donor_no: request.donor_no, from, until })
    };
    requests.iter().filter_map(stay).collect()
}

fn most_at_once(stays: &[&Stay]) -> i64 {
    let begins = stays.iter().map(|stay| (stay.from, 1));
    let ends = stays.iter().map(|stay| (stay.until, -1));
    // Of the same moment, ends come first.
    let mut steps: Vec<(DateTime<Utc>, i64)> = begins.chain(ends).collect();
    steps.sort_unstable();
    let running = steps.into_iter().scan(0, |taken, (_, step)| {
        *taken += step;
        Some(*taken)
    });
    running.max().unwrap_or(0)
}
