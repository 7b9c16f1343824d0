//! `/v1/station/sessions/{session}/cancellation`, `…/move`, `…/unreached`: a session does not happen as planned.

use super::auth::{Staff, needs};
use super::body::Json;
use super::etag::Version;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::Context;
use crate::actions::session_changes::{self, Touched};
use crate::domain::personal::visible_text;
use crate::error::Error;
use crate::store::{schedule, session_notices};
use actix_web::{HttpResponse, web};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a session is cancelled.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancellationRequest {
    /// For colleagues. MUST NOT hold personal data.
    reason: String,
}

/// When a session opens instead.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftRequest {
    /// With its offset; hours, slots and appointments move with it.
    opens_at: DateTime<Utc>,
}

/// Whom it touched.
#[derive(Serialize, ToSchema)]
pub struct TouchedDonors {
    /// How many donors are told.
    told: usize,
    /// How many of them have another place held.
    offered: usize,
}

impl From<Touched> for TouchedDonors {
    fn from(Touched { told, offered }: Touched) -> Self {
        Self { told, offered }
    }
}

/// Cancel a session, for good: everybody is told, and gets another place held if there is one near.
#[utoipa::path(
    post, path = "/v1/station/sessions/{session}/cancellation", tag = "schedule", operation_id = "cancel_session",
    security(("bearer" = [])), request_body = CancellationRequest,
    params(
        ("session" = String, Path, description = "The session's id"),
        ("If-Match" = String, Header, description = "The `ETag` that was read"),
    ),
    responses(
        (status = 200, description = "Cancelled", body = TouchedDonors),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`session_cancelled`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`if_match_missing`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`session_busy`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn cancel(
    context: web::Data<Context>,
    staff: Staff<needs::ManageSchedule>,
    session: web::Path<String>,
    Version(version): Version,
    Json(request): Json<CancellationRequest>,
) -> Result<HttpResponse, Error> {
    let reason = visible_text("reason", &request.reason)?;
    let acting = staff.acting(&context);
    let touched = session_changes::cancel(&acting, session.into_inner(), version, reason).await?;
    Ok(HttpResponse::Ok().json(TouchedDonors::from(touched)))
}

/// Move a session: its slots and appointments move with it, and everybody is told.
#[utoipa::path(
    post, path = "/v1/station/sessions/{session}/move", tag = "schedule", operation_id = "move_session",
    security(("bearer" = [])), request_body = ShiftRequest,
    params(
        ("session" = String, Path, description = "The session's id"),
        ("If-Match" = String, Header, description = "The `ETag` that was read"),
    ),
    responses(
        (status = 200, description = "Moved", body = TouchedDonors),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`session_cancelled`, `session_exists`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`if_match_missing`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`session_busy`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn shift(
    context: web::Data<Context>,
    staff: Staff<needs::ManageSchedule>,
    session: web::Path<String>,
    Version(version): Version,
    Json(ShiftRequest { opens_at }): Json<ShiftRequest>,
) -> Result<HttpResponse, Error> {
    let opens_at = opens_at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(opens_at);
    let acting = staff.acting(&context);
    let touched = session_changes::shift(&acting, session.into_inner(), version, opens_at).await?;
    Ok(HttpResponse::Ok().json(TouchedDonors::from(touched)))
}

/// Somebody to be called.
#[derive(Serialize, ToSchema)]
pub struct Unreached {
    appointment: String,
    donor_no: String,
    starts_at: DateTime<Utc>,
    /// What became of the message: `failed`, `ambiguous` or `expired`.
    message: String,
}

/// List whom no message about a session's cancellation or move reached, and nobody has called yet.
#[utoipa::path(
    get, path = "/v1/station/sessions/{session}/unreached", tag = "schedule", operation_id = "unreached",
    security(("bearer" = [])),
    params(("session" = String, Path, description = "The session's id")),
    responses(
        (status = 200, description = "By start", body = [Unreached]),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn unreached(
    context: web::Data<Context>,
    _staff: Staff<needs::AssistDonors>,
    session: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let found = context.pool.read(move |db| match schedule::session(db, &session)? {
        Some(_) => session_notices::unreached(db, &session),
        None => Err(Error::not_found("There is no such session.")),
    });
    let shown = found.await?.into_iter().map(|row| Unreached {
        appointment: row.appointment_id,
        donor_no: row.donor_no,
        starts_at: row.starts_at.and_utc(),
        message: row.message,
    });
    Ok(HttpResponse::Ok().json(shown.collect::<Vec<_>>()))
}

/// Write down that somebody was told by telephone.
#[utoipa::path(
    post, path = "/v1/station/appointments/{appointment}/call", tag = "schedule", operation_id = "call",
    security(("bearer" = [])),
    params(("appointment" = String, Path, description = "The appointment's id")),
    responses(
        (status = 204, description = "Off the list"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn call(
    context: web::Data<Context>,
    staff: Staff<needs::AssistDonors>,
    appointment: web::Path<String>,
) -> Result<HttpResponse, Error> {
    session_changes::call(&staff.acting(&context), appointment.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}
