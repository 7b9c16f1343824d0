//! Somebody is asked to wait, and somebody is told that they need not wait longer.

use super::{mark, settle, trace, visit_in};
use crate::actions::Context;
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::deferrals::{self, DeferralRow};
use crate::store::donors;
use chrono::NaiveDate;
use serde_json::json;

/// The longest word of a rule.
const LONGEST_RULE: usize = 64;

/// A deferral to be written down.
pub struct NewDeferral {
    /// A word of the rule: `haemoglobin.min`, `questionnaire`, `doctor`, …
    pub rule: String,
    /// The first day on which the donor may come again, Asia/Shanghai; `None` is for good.
    pub until: Option<NaiveDate>,
}

impl NewDeferral {
    fn check(self, today: NaiveDate) -> Result<Self, Refusal> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte);
        if !(1..=LONGEST_RULE).contains(&self.rule.len()) || !self.rule.bytes().all(plain) {
            let message =
                "A rule is a word of at most 64 small letters, digits, '.' and '_'; a diagnosis is none.";
            return Err(Refusal::new("rule", "not_a_rule", message));
        }
        if self.until.is_some_and(|until| until <= today) {
            return Err(Refusal::new("until", "in_the_past", "The donor would not wait at all."));
        }
        Ok(self)
    }
}

/// Defers the donor of a visit: nothing is collected. Returns the deferral's id.
///
/// # Errors
/// `not_a_rule`, `in_the_past`; `not_found`, `wrong_state`.
pub async fn defer(context: &Context, visit_id: String, deferral: NewDeferral) -> Result<String, Error> {
    let deferral = deferral.check(day_in_china(context.clock.now()))?;
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let mut visit = visit_in(db, &visit_id, &["waiting", "screened"])?;
            let row = DeferralRow {
                id: Chance::from_system()?.id(now),
                donor_id: visit.donor_id.clone(),
                visit_id: Some(visit.id.clone()),
                rule: deferral.rule,
                until: deferral.until,
                created_at: now.naive_utc(),
                user_id: whole.user_id(),
                lifted_at: None,
                lifted_by: None,
            };
            deferrals::insert(db, &row)?;
            mark(db, &mut visit, "deferred", now)?;
            settle(db, &visit, "deferred", now)?;
            trace(&whole, db, "visit.deferred", &visit, now)?;
            Ok(row.id)
        })
        .await
}

/// A donor's deferrals, the newest first; the donor can read who looked.
///
/// # Errors
/// `not_found`.
pub async fn deferrals_of(context: &Context, donor_no: String) -> Result<Vec<DeferralRow>, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let donor = donors::by_number(db, &donor_no)?
                .ok_or_else(|| Error::not_found("There is no such donor."))?;
            let rows = deferrals::of_donor(db, &donor.id)?;
            let detail = json!({ "purpose": "medical" });
            let entry =
                Entry { actor: whole.actor.clone(), action: "deferrals.viewed", subject: donor.id, detail };
            audit::append(db, [entry], whole.clock.now(), &mut Chance::from_system()?)?;
            Ok(rows)
        })
        .await
}

/// Lifts a deferral: the doctor looked again.
///
/// # Errors
/// `not_found` when it is none that stands.
pub async fn lift(context: &Context, deferral_id: String) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let donor_id = deferrals::lift(db, &deferral_id, &whole.user_id(), now)?
                .ok_or_else(|| Error::not_found("There is no such deferral, or it was lifted already."))?;
            let detail = json!({ "deferral": deferral_id, "purpose": "medical" });
            let entry =
                Entry { actor: whole.actor.clone(), action: "deferral.lifted", subject: donor_id, detail };
            audit::append(db, [entry], now, &mut Chance::from_system()?)
        })
        .await
}
