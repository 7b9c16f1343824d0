//! `/v1/station/units`: what became of a donation, for staff.

use super::auth::{Staff, needs};
use super::limited;
use super::problem::{CallerProblems, Problem};
use super::station_donors::stated;
use super::station_questionnaires::Reason;
use crate::actions::Context;
use crate::actions::units::{self, Opened};
use crate::domain::limits::LOOK_UPS;
use crate::domain::unit::UnitNumber;
use crate::error::Error;
use crate::store::units::{EventRow, ReadingRow};
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A unit.
#[derive(Serialize, ToSchema)]
pub struct UnitView {
    unit_no: String,
    donation_no: String,
    /// `red_cells`, `plasma`, `platelets`, `cryoprecipitate` or `whole_blood`.
    component: String,
    /// `collected`, `tested`, `stored`, `issued`, `used`, `discarded` or `reactive`.
    status: String,
    status_at: DateTime<Utc>,
    /// The hospital that it went to.
    hospital_code: Option<String>,
    /// What was told, the oldest first.
    events: Vec<UnitEvent>,
    /// Readings of the cold chain, the oldest first.
    temperatures: Vec<UnitTemperature>,
}

/// Something that happened to a unit.
#[derive(Serialize, ToSchema)]
pub struct UnitEvent {
    /// `collected`, `tested`, `stored`, `issued`, `used`, `discarded` or `reactive`.
    status: String,
    at: DateTime<Utc>,
    hospital_code: Option<String>,
    /// Whether a later import told it otherwise: then it counts no more.
    corrected: bool,
}

impl From<EventRow> for UnitEvent {
    fn from(row: EventRow) -> Self {
        Self {
            status: row.status,
            at: row.at.and_utc(),
            hospital_code: row.hospital_code,
            corrected: row.corrected_by.is_some(),
        }
    }
}

/// A reading of the cold chain.
#[derive(Serialize, ToSchema)]
pub struct UnitTemperature {
    at: DateTime<Utc>,
    /// Tenths of a degree Celsius.
    tenths_celsius: i64,
}

impl From<ReadingRow> for UnitTemperature {
    fn from(row: ReadingRow) -> Self {
        Self { at: row.at.and_utc(), tenths_celsius: row.tenths }
    }
}

/// Show a unit with all that was told of it, for a stated purpose.
///
/// The donor can read in the access log who looked, when and why.
#[utoipa::path(
    get, path = "/v1/station/units/{unit_no}", tag = "station", operation_id = "unit", security(("bearer" = [])),
    params(("unit_no" = String, Path, description = "The unit's number, in capitals or not"), Reason),
    responses(
        (status = 200, description = "The unit", body = UnitView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`purpose_missing`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn show(
    context: web::Data<Context>,
    staff: Staff<needs::ReadUnits>,
    unit_no: web::Path<String>,
    reason: web::Query<Reason>,
) -> Result<HttpResponse, Error> {
    let purpose = stated(&reason.purpose)?;
    let left = limited::spend(&context, &[(&LOOK_UPS, staff.id())]).await?;
    let number = UnitNumber::parse(&unit_no).map_err(|_| Error::not_found("There is no such unit."))?;
    let Opened { unit, events, readings } =
        units::read(&staff.acting(&context), number.as_str().to_owned(), purpose).await?;
    let mut answer = HttpResponse::Ok();
    left.tell(&mut answer);
    Ok(answer.json(UnitView {
        unit_no: unit.unit_no,
        donation_no: unit.donation_no,
        component: unit.component,
        status: unit.status,
        status_at: unit.status_at.and_utc(),
        hospital_code: unit.hospital_code,
        events: events.into_iter().map(UnitEvent::from).collect(),
        temperatures: readings.into_iter().map(UnitTemperature::from).collect(),
    }))
}
