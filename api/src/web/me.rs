//! `/v1/me`: what a donor sees of the own account.

use super::auth::Donor;
use super::body::Json;
use super::problem::{BodyProblems, CallerProblems};
use crate::actions::{Context, erase, export};
use crate::domain::personal::mask_phone;
use crate::error::Error;
use crate::store::accounts;
use crate::store::totals;
use crate::store::{Db, Pool};
use crate::vault::Vault;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, web};
use certificates::LivesFormula;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// The caller's account, and the donors that it sees.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// The telephone number that signs in, masked.
    phone: Option<String>,
    /// Whether WeChat signs in too.
    wechat: bool,
    /// When the account was opened.
    since: DateTime<Utc>,
    /// Its own person first, then relatives.
    donors: Vec<SeenDonor>,
}

/// A donor that the account sees.
#[derive(Serialize, ToSchema)]
pub struct SeenDonor {
    /// The station's number.
    pub donor_no: String,
    /// The full name.
    pub name: String,
    /// `self` or `family`.
    pub relation: String,
    /// Since when the account sees the record.
    pub since: DateTime<Utc>,
    /// Whole blood given, ml.
    pub whole_blood_ml: u64,
    /// Therapeutic units of platelets given.
    pub platelet_units: u32,
    /// How many times something was given.
    pub donations: u32,
    /// Lives saved, estimated by the station's formula.
    pub lives_saved: u32,
    /// The day of the last donation, Asia/Shanghai.
    pub last_donated_on: Option<NaiveDate>,
}

/// Reads what `GET /v1/me` answers.
///
/// # Errors
/// `not_found` when the account was erased; failures of the database.
pub fn read(db: &mut Db, account_id: &str, vault: &Vault, formula: LivesFormula) -> Result<Me, Error> {
    let account =
        accounts::by_id(db, account_id)?.ok_or_else(|| Error::not_found("There is no such account."))?;
    let seen = accounts::donors_of(db, account_id)?;
    let ids: Vec<&str> = seen.iter().map(|donor| donor.link.donor_id.as_str()).collect();
    let mut sums = if ids.is_empty() { Default::default() } else { totals::of_donors(db, &ids)? };
    let donors = seen.into_iter().map(|donor| {
        let totals = sums.remove(&donor.link.donor_id).unwrap_or_default();
        let certified = crate::domain::certificate::certified(&totals, formula);
        SeenDonor {
            donor_no: donor.donor_no,
            name: donor.name,
            relation: donor.link.relation,
            since: donor.link.since.and_utc(),
            whole_blood_ml: totals.whole_blood_ml,
            platelet_units: totals.platelet_units,
            donations: totals.donations,
            lives_saved: certified.lives_saved,
            last_donated_on: totals.last_donated_on,
        }
    });
    Ok(Me {
        phone: account.phone(vault)?.map(|phone| mask_phone(&phone)),
        wechat: account.has_wechat(),
        since: account.created_at.and_utc(),
        donors: donors.collect(),
    })
}

/// [`read`], from a pool: what the benchmark measures without a caller.
///
/// # Errors
/// As [`read`].
pub async fn read_from(
    pool: &Pool,
    account_id: String,
    vault: Arc<Vault>,
    formula: LivesFormula,
) -> Result<Me, Error> {
    pool.read(move |db| read(db, &account_id, &vault, formula)).await
}

/// Show the caller's account and the donors that it sees.
#[utoipa::path(
    get, path = "/v1/me", tag = "donor", operation_id = "me", security(("bearer" = [])),
    responses((status = 200, description = "The account", body = Me), CallerProblems)
)]
pub async fn me(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let formula = context.station.formula()?;
    let me = read_from(&context.pool, donor.id().to_owned(), context.vault.clone(), formula).await?;
    Ok(HttpResponse::Ok().json(me))
}

/// How an export is written.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportFormat {
    /// `json` (when absent) or `text`, to be read.
    #[serde(default)]
    format: Option<String>,
}

/// Export everything that the station holds of the caller (PIPL Art. 45).
#[utoipa::path(
    get, path = "/v1/me/export", tag = "privacy", operation_id = "export", security(("bearer" = [])),
    params(ExportFormat),
    responses(
        (status = 200, description = "Everything", content((export::Export = "application/json"), (String = "text/plain"))),
        (status = 422, description = "`unknown_format`", body = super::problem::Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn export(
    context: web::Data<Context>,
    donor: Donor,
    query: web::Query<ExportFormat>,
) -> Result<HttpResponse, Error> {
    let everything = export::export(&context, donor.id().to_owned()).await?;
    match query.format.as_deref() {
        None | Some("json") => Ok(HttpResponse::Ok().json(everything)),
        Some("text") => Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
            .body(everything.to_text())),
        Some(_) => Err(Error::invalid("unknown_format", "The formats are json and text.")),
    }
}

/// Show who looked at the caller's record, when, and why.
#[utoipa::path(
    get, path = "/v1/me/access-log", tag = "privacy", operation_id = "access_log", security(("bearer" = [])),
    responses((status = 200, description = "The newest first, at most 1,000", body = [export::Access]), CallerProblems)
)]
pub async fn access_log(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let account_id = donor.id().to_owned();
    let log = context.pool.read(move |db| export::access_log(db, &account_id)).await?;
    Ok(HttpResponse::Ok().json(log))
}

/// That the caller means it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureRequest {
    /// MUST be `true`.
    confirm: bool,
}

/// What was erased, and what the law keeps.
#[derive(Serialize, ToSchema)]
pub struct ErasureResponse {
    /// What is gone.
    erased: Vec<&'static str>,
    /// What stays, and why.
    kept: Vec<&'static str>,
}

/// Erase the caller's account.
///
/// The record of donations stays for at least ten years, as the rules for blood stations ask; the answer says so.
#[utoipa::path(
    post, path = "/v1/me/erasure", tag = "privacy", operation_id = "erase", security(("bearer" = [])),
    request_body = ErasureRequest,
    responses((status = 200, description = "The account is gone", body = ErasureResponse), CallerProblems, BodyProblems)
)]
pub async fn erasure(
    context: web::Data<Context>,
    donor: Donor,
    Json(request): Json<ErasureRequest>,
) -> Result<HttpResponse, Error> {
    if !request.confirm {
        return Err(Error::invalid("not_confirmed", "Nothing was erased: set \"confirm\" to true."));
    }
    let outcome = erase::erase(&context, donor.id().to_owned()).await?;
    let mut kept = vec!["The audit trail, which names records by their numbers only."];
    if outcome.donations_kept {
        kept.push(
            "The record of your donations and who gave them: blood stations have to keep it for at least 10 years.",
        );
    }
    let erased = vec![
        "The account and what signs in to it: telephone number and WeChat.",
        "All sessions, and the view of relatives' records.",
        "Consents: all are withdrawn.",
        "Answers to the questions before a donation, unless a donation used them.",
    ];
    Ok(HttpResponse::Ok().json(ErasureResponse { erased, kept }))
}
