//! Call-ups of emergency teams: whom they ask, what is answered, and when they stop.

mod ask;
pub mod by_link;

pub use ask::{Called, NewCallUp, call};

use super::Context;
use crate::chance::Chance;
use crate::domain::call_ups::{Answer, NotAnswered, Stage};
use crate::domain::personal::PersonName;
use crate::error::Error;
use crate::store::audit::{self, Actor, Entry};
use crate::store::call_ups::{self as store, AnswerRow, Asked, CallUpRow, Place};
use crate::store::{Db, donors, outbox, teams};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::HashMap;

/// What its messages are called in the outbox.
pub const MESSAGE: &str = "call_up";
/// Call-ups that are shown at once.
const PAGE: i64 = 200;
/// Who said that they come is waited for at the door until so long after the end.
const AWAITED: TimeDelta = TimeDelta::days(1);

/// A call-up that asks a donor.
pub struct OwnCallUp {
    /// What is asked, and answered.
    pub asked: Asked,
    /// Where to come, when it is known.
    pub place: Option<Place>,
}

/// The call-ups that ask an account and are not over, the newest first.
///
/// # Errors
/// Failures of the database.
pub fn asked_of(db: &mut Db, account_id: &str, now: DateTime<Utc>) -> Result<Vec<OwnCallUp>, Error> {
    let asked = store::asked_of(db, account_id, now)?;
    let sessions: Vec<&str> = asked.iter().filter_map(|asked| asked.call_up.session_id.as_deref()).collect();
    let mut places = store::places(db, &sessions)?;
    let own = |asked: Asked| {
        let place = asked.call_up.session_id.as_deref().and_then(|session| places.remove(session));
        OwnCallUp { asked, place }
    };
    Ok(asked.into_iter().map(own).collect())
}

/// Answers a call-up. A mind can be changed until it is over; when enough come, it stops by itself.
///
/// # Errors
/// `not_found` for who was not asked, or left the team; `call_up_closed`, `enough_are_coming`.
pub async fn answer(
    context: &Context,
    account_id: String,
    call_up_id: String,
    after: Answer,
) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let mut call_up = store::lock(db, &[&call_up_id])?.pop().ok_or_else(not_asked)?;
            let row = store::answer_of(db, &call_up, &account_id)?.ok_or_else(not_asked)?;
            let before = answer_word(&row)?;
            call_up.standing().may_answer(before, after, now).map_err(refused)?;
            if before == after {
                return Ok(());
            }
            let detail = json!({ "call_up": call_up.id, "answer": after.as_str() });
            let entries = [Entry {
                actor: whole.actor.clone(),
                action: "call_up.answered",
                subject: row.donor_id.clone(),
                detail,
            }];
            let moved = change(db, &mut call_up, &row, after, &whole.actor, now)?;
            audit::append(db, entries.into_iter().chain(moved), now, &mut Chance::from_system()?)
        })
        .await?;
    context.bell.notify_one();
    Ok(())
}

fn not_asked() -> Error {
    Error::not_found("You are not asked by such a call.")
}

fn refused(refusal: NotAnswered) -> Error {
    Error::conflict(refusal.as_str(), refusal.message())
}

fn answer_word(row: &AnswerRow) -> Result<Answer, Error> {
    Answer::from_word(&row.state).ok_or_else(|| Error::internal("an answer that does not exist"))
}

/// Writes an answer and what it does to its call-up, which MUST be locked: it stops when enough come, and goes on when
/// one of them steps back. Says so for the trail.
fn change(
    db: &mut Db,
    call_up: &mut CallUpRow,
    row: &AnswerRow,
    after: Answer,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Option<Entry>, Error> {
    let stage = call_up.standing().stage(now);
    call_up.coming = call_up.standing().coming_after(answer_word(row)?, after);
    store::set_answer(db, &row.id, after.as_str(), now)?;
    outbox::call_off(db, &[&row.id], &[MESSAGE], now)?;
    let action = match (stage, call_up.standing().stage(now)) {
        (Stage::Open, Stage::Met) => {
            call_up.version += 1;
            call_off(db, call_up, now)?;
            Some("call_up.met")
        }
        (Stage::Met, Stage::Open) => {
            call_up.version += 1;
            let unanswered = store::unanswered(db, &call_up.id)?;
            let subjects: Vec<&str> = unanswered.iter().map(String::as_str).collect();
            outbox::call_again(db, &subjects, MESSAGE, call_up.version, now)?;
            Some("call_up.reopened")
        }
        _ => None,
    };
    store::save(db, call_up)?;
    let detail = json!({ "coming": call_up.coming, "needed": call_up.needed });
    Ok(action.map(|action| Entry { actor: actor.clone(), action, subject: call_up.id.clone(), detail }))
}

/// Messages that have not left yet are pointless.
fn call_off(db: &mut Db, call_up: &CallUpRow, now: DateTime<Utc>) -> Result<(), Error> {
    let unanswered = store::unanswered(db, &call_up.id)?;
    let subjects: Vec<&str> = unanswered.iter().map(String::as_str).collect();
    outbox::call_off(db, &subjects, &[MESSAGE], now).map(drop)
}

/// Takes an account's answers to these teams' call-ups back. What is to be written in the trail.
///
/// # Errors
/// Failures of the database.
pub(super) fn withdraw(
    db: &mut Db,
    account_id: &str,
    team_ids: &[&str],
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Vec<Entry>, Error> {
    let since = now - AWAITED;
    let ids: Vec<String> = store::answers_since(db, account_id, team_ids, since)?
        .into_iter()
        .map(|answer| answer.call_up_id)
        .collect();
    let mut locked: HashMap<String, CallUpRow> =
        store::lock(db, &ids.iter().map(String::as_str).collect::<Vec<_>>())?
            .into_iter()
            .map(|row| (row.id.clone(), row))
            .collect();
    let mut entries = Vec::new();
    // Read again: an answer may have changed before the lock.
    for answer in store::answers_since(db, account_id, team_ids, since)? {
        if let Some(call_up) = locked.get_mut(&answer.call_up_id) {
            entries.extend(change(db, call_up, &answer, Answer::Withdrawn, actor, now)?);
        }
    }
    Ok(entries)
}

/// Ends a call-up.
///
/// # Errors
/// `not_found`, `call_up_closed`.
pub async fn close(context: &Context, call_up_id: String) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let mut call_up = store::lock(db, &[&call_up_id])?.pop().ok_or_else(no_such_call_up)?;
            if call_up.standing().stage(now) == Stage::Closed {
                return Err(Error::conflict("call_up_closed", "This call-up is over already."));
            }
            end(db, &mut call_up, now)?;
            let detail = json!({ "coming": call_up.coming, "needed": call_up.needed });
            let entry =
                Entry { actor: whole.actor.clone(), action: "call_up.closed", subject: call_up.id, detail };
            audit::append(db, [entry], now, &mut Chance::from_system()?)
        })
        .await
}

fn no_such_call_up() -> Error {
    Error::not_found("There is no such call-up.")
}

fn end(db: &mut Db, call_up: &mut CallUpRow, now: DateTime<Utc>) -> Result<(), Error> {
    call_up.closed_at = Some(now.naive_utc());
    call_up.version += 1;
    store::save(db, call_up)?;
    call_off(db, call_up, now)
}

/// Ends all of a team's call-ups, which MUST be locked: how many.
///
/// # Errors
/// Failures of the database.
pub(super) fn end_all_of(db: &mut Db, team_id: &str, now: DateTime<Utc>) -> Result<usize, Error> {
    let ids = store::running_of(db, team_id, now)?;
    let mut running = store::lock(db, &ids.iter().map(String::as_str).collect::<Vec<_>>())?;
    running.retain(|call_up| call_up.closed_at.is_none());
    for call_up in &mut running {
        end(db, call_up, now)?;
    }
    Ok(running.len())
}

/// A call-up with what its members answered.
pub struct Counted {
    /// The call-up.
    pub row: CallUpRow,
    /// How many have not answered.
    pub unanswered: i64,
    /// How many come.
    pub coming: i64,
    /// How many do not.
    pub not_coming: i64,
    /// How many left the team since.
    pub withdrawn: i64,
}

/// A team's call-ups with the counts of their answers, the newest first.
///
/// # Errors
/// `not_found`.
pub fn of_team(db: &mut Db, team_id: &str) -> Result<Vec<Counted>, Error> {
    teams::by_id(db, team_id)?.ok_or_else(super::teams::no_such_team)?;
    let rows = store::of_team(db, team_id, PAGE)?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let counts = store::counts(db, &ids)?;
    let counted = |row: CallUpRow| {
        let of =
            |answer: Answer| counts.get(&(row.id.clone(), answer.as_str().to_owned())).copied().unwrap_or(0);
        Counted {
            unanswered: of(Answer::Asked),
            coming: of(Answer::Coming),
            not_coming: of(Answer::NotComing),
            withdrawn: of(Answer::Withdrawn),
            row,
        }
    };
    Ok(rows.into_iter().map(counted).collect())
}

/// Somebody who comes.
pub struct Coming {
    /// The donor's number.
    pub donor_no: String,
    /// The name, masked.
    pub masked_name: String,
    /// Since when.
    pub answered_at: Option<DateTime<Utc>>,
}

/// Who said that they come, in the order of their answers; each can read in the access log who looked.
///
/// # Errors
/// `not_found`.
pub async fn coming(context: &Context, call_up_id: String) -> Result<Vec<Coming>, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            store::by_id(db, &call_up_id)?.ok_or_else(no_such_call_up)?;
            let answers = store::coming(db, &call_up_id)?;
            let ids: Vec<String> = answers.iter().map(|answer| answer.donor_id.clone()).collect();
            let records = donors::by_ids(db, &ids)?;
            // Of a record that was merged into another, that one is the person's.
            let kept: Vec<String> = records.iter().filter_map(|record| record.merged_into.clone()).collect();
            let kept = donors::by_ids(db, &kept)?;
            let mut list = Vec::with_capacity(answers.len());
            let mut entries = Vec::with_capacity(answers.len());
            for answer in answers {
                let Some(asked) = records.iter().find(|record| record.id == answer.donor_id) else {
                    continue;
                };
                let into = kept.iter().find(|record| asked.merged_into.as_ref() == Some(&record.id));
                let record = into.unwrap_or(asked);
                entries.push(Entry {
                    actor: whole.actor.clone(),
                    action: "call_up.viewed",
                    subject: record.id.clone(),
                    detail: json!({ "call_up": call_up_id, "purpose": "donation" }),
                });
                list.push(Coming {
                    donor_no: record.donor_no.clone(),
                    masked_name: PersonName::mask(&record.name),
                    answered_at: answer.answered_at.map(|at| at.and_utc()),
                });
            }
            audit::append(db, entries, whole.clock.now(), &mut Chance::from_system()?)?;
            Ok(list)
        })
        .await
}
