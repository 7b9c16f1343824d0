//! `/v1/station/audit`: the trail, for those who read nothing else.

use super::auth::{Staff, needs};
use super::problem::CallerProblems;
use crate::actions::Context;
use crate::error::Error;
use crate::store::audit;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The longest page.
const PAGE: i64 = 500;

/// Which part of the trail.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// Lines about this record only, by its id or number.
    #[serde(default)]
    subject: Option<String>,
    /// Lines made before the one with this id: the last one of the page before.
    #[serde(default)]
    before: Option<String>,
}

/// A line of the trail.
#[derive(Serialize, ToSchema)]
pub struct Line {
    id: String,
    at: DateTime<Utc>,
    /// `user:…`, `account:…`, `client:…`, `job:…`, `command-line` or `nobody`.
    actor: String,
    action: String,
    subject: String,
    /// What else there is to know.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

/// Read the audit trail, the newest line first.
#[utoipa::path(
    get, path = "/v1/station/audit", tag = "station", operation_id = "audit", security(("bearer" = [])),
    params(Part),
    responses((status = 200, description = "At most 500 lines", body = [Line]), CallerProblems)
)]
pub async fn audit(
    context: web::Data<Context>,
    _auditor: Staff<needs::ReadAudit>,
    part: web::Query<Part>,
) -> Result<HttpResponse, Error> {
    let Part { subject, before } = part.into_inner();
    let lines =
        context.pool.read(move |db| audit::page(db, subject.as_deref(), before.as_deref(), PAGE)).await?;
    let lines = lines.into_iter().map(|trace| Line {
        id: trace.id,
        at: trace.at.and_utc(),
        actor: trace.actor,
        action: trace.action,
        subject: trace.subject,
        detail: serde_json::from_str(&trace.detail).unwrap_or_default(),
    });
    Ok(HttpResponse::Ok().json(lines.collect::<Vec<_>>()))
}
