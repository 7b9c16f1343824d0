//! `/v1/me/donor`, `/v1/me/registration`: the record of the account's own person.

use super::auth::Donor;
use super::body::Json;
use super::limited;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::{Context, own_record};
use crate::domain::donation_number::DonationNumber;
use crate::domain::identity::{DocumentKind, IdentityDocument, Sex};
use crate::domain::limits::{CLAIMS_BY_ACCOUNT, CLAIMS_ON_IDENTITY};
use crate::domain::personal::{Email, PersonName};
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::vault::Field;
use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What shows that a record is the caller's.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// `resident_id` (when absent), `passport`, …
    #[serde(default)]
    id_type: Option<String>,
    /// The number of the identity document.
    id_number: String,
    /// The number of any one donation (献血编码), as on the donation certificate.
    donation_no: String,
}

/// Whose record it is.
#[derive(Serialize, ToSchema)]
pub struct DonorNumberResponse {
    /// The station's number.
    donor_no: String,
}

/// Bind the account to its person's donor record.
#[utoipa::path(
    post, path = "/v1/me/donor", tag = "donor", operation_id = "bind_record", security(("bearer" = [])),
    request_body = Proof,
    responses(
        (status = 200, description = "The record is the account's", body = DonorNumberResponse),
        (status = 404, description = "`record_not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already_bound`, `record_bound_elsewhere`, `record_of_a_relative`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn bind(
    context: web::Data<Context>,
    donor: Donor,
    Json(proof): Json<Proof>,
) -> Result<HttpResponse, Error> {
    let document = document(proof.id_type.as_deref(), &proof.id_number)?;
    let donation_no = DonationNumber::parse(&proof.donation_no, &context.station.numbering()?)?;
    count_claim(&context, &donor, &document).await?;
    let donor_no = own_record::bind(&context, donor.id().to_owned(), document, donation_no).await?;
    Ok(HttpResponse::Ok().json(DonorNumberResponse { donor_no }))
}

fn document(kind: Option<&str>, number: &str) -> Result<IdentityDocument, Error> {
    let kind = match kind {
        None => DocumentKind::ResidentId,
        Some(word) => DocumentKind::from_word(word).ok_or_else(|| {
            Refusal::new("id_type", "unknown_document", "This kind of identity document is not known.")
        })?,
    };
    Ok(IdentityDocument::parse(kind, number)?)
}

/// Claims are counted for the account and for the identity number: neither is tried through.
async fn count_claim(context: &Context, donor: &Donor, document: &IdentityDocument) -> Result<(), Error> {
    let identity = HEXLOWER.encode(&context.vault.index(Field::LimitKey, document.reveal()));
    let limits = [(&CLAIMS_BY_ACCOUNT, donor.id()), (&CLAIMS_ON_IDENTITY, identity.as_str())];
    limited::spend(context, &limits).await.map(drop)
}

/// Who registers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationRequest {
    /// The full name, at most 64 characters.
    name: String,
    /// `resident_id` (when absent), `passport`, …
    #[serde(default)]
    id_type: Option<String>,
    /// The number of the identity document.
    id_number: String,
    /// Needed for documents that do not say it.
    #[serde(default)]
    birth_date: Option<NaiveDate>,
    /// `M` or `F`; needed for documents that do not say it.
    #[serde(default)]
    sex: Option<String>,
    /// An e-mail address.
    #[serde(default)]
    email: Option<String>,
}

/// Register as a donor who has not given yet.
///
/// The answer is the same whether the station knows the person or not; staff merge two records of one person.
#[utoipa::path(
    post, path = "/v1/me/registration", tag = "donor", operation_id = "register", security(("bearer" = [])),
    request_body = RegistrationRequest,
    responses(
        (status = 201, description = "There is a record now", body = DonorNumberResponse),
        (status = 409, description = "`already_bound`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn register(
    context: web::Data<Context>,
    donor: Donor,
    Json(request): Json<RegistrationRequest>,
) -> Result<HttpResponse, Error> {
    let document = document(request.id_type.as_deref(), &request.id_number)?;
    let sex = match request.sex.as_deref() {
        Some(word) => Some(Sex::from_word(word).ok_or_else(|| missing("sex"))?),
        None => document.sex(),
    };
    let birth_date = request.birth_date.or(document.birth_date());
    let registration = own_record::Registration {
        name: PersonName::parse(&request.name)?,
        birth_date: birth_date.ok_or_else(|| missing("birth_date"))?,
        sex: sex.ok_or_else(|| missing("sex"))?,
        email: request.email.as_deref().map(Email::parse).transpose()?,
        document,
    };
    count_claim(&context, &donor, &registration.document).await?;
    let donor_no = own_record::register(&context, donor.id().to_owned(), registration).await?;
    Ok(HttpResponse::Created().json(DonorNumberResponse { donor_no }))
}

fn missing(field: &'static str) -> Error {
    Error { field: Some(field), ..Error::invalid("missing", "This is needed with this identity document.") }
}
