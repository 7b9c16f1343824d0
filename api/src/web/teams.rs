//! `/v1/me/teams`, `/v1/me/call-ups`: emergency teams, for donors who agree to be called.

use super::auth::Donor;
use super::body::Json;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::Context;
use crate::actions::call_ups::{self, OwnCallUp};
use crate::actions::teams::{self, OfferedTeam};
use crate::domain::call_ups::Answer;
use crate::domain::consent::TextVersion;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::store::call_ups::Place;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A team that can be joined.
#[derive(Serialize, ToSchema)]
pub struct Team {
    id: String,
    name: String,
    /// Since when the caller is a member; absent for who is none.
    joined_at: Option<DateTime<Utc>>,
    /// The version of the text that the caller agreed to.
    text_version: Option<String>,
}

impl From<OfferedTeam> for Team {
    fn from(OfferedTeam { team, membership }: OfferedTeam) -> Self {
        let joined_at = membership.as_ref().map(|membership| membership.joined_at.and_utc());
        let text_version = membership.map(|membership| membership.text_version);
        Self { id: team.id, name: team.name, joined_at, text_version }
    }
}

/// List the teams that can be joined, and whether the caller is a member.
#[utoipa::path(
    get, path = "/v1/me/teams", tag = "teams", operation_id = "own_teams", security(("bearer" = [])),
    responses((status = 200, description = "By name", body = [Team]), CallerProblems)
)]
pub async fn list(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let account_id = donor.id().to_owned();
    let offered = context.pool.read(move |db| teams::offered_to(db, &account_id)).await?;
    Ok(HttpResponse::Ok().json(offered.into_iter().map(Team::from).collect::<Vec<_>>()))
}

/// The consent to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MembershipRequest {
    /// MUST be `true`: the donor agrees to be called when their blood group is needed.
    // Who leaves it out is told so, and not that the JSON is wrong.
    #[serde(default)]
    #[schema(required)]
    consent: bool,
    /// The version of the text that was shown.
    text_version: String,
}

/// Join a team: agree to be called when one's blood group is needed.
#[utoipa::path(
    post, path = "/v1/me/teams/{team}/membership", tag = "teams", operation_id = "join_team",
    security(("bearer" = [])), request_body = MembershipRequest,
    params(("team" = String, Path, description = "The team's id")),
    responses(
        (status = 204, description = "A member; to join again changes nothing"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`no_record`, `blood_group_unknown`, `team_closed`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn enrol(
    context: web::Data<Context>,
    donor: Donor,
    team: web::Path<String>,
    Json(MembershipRequest { consent, text_version }): Json<MembershipRequest>,
) -> Result<HttpResponse, Error> {
    if !consent {
        let message = "Nobody is called who did not agree: send \"consent\": true.";
        return Err(Refusal::new("consent", "consent_missing", message).into());
    }
    let version = TextVersion::parse(&text_version)?;
    teams::join(&donor.acting(&context), donor.id().to_owned(), team.into_inner(), version).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Leave a team, at once.
#[utoipa::path(
    delete, path = "/v1/me/teams/{team}/membership", tag = "teams", operation_id = "leave_team",
    security(("bearer" = [])),
    params(("team" = String, Path, description = "The team's id")),
    responses(
        (status = 204, description = "Not called any more"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn leave(
    context: web::Data<Context>,
    donor: Donor,
    team: web::Path<String>,
) -> Result<HttpResponse, Error> {
    teams::leave(&donor.acting(&context), donor.id().to_owned(), team.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A call to the caller.
#[derive(Serialize, ToSchema)]
pub struct OwnCall {
    id: String,
    /// The team's name.
    team: String,
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    asked_at: DateTime<Utc>,
    /// Until when it can be answered.
    closes_at: DateTime<Utc>,
    /// `asked`, `coming` or `not_coming`.
    answer: String,
    /// Whether enough donors are coming without the caller.
    enough_are_coming: bool,
    /// Where to come; absent when the station says so by telephone.
    place: Option<CallPlace>,
}

/// Where to come, and when.
#[derive(Serialize, ToSchema)]
pub struct CallPlace {
    name: String,
    address: String,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
}

impl From<Place> for CallPlace {
    fn from(Place { name, address, opens_at, closes_at }: Place) -> Self {
        Self { name, address, opens_at: opens_at.and_utc(), closes_at: closes_at.and_utc() }
    }
}

impl From<OwnCallUp> for OwnCall {
    fn from(OwnCallUp { asked, place }: OwnCallUp) -> Self {
        let enough = asked.call_up.coming >= asked.call_up.needed;
        Self {
            id: asked.call_up.id,
            team: asked.team,
            product: asked.call_up.product,
            asked_at: asked.answer.asked_at.and_utc(),
            closes_at: asked.call_up.closes_at.and_utc(),
            enough_are_coming: enough && asked.answer.state != "coming",
            answer: asked.answer.state,
            place: place.map(CallPlace::from),
        }
    }
}

/// List the calls to the caller that are not over.
#[utoipa::path(
    get, path = "/v1/me/call-ups", tag = "teams", operation_id = "own_call_ups", security(("bearer" = [])),
    responses((status = 200, description = "The newest first", body = [OwnCall]), CallerProblems)
)]
pub async fn call_ups(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let (account_id, now) = (donor.id().to_owned(), context.clock.now());
    let asked = context.pool.read(move |db| call_ups::asked_of(db, &account_id, now)).await?;
    Ok(HttpResponse::Ok().json(asked.into_iter().map(OwnCall::from).collect::<Vec<_>>()))
}

/// Yes or no.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallAnswer {
    /// Whether the caller comes.
    coming: bool,
}

/// Answer a call; a mind can be changed until it is over.
#[utoipa::path(
    put, path = "/v1/me/call-ups/{call_up}/answer", tag = "teams", operation_id = "answer_call_up",
    security(("bearer" = [])), request_body = CallAnswer,
    params(("call_up" = String, Path, description = "The call's id")),
    responses(
        (status = 204, description = "Written down"),
        (status = 404, description = "`not_found`: no such call, or it is for somebody else", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`call_up_closed`, `enough_are_coming`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn answer(
    context: web::Data<Context>,
    donor: Donor,
    call_up: web::Path<String>,
    Json(CallAnswer { coming }): Json<CallAnswer>,
) -> Result<HttpResponse, Error> {
    let answer = if coming { Answer::Coming } else { Answer::NotComing };
    call_ups::answer(&donor.acting(&context), donor.id().to_owned(), call_up.into_inner(), answer).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Where the link in a call-up's message leads: whoever has it answers where they are signed in.
pub async fn where_to_answer() -> HttpResponse {
    let page = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>应急献血队</title>\
        <p>请打开小程序或登录网页，在“应急献血队”中回复能否前来。</p>\
        <p lang=\"en\">Please sign in to the app and say there whether you can come.</p></html>";
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)
}
