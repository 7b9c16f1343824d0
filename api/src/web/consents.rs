//! `/v1/me/consents`.

use super::address::ClientAddress;
use super::auth::Donor;
use super::body::Json;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::{Context, consents as actions};
use crate::domain::consent::{Place, Purpose, TextVersion};
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::store::consents as store;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A consent.
#[derive(Serialize, ToSchema)]
pub struct Consent {
    /// `service`, `health_data`, `appeals` or `news`.
    purpose: String,
    /// The version of the text that was shown.
    text_version: String,
    given_at: DateTime<Utc>,
    /// `mini_program`, `browser` or `window`.
    given_from: String,
    /// When it was withdrawn, or replaced by a newer one.
    withdrawn_at: Option<DateTime<Utc>>,
}

/// List the caller's consents, withdrawn ones too.
#[utoipa::path(
    get, path = "/v1/me/consents", tag = "privacy", operation_id = "consents", security(("bearer" = [])),
    responses((status = 200, description = "In the order of time", body = [Consent]), CallerProblems)
)]
pub async fn list(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let account_id = donor.id().to_owned();
    let rows = context.pool.read(move |db| store::of_account(db, &account_id)).await?;
    let consents = rows.into_iter().map(|row| Consent {
        purpose: row.purpose,
        text_version: row.text_version,
        given_at: row.given_at.and_utc(),
        given_from: row.given_from,
        withdrawn_at: row.withdrawn_at.map(|at| at.and_utc()),
    });
    Ok(HttpResponse::Ok().json(consents.collect::<Vec<_>>()))
}

/// A consent to be given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentRequest {
    /// `service`, `health_data`, `appeals` or `news`.
    purpose: String,
    /// The version of the text that was shown.
    text_version: String,
    /// `mini_program`, `browser` or `window`.
    given_from: String,
}

/// Give a consent: one purpose, one version of one text.
#[utoipa::path(
    post, path = "/v1/me/consents", tag = "privacy", operation_id = "give_consent", security(("bearer" = [])),
    request_body = ConsentRequest,
    responses((status = 201, description = "Written down"), CallerProblems, BodyProblems)
)]
pub async fn give(
    context: web::Data<Context>,
    donor: Donor,
    address: ClientAddress,
    Json(request): Json<ConsentRequest>,
) -> Result<HttpResponse, Error> {
    let given = actions::Given {
        purpose: purpose(&request.purpose)?,
        text_version: TextVersion::parse(&request.text_version)?,
        place: Place::from_word(&request.given_from).ok_or_else(|| {
            Refusal::new(
                "given_from",
                "unknown_place",
                "A consent comes from mini_program, browser or window.",
            )
        })?,
        address: address.full,
    };
    actions::give(&context, donor.id().to_owned(), given).await?;
    Ok(HttpResponse::Created().finish())
}

fn purpose(word: &str) -> Result<Purpose, Refusal> {
    Purpose::from_word(word).ok_or_else(|| {
        Refusal::new("purpose", "unknown_purpose", "The purposes are service, health_data, appeals and news.")
    })
}

/// Withdraw the consent to a purpose.
#[utoipa::path(
    delete, path = "/v1/me/consents/{purpose}", tag = "privacy", operation_id = "withdraw_consent",
    security(("bearer" = [])),
    params(("purpose" = String, Path, description = "`service`, `health_data`, `appeals` or `news`")),
    responses(
        (status = 204, description = "Withdrawn"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`unknown_purpose`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn withdraw(
    context: web::Data<Context>,
    donor: Donor,
    word: web::Path<String>,
) -> Result<HttpResponse, Error> {
    actions::withdraw(&context, donor.id().to_owned(), purpose(&word)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
