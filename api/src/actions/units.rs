//! What became of donations: as donors see it, and as staff do for a stated purpose.

use super::Context;
use crate::chance::Chance;
use crate::domain::look_up::Purpose;
use crate::domain::unit::{Journey, Shown, Unit, journey};
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::units::{EventRow, ReadingRow, UnitRow};
use crate::store::{Db, donations, unit_policy, units};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use utoipa::ToSchema;

/// How far a unit of a donation has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyStep {
    /// `red_cells`, `plasma`, `platelets`, `cryoprecipitate` or `whole_blood`.
    pub component: &'static str,
    /// `collected`, `tested`, `stored`, `issued` or `used`.
    pub step: &'static str,
    /// In which month, Asia/Shanghai: `YYYY-MM`.
    pub month: String,
}

impl From<Shown> for JourneyStep {
    fn from(Shown { component, step, month }: Shown) -> Self {
        Self { component: component.as_str(), step: step.as_str(), month }
    }
}

/// What became of a donation, some days after it happened.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct JourneyView {
    /// How far each of its units has come; empty when nothing is known yet.
    pub journey: Vec<JourneyStep>,
    /// Whether the donor is asked to contact the station.
    pub please_contact_station: bool,
}

impl From<Journey> for JourneyView {
    fn from(journey: Journey) -> Self {
        match journey {
            Journey::Steps(steps) => Self {
                journey: steps.into_iter().map(JourneyStep::from).collect(),
                please_contact_station: false,
            },
            Journey::ContactStation => Self { journey: Vec::new(), please_contact_station: true },
        }
    }
}

/// The journeys of some donations.
pub struct Journeys {
    units: HashMap<String, Vec<Unit>>,
    delay: TimeDelta,
    now: DateTime<Utc>,
}

impl Journeys {
    /// Loads what is known at `now` of these donations.
    ///
    /// # Errors
    /// Failures of the database.
    pub fn load<'a>(
        db: &mut Db,
        donations: impl IntoIterator<Item = &'a str>,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let donations: Vec<&str> = donations.into_iter().collect();
        Ok(Self { units: units::of_donations(db, &donations)?, delay: unit_policy::policy(db)?.delay, now })
    }

    /// What the donor is shown of a donation.
    pub fn of(&self, donation_no: &str) -> JourneyView {
        let units = self.units.get(donation_no).map(Vec::as_slice).unwrap_or_default();
        journey(units, self.delay, self.now).into()
    }
}

/// A unit with everything that was told of it.
pub struct Opened {
    /// The unit.
    pub unit: UnitRow,
    /// What was told, what was corrected too, the oldest first.
    pub events: Vec<EventRow>,
    /// Readings of the cold chain, the oldest first.
    pub readings: Vec<ReadingRow>,
}

/// A unit with everything that was told of it; its donor can read who looked.
///
/// # Errors
/// `not_found`.
pub async fn read(context: &Context, unit_no: String, purpose: Purpose) -> Result<Opened, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let unit = units::by_numbers(db, &[&unit_no])?.pop();
            let unit = unit.ok_or_else(|| Error::not_found("There is no such unit."))?;
            let donation = donations::by_numbers(db, [unit.donation_no.as_str()])?.remove(&unit.donation_no);
            let donation = donation.ok_or_else(|| Error::internal("a unit of no donation"))?;
            let entry = Entry {
                actor: whole.actor.clone(),
                action: "unit.read",
                subject: donation.donor_id,
                detail: json!({ "purpose": purpose.as_str(), "unit": unit.unit_no }),
            };
            audit::append(db, [entry], whole.clock.now(), &mut Chance::from_system()?)?;
            let events = units::events_of(db, &[&unit_no])?;
            let readings = units::readings_of(db, &[&unit_no])?;
            Ok(Opened { unit, events, readings })
        })
        .await
}
