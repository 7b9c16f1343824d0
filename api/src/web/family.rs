//! `/v1/me/sharing-codes`, `/v1/me/family`, `/v1/me/managers`: relatives and their records.

use super::auth::Donor;
use super::body::Json;
use super::limited;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::{Context, family};
use crate::domain::limits::CLAIMS_BY_ACCOUNT;
use crate::domain::personal::mask_phone;
use crate::error::Error;
use crate::store::accounts;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A code for a relative.
#[derive(Serialize, ToSchema)]
pub struct SharingCode {
    /// Eight letters and digits, good for once.
    code: String,
    /// How long it holds, seconds.
    expires_in: i64,
}

/// Make a code by which a relative may see the caller's record.
#[utoipa::path(
    post, path = "/v1/me/sharing-codes", tag = "family", operation_id = "share", security(("bearer" = [])),
    responses(
        (status = 201, description = "Tell it your relative", body = SharingCode),
        (status = 409, description = "`no_record`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn share(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let code = family::share(&context, donor.id().to_owned()).await?;
    let expires_in = family::CODE_LIFETIME.num_seconds();
    Ok(HttpResponse::Created().json(SharingCode { code, expires_in }))
}

/// A relative's word.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FamilyRequest {
    /// The code that the relative made.
    code: String,
}

/// Whose record is seen now.
#[derive(Serialize, ToSchema)]
pub struct FamilyMember {
    /// The station's number.
    donor_no: String,
}

/// See a relative's record, with the code that the relative made.
#[utoipa::path(
    post, path = "/v1/me/family", tag = "family", operation_id = "join", security(("bearer" = [])),
    request_body = FamilyRequest,
    responses(
        (status = 201, description = "The record is seen from now on", body = FamilyMember),
        (status = 404, description = "`wrong_sharing_code`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already_linked`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn join(
    context: web::Data<Context>,
    donor: Donor,
    Json(request): Json<FamilyRequest>,
) -> Result<HttpResponse, Error> {
    limited::spend(&context, &[(&CLAIMS_BY_ACCOUNT, donor.id())]).await?;
    let donor_no = family::accept(&context, donor.id().to_owned(), request.code).await?;
    Ok(HttpResponse::Created().json(FamilyMember { donor_no }))
}

/// Stop seeing a relative's record.
#[utoipa::path(
    delete, path = "/v1/me/family/{donor_no}", tag = "family", operation_id = "leave", security(("bearer" = [])),
    params(("donor_no" = String, Path, description = "The relative's donor number")),
    responses(
        (status = 204, description = "The record is not seen any more"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`own_record`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn leave(
    context: web::Data<Context>,
    donor: Donor,
    donor_no: web::Path<String>,
) -> Result<HttpResponse, Error> {
    family::leave(&context, donor.id().to_owned(), donor_no.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Somebody who sees the caller's record.
#[derive(Serialize, ToSchema)]
pub struct RecordManager {
    id: String,
    /// The telephone number of whoever it is, masked.
    phone: Option<String>,
    /// `confirmation` (by code) or `window`.
    proof: String,
    since: DateTime<Utc>,
}

/// List who sees the caller's record.
#[utoipa::path(
    get, path = "/v1/me/managers", tag = "family", operation_id = "managers", security(("bearer" = [])),
    responses((status = 200, description = "Relatives", body = [RecordManager]), CallerProblems)
)]
pub async fn managers(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let (account_id, vault) = (donor.id().to_owned(), context.vault.clone());
    let managers = context.pool.read(move |db| {
        let seen = accounts::donors_of(db, &account_id)?;
        let Some(own) = seen.into_iter().find(|donor| donor.link.relation == "self") else {
            return Ok(Vec::new());
        };
        let links = accounts::links_to(db, &own.link.donor_id)?;
        let mut managers = Vec::new();
        for link in links.into_iter().filter(|link| link.relation == "family") {
            let phone = match accounts::by_id(db, &link.account_id)? {
                Some(account) => account.phone(&vault)?.map(|phone| mask_phone(&phone)),
                None => None,
            };
            let since = link.since.and_utc();
            managers.push(RecordManager { id: link.id, phone, proof: link.proof, since });
        }
        Ok(managers)
    });
    Ok(HttpResponse::Ok().json(managers.await?))
}

/// Take the permission to see the caller's record back from somebody.
#[utoipa::path(
    delete, path = "/v1/me/managers/{manager}", tag = "family", operation_id = "remove_manager",
    security(("bearer" = [])),
    params(("manager" = String, Path, description = "The id from the list")),
    responses(
        (status = 204, description = "The record is not seen any more"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`no_record`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn remove_manager(
    context: web::Data<Context>,
    donor: Donor,
    manager: web::Path<String>,
) -> Result<HttpResponse, Error> {
    family::withdraw(&context, donor.id().to_owned(), manager.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}
