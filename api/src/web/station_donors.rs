//! `/v1/station/donors`: staff look donors up, and help them at the window.

use super::auth::{Staff, needs};
use super::body::Json;
use super::limited;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::find_donor::{self, Found, LookUp};
use crate::actions::{Context, assist};
use crate::domain::donor::DonorNumber;
use crate::domain::identity::last_four;
use crate::domain::limits::LOOK_UPS;
use crate::domain::look_up::Purpose;
use crate::domain::personal::{PersonName, Phone, mask_phone};
use crate::domain::refusal::Refusal;
use crate::error::Error;
use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// By what a donor is looked up: exactly one of the first four.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookUpRequest {
    /// `enquiry`, `donation`, `record_correction`, `claim`, `complaint`, `follow_up` or `legal_request`.
    // Who leaves it out is told so, and not that the JSON is wrong.
    #[serde(default)]
    #[schema(required)]
    purpose: String,
    /// The station's number.
    #[serde(default)]
    donor_no: Option<String>,
    /// A telephone number.
    #[serde(default)]
    phone: Option<String>,
    /// The number of an identity document.
    #[serde(default)]
    id_number: Option<String>,
    /// The full name; with it the date of birth.
    #[serde(default)]
    name: Option<String>,
    /// The date of birth, with the name.
    #[serde(default)]
    birth_date: Option<NaiveDate>,
}

/// A donor as staff see one: enough to know whom they speak to, no more.
#[derive(Serialize, ToSchema)]
pub struct FoundDonor {
    donor_no: String,
    name: String,
    sex: String,
    birth_date: NaiveDate,
    /// The last four characters of the identity document's number.
    id_last_four: String,
    /// The telephone number, masked.
    phone: Option<String>,
    /// Whole blood given, ml.
    whole_blood_ml: u64,
    /// Therapeutic units of platelets given.
    platelet_units: u32,
    /// How many times something was given.
    donations: u32,
    /// The day of the last donation, Asia/Shanghai.
    last_donated_on: Option<NaiveDate>,
}

/// Look donors up, for a stated purpose.
///
/// Each donor who is found can read in the access log who looked, when and why.
#[utoipa::path(
    post, path = "/v1/station/donors/search", tag = "station", operation_id = "find_donors",
    security(("bearer" = [])), request_body = LookUpRequest,
    responses(
        (status = 200, description = "At most 20 donors", body = [FoundDonor]),
        CallerProblems, BodyProblems,
    )
)]
pub async fn find(
    context: web::Data<Context>,
    staff: Staff<needs::FindDonors>,
    Json(request): Json<LookUpRequest>,
) -> Result<HttpResponse, Error> {
    let purpose = stated(&request.purpose)?;
    let by = look_up(request)?;
    let left = limited::spend(&context, &[(&LOOK_UPS, staff.id())]).await?;
    let acting = staff.acting(&context);
    let found = find_donor::find(&acting, by, purpose).await?;
    let donors = found.into_iter().map(|found| view(&context, found)).collect::<Result<Vec<_>, Error>>()?;
    let mut answer = HttpResponse::Ok();
    left.tell(&mut answer);
    Ok(answer.json(donors))
}

/// The purpose that a member of staff states.
///
/// # Errors
/// `purpose_missing`.
pub fn stated(purpose: &str) -> Result<Purpose, Refusal> {
    Purpose::from_word(purpose).ok_or_else(|| {
        Refusal::new(
            "purpose",
            "purpose_missing",
            "State why you look: one of the purposes of the documentation.",
        )
    })
}

fn look_up(request: LookUpRequest) -> Result<LookUp, Error> {
    let LookUpRequest { donor_no, phone, id_number, name, birth_date, .. } = request;
    match (donor_no, phone, id_number, name, birth_date) {
        (Some(number), None, None, None, None) => {
            Ok(LookUp::Number(DonorNumber::parse(&number)?.as_str().to_owned()))
        }
        (None, Some(phone), None, None, None) => Ok(LookUp::Phone(Phone::parse(&phone)?)),
        (None, None, Some(number), None, None) => {
            Ok(LookUp::IdNumber(number.split_whitespace().collect::<String>().to_ascii_uppercase()))
        }
        (None, None, None, Some(name), Some(birth_date)) => {
            Ok(LookUp::NameAndBirthDate(PersonName::parse(&name)?.reveal().to_owned(), birth_date))
        }
        _ => Err(Error::invalid(
            "one_key_needed",
            "Give exactly one of donor_no, phone, id_number, or name together with birth_date.",
        )),
    }
}

fn view(context: &Context, Found { donor, totals }: Found) -> Result<FoundDonor, Error> {
    let vault = &context.vault;
    Ok(FoundDonor {
        id_last_four: last_four(&donor.id_number(vault)?).to_owned(),
        phone: donor.phone(vault)?.map(|phone| mask_phone(&phone)),
        donor_no: donor.donor_no,
        name: donor.name,
        sex: donor.sex,
        birth_date: donor.birth_date,
        whole_blood_ml: totals.whole_blood_ml,
        platelet_units: totals.platelet_units,
        donations: totals.donations,
        last_donated_on: totals.last_donated_on,
    })
}

/// What staff saw and do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowRequest {
    /// The telephone number.
    phone: String,
    /// That the donor's identity document was seen. MUST be `true`.
    document_seen: bool,
}

impl WindowRequest {
    fn phone(&self) -> Result<Phone, Error> {
        if !self.document_seen {
            return Err(Refusal::new(
                "document_seen",
                "document_not_seen",
                "The donor's identity document must be seen first.",
            )
            .into());
        }
        Ok(Phone::parse(&self.phone)?)
    }
}

/// Set the telephone number that signs in to a donor's record.
///
/// For somebody who has never signed in, and for somebody who lost the number; sessions of before end.
#[utoipa::path(
    put, path = "/v1/station/donors/{donor_no}/sign-in-phone", tag = "station", operation_id = "set_sign_in_phone",
    security(("bearer" = [])), request_body = WindowRequest,
    params(("donor_no" = String, Path, description = "The donor's number")),
    responses(
        (status = 204, description = "The number signs in from now on"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`phone_in_use`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn set_sign_in_phone(
    context: web::Data<Context>,
    staff: Staff<needs::AssistDonors>,
    donor_no: web::Path<String>,
    Json(request): Json<WindowRequest>,
) -> Result<HttpResponse, Error> {
    let acting = staff.acting(&context);
    assist::set_sign_in_phone(&acting, donor_no.into_inner(), request.phone()?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Let a relative see a donor's record: both stand at the window, and the donor agrees.
#[utoipa::path(
    post, path = "/v1/station/donors/{donor_no}/managers", tag = "station", operation_id = "add_manager",
    security(("bearer" = [])), request_body = WindowRequest,
    params(("donor_no" = String, Path, description = "The donor's number")),
    responses(
        (status = 204, description = "Whoever signs in with the number sees the record"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already_linked`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn add_manager(
    context: web::Data<Context>,
    staff: Staff<needs::AssistDonors>,
    donor_no: web::Path<String>,
    Json(request): Json<WindowRequest>,
) -> Result<HttpResponse, Error> {
    let acting = staff.acting(&context);
    assist::add_manager(&acting, donor_no.into_inner(), request.phone()?).await?;
    Ok(HttpResponse::NoContent().finish())
}
