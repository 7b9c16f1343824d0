//! Somebody is needed: who is asked, and who is not.

use super::MESSAGE;
use crate::actions::Context;
use crate::actions::eligibility::Histories;
use crate::actions::teams::open_team;
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::call_ups::{Answer, BloodGroup, Candidate, LeftOut, check, groups_of, listed};
use crate::domain::donation::Product;
use crate::domain::eligibility::blocks;
use crate::domain::identity::Sex;
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::call_ups::{self as store, AnswerRow, CallUpRow};
use crate::store::donors::{self, DonorRow};
use crate::store::outbox::{self, Notice, OutboxRow};
use crate::store::teams::{self, Member};
use crate::store::{Db, appointments, schedule};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// Whom a call-up is for.
pub struct NewCallUp {
    /// Exactly these groups.
    pub groups: Vec<BloodGroup>,
    /// What is to be given.
    pub product: Product,
    /// How many donors.
    pub needed: u32,
    /// When it is over.
    pub closes_at: DateTime<Utc>,
    /// The session to come to, when it is known.
    pub session_id: Option<String>,
    /// For colleagues.
    pub note: Option<String>,
}

/// Whom a call-up asked, and why others were left out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Called {
    /// The call-up's id.
    pub id: String,
    /// How many are asked.
    pub asked: usize,
    /// How many accounts are not, or no longer, their own donor's.
    pub no_record: usize,
    /// How many have another blood group.
    pub other_group: usize,
    /// For how many another call-up waits.
    pub called_already: usize,
    /// How many have an appointment.
    pub has_appointment: usize,
    /// How many the rules do not allow to give on the day.
    pub not_eligible: usize,
}

impl Called {
    fn count(&mut self, why: LeftOut) {
        *match why {
            LeftOut::NoRecord => &mut self.no_record,
            LeftOut::OtherGroup => &mut self.other_group,
            LeftOut::CalledAlready => &mut self.called_already,
            LeftOut::HasAppointment => &mut self.has_appointment,
            LeftOut::NotEligible => &mut self.not_eligible,
        } += 1;
    }
}

/// Calls a team up: every member who has one of the groups and may give on the day is asked, in the same transaction.
/// The day is the session's, or today.
///
/// # Errors
/// `out_of_range`, `in_the_past`, `too_far`; `not_found`, `unknown_session`; `team_closed`, `session_cancelled`,
/// `session_over`.
pub async fn call(context: &Context, team_id: String, wanted: NewCallUp) -> Result<Called, Error> {
    let whole = context.clone();
    let called = context.pool.write(move |db| {
        let (now, mut chance) = (whole.clock.now(), Chance::from_system()?);
        check(wanted.needed, wanted.closes_at, now)?;
        // Who asks twice at once finds the first call-up's answers waited for.
        open_team(teams::lock(db, &team_id)?)?;
        let day = day_of(db, wanted.session_id.as_deref(), now)?;
        let row = CallUpRow {
            id: chance.id(now),
            team_id,
            session_id: wanted.session_id,
            blood_groups: listed(&wanted.groups),
            product: wanted.product.as_str().to_owned(),
            needed: i64::from(wanted.needed),
            coming: 0,
            note: wanted.note,
            created_by: whole.user_id(),
            created_at: now.naive_utc(),
            closes_at: wanted.closes_at.naive_utc(),
            closed_at: None,
            version: 1,
        };
        let (members, called) = choose(&whole, db, &row, wanted.product, day, now)?;
        let answers: Vec<AnswerRow> = members
            .into_iter()
            .map(|member| AnswerRow {
                id: chance.id(now),
                call_up_id: row.id.clone(),
                account_id: member.account_id,
                donor_id: member.donor_id,
                state: Answer::Asked.as_str().to_owned(),
                asked_at: now.naive_utc(),
                answered_at: None,
            })
            .collect();
        store::insert(db, &row, &answers)?;
        let messages: Vec<OutboxRow> =
            answers.iter().map(|answer| message(&row, answer, now, &mut chance)).collect();
        outbox::push(db, &messages)?;
        audit::append(db, traces(&whole, &row, &called, &answers), now, &mut chance)?;
        Ok(called)
    });
    let called = called.await?;
    context.bell.notify_one();
    Ok(called)
}

/// The day on which somebody is needed.
fn day_of(db: &mut Db, session_id: Option<&str>, now: DateTime<Utc>) -> Result<NaiveDate, Error> {
    let Some(id) = session_id else { return Ok(day_in_china(now)) };
    let unknown = || Error::invalid("unknown_session", "There is no such session.");
    let session = schedule::session(db, id)?.ok_or_else(unknown)?;
    if session.state == "cancelled" {
        return Err(Error::conflict("session_cancelled", "This session is cancelled."));
    }
    if session.closes_at <= now.naive_utc() {
        return Err(Error::conflict("session_over", "This session is over."));
    }
    Ok(session.day)
}

/// The members who are asked, in the order of their accounts, and how many are not.
fn choose(
    context: &Context,
    db: &mut Db,
    call_up: &CallUpRow,
    product: Product,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<(Vec<Member>, Called), Error> {
    let mut members = teams::roster(db, &call_up.team_id)?;
    let size = teams::sizes(db, &[&call_up.team_id])?.remove(&call_up.team_id).unwrap_or(0);
    let ids: Vec<String> = members.iter().map(|member| member.donor_id.clone()).collect();
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let records: HashMap<String, DonorRow> =
        donors::by_ids(db, &ids)?.into_iter().map(|row| (row.id.clone(), row)).collect();
    let histories = Histories::load(db, &names)?;
    let called_already: HashSet<String> = store::waited_for(db, &names, now)?.into_iter().collect();
    let held = |expires: Option<chrono::NaiveDateTime>| expires.is_none_or(|at| at > now.naive_utc());
    let booked: HashSet<String> = appointments::active_of(db, &names)?
        .into_iter()
        .filter(|row| row.state != "held" || held(row.hold_expires_at))
        .map(|row| row.donor_id)
        .collect();
    let wanted = groups_of(&call_up.blood_groups);
    let pack = context.rules.on(day);
    let found = members.len();
    let mut called = Called { id: call_up.id.clone(), ..Called::default() };
    called.no_record = usize::try_from(size).unwrap_or(found).saturating_sub(found);
    let mut asked = Vec::new();
    for member in members.drain(..) {
        let Some(record) = records.get(&member.donor_id) else { continue };
        let sex = Sex::from_word(&record.sex).ok_or_else(|| Error::internal("a sex that does not exist"))?;
        let facts = histories.facts(&record.id, record.birth_date, sex);
        let candidate = Candidate {
            group: BloodGroup::of_words(record.abo.as_deref(), record.rh.as_deref()),
            eligible: blocks(pack, &facts, product, day).is_empty(),
            has_appointment: booked.contains(&record.id),
            called_already: called_already.contains(&record.id),
        };
        match candidate.left_out(&wanted) {
            Some(why) => called.count(why),
            None => asked.push(member),
        }
    }
    called.asked = asked.len();
    Ok((asked, called))
}

fn message(call_up: &CallUpRow, answer: &AnswerRow, now: DateTime<Utc>, chance: &mut Chance) -> OutboxRow {
    let notice = Notice {
        kind: MESSAGE,
        account_id: &answer.account_id,
        subject: &answer.id,
        version: call_up.version,
        due_at: now,
        expires_at: call_up.closes_at.and_utc(),
    };
    OutboxRow::notice(&notice, now, chance)
}

/// A line for the call-up, and one that each who is asked can read.
fn traces(context: &Context, row: &CallUpRow, called: &Called, answers: &[AnswerRow]) -> Vec<Entry> {
    let opened = Entry {
        actor: context.actor.clone(),
        action: "call_up.opened",
        subject: row.id.clone(),
        detail: json!({ "team": row.team_id, "asked": called.asked, "needed": row.needed }),
    };
    let asked = answers.iter().map(|answer| Entry {
        actor: context.actor.clone(),
        action: "call_up.asked",
        subject: answer.donor_id.clone(),
        detail: json!({ "call_up": row.id, "purpose": "donation" }),
    });
    std::iter::once(opened).chain(asked).collect()
}
