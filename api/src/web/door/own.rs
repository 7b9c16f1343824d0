//! A donor's own ticket: taken from afar, watched, given back.

use super::{InQueue, Visit, product};
use crate::actions::{Context, door};
use crate::error::Error;
use crate::web::auth::Donor;
use crate::web::body::Json;
use crate::web::problem::{BodyProblems, CallerProblems, Problem};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

/// A ticket that is wished for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketRequest {
    /// Today's session.
    session: String,
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
}

/// Take a number for today's session: whoever comes without an appointment waits at home.
#[utoipa::path(
    post, path = "/v1/me/visit", tag = "door", operation_id = "take_ticket", security(("bearer" = [])),
    request_body = TicketRequest,
    responses(
        (status = 201, description = "The number", body = Visit),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`no_record`, `not_today`, `session_over`, `session_cancelled`, `not_eligible`, `already_here`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn take_ticket(
    context: web::Data<Context>,
    donor: Donor,
    Json(request): Json<TicketRequest>,
) -> Result<HttpResponse, Error> {
    let (acting, account_id) = (donor.acting(&context), donor.id().to_owned());
    let product = product(&request.product)?;
    let visit = door::take_ticket(&acting, account_id, request.session, product).await?;
    Ok(HttpResponse::Created().json(Visit::from(visit)))
}

/// Show one's number, who comes first, and how long it will take.
#[utoipa::path(
    get, path = "/v1/me/visit", tag = "door", operation_id = "own_visit", security(("bearer" = [])),
    responses(
        (status = 200, description = "The place in the queue", body = InQueue),
        (status = 404, description = "`no_visit`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`no_record`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn own_visit(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let place = door::own_visit(&context, donor.id().to_owned()).await?;
    Ok(HttpResponse::Ok().json(InQueue::from(place)))
}

/// Give one's ticket back.
#[utoipa::path(
    delete, path = "/v1/me/visit", tag = "door", operation_id = "return_ticket", security(("bearer" = [])),
    responses(
        (status = 204, description = "Given back"),
        (status = 404, description = "`no_visit`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`no_record`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn return_ticket(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    door::return_ticket(&donor.acting(&context), donor.id().to_owned()).await?;
    Ok(HttpResponse::NoContent().finish())
}
