//! `/v1/station/sessions`: collection sessions, for the station's staff.

use super::auth::{Staff, needs};
use super::body::Json;
use super::etag::{Version, version_tag};
use super::problem::{BodyProblems, CallerProblems, Problem};
use super::sites::Entered;
use crate::actions::Context;
use crate::actions::schedule::{self, NewSession, no_such_site};
use crate::clock::day_in_china;
use crate::domain::schedule::{Hours, Plan};
use crate::domain::site::SiteCode;
use crate::error::Error;
use crate::store::schedule as store;
use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Sessions that are shown at once.
const PAGE: i64 = 1_000;

/// A collection session.
#[derive(Serialize, ToSchema)]
pub struct CollectionSession {
    id: String,
    /// The site's code.
    site: String,
    /// Asia/Shanghai.
    day: NaiveDate,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    vehicle: Option<String>,
    /// `open`, `paused` or `cancelled`.
    state: String,
    reason: Option<String>,
    /// When the places kept for walk-ins and groups become everybody's.
    release_at: DateTime<Utc>,
}

impl From<store::SessionRow> for CollectionSession {
    fn from(row: store::SessionRow) -> Self {
        Self {
            id: row.id,
            site: row.site_code,
            day: row.day,
            opens_at: row.opens_at.and_utc(),
            closes_at: row.closes_at.and_utc(),
            vehicle: row.vehicle,
            state: row.state,
            reason: row.reason,
            release_at: row.release_at.and_utc(),
        }
    }
}

/// Which sessions.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Days {
    /// The first day, Asia/Shanghai; today when absent.
    #[serde(default)]
    from: Option<NaiveDate>,
    /// The last day; two weeks after the first when absent.
    #[serde(default)]
    until: Option<NaiveDate>,
    /// A site's code; all sites when absent.
    #[serde(default)]
    site: Option<String>,
}

/// List sessions by time, at most 1,000.
#[utoipa::path(
    get, path = "/v1/station/sessions", tag = "schedule", operation_id = "collection_sessions",
    security(("bearer" = [])), params(Days),
    responses(
        (status = 200, description = "By time", body = [CollectionSession]),
        (status = 422, description = "`malformed_query`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn list(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageSchedule>,
    days: web::Query<Days>,
) -> Result<HttpResponse, Error> {
    let Days { from, until, site } = days.into_inner();
    let from = from.unwrap_or_else(|| day_in_china(context.clock.now()));
    let until = until.unwrap_or(from + TimeDelta::days(14));
    let rows = context.pool.read(move |db| store::sessions_between(db, site.as_deref(), from, until, PAGE));
    Ok(HttpResponse::Ok().json(rows.await?.into_iter().map(CollectionSession::from).collect::<Vec<_>>()))
}

/// A session to be opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    /// The site's code.
    site: String,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    /// The vehicle, of a mobile site.
    #[serde(default)]
    vehicle: Option<String>,
    /// What it can do at one time: products with chairs and minutes, staff, kept places.
    #[schema(value_type = Object)]
    plan: Plan,
}

/// Open a session, with its slots.
#[utoipa::path(
    post, path = "/v1/station/sessions", tag = "schedule", operation_id = "open_session", security(("bearer" = [])),
    request_body = SessionRequest,
    responses(
        (status = 201, description = "Open for booking", body = Entered),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`session_exists`, `site_closed`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn open(
    context: web::Data<Context>,
    staff: Staff<needs::ManageSchedule>,
    Json(request): Json<SessionRequest>,
) -> Result<HttpResponse, Error> {
    let session = NewSession {
        site_code: SiteCode::parse(&request.site).map_err(|_| no_such_site())?.into_text(),
        hours: Hours::new(request.opens_at, request.closes_at)?,
        vehicle: request.vehicle,
        plan: request.plan,
        template_id: None,
    };
    let acting = staff.acting(&context);
    let id = schedule::open_session(&acting, session).await?;
    Ok(HttpResponse::Created().json(Entered { id }))
}

/// A slot, as staff see it.
#[derive(Serialize, ToSchema)]
pub struct Slot {
    id: String,
    product: String,
    starts_at: DateTime<Utc>,
    capacity: i64,
    /// Kept for walk-ins and groups until the release.
    reserved: i64,
    held: i64,
    booked: i64,
    /// Kept for those who wait and for groups that are named.
    kept: i64,
}

/// A session with its slots.
#[derive(Serialize, ToSchema)]
pub struct SessionWithSlots {
    #[serde(flatten)]
    session: CollectionSession,
    /// By time and product.
    slots: Vec<Slot>,
}

/// Show a session with its slots; its `ETag` is what a change must name.
#[utoipa::path(
    get, path = "/v1/station/sessions/{session}", tag = "schedule", operation_id = "collection_session",
    security(("bearer" = [])),
    params(("session" = String, Path, description = "The session's id")),
    responses(
        (status = 200, description = "The session", body = SessionWithSlots),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn show(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageSchedule>,
    id: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let found = context.pool.read(move |db| match store::session(db, &id)? {
        Some(session) => Ok(Some((store::slots_of(db, &id)?, session))),
        None => Ok(None),
    });
    let (slots, session) = found.await?.ok_or_else(|| Error::not_found("There is no such session."))?;
    let version = session.version;
    let slots = slots.into_iter().map(|row| Slot {
        id: row.id,
        product: row.product,
        starts_at: row.starts_at.and_utc(),
        capacity: row.capacity,
        reserved: row.reserved,
        held: row.held,
        booked: row.booked,
        kept: row.kept,
    });
    let body = SessionWithSlots { session: session.into(), slots: slots.collect() };
    Ok(HttpResponse::Ok().insert_header((ETAG, version_tag(version))).json(body))
}

/// Whether a session is paused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseRequest {
    /// Whether nothing can be booked for now.
    paused: bool,
    /// Why, for colleagues.
    #[serde(default)]
    reason: Option<String>,
}

/// Pause a session, or open it again: while it is paused nothing new is booked.
#[utoipa::path(
    put, path = "/v1/station/sessions/{session}/pause", tag = "schedule", operation_id = "pause_session",
    security(("bearer" = [])), request_body = PauseRequest,
    params(
        ("session" = String, Path, description = "The session's id"),
        ("If-Match" = String, Header, description = "The `ETag` that was read"),
    ),
    responses(
        (status = 204, description = "Done"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`session_cancelled`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`if_match_missing`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn pause(
    context: web::Data<Context>,
    staff: Staff<needs::ManageSchedule>,
    id: web::Path<String>,
    version: Version,
    Json(request): Json<PauseRequest>,
) -> Result<HttpResponse, Error> {
    let acting = staff.acting(&context);
    schedule::set_paused(&acting, id.into_inner(), version.0, request.paused, request.reason).await?;
    Ok(HttpResponse::NoContent().finish())
}
