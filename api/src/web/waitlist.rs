//! `/v1/me/waitlist`, `/v1/station/waitlist`: who waits for a place.

use super::auth::{Donor, Staff, needs};
use super::body::Json;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::Context;
use crate::actions::waitlist::{self, WaitlistEntry, Wish};
use crate::domain::donation::Product;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::store::waitlist as store;
use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody would wait for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitRequest {
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    /// The site's code.
    site: String,
    /// Asia/Shanghai.
    first_day: NaiveDate,
    /// Asia/Shanghai, included; within the days for which places are given out.
    last_day: NaiveDate,
    /// A relative's donor number; one's own record when absent.
    #[serde(default)]
    donor_no: Option<String>,
}

/// Wait for a place at a site: a freed one is offered to those who wait, first come first served.
#[utoipa::path(
    post, path = "/v1/me/waitlist", tag = "booking", operation_id = "join_waitlist", security(("bearer" = [])),
    request_body = WaitRequest,
    responses(
        (status = 201, description = "Waiting", body = WaitlistEntry),
        (status = 404, description = "`unknown_donor`, `unknown_site`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already_waiting`, `already_booked`, `not_eligible`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn join(
    context: web::Data<Context>,
    donor: Donor,
    Json(request): Json<WaitRequest>,
) -> Result<HttpResponse, Error> {
    let product = Product::from_word(&request.product)
        .ok_or_else(|| Refusal::new("product", "unknown_product", "There is no such product."))?;
    let wish = Wish {
        account_id: donor.id().to_owned(),
        donor_no: request.donor_no,
        product,
        site: request.site,
        first_day: request.first_day,
        last_day: request.last_day,
    };
    let entry = waitlist::join(&donor.acting(&context), wish).await?;
    Ok(HttpResponse::Created().json(entry))
}

/// List what the caller's donors wait for, the newest first.
#[utoipa::path(
    get, path = "/v1/me/waitlist", tag = "booking", operation_id = "own_waitlist", security(("bearer" = [])),
    responses((status = 200, description = "At most 50", body = [WaitlistEntry]), CallerProblems)
)]
pub async fn list(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let account_id = donor.id().to_owned();
    let list = context.pool.read(move |db| waitlist::of_account(db, &account_id)).await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Wait no longer.
#[utoipa::path(
    delete, path = "/v1/me/waitlist/{entry}", tag = "booking", operation_id = "leave_waitlist",
    security(("bearer" = [])),
    params(("entry" = String, Path, description = "The entry's id")),
    responses(
        (status = 204, description = "Left; a place that is offered stays held until it is cancelled or its time is over"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn leave(
    context: web::Data<Context>,
    donor: Donor,
    entry: web::Path<String>,
) -> Result<HttpResponse, Error> {
    waitlist::leave(&donor.acting(&context), donor.id().to_owned(), entry.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// How many wait at a site.
#[derive(Serialize, ToSchema)]
pub struct WaitlistCount {
    /// The site's code.
    site: String,
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    /// Donors.
    waiting: i64,
}

/// Count who waits, at each site for each product.
#[utoipa::path(
    get, path = "/v1/station/waitlist", tag = "schedule", operation_id = "waitlist_counts",
    security(("bearer" = [])),
    responses((status = 200, description = "By site and product", body = [WaitlistCount]), CallerProblems)
)]
pub async fn counts(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageSchedule>,
) -> Result<HttpResponse, Error> {
    let counts = context.pool.read(store::counts).await?.into_iter();
    let list: Vec<WaitlistCount> =
        counts.map(|(site, product, waiting)| WaitlistCount { site, product, waiting }).collect();
    Ok(HttpResponse::Ok().json(list))
}
