//! The life of each appointment: who asked for it, and whether an order of what its owner asked for leads to what it is.

use super::{Findings, Kind, Request, Row, Tables};
use crate::prove::history::{Asked, History, Told};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Databases keep microseconds, answers nanoseconds.
const ROUNDING: TimeDelta = TimeDelta::microseconds(1);

/// Every appointment was asked for, everything that was confirmed is there, and every end has its way.
pub(super) fn check(history: &History, requests: &[Request<'_>], tables: &Tables, findings: &mut Findings) {
    let rows: HashMap<&str, &Row> = tables.appointments.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut made: HashMap<&str, &Request> = HashMap::new();
    let mut about: HashMap<&str, Vec<&Request>> = HashMap::new();
    for request in requests {
        if let Some(told) = request.done() {
            match rows.get(told.id.as_str()) {
                Some(row) if row.donor_no == request.donor_no => {}
                _ => findings.add(Kind::AnswerLost, format!("{} {:?}", request.key, told)),
            }
            if request.asked.appointment().is_none() && made.insert(&told.id, request).is_some() {
                findings.add(Kind::TwoAnswers, format!("{} was given to two requests", told.id));
            }
        }
        if let Some(id) = request.asked.appointment() {
            about.entry(id).or_default().push(request);
        }
    }
    adopt(requests, tables, &about, &mut made, findings);
    for row in &tables.appointments {
        let later = about.get(row.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        if let Some(maker) = made.get(row.id.as_str()) {
            check_life(maker, later, row, findings);
        }
        check_end_of_hold(history, later, row, findings);
        check_trail(row, tables.trail.get(&row.id).map(Vec::as_slice).unwrap_or_default(), findings);
    }
}

/// Finds for each appointment that nobody was told of a request that got no answer; each can have made one.
fn adopt<'a>(
    requests: &'a [Request<'a>],
    tables: &'a Tables,
    about: &HashMap<&str, Vec<&Request>>,
    made: &mut HashMap<&'a str, &'a Request<'a>>,
    findings: &mut Findings,
) {
    let mut unanswered: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
    for request in requests.iter().filter(|request| *request.told == Told::Nothing) {
        if request.asked.appointment().is_none() {
            unanswered.entry(request.donor_no).or_default().push(request);
        }
    }
    let mut nobodys: Vec<&Row> =
        tables.appointments.iter().filter(|row| !made.contains_key(row.id.as_str())).collect();
    // Whoever could have made an earlier one could have made a later one, too: first come, first served finds a way.
    nobodys.sort_by_key(|row| row.created_at);
    let mut used = HashSet::new();
    for row in nobodys {
        let moved = about
            .get(row.id.as_str())
            .is_some_and(|later| later.iter().any(|later| matches!(later.asked, Asked::Move { .. })));
        let could = |request: &&&Request| {
            request.from <= row.created_at + ROUNDING
                && (moved || request.asked.slot() == Some(&row.slot))
                && (row.state != "held" || matches!(request.asked, Asked::Hold { .. }))
                && !used.contains(request.key)
        };
        match unanswered.get(row.donor_no.as_str()).and_then(|requests| requests.iter().find(could)) {
            Some(request) => {
                used.insert(request.key);
                made.insert(&row.id, request);
            }
            None => findings.add(Kind::NobodyAsked, format!("{} of {}", row.id, row.donor_no)),
        }
    }
}

/// What an appointment is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stage<'a> {
    state: &'a str,
    slot: &'a str,
    renewals: i64,
    sequence: i64,
}

impl<'a> Stage<'a> {
    /// What comes of a request, when it can be done.
    fn after(self, asked: &'a Asked) -> Option<Self> {
        let next = Self { sequence: self.sequence + 1, state: asked.state_after(), ..self };
        match (asked, self.state) {
            (Asked::Confirm { .. }, "held") | (Asked::Cancel { .. }, "held" | "booked") => Some(next),
            (Asked::Renew { .. }, "held") => Some(Self { renewals: self.renewals + 1, ..next }),
            (Asked::Move { slot, .. }, "booked") => Some(Self { slot, ..next }),
            _ => None,
        }
    }
}

/// Requests were done in an order that time allows: all that were confirmed, of those without an answer any.
fn check_life(maker: &Request, later: &[&Request], row: &Row, findings: &mut Findings) {
    let Some(slot) = maker.asked.slot() else { return };
    let begin = Stage { state: maker.asked.state_after(), slot, renewals: 0, sequence: 0 };
    let open: Vec<&Request> = later.iter().copied().filter(|request| request.may_be_done()).collect();
    if !leads_to(begin, &open, row) {
        let told: Vec<String> =
            later.iter().map(|request| format!("{:?}: {:?}", request.asked, request.told)).collect();
        findings.add(Kind::WrongEnd, format!("{row:?} after {:?} and {told:?}", maker.asked));
    }
}

fn leads_to(stage: Stage, open: &[&Request], row: &Row) -> bool {
    if open.iter().all(|request| request.until.is_none()) && is_end(stage, row) {
        return true;
    }
    open.iter().enumerate().any(|(place, request)| {
        let too_early = open.iter().any(|other| other.until.is_some_and(|until| until < request.from));
        let rest = || {
            let mut rest = open.to_vec();
            rest.remove(place);
            rest
        };
        !too_early && stage.after(request.asked).is_some_and(|next| leads_to(next, &rest(), row))
    })
}

fn is_end(stage: Stage, row: &Row) -> bool {
    let same_state = stage.state == row.state || (stage.state == "held" && row.state == "expired");
    same_state && stage.slot == row.slot && stage.renewals == row.renewals && stage.sequence == row.sequence
}

/// A hold is taken back when it is over, not before; then nobody confirms it.
fn check_end_of_hold(history: &History, later: &[&Request], row: &Row, findings: &mut Findings) {
    let early = row.hold_expires_at.is_none_or(|end| row.changed_at + ROUNDING < end);
    if row.state == "expired" && early {
        findings.add(Kind::WrongTime, format!("{} was taken back early", row.id));
    }
    for request in later {
        match request.told {
            Told::Refused { code, .. } if code == "hold_expired" && row.state != "expired" => {
                findings.add(Kind::WrongTime, format!("{} was called over, and is {}", row.id, row.state));
            }
            Told::Done(_) if matches!(request.asked, Asked::Confirm { .. }) => {
                let end = history.ends_of_holds.get(&row.id);
                if end.is_some_and(|end: &DateTime<Utc>| *end + ROUNDING < request.from) {
                    findings.add(Kind::WrongTime, format!("{} was confirmed when it was over", row.id));
                }
            }
            _ => {}
        }
    }
}

/// The trail has a line for each thing that the row says was done.
fn check_trail(row: &Row, trail: &[String], findings: &mut Findings) {
    let lines =
        |action: &str| i64::try_from(trail.iter().filter(|line| *line == action).count()).unwrap_or(0);
    let (held, booked) = (lines("appointment.held"), lines("appointment.booked"));
    let (moved, cancelled) = (lines("appointment.moved"), lines("appointment.cancelled"));
    let confirmed = if held == 1 { booked } else { 0 };
    let right = (held == 1 && booked <= 1 || held == 0 && booked == 1)
        && cancelled == i64::from(row.state == "cancelled")
        && (row.state != "booked" || booked == 1)
        && (!["held", "expired"].contains(&row.state.as_str()) || booked == 0)
        && row.sequence == row.renewals + confirmed + moved + cancelled;
    if !right {
        findings.add(Kind::WrongTrail, format!("{row:?}: {trail:?}"));
    }
}
