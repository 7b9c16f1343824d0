//! One key, one request, one answer.

use super::{Findings, Kind, Request};
use crate::prove::history::{Asked, History, Sent, Told};
use std::collections::BTreeMap;

/// What was asked for, each thing once, however often it was sent.
pub(super) fn requests<'a>(history: &'a History, findings: &mut Findings) -> Vec<Request<'a>> {
    let mut by_key: BTreeMap<&str, Vec<&Sent>> = BTreeMap::new();
    for sent in &history.sent {
        by_key.entry(&sent.key).or_default().push(sent);
    }
    by_key.into_values().filter_map(|sendings| request(sendings, findings)).collect()
}

/// The request behind the sendings of one key. The first one settles what the key stands for.
fn request<'a>(mut sendings: Vec<&'a Sent>, findings: &mut Findings) -> Option<Request<'a>> {
    sendings.sort_by_key(|sent| sent.from);
    let first = *sendings.first()?;
    let (same, others): (Vec<&Sent>, Vec<&Sent>) =
        sendings.into_iter().partition(|sent| sent.asked == first.asked);
    for other in others {
        check_reuse(other, findings);
    }
    let mut answered: Vec<&Sent> = same.into_iter().filter(|sent| sent.told != Told::Nothing).collect();
    answered.sort_by_key(|sent| sent.until);
    let answer = answered.first();
    for again in answered.iter().skip(1).filter(|again| Some(&again.told) != answer.map(|sent| &sent.told)) {
        findings.add(Kind::TwoAnswers, format!("{}: {:?} and {:?}", first.key, first.told, again.told));
    }
    for sent in &answered {
        check_answer(sent, findings);
    }
    Some(Request {
        donor_no: &first.donor_no,
        key: &first.key,
        asked: &first.asked,
        from: first.from,
        until: answer.map(|sent| sent.until),
        told: answer.map_or(&Told::Nothing, |sent| &sent.told),
    })
}

fn check_reuse(sent: &Sent, findings: &mut Findings) {
    match &sent.told {
        Told::Nothing => {}
        Told::Refused { status: 422, code } if code == "key_reused" => {}
        told => findings.add(Kind::KeyTakenTwice, format!("{} for {:?}: {told:?}", sent.key, sent.asked)),
    }
}

/// The answer is one that the request can get.
fn check_answer(sent: &Sent, findings: &mut Findings) {
    let right = match &sent.told {
        Told::Done(appointment) => {
            appointment.state == sent.asked.state_after()
                && appointment.donor_no == sent.donor_no
                && sent.asked.slot().is_none_or(|slot| slot == appointment.slot)
                && sent.asked.appointment().is_none_or(|id| id == appointment.id)
        }
        Told::Refused { status, code } => *status == 409 && refusals(&sent.asked).contains(&code.as_str()),
        Told::Nothing => true,
    };
    if !right {
        findings.add(Kind::StrangeAnswer, format!("{} {:?}: {:?}", sent.key, sent.asked, sent.told));
    }
}

fn refusals(asked: &Asked) -> &'static [&'static str] {
    match asked {
        Asked::Hold { .. } | Asked::Book { .. } => &["slot_full", "already_booked"],
        Asked::Confirm { .. } => &["hold_expired", "not_held"],
        Asked::Renew { .. } => &["hold_expired", "not_held", "renewed_already"],
        Asked::Cancel { .. } => &["not_active"],
        Asked::Move { .. } => &["slot_full", "not_active"],
    }
}
