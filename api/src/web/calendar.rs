//! Appointments for people's own calendars.

use super::auth::Donor;
use super::problem::{CallerProblems, Problem};
use crate::actions::{Context, calendar};
use crate::error::Error;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use notifications::calendar::Calendar;
use serde::Serialize;
use utoipa::ToSchema;

/// Where a calendar can be subscribed to.
#[derive(Serialize, ToSchema)]
pub struct Feed {
    /// The address; whoever knows it reads the appointments, and nothing else.
    url: String,
}

/// An appointment as iCalendar (RFC 5545).
#[utoipa::path(
    get, path = "/v1/appointments/{appointment}/calendar", tag = "booking", operation_id = "appointment_calendar",
    security(("bearer" = [])),
    params(("appointment" = String, Path, description = "The appointment's id")),
    responses(
        (status = 200, description = "One event; its UID stays, its SEQUENCE grows with each change", body = String, content_type = "text/calendar"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn of_appointment(
    context: web::Data<Context>,
    donor: Donor,
    id: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let calendar = calendar::of_appointment(&context, donor.id().to_owned(), id.into_inner()).await?;
    Ok(answer(&calendar))
}

/// Subscribe: a new address for one's calendar; an older one is over.
#[utoipa::path(
    post, path = "/v1/me/calendar-feed", tag = "booking", operation_id = "open_calendar_feed",
    security(("bearer" = [])),
    responses((status = 201, description = "Shown this once", body = Feed), CallerProblems)
)]
pub async fn open_feed(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let acting = donor.acting(&context);
    let token = calendar::open_feed(&acting, donor.id().to_owned()).await?;
    Ok(HttpResponse::Created().json(Feed { url: format!("{}/calendar/{token}.ics", context.public_url) }))
}

/// End the address of one's calendar.
#[utoipa::path(
    delete, path = "/v1/me/calendar-feed", tag = "booking", operation_id = "close_calendar_feed",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "It is over"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn close_feed(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let acting = donor.acting(&context);
    calendar::close_feed(&acting, donor.id().to_owned()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The calendar behind an address: appointments of the last 60 days and to come, cancelled ones among them.
#[utoipa::path(
    get, path = "/calendar/{token}.ics", tag = "booking", operation_id = "calendar_feed",
    params(("token" = String, Path, description = "What makes the address unguessable")),
    responses(
        (status = 200, description = "To subscribe to; asks to be fetched every hour", body = String, content_type = "text/calendar"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn feed(context: web::Data<Context>, token: web::Path<String>) -> Result<HttpResponse, Error> {
    let calendar = calendar::of_address(&context, token.into_inner()).await?;
    Ok(answer(&calendar))
}

fn answer(calendar: &Calendar) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, calendar.content_type()))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"appointments.ics\""))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .body(calendar.text().to_owned())
}
