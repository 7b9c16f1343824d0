//! Adverse reactions: written down, and followed up.

use super::Context;
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::refusal::words;
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::reactions::{self as store, NewReaction, ReactionRow};
use crate::store::{Db, donations};
use chrono::{Days, NaiveDate};
use serde_json::json;

/// How bad it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It passed by itself.
    Mild,
    /// It needed care at the site.
    Moderate,
    /// It needed a doctor or a hospital.
    Severe,
}
words!(Severity { Mild = "mild", Moderate = "moderate", Severe = "severe" });

/// How the donor was when somebody asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Well again.
    Recovered,
    /// Sent to a doctor.
    Referred,
}
words!(Recovery { Recovered = "recovered", Referred = "referred" });

impl Severity {
    /// The day on which somebody asks how the donor is.
    fn follow_up_on(self, today: NaiveDate) -> NaiveDate {
        let days = match self {
            Self::Mild => 3,
            Self::Moderate | Self::Severe => 1,
        };
        today.checked_add_days(Days::new(days)).unwrap_or(today)
    }
}

/// Writes a reaction down. Returns its id.
///
/// # Errors
/// `not_found` when there is no such donation.
pub async fn record(
    context: &Context,
    donation_no: String,
    severity: Severity,
    note: String,
) -> Result<String, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let (now, mut chance) = (whole.clock.now(), Chance::from_system()?);
            let donation = donations::by_numbers(db, [donation_no.as_str()])?.remove(&donation_no);
            let donation = donation.ok_or_else(|| Error::not_found("There is no such donation."))?;
            let reaction = NewReaction {
                donor_id: donation.donor_id,
                donation_no,
                severity: severity.as_str(),
                note,
                user_id: whole.user_id(),
                follow_up_on: severity.follow_up_on(day_in_china(now)),
            };
            let row = ReactionRow::seal(reaction, &whole.vault, now, &mut chance)?;
            store::insert(db, &row)?;
            trace(&whole, db, "reaction.recorded", &row)?;
            Ok(row.id)
        })
        .await
}

/// Reactions after which nobody has asked yet, by the day on which somebody is to; the donors can read who looked.
///
/// # Errors
/// Failures of the database.
pub async fn open(context: &Context, limit: i64) -> Result<Vec<ReactionRow>, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let rows = store::open(db, limit)?;
            for row in &rows {
                trace(&whole, db, "reaction.viewed", row)?;
            }
            Ok(rows)
        })
        .await
}

/// Writes down that somebody asked, and how the donor was.
///
/// # Errors
/// `not_found` when there is no such reaction, or somebody asked already.
pub async fn follow_up(context: &Context, id: String, recovery: Recovery) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            if !store::follow_up(db, &id, &whole.user_id(), recovery.as_str(), now)? {
                return Err(Error::not_found("There is no such reaction, or somebody asked already."));
            }
            let row = store::by_id(db, &id)?.ok_or_else(|| Error::internal("a reaction that went away"))?;
            trace(&whole, db, "reaction.followed_up", &row)
        })
        .await
}

fn trace(context: &Context, db: &mut Db, action: &'static str, row: &ReactionRow) -> Result<(), Error> {
    let detail = json!({ "reaction": row.id, "purpose": "medical" });
    let entry = Entry { actor: context.actor.clone(), action, subject: row.donor_id.clone(), detail };
    audit::append(db, [entry], context.clock.now(), &mut Chance::from_system()?)
}
