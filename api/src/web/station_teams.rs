//! `/v1/station/teams`, `/v1/station/call-ups`: emergency teams, for the station's staff.

use super::auth::{Staff, needs};
use super::body::Json;
use super::door::product;
use super::etag::Version;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::call_ups::{self, Called, Counted, NewCallUp};
use crate::actions::{Context, teams};
use crate::domain::call_ups::{BloodGroup, each_once, groups_of};
use crate::domain::personal::visible_text;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A team as staff see one.
#[derive(Serialize, ToSchema)]
pub struct StationTeam {
    id: String,
    name: String,
    /// How many can be called.
    members: i64,
    created_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    /// What closing it must name in `If-Match`.
    version: i64,
}

impl From<teams::Team> for StationTeam {
    fn from(teams::Team { row, members }: teams::Team) -> Self {
        Self {
            id: row.id,
            name: row.name,
            members,
            created_at: row.created_at.and_utc(),
            closed_at: row.closed_at.map(|at| at.and_utc()),
            version: row.version,
        }
    }
}

/// List emergency teams.
#[utoipa::path(
    get, path = "/v1/station/teams", tag = "teams", operation_id = "teams", security(("bearer" = [])),
    responses((status = 200, description = "The newest first, closed ones too", body = [StationTeam]), CallerProblems)
)]
pub async fn list(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageTeams>,
) -> Result<HttpResponse, Error> {
    let found = context.pool.read(teams::all).await?;
    Ok(HttpResponse::Ok().json(found.into_iter().map(StationTeam::from).collect::<Vec<_>>()))
}

/// A team to be entered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamRequest {
    /// Donors see it.
    name: String,
}

/// What was entered.
#[derive(Serialize, ToSchema)]
pub struct EnteredTeam {
    id: String,
}

/// Enter a team: donors can join it from now on.
#[utoipa::path(
    post, path = "/v1/station/teams", tag = "teams", operation_id = "create_team", security(("bearer" = [])),
    request_body = TeamRequest,
    responses((status = 201, description = "Entered", body = EnteredTeam), CallerProblems, BodyProblems)
)]
pub async fn create(
    context: web::Data<Context>,
    staff: Staff<needs::ManageTeams>,
    Json(TeamRequest { name }): Json<TeamRequest>,
) -> Result<HttpResponse, Error> {
    let id = teams::create(&staff.acting(&context), visible_text("name", &name)?).await?;
    Ok(HttpResponse::Created().json(EnteredTeam { id }))
}

/// Close a team, for good: its memberships and its call-ups end.
#[utoipa::path(
    post, path = "/v1/station/teams/{team}/closure", tag = "teams", operation_id = "close_team",
    security(("bearer" = [])),
    params(
        ("team" = String, Path, description = "The team's id"),
        ("If-Match" = String, Header, description = "The version that was read"),
    ),
    responses(
        (status = 204, description = "Closed"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`team_closed`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`if_match_missing`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn close(
    context: web::Data<Context>,
    staff: Staff<needs::ManageTeams>,
    team: web::Path<String>,
    Version(version): Version,
) -> Result<HttpResponse, Error> {
    teams::close(&staff.acting(&context), team.into_inner(), version).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A blood group.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// `A`, `B`, `O` or `AB`.
    abo: String,
    /// Rh(D): `+` or `-`.
    rhd: String,
}

impl From<BloodGroup> for Group {
    fn from(BloodGroup { abo, rh }: BloodGroup) -> Self {
        Self { abo: abo.to_string(), rhd: rh.to_string() }
    }
}

/// The groups, each once.
///
/// # Errors
/// `unknown_group`, `no_group`.
pub(super) fn read_groups(groups: &[Group]) -> Result<Vec<BloodGroup>, Refusal> {
    let group = |group: &Group| {
        BloodGroup::of_words(Some(&group.abo), Some(&group.rhd)).ok_or_else(|| {
            Refusal::new("groups", "unknown_group", "A group has abo A, B, O or AB, and rhd + or -.")
        })
    };
    each_once(groups.iter().map(group).collect::<Result<Vec<_>, _>>()?)
}

/// Who is needed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallUpRequest {
    /// Exactly these: no other group is taken to be compatible.
    groups: Vec<Group>,
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    /// How many donors: when so many said that they come, it stops.
    needed: u32,
    /// With its offset; at most seven days from now.
    closes_at: DateTime<Utc>,
    /// The session to come to: then its day is the one on which members must be allowed to give, and not today.
    #[serde(default)]
    session: Option<String>,
    /// For colleagues, at most 64 characters; no donor reads it. MUST NOT hold personal data.
    #[serde(default)]
    note: Option<String>,
}

impl CallUpRequest {
    fn read(self) -> Result<NewCallUp, Error> {
        Ok(NewCallUp {
            groups: read_groups(&self.groups)?,
            product: product(&self.product)?,
            needed: self.needed,
            closes_at: self.closes_at.duration_trunc(TimeDelta::seconds(1)).unwrap_or(self.closes_at),
            session_id: self.session,
            note: self.note.as_deref().map(|note| visible_text("note", note)).transpose()?,
        })
    }
}

/// Whom a call-up asks.
#[derive(Serialize, ToSchema)]
pub struct CalledUp {
    id: String,
    /// How many members are asked.
    asked: usize,
    left_out: LeftOutCounts,
}

/// How many members are not asked, each counted by the first reason.
#[derive(Serialize, ToSchema)]
pub struct LeftOutCounts {
    /// The account is not, or no longer, its own donor's.
    no_record: usize,
    /// Another blood group.
    other_group: usize,
    /// Another call-up waits for them.
    called_already: usize,
    /// They have an appointment, or hold a place.
    has_appointment: usize,
    /// The rules do not allow them to give on the day.
    not_eligible: usize,
}

impl From<Called> for CalledUp {
    fn from(called: Called) -> Self {
        Self {
            id: called.id,
            asked: called.asked,
            left_out: LeftOutCounts {
                no_record: called.no_record,
                other_group: called.other_group,
                called_already: called.called_already,
                has_appointment: called.has_appointment,
                not_eligible: called.not_eligible,
            },
        }
    }
}

/// Call a team up: every member who has one of the groups, may give on the day and has no appointment is asked.
#[utoipa::path(
    post, path = "/v1/station/teams/{team}/call-ups", tag = "teams", operation_id = "call_up",
    security(("bearer" = [])), request_body = CallUpRequest,
    params(("team" = String, Path, description = "The team's id")),
    responses(
        (status = 201, description = "Asked; messages are on their way", body = CalledUp),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`team_closed`, `session_cancelled`, `session_over`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn call_up(
    context: web::Data<Context>,
    staff: Staff<needs::ManageTeams>,
    team: web::Path<String>,
    Json(request): Json<CallUpRequest>,
) -> Result<HttpResponse, Error> {
    let called = call_ups::call(&staff.acting(&context), team.into_inner(), request.read()?).await?;
    Ok(HttpResponse::Created().json(CalledUp::from(called)))
}

/// A call-up as staff see one.
#[derive(Serialize, ToSchema)]
pub struct StationCallUp {
    id: String,
    /// `open`, `met` while enough donors are coming, or `closed`.
    state: &'static str,
    groups: Vec<Group>,
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    needed: i64,
    session: Option<String>,
    note: Option<String>,
    created_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    /// How many were asked in all.
    asked: i64,
    coming: i64,
    not_coming: i64,
    /// How many left the team since.
    withdrawn: i64,
}

impl StationCallUp {
    fn of(counted: Counted, now: DateTime<Utc>) -> Self {
        let Counted { row, unanswered, coming, not_coming, withdrawn } = counted;
        Self {
            state: row.standing().stage(now).as_str(),
            groups: groups_of(&row.blood_groups).into_iter().map(Group::from).collect(),
            id: row.id,
            product: row.product,
            needed: row.needed,
            session: row.session_id,
            note: row.note,
            created_at: row.created_at.and_utc(),
            closes_at: row.closes_at.and_utc(),
            closed_at: row.closed_at.map(|at| at.and_utc()),
            asked: unanswered + coming + not_coming + withdrawn,
            coming,
            not_coming,
            withdrawn,
        }
    }
}

/// List a team's call-ups with what its members answered.
#[utoipa::path(
    get, path = "/v1/station/teams/{team}/call-ups", tag = "teams", operation_id = "call_ups",
    security(("bearer" = [])),
    params(("team" = String, Path, description = "The team's id")),
    responses(
        (status = 200, description = "The newest first; at most 200", body = [StationCallUp]),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn call_ups(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageTeams>,
    team: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let now = context.clock.now();
    let found = context.pool.read(move |db| call_ups::of_team(db, &team)).await?;
    let shown = found.into_iter().map(|counted| StationCallUp::of(counted, now));
    Ok(HttpResponse::Ok().json(shown.collect::<Vec<_>>()))
}

/// Somebody who comes.
#[derive(Serialize, ToSchema)]
pub struct ComingDonor {
    donor_no: String,
    /// The family name and a star.
    masked_name: String,
    /// Since when they said so.
    answered_at: Option<DateTime<Utc>>,
}

/// List who said that they come, for the door. Each can read in the access log who looked.
#[utoipa::path(
    get, path = "/v1/station/call-ups/{call_up}/coming", tag = "teams", operation_id = "coming",
    security(("bearer" = [])),
    params(("call_up" = String, Path, description = "The call-up's id")),
    responses(
        (status = 200, description = "In the order of their answers", body = [ComingDonor]),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn coming(
    context: web::Data<Context>,
    staff: Staff<needs::WorkAtTheDoor>,
    call_up: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let list = call_ups::coming(&staff.acting(&context), call_up.into_inner()).await?;
    let shown = list.into_iter().map(|donor| ComingDonor {
        donor_no: donor.donor_no,
        masked_name: donor.masked_name,
        answered_at: donor.answered_at,
    });
    Ok(HttpResponse::Ok().json(shown.collect::<Vec<_>>()))
}

/// End a call-up: nobody is asked any more, and nobody can answer.
#[utoipa::path(
    post, path = "/v1/station/call-ups/{call_up}/closure", tag = "teams", operation_id = "close_call_up",
    security(("bearer" = [])),
    params(("call_up" = String, Path, description = "The call-up's id")),
    responses(
        (status = 204, description = "Over"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`call_up_closed`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn end_call_up(
    context: web::Data<Context>,
    staff: Staff<needs::ManageTeams>,
    call_up: web::Path<String>,
) -> Result<HttpResponse, Error> {
    call_ups::close(&staff.acting(&context), call_up.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}
