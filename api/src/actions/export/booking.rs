//! The donor's own appointments and emergency teams in an export.

use crate::error::Error;
use crate::store::appointments::{Visit, visits_of};
use crate::store::{Db, call_ups, teams};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// An appointment.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedAppointment {
    id: String,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) product: String,
    /// The site's name.
    pub(super) place: String,
    address: String,
    /// `held`, `booked`, `checked_in`, `donated`, `deferred`, `no_show`, `cancelled`, `rescheduled` or `expired`.
    pub(super) state: String,
    /// Whether the donor said again that they come.
    will_come: bool,
    created_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

impl From<Visit> for ExportedAppointment {
    fn from(Visit { appointment, site, .. }: Visit) -> Self {
        Self {
            id: appointment.id,
            starts_at: appointment.starts_at.and_utc(),
            product: appointment.product,
            place: site.name,
            address: site.address,
            state: appointment.state,
            will_come: appointment.will_come,
            created_at: appointment.created_at.and_utc(),
            changed_at: appointment.changed_at.and_utc(),
        }
    }
}

/// By start.
pub(super) fn appointments(db: &mut Db, donor_ids: &[&str]) -> Result<Vec<ExportedAppointment>, Error> {
    let all = visits_of(db, donor_ids, DateTime::UNIX_EPOCH)?;
    Ok(all.into_iter().map(ExportedAppointment::from).collect())
}

/// A membership of an emergency team.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedMembership {
    /// The team's name.
    pub(super) team: String,
    /// The version of the text that the donor agreed to.
    pub(super) text_version: String,
    pub(super) joined_at: DateTime<Utc>,
    pub(super) left_at: Option<DateTime<Utc>>,
}

/// The account's memberships, those that ended too, the oldest first.
pub(super) fn memberships(db: &mut Db, account_id: &str) -> Result<Vec<ExportedMembership>, Error> {
    let all = teams::history(db, account_id)?.into_iter().map(|(row, team)| ExportedMembership {
        team,
        text_version: row.text_version,
        joined_at: row.joined_at.and_utc(),
        left_at: row.left_at.map(|at| at.and_utc()),
    });
    Ok(all.collect())
}

/// A call to an emergency team, and what the donor said.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedCallUp {
    /// The team's name.
    pub(super) team: String,
    pub(super) product: String,
    pub(super) asked_at: DateTime<Utc>,
    /// `asked`, `coming`, `not_coming` or `withdrawn`.
    pub(super) answer: String,
    answered_at: Option<DateTime<Utc>>,
}

/// What the account was asked, the oldest first.
pub(super) fn calls(db: &mut Db, account_id: &str) -> Result<Vec<ExportedCallUp>, Error> {
    let all = call_ups::history(db, account_id)?.into_iter().map(|asked| ExportedCallUp {
        team: asked.team,
        product: asked.call_up.product,
        asked_at: asked.answer.asked_at.and_utc(),
        answer: asked.answer.state,
        answered_at: asked.answer.answered_at.map(|at| at.and_utc()),
    });
    Ok(all.collect())
}
