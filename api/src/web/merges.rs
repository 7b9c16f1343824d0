//! `/v1/station/merges`: two records of one person become one, by two members of staff.

use super::auth::{Staff, needs};
use super::body::Json;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::Context;
use crate::actions::merge::{self, Verdict};
use crate::domain::donor::DonorNumber;
use crate::error::Error;
use crate::store::{donors, merges};
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Merges that are shown at once.
const PAGE: i64 = 200;

/// A merge, or what may become one.
#[derive(Serialize, ToSchema)]
pub struct Merge {
    id: String,
    /// The number of the record that stays.
    kept: String,
    /// The number of the record that goes into it.
    duplicate: String,
    reason: String,
    /// `proposed`, `merged` or `unmerge_proposed`.
    state: String,
    /// The user who proposed it.
    proposed_by: String,
    proposed_at: DateTime<Utc>,
}

/// List merges that wait for a decision, and those in force.
#[utoipa::path(
    get, path = "/v1/station/merges", tag = "station", operation_id = "merges", security(("bearer" = [])),
    responses((status = 200, description = "The newest first", body = [Merge]), CallerProblems)
)]
pub async fn list(
    context: web::Data<Context>,
    _staff: Staff<needs::SeeMerges>,
) -> Result<HttpResponse, Error> {
    let found = context.pool.read(|db| {
        let rows = merges::in_states(db, &["proposed", "merged", "unmerge_proposed"], PAGE)?;
        let ids: Vec<String> =
            rows.iter().flat_map(|row| [row.kept_id.clone(), row.duplicate_id.clone()]).collect();
        let numbers: std::collections::HashMap<String, String> =
            donors::by_ids(db, &ids)?.into_iter().map(|donor| (donor.id, donor.donor_no)).collect();
        let number = |id: &str| numbers.get(id).cloned().unwrap_or_default();
        let merge = |row: merges::MergeRow| Merge {
            kept: number(&row.kept_id),
            duplicate: number(&row.duplicate_id),
            id: row.id,
            reason: row.reason,
            state: row.state,
            proposed_by: row.proposed_by,
            proposed_at: row.proposed_at.and_utc(),
        };
        Ok(rows.into_iter().map(merge).collect::<Vec<_>>())
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// That two records are one person's.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeRequest {
    /// The number of the record that stays.
    kept: String,
    /// The number of the record that goes into it.
    duplicate: String,
    /// Why they are one person's. MUST NOT hold personal data.
    reason: String,
}

/// What was proposed.
#[derive(Serialize, ToSchema)]
pub struct MergeProposed {
    id: String,
}

/// Propose that two records are one person's.
#[utoipa::path(
    post, path = "/v1/station/merges", tag = "station", operation_id = "propose_merge", security(("bearer" = [])),
    request_body = MergeRequest,
    responses(
        (status = 201, description = "A second person has to decide", body = MergeProposed),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`same_record`, `merge_under_way`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn propose(
    context: web::Data<Context>,
    staff: Staff<needs::ProposeMerges>,
    Json(request): Json<MergeRequest>,
) -> Result<HttpResponse, Error> {
    let MergeRequest { kept, duplicate, reason } = request;
    let [kept, duplicate] = [DonorNumber::parse(&kept)?, DonorNumber::parse(&duplicate)?];
    let [kept, duplicate] = [kept, duplicate].map(|number| number.as_str().to_owned());
    let acting = staff.acting(&context);
    let id = merge::propose(&acting, staff.id().to_owned(), kept, duplicate, reason).await?;
    Ok(HttpResponse::Created().json(MergeProposed { id }))
}

/// Propose to undo a merge.
#[utoipa::path(
    post, path = "/v1/station/merges/{merge}/reversal", tag = "station", operation_id = "propose_unmerge",
    security(("bearer" = [])),
    params(("merge" = String, Path, description = "The merge's id")),
    responses(
        (status = 204, description = "A second person has to decide"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not_merged`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn propose_undoing(
    context: web::Data<Context>,
    staff: Staff<needs::ProposeMerges>,
    id: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let acting = staff.acting(&context);
    merge::propose_undoing(&acting, staff.id().to_owned(), id.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What a second person says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// Whether it is to be done.
    approve: bool,
}

/// Decide on what a colleague proposed.
#[utoipa::path(
    post, path = "/v1/station/merges/{merge}/decision", tag = "station", operation_id = "decide_merge",
    security(("bearer" = [])), request_body = DecisionRequest,
    params(("merge" = String, Path, description = "The merge's id")),
    responses(
        (status = 204, description = "Decided"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`own_proposal`, `nothing_to_decide`, `has_appointment`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn decide(
    context: web::Data<Context>,
    staff: Staff<needs::DecideMerges>,
    id: web::Path<String>,
    Json(request): Json<DecisionRequest>,
) -> Result<HttpResponse, Error> {
    let verdict = if request.approve { Verdict::Approve } else { Verdict::Refuse };
    let acting = staff.acting(&context);
    merge::decide(&acting, staff.id().to_owned(), id.into_inner(), verdict).await?;
    Ok(HttpResponse::NoContent().finish())
}
