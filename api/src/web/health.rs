//! `/healthz`, `/readyz`, `/metrics`.

use super::metrics::Metrics;
use super::problem::Problem;
use crate::actions::Context;
use crate::error::Error;
use crate::store::{outbox, statuses};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, web};
use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;

/// Messages whose delay is told left since then.
const RECENTLY: TimeDelta = TimeDelta::minutes(10);

/// The state of the process.
#[derive(Serialize, ToSchema)]
pub struct Health {
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
}

/// Ask whether the process is alive.
#[utoipa::path(get, path = "/healthz", tag = "operation", operation_id = "health",
    responses((status = 200, description = "It is", body = Health)))]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

/// Ask whether it can serve: the database answers.
#[utoipa::path(get, path = "/readyz", tag = "operation", operation_id = "readiness",
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "`database_unavailable`", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn readyz(context: web::Data<Context>) -> Result<HttpResponse, Error> {
    let answers = context.pool.read(|db| statuses::next_list_id(db).map(drop)).await;
    answers.map_err(|error| Error::database_unavailable(error.context.unwrap_or_default()))?;
    Ok(HttpResponse::Ok().json(Health { status: "ready" }))
}

/// Fetch the metrics (Prometheus text).
#[utoipa::path(get, path = "/metrics", tag = "operation", operation_id = "metrics",
    responses((status = 200, description = "Prometheus text format 0.0.4", body = String, content_type = "text/plain")))]
pub async fn metrics(
    context: web::Data<Context>,
    metrics: web::Data<Metrics>,
) -> Result<HttpResponse, Error> {
    let now = context.clock.now();
    let (states, delays) =
        context.pool.read(move |db| Ok((outbox::states(db)?, outbox::delays(db, now - RECENTLY)?))).await?;
    metrics.messages(&states, delays);
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; version=0.0.4")).body(metrics.text()?))
}
