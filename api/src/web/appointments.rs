//! `/v1/holds`, `/v1/appointments`: places, held and booked.

use super::auth::Donor;
use super::body::{Body, parse};
use super::etag::{version_if_named, version_tag};
use super::idempotency::key_of;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::book::{Appointment, Bookings, PlaceWish, Request, Wish};
use crate::actions::{Context, appointments};
use crate::error::Error;
use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

/// A place that is wished for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceRequest {
    /// The slot's id.
    slot: String,
    /// A relative's donor number; one's own record when absent.
    #[serde(default)]
    donor_no: Option<String>,
    /// The code of the group whose place it is to be.
    #[serde(default)]
    group: Option<String>,
}

impl From<PlaceRequest> for PlaceWish {
    fn from(PlaceRequest { slot, donor_no, group }: PlaceRequest) -> Self {
        Self { slot, donor_no, group }
    }
}

/// Another place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveRequest {
    /// The new slot's id.
    slot: String,
}

/// Sends a wish, known again by its `Idempotency-Key`.
async fn wish(
    bookings: &Bookings,
    donor: &Donor,
    request: &HttpRequest,
    wish: Wish,
    body: &[u8],
) -> Result<Appointment, Error> {
    let key = key_of(request, donor.id(), body)?;
    let at_version = version_if_named(request);
    bookings.submit(Request { account_id: donor.id().to_owned(), wish, key, at_version }).await
}

/// Hold a place for some minutes.
#[utoipa::path(
    post, path = "/v1/holds", tag = "booking", operation_id = "hold", security(("bearer" = [])),
    request_body = PlaceRequest,
    responses(
        (status = 201, description = "Held until `hold_expires_at`", body = Appointment),
        (status = 404, description = "`unknown_slot`, `unknown_donor`, `unknown_group`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`slot_full`, `group_full`, `already_booked`, `not_eligible`, `limited`, `session_closed`, `too_late`, `too_far_ahead`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn hold(
    request: HttpRequest,
    bookings: web::Data<Bookings>,
    donor: Donor,
    Body(body): Body,
) -> Result<HttpResponse, Error> {
    let place: PlaceRequest = parse(&body)?;
    let held = wish(&bookings, &donor, &request, Wish::Hold(place.into()), &body).await?;
    Ok(created(held))
}

/// Book a place, without holding it first.
#[utoipa::path(
    post, path = "/v1/appointments", tag = "booking", operation_id = "book", security(("bearer" = [])),
    request_body = PlaceRequest,
    responses(
        (status = 201, description = "Booked", body = Appointment),
        (status = 404, description = "`unknown_slot`, `unknown_donor`, `unknown_group`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`slot_full`, `group_full`, `already_booked`, `not_eligible`, `limited`, `session_closed`, `too_late`, `too_far_ahead`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn book(
    request: HttpRequest,
    bookings: web::Data<Bookings>,
    donor: Donor,
    Body(body): Body,
) -> Result<HttpResponse, Error> {
    let place: PlaceRequest = parse(&body)?;
    let booked = wish(&bookings, &donor, &request, Wish::Book(place.into()), &body).await?;
    Ok(created(booked))
}

/// Sends a wish that needs no body and changes the appointment that the path names.
async fn change(
    bookings: &Bookings,
    donor: &Donor,
    request: &HttpRequest,
    change: Wish,
) -> Result<HttpResponse, Error> {
    wish(bookings, donor, request, change, &[]).await.map(shown)
}

fn created(appointment: Appointment) -> HttpResponse {
    let location = format!("/v1/appointments/{}", appointment.id);
    let tag = version_tag(appointment.version);
    HttpResponse::Created().insert_header((LOCATION, location)).insert_header((ETAG, tag)).json(appointment)
}

fn shown(appointment: Appointment) -> HttpResponse {
    HttpResponse::Ok().insert_header((ETAG, version_tag(appointment.version))).json(appointment)
}

/// Keep what is held.
#[utoipa::path(
    post, path = "/v1/appointments/{appointment}/confirmation", tag = "booking", operation_id = "confirm",
    security(("bearer" = [])),
    params(
        ("appointment" = String, Path, description = "The appointment's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: a change that somebody else was faster with is refused"),
    ),
    responses(
        (status = 200, description = "Booked", body = Appointment),
        (status = 404, description = "`unknown_appointment`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`hold_expired`, `not_held`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn confirm(
    request: HttpRequest,
    bookings: web::Data<Bookings>,
    donor: Donor,
    id: web::Path<String>,
) -> Result<HttpResponse, Error> {
    change(&bookings, &donor, &request, Wish::Confirm { appointment: id.into_inner() }).await
}

/// Hold it some minutes longer, once.
#[utoipa::path(
    post, path = "/v1/appointments/{appointment}/renewal", tag = "booking", operation_id = "renew",
    security(("bearer" = [])),
    params(
        ("appointment" = String, Path, description = "The appointment's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: a change that somebody else was faster with is refused"),
    ),
    responses(
        (status = 200, description = "Held longer", body = Appointment),
        (status = 404, description = "`unknown_appointment`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`hold_expired`, `not_held`, `renewed_already`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn renew(
    request: HttpRequest,
    bookings: web::Data<Bookings>,
    donor: Donor,
    id: web::Path<String>,
) -> Result<HttpResponse, Error> {
    change(&bookings, &donor, &request, Wish::Renew { appointment: id.into_inner() }).await
}

/// Say once more that one comes.
#[utoipa::path(
    post, path = "/v1/appointments/{appointment}/attendance", tag = "booking", operation_id = "will_come",
    security(("bearer" = [])),
    params(
        ("appointment" = String, Path, description = "The appointment's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: a change that somebody else was faster with is refused"),
    ),
    responses(
        (status = 200, description = "Noted", body = Appointment),
        (status = 404, description = "`unknown_appointment`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not_active`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn will_come(
    request: HttpRequest,
    bookings: web::Data<Bookings>,
    donor: Donor,
    id: web::Path<String>,
) -> Result<HttpResponse, Error> {
    change(&bookings, &donor, &request, Wish::WillCome { appointment: id.into_inner() }).await
}

/// Cancel an appointment, or let a hold go.
#[utoipa::path(
    post, path = "/v1/appointments/{appointment}/cancellation", tag = "booking", operation_id = "cancel",
    security(("bearer" = [])),
    params(
        ("appointment" = String, Path, description = "The appointment's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: a change that somebody else was faster with is refused"),
    ),
    responses(
        (status = 200, description = "Cancelled", body = Appointment),
        (status = 404, description = "`unknown_appointment`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not_active`, `too_late_to_change`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn cancel(
    request: HttpRequest,
    bookings: web::Data<Bookings>,
    donor: Donor,
    id: web::Path<String>,
) -> Result<HttpResponse, Error> {
    change(&bookings, &donor, &request, Wish::Cancel { appointment: id.into_inner() }).await
}

/// Move an appointment to another slot: the new place is taken before the old one is freed.
#[utoipa::path(
    post, path = "/v1/appointments/{appointment}/move", tag = "booking", operation_id = "move_appointment",
    security(("bearer" = [])), request_body = MoveRequest,
    params(
        ("appointment" = String, Path, description = "The appointment's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read: a change that somebody else was faster with is refused"),
    ),
    responses(
        (status = 200, description = "Moved; the id stays", body = Appointment),
        (status = 404, description = "`unknown_appointment`, `unknown_slot`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`slot_full`, `not_eligible`, `not_active`, `session_closed`, `too_late`, `too_late_to_change`, `too_far_ahead`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn move_to(
    request: HttpRequest,
    bookings: web::Data<Bookings>,
    donor: Donor,
    id: web::Path<String>,
    Body(body): Body,
) -> Result<HttpResponse, Error> {
    let MoveRequest { slot } = parse(&body)?;
    let appointment = id.into_inner();
    let moved = wish(&bookings, &donor, &request, Wish::Move { appointment, slot }, &body).await?;
    Ok(shown(moved))
}

/// List the appointments of the donors whom the caller sees, the newest start first.
#[utoipa::path(
    get, path = "/v1/appointments", tag = "booking", operation_id = "appointments", security(("bearer" = [])),
    responses((status = 200, description = "At most 200", body = [Appointment]), CallerProblems)
)]
pub async fn list(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let account_id = donor.id().to_owned();
    let list = context.pool.read(move |db| appointments::of_account(db, &account_id)).await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Show an appointment.
#[utoipa::path(
    get, path = "/v1/appointments/{appointment}", tag = "booking", operation_id = "appointment",
    security(("bearer" = [])),
    params(("appointment" = String, Path, description = "The appointment's id")),
    responses(
        (status = 200, description = "The appointment", body = Appointment),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn show(
    context: web::Data<Context>,
    donor: Donor,
    id: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let account_id = donor.id().to_owned();
    let list = context.pool.read(move |db| appointments::of_account(db, &account_id)).await?;
    let found = list.into_iter().find(|appointment| appointment.id == *id);
    let found = found.ok_or_else(|| Error::not_found("There is no such appointment."))?;
    Ok(shown(found))
}

/// Where the link in an appeal or an invitation leads: whoever has it books where they are signed in.
pub async fn where_to_book() -> HttpResponse {
    let page = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>献血预约</title>\
        <p>谢谢您！请打开小程序或登录网页，预约最近的献血时间和地点。</p>\
        <p lang=\"en\">Thank you! Please sign in to the app and book the soonest place near you.</p></html>";
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)
}
