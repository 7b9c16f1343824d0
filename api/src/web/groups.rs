//! `/v1/groups`, `/v1/station/sessions/{session}/groups`: organisations whose people give together.

use super::auth::{Donor, Staff, needs};
use super::body::Json;
use super::etag::Version;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::Context;
use crate::actions::groups::{self, GroupCounts, GroupView, MadeGroup, NewGroup};
use crate::domain::donation::Product;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

/// A group that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRequest {
    /// The organisation, 1 to 100 characters.
    name: String,
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    /// How many places are kept.
    places: u32,
    /// When unused ones become everybody's, UTC; before the session's end.
    returns_at: DateTime<Utc>,
}

/// Keep places of a session for a group; its code and key are shown this once.
#[utoipa::path(
    post, path = "/v1/station/sessions/{session}/groups", tag = "schedule", operation_id = "make_group",
    security(("bearer" = [])), request_body = GroupRequest,
    params(("session" = String, Path, description = "The session's id")),
    responses(
        (status = 201, description = "The places are kept", body = MadeGroup),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`session_closed`, `not_enough_places`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn make(
    context: web::Data<Context>,
    staff: Staff<needs::ManageSchedule>,
    session: web::Path<String>,
    Json(request): Json<GroupRequest>,
) -> Result<HttpResponse, Error> {
    let product = Product::from_word(&request.product)
        .ok_or_else(|| Refusal::new("product", "unknown_product", "There is no such product."))?;
    let group = NewGroup {
        name: request.name,
        session_id: session.into_inner(),
        product,
        places: request.places,
        returns_at: request.returns_at,
    };
    let made = groups::make(&staff.acting(&context), group).await?;
    Ok(HttpResponse::Created().json(made))
}

/// List a session's groups, in numbers.
#[utoipa::path(
    get, path = "/v1/station/sessions/{session}/groups", tag = "schedule", operation_id = "groups",
    security(("bearer" = [])),
    params(("session" = String, Path, description = "The session's id")),
    responses((status = 200, description = "No names", body = [GroupCounts]), CallerProblems)
)]
pub async fn list(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageSchedule>,
    session: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let list = context.pool.read(move |db| groups::of_session(db, &session)).await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Close a group: its code works no longer, unused places are everybody's, appointments stay.
#[utoipa::path(
    delete, path = "/v1/station/groups/{group}", tag = "schedule", operation_id = "close_group",
    security(("bearer" = [])),
    params(
        ("group" = String, Path, description = "The group's id"),
        ("If-Match" = String, Header, description = "The version that was read, quoted"),
    ),
    responses(
        (status = 204, description = "Closed"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`if_match_missing`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn close(
    context: web::Data<Context>,
    staff: Staff<needs::ManageSchedule>,
    Version(version): Version,
    group: web::Path<String>,
) -> Result<HttpResponse, Error> {
    groups::close(&staff.acting(&context), group.into_inner(), version).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Show a group to whoever has its code, with the times that are left: book one with `group` in `POST /v1/appointments`.
#[utoipa::path(
    get, path = "/v1/groups/{code}", tag = "booking", operation_id = "group", security(("bearer" = [])),
    params(("code" = String, Path, description = "The group's code")),
    responses(
        (status = 200, description = "The group", body = GroupView),
        (status = 404, description = "`unknown_group`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn show(
    context: web::Data<Context>,
    _donor: Donor,
    code: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let group = context.pool.read(move |db| groups::by_code(db, &code)).await?;
    Ok(HttpResponse::Ok().json(group))
}

/// Show a group's counts to whoever organises it: the key is all that it takes.
#[utoipa::path(
    get, path = "/v1/group-counts/{key}", tag = "booking", operation_id = "group_counts",
    params(("key" = String, Path, description = "The organiser's key")),
    responses(
        (status = 200, description = "No names", body = GroupCounts),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn counts(context: web::Data<Context>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    let group = context.pool.read(move |db| groups::by_organiser_key(db, &key)).await?;
    Ok(HttpResponse::Ok().json(group))
}
