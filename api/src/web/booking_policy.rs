//! `/v1/station/booking-policy`: what the station settles about booking.

use super::auth::{Staff, needs};
use super::body::Json;
use super::etag::{Version, version_tag};
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::{Context, booking_policy, no_shows};
use crate::domain::booking;
use crate::domain::waitlist::WaitingPolicy;
use crate::error::Error;
use crate::store::booking_policy as store;
use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, web};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the station settles about booking.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BookingPolicy {
    /// How far ahead may be booked, days: 1 to 90.
    window_days: i64,
    /// How long before the start at the latest, minutes.
    notice_minutes: i64,
    /// Until how long before the start donors cancel or move by themselves, minutes.
    cancel_until_minutes: i64,
    /// How long a hold lives, minutes: 1 to 60.
    hold_minutes: i64,
    /// How often it may be renewed.
    hold_renewals: i64,
    /// How long a place is held that is offered for one that the station cancelled, minutes.
    rebooking_hold_minutes: i64,
    /// Whoever did not come so often …
    no_show_limit: i64,
    /// … within so many days …
    no_show_days: i64,
    /// … books for today and tomorrow only, for so many days after the last time.
    limited_days: i64,
    /// How long an offer to somebody on the waitlist lives, minutes …
    offer_minutes: i64,
    /// … when the start is near, minutes …
    offer_minutes_when_near: i64,
    /// … which it is from so many minutes before it.
    near_minutes: i64,
    /// So many offers passed over end the wait.
    offers_passed_over: i64,
    /// A freed place of a full slot is everybody's after a random time up to this one, minutes.
    public_delay_minutes: i64,
}

impl From<booking::Policy> for BookingPolicy {
    fn from(policy: booking::Policy) -> Self {
        Self {
            window_days: policy.window.num_days(),
            notice_minutes: policy.notice.num_minutes(),
            cancel_until_minutes: policy.cancel_until.num_minutes(),
            hold_minutes: policy.hold.num_minutes(),
            hold_renewals: policy.renewals,
            rebooking_hold_minutes: policy.rebooking_hold.num_minutes(),
            no_show_limit: policy.no_show_limit,
            no_show_days: policy.no_show_span.num_days(),
            limited_days: policy.limited_for.num_days(),
            offer_minutes: policy.waiting.offer.num_minutes(),
            offer_minutes_when_near: policy.waiting.offer_when_near.num_minutes(),
            near_minutes: policy.waiting.near.num_minutes(),
            offers_passed_over: policy.waiting.passed_over,
            public_delay_minutes: policy.waiting.public_delay.num_minutes(),
        }
    }
}

impl BookingPolicy {
    fn at(self, version: i64) -> booking::Policy {
        let days = |days: i64| TimeDelta::try_days(days).unwrap_or(TimeDelta::MAX);
        let minutes = |minutes: i64| TimeDelta::try_minutes(minutes).unwrap_or(TimeDelta::MAX);
        booking::Policy {
            window: days(self.window_days),
            notice: minutes(self.notice_minutes),
            cancel_until: minutes(self.cancel_until_minutes),
            hold: minutes(self.hold_minutes),
            renewals: self.hold_renewals,
            rebooking_hold: minutes(self.rebooking_hold_minutes),
            no_show_limit: self.no_show_limit,
            no_show_span: days(self.no_show_days),
            limited_for: days(self.limited_days),
            waiting: WaitingPolicy {
                offer: minutes(self.offer_minutes),
                offer_when_near: minutes(self.offer_minutes_when_near),
                near: minutes(self.near_minutes),
                passed_over: self.offers_passed_over,
                public_delay: minutes(self.public_delay_minutes),
            },
            version,
        }
    }
}

/// Show what the station settles about booking; its `ETag` is what a change must name.
#[utoipa::path(
    get, path = "/v1/station/booking-policy", tag = "schedule", operation_id = "booking_policy",
    security(("bearer" = [])),
    responses((status = 200, description = "The policy in force", body = BookingPolicy), CallerProblems)
)]
pub async fn show(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageSchedule>,
) -> Result<HttpResponse, Error> {
    let policy = context.pool.read(store::policy).await?;
    let tag = version_tag(policy.version);
    Ok(HttpResponse::Ok().insert_header((ETAG, tag)).json(BookingPolicy::from(policy)))
}

/// Change what the station settles about booking: it holds from the next booking on.
#[utoipa::path(
    put, path = "/v1/station/booking-policy", tag = "schedule", operation_id = "change_booking_policy",
    security(("bearer" = [])), request_body = BookingPolicy,
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
    staff: Staff<needs::ManageSchedule>,
    Version(version): Version,
    Json(policy): Json<BookingPolicy>,
) -> Result<HttpResponse, Error> {
    booking_policy::change(&staff.acting(&context), policy.at(version.saturating_add(1))).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Forgive what a donor missed: they book as everybody else again.
#[utoipa::path(
    post, path = "/v1/station/donors/{donor_no}/forgiveness", tag = "schedule", operation_id = "forgive_misses",
    security(("bearer" = [])),
    params(("donor_no" = String, Path, description = "The donor's number")),
    responses(
        (status = 204, description = "Forgiven"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn forgive(
    context: web::Data<Context>,
    staff: Staff<needs::AssistDonors>,
    donor_no: web::Path<String>,
) -> Result<HttpResponse, Error> {
    no_shows::forgive(&staff.acting(&context), donor_no.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}
