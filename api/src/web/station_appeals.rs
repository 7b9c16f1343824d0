//! `/v1/station/appeals`: urgent appeals, for the station's planners.

use super::auth::{Staff, needs};
use super::body::Json;
use super::door::product;
use super::problem::{BodyProblems, CallerProblems, Problem};
use super::station_teams::{Group, read_groups};
use crate::actions::Context;
use crate::actions::appeals::{self, Followed, NewAppeal};
use crate::domain::appeals::{Lot, Share, USUAL_HOLDOUT, lift};
use crate::domain::call_ups::groups_of;
use crate::error::Error;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who is needed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealRequest {
    /// Exactly these: no other group is taken to be compatible.
    groups: Vec<Group>,
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    /// The code of the site to come to; any when absent. Nobody's address is known: those are asked who gave, had an
    /// appointment or were at the door there, or at a site within `within_km`.
    #[serde(default)]
    site: Option<String>,
    /// How far other sites may be from it, km, at most 500; only the site itself when absent.
    #[serde(default)]
    within_km: Option<u32>,
    /// How many donors, 1 to 1,000, and not more than there are free places: when so many of those who were asked have
    /// booked, it stops.
    needed: u32,
    /// With its offset; at most fourteen days from now. Only places that begin before count.
    closes_at: DateTime<Utc>,
    /// How many of a hundred are not asked, so that it can be seen what asking does: at most 50; 10 when absent.
    #[serde(default)]
    holdout_percent: Option<u32>,
}

impl AppealRequest {
    fn read(self) -> Result<NewAppeal, Error> {
        Ok(NewAppeal {
            groups: read_groups(&self.groups)?,
            product: product(&self.product)?,
            site: self.site,
            within_km: self.within_km,
            needed: self.needed,
            closes_at: self.closes_at.duration_trunc(TimeDelta::seconds(1)).unwrap_or(self.closes_at),
            holdout_percent: self.holdout_percent.unwrap_or(USUAL_HOLDOUT),
        })
    }
}

/// What an appeal began with.
#[derive(Serialize, ToSchema)]
pub struct OpenedAppeal {
    id: String,
    /// How many are asked first; more follow every two hours while too few have booked.
    asked: usize,
    /// How many could have been asked and are not.
    held_out: usize,
    /// Places that are free.
    places: i64,
}

/// Appeal to donors: who agreed to appeals, has one of the groups, may give today, has no place and was not asked too often is
/// asked, in waves, and a few by lot are not.
#[utoipa::path(
    post, path = "/v1/station/appeals", tag = "appeals", operation_id = "open_appeal", security(("bearer" = [])),
    request_body = AppealRequest,
    responses(
        (status = 201, description = "Opened; messages are on their way, or leave when the quiet hours end", body = OpenedAppeal),
        (status = 409, description = "`not_enough_places`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn open(
    context: web::Data<Context>,
    staff: Staff<needs::ManageAppeals>,
    Json(request): Json<AppealRequest>,
) -> Result<HttpResponse, Error> {
    let opened = appeals::open(&staff.acting(&context), request.read()?).await?;
    let appeals::Opened { id, asked, held_out, places } = opened;
    Ok(HttpResponse::Created().json(OpenedAppeal { id, asked, held_out, places }))
}

/// What became of those who were asked, or of those who were not.
#[derive(Serialize, ToSchema)]
pub struct Outcomes {
    /// How many there are.
    n: u32,
    /// How many have booked the product since, for before the appeal is over.
    booked: u32,
    /// How many have given the product since, until a day after the appeal.
    donated: u32,
    /// In percent of `n`; absent of nobody.
    booked_percent: Option<f64>,
    /// In percent of `n`; absent of nobody.
    donated_percent: Option<f64>,
}

/// By how many percentage points more of those who were asked did it; absent while there is nobody on either side.
#[derive(Serialize, ToSchema)]
pub struct Lift {
    booked: Option<f64>,
    donated: Option<f64>,
}

/// An appeal.
#[derive(Serialize, ToSchema)]
pub struct StationAppeal {
    id: String,
    /// `open`, `met` while enough have booked, `closed` when somebody ended it, or `over`.
    state: &'static str,
    groups: Vec<Group>,
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    /// The site's code.
    site: Option<String>,
    /// How far other sites may be, km.
    within_km: i64,
    needed: i64,
    holdout_percent: i64,
    created_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    met_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    /// How many waves were sent.
    waves: i64,
    asked: Outcomes,
    held_out: Outcomes,
    /// How many were to be asked when it stopped, and were not.
    called_off: u32,
    /// How many were to be asked and could not be: they want no appeals any more, had enough of them, or no channel reaches them.
    /// They count as nobody who was asked, neither here nor in the lift; among those held out, nobody knows who they would be.
    not_reached: u32,
    lift_points: Lift,
}

impl StationAppeal {
    fn of(followed: Followed, now: DateTime<Utc>) -> Self {
        let state = followed.stage(now).as_str();
        let Followed { row, tally } = followed;
        let booked = |lot| Share { count: tally.booked(lot), of: tally.drawn(lot) };
        let donated = |lot| Share { count: tally.donated(lot), of: tally.drawn(lot) };
        let tenths = |percent: f64| (percent * 10.0).round() / 10.0;
        let outcomes = |lot| Outcomes {
            n: tally.drawn(lot),
            booked: tally.booked(lot),
            donated: tally.donated(lot),
            booked_percent: booked(lot).percent().map(tenths),
            donated_percent: donated(lot).percent().map(tenths),
        };
        Self {
            id: row.id,
            state,
            groups: groups_of(&row.blood_groups).into_iter().map(Group::from).collect(),
            product: row.product,
            site: row.site_code,
            within_km: row.within_km,
            needed: row.needed,
            holdout_percent: row.holdout_percent,
            created_at: row.created_at.and_utc(),
            closes_at: row.closes_at.and_utc(),
            met_at: row.met_at.map(|at| at.and_utc()),
            closed_at: row.closed_at.map(|at| at.and_utc()),
            waves: row.waves,
            asked: outcomes(Lot::Asked),
            held_out: outcomes(Lot::HeldOut),
            called_off: tally.drawn(Lot::CalledOff),
            not_reached: tally.drawn(Lot::NotReached),
            lift_points: Lift {
                booked: lift(booked(Lot::Asked), booked(Lot::HeldOut)),
                donated: lift(donated(Lot::Asked), donated(Lot::HeldOut)),
            },
        }
    }
}

/// List appeals with what came of them.
#[utoipa::path(
    get, path = "/v1/station/appeals", tag = "appeals", operation_id = "appeals", security(("bearer" = [])),
    responses((status = 200, description = "The newest first; at most 100", body = [StationAppeal]), CallerProblems)
)]
pub async fn list(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageAppeals>,
) -> Result<HttpResponse, Error> {
    let now = context.clock.now();
    let found = context.pool.read(appeals::newest).await?;
    let shown = found.into_iter().map(|followed| StationAppeal::of(followed, now));
    Ok(HttpResponse::Ok().json(shown.collect::<Vec<_>>()))
}

/// An appeal, and the places that are left for it.
#[derive(Serialize, ToSchema)]
pub struct AppealWithPlaces {
    #[serde(flatten)]
    appeal: StationAppeal,
    /// Places that are free and begin before it is over.
    places_left: i64,
}

/// Show what came of an appeal: how many were asked and not, how many of both have booked and given, and the lift.
#[utoipa::path(
    get, path = "/v1/station/appeals/{appeal}", tag = "appeals", operation_id = "appeal",
    security(("bearer" = [])),
    params(("appeal" = String, Path, description = "The appeal's id")),
    responses(
        (status = 200, description = "As it stands", body = AppealWithPlaces),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn show(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageAppeals>,
    appeal: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let now = context.clock.now();
    let (followed, places_left) = context.pool.read(move |db| appeals::one(db, &appeal, now)).await?;
    let appeal = StationAppeal::of(followed, now);
    Ok(HttpResponse::Ok().json(AppealWithPlaces { appeal, places_left }))
}

/// End an appeal: messages that have not left yet are called off.
#[utoipa::path(
    post, path = "/v1/station/appeals/{appeal}/closure", tag = "appeals", operation_id = "close_appeal",
    security(("bearer" = [])),
    params(("appeal" = String, Path, description = "The appeal's id")),
    responses(
        (status = 204, description = "Closed"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`appeal_closed`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn close(
    context: web::Data<Context>,
    staff: Staff<needs::ManageAppeals>,
    appeal: web::Path<String>,
) -> Result<HttpResponse, Error> {
    appeals::close(&staff.acting(&context), appeal.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}
