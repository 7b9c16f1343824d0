//! `/v1/station/unit-policy`: when donors are shown what became of a donation.

use super::auth::{Staff, needs};
use super::body::Json;
use super::etag::{Version, version_tag};
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::{Context, unit_policy};
use crate::domain::unit;
use crate::error::Error;
use crate::store::unit_policy as store;
use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, web};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When donors are shown what became of a donation.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitPolicy {
    /// So many days after a step its donor is shown it: 0 to 365.
    delay_days: i64,
}

/// Show when donors are shown what became of a donation; its `ETag` is what a change must name.
#[utoipa::path(
    get, path = "/v1/station/unit-policy", tag = "station", operation_id = "unit_policy",
    security(("bearer" = [])),
    responses((status = 200, description = "The policy in force", body = UnitPolicy), CallerProblems)
)]
pub async fn show(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageUnits>,
) -> Result<HttpResponse, Error> {
    let policy = context.pool.read(store::policy).await?;
    let tag = version_tag(policy.version);
    let shown = UnitPolicy { delay_days: policy.delay.num_days() };
    Ok(HttpResponse::Ok().insert_header((ETAG, tag)).json(shown))
}

/// Change when donors are shown what became of a donation: it holds for all of them at once.
#[utoipa::path(
    put, path = "/v1/station/unit-policy", tag = "station", operation_id = "change_unit_policy",
    security(("bearer" = [])), request_body = UnitPolicy,
    params(("If-Match" = String, Header, description = "The `ETag` that was read")),
    responses(
        (status = 204, description = "In force"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`if_match_missing`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn change(
    context: web::Data<Context>,
    staff: Staff<needs::ManageUnits>,
    Version(version): Version,
    Json(UnitPolicy { delay_days }): Json<UnitPolicy>,
) -> Result<HttpResponse, Error> {
    let delay = TimeDelta::try_days(delay_days).unwrap_or(TimeDelta::MAX);
    let policy = unit::Policy { delay, version: version.saturating_add(1) };
    unit_policy::change(&staff.acting(&context), policy).await?;
    Ok(HttpResponse::NoContent().finish())
}
