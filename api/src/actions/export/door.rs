//! What happened to the donor at the door, in an export: visits with what was measured, deferrals, reactions.

use crate::domain::screening::Measured;
use crate::error::Error;
use crate::store::visits::ScreeningRow;
use crate::store::{Db, deferrals, reactions, visits};
use crate::vault::Vault;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// A visit.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedVisit {
    pub(super) at: DateTime<Utc>,
    /// The site's name.
    pub(super) place: String,
    pub(super) product: String,
    /// `ticket`, `waiting`, `screened`, `donated`, `deferred` or `left`.
    pub(super) state: String,
    /// What was measured, the newest first.
    pub(super) screenings: Vec<ExportedScreening>,
}

/// What was measured before a donation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedScreening {
    pub(super) at: DateTime<Utc>,
    /// Whether everything was within the limits.
    pub(super) passed: bool,
    /// g/L, mmHg, beats a minute, kg.
    #[schema(value_type = Object)]
    pub(super) measured: Measured,
}

/// The oldest first.
pub(super) fn visits(db: &mut Db, donor_ids: &[&str], vault: &Vault) -> Result<Vec<ExportedVisit>, Error> {
    let mut measured: HashMap<String, Vec<ExportedScreening>> = HashMap::new();
    for row in visits::screenings_of_donors(db, donor_ids)? {
        measured.entry(row.visit_id.clone()).or_default().push(screening(&row, vault)?);
    }
    let all = visits::of_donors(db, donor_ids)?.into_iter().map(|(row, place)| ExportedVisit {
        at: row.created_at.and_utc(),
        place,
        product: row.product,
        state: row.state,
        screenings: measured.remove(&row.id).unwrap_or_default(),
    });
    Ok(all.collect())
}

fn screening(row: &ScreeningRow, vault: &Vault) -> Result<ExportedScreening, Error> {
    let measured = serde_json::from_str(&row.measured(vault)?)
        .map_err(|_| Error::internal("a screening that cannot be read"))?;
    Ok(ExportedScreening { at: row.at.and_utc(), passed: row.passed, measured })
}

/// A deferral.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedDeferral {
    /// The word of the rule.
    pub(super) rule: String,
    /// The first day on which it does not block any more, Asia/Shanghai; absent for good.
    pub(super) until: Option<NaiveDate>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) lifted_at: Option<DateTime<Utc>>,
}

/// The newest first of each record.
pub(super) fn deferrals(db: &mut Db, donor_ids: &[&str]) -> Result<Vec<ExportedDeferral>, Error> {
    let mut all = Vec::new();
    for donor_id in donor_ids {
        all.extend(deferrals::of_donor(db, donor_id)?.into_iter().map(|row| ExportedDeferral {
            rule: row.rule,
            until: row.until,
            created_at: row.created_at.and_utc(),
            lifted_at: row.lifted_at.map(|at| at.and_utc()),
        }));
    }
    Ok(all)
}

/// An adverse reaction.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedReaction {
    pub(super) donation_no: String,
    /// `mild`, `moderate` or `severe`.
    pub(super) severity: String,
    /// What happened.
    pub(super) note: String,
    pub(super) recorded_at: DateTime<Utc>,
    /// How the donor was when somebody asked: `recovered` or `referred`.
    pub(super) outcome: Option<String>,
    followed_up_at: Option<DateTime<Utc>>,
}

/// The oldest first.
pub(super) fn reactions(
    db: &mut Db,
    donor_ids: &[&str],
    vault: &Vault,
) -> Result<Vec<ExportedReaction>, Error> {
    let rows = reactions::of_donors(db, donor_ids)?;
    let exported = rows.into_iter().map(|row| {
        Ok(ExportedReaction {
            note: row.note(vault)?.to_string(),
            donation_no: row.donation_no,
            severity: row.severity,
            recorded_at: row.created_at.and_utc(),
            outcome: row.outcome,
            followed_up_at: row.followed_up_at.map(|at| at.and_utc()),
        })
    });
    exported.collect()
}
