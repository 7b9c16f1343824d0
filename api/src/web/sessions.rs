//! `/v1/me/sessions`: where one is signed in.

use super::auth::Somebody;
use super::problem::{CallerProblems, Problem};
use crate::actions::Context;
use crate::actions::sessions as actions;
use crate::error::Error;
use crate::store::sessions as store;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A place where the caller is signed in.
#[derive(Serialize, ToSchema)]
pub struct Session {
    id: String,
    /// What the device called itself.
    device: String,
    /// When it signed in.
    created_at: DateTime<Utc>,
    /// When it last signed in or refreshed.
    last_used_at: DateTime<Utc>,
    /// When it ends, unless it refreshes before.
    expires_at: DateTime<Utc>,
    /// Whether it is the one that calls.
    current: bool,
}

/// List the caller's sessions, the last used first.
#[utoipa::path(
    get, path = "/v1/me/sessions", tag = "sign-in", operation_id = "sessions", security(("bearer" = [])),
    responses((status = 200, description = "Where the caller is signed in", body = [Session]), CallerProblems)
)]
pub async fn list(context: web::Data<Context>, caller: Somebody) -> Result<HttpResponse, Error> {
    let (owner, now) = (caller.id().to_owned(), context.clock.now());
    let rows = context.pool.read(move |db| store::open_of(db, &owner, now)).await?;
    let sessions = rows.into_iter().map(|row| Session {
        current: row.id == caller.0.session,
        id: row.id,
        device: row.device,
        created_at: row.created_at.and_utc(),
        last_used_at: row.last_used_at.and_utc(),
        expires_at: row.expires_at.and_utc(),
    });
    Ok(HttpResponse::Ok().json(sessions.collect::<Vec<_>>()))
}

/// End one of the caller's sessions.
#[utoipa::path(
    delete, path = "/v1/me/sessions/{session}", tag = "sign-in", operation_id = "end_session", security(("bearer" = [])),
    params(("session" = String, Path, description = "The session's id")),
    responses(
        (status = 204, description = "The session is over"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn end(
    context: web::Data<Context>,
    caller: Somebody,
    session: web::Path<String>,
) -> Result<HttpResponse, Error> {
    actions::end(&context, &caller.0.subject, &session).await?;
    Ok(HttpResponse::NoContent().finish())
}
