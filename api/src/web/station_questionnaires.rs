//! `/v1/station/questionnaires`, `/v1/station/passes`: what the doctor reads, and what the desk checks.

use super::auth::{Staff, needs};
use super::limited;
use super::problem::{CallerProblems, Problem};
use super::station_donors::stated;
use crate::actions::Context;
use crate::actions::questionnaire::desk;
use crate::domain::language::Language;
use crate::domain::limits::LOOK_UPS;
use crate::domain::questionnaire::{Told, tell};
use crate::error::Error;
use crate::store::questionnaires::SubmittedRow;
use actix_web::http::header::{CONTENT_LANGUAGE, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Why somebody looks.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Reason {
    /// `enquiry`, `donation`, `record_correction`, `claim`, `complaint`, `follow_up` or `legal_request`.
    // Who leaves it out is told so, and not that the address is wrong.
    #[serde(default)]
    #[param(required)]
    pub(super) purpose: String,
}

/// What a donor submitted, without the answers.
#[derive(Serialize, ToSchema)]
pub struct SubmittedQuestionnaire {
    id: String,
    submitted_at: DateTime<Utc>,
    /// Id and version of the questionnaire.
    questionnaire: String,
    /// What was to be given.
    product: String,
    /// `no_known_reason`, `possible_deferral` or `ask_the_doctor`.
    outcome: String,
    /// The first day on which a possible deferral does not stand any more, Asia/Shanghai.
    deferred_until: Option<NaiveDate>,
}

impl From<SubmittedRow> for SubmittedQuestionnaire {
    fn from(row: SubmittedRow) -> Self {
        Self {
            id: row.id,
            submitted_at: row.submitted_at.and_utc(),
            questionnaire: row.questionnaire,
            product: row.product,
            outcome: row.outcome,
            deferred_until: row.deferred_until,
        }
    }
}

/// What a donor submitted, with the answers.
#[derive(Serialize, ToSchema)]
pub struct OpenedQuestionnaire {
    donor_no: String,
    #[serde(flatten)]
    submitted: SubmittedQuestionnaire,
    /// In the order in which they were asked.
    answers: Vec<GivenAnswer>,
}

/// An answer.
#[derive(Serialize, ToSchema)]
pub struct GivenAnswer {
    /// The question's id.
    question: String,
    /// What was asked; absent when the questionnaire is not known any more.
    text: Option<String>,
    /// `yes`, `no`, a choice's id, or a day.
    answer: String,
    /// The answer in words.
    answer_text: String,
}

impl From<Told> for GivenAnswer {
    fn from(Told { question, text, answer, answer_text }: Told) -> Self {
        Self { question, text, answer, answer_text }
    }
}

/// What the desk learns of a pass: nothing of any answer.
#[derive(Serialize, ToSchema)]
pub struct PassCheck {
    donor_no: String,
    /// `no_known_reason`, `possible_deferral` or `ask_the_doctor`.
    outcome: &'static str,
    /// Whether the pass is good today.
    valid: bool,
}

/// List what a donor submitted, the newest first, for a stated purpose.
///
/// The donor can read in the access log who looked, when and why.
#[utoipa::path(
    get, path = "/v1/station/donors/{donor_no}/questionnaires", tag = "station", operation_id = "questionnaires",
    security(("bearer" = [])),
    params(("donor_no" = String, Path, description = "The donor's number"), Reason),
    responses(
        (status = 200, description = "The newest first", body = [SubmittedQuestionnaire]),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`purpose_missing`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn list(
    context: web::Data<Context>,
    doctor: Staff<needs::ReadQuestionnaires>,
    donor_no: web::Path<String>,
    reason: web::Query<Reason>,
) -> Result<HttpResponse, Error> {
    let purpose = stated(&reason.purpose)?;
    let left = limited::spend(&context, &[(&LOOK_UPS, doctor.id())]).await?;
    let rows = desk::list(&doctor.acting(&context), donor_no.into_inner(), purpose).await?;
    let mut answer = HttpResponse::Ok();
    left.tell(&mut answer);
    Ok(answer.json(rows.into_iter().map(SubmittedQuestionnaire::from).collect::<Vec<_>>()))
}

/// Read a questionnaire's answers, for a stated purpose.
///
/// The donor can read in the access log who looked, when and why.
#[utoipa::path(
    get, path = "/v1/station/questionnaires/{questionnaire}", tag = "station",
    operation_id = "submitted_questionnaire", security(("bearer" = [])),
    params(("questionnaire" = String, Path, description = "The submitted questionnaire's id"), Reason),
    responses(
        (status = 200, description = "The answers, in the language that `Accept-Language` likes best", body = OpenedQuestionnaire),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`purpose_missing`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn show(
    request: HttpRequest,
    context: web::Data<Context>,
    doctor: Staff<needs::ReadQuestionnaires>,
    id: web::Path<String>,
    reason: web::Query<Reason>,
) -> Result<HttpResponse, Error> {
    let purpose = stated(&reason.purpose)?;
    let left = limited::spend(&context, &[(&LOOK_UPS, doctor.id())]).await?;
    let opened = desk::read(&doctor.acting(&context), id.into_inner(), purpose).await?;
    let document = context.questionnaires.named(&opened.row.questionnaire);
    let language = Language::of(&request);
    let told = tell(document.map(AsRef::as_ref), &opened.said, language);
    let mut answer = HttpResponse::Ok();
    left.tell(&mut answer);
    answer.insert_header((CONTENT_LANGUAGE, language.tag())).insert_header((VARY, "accept-language"));
    Ok(answer.json(OpenedQuestionnaire {
        donor_no: opened.donor_no,
        submitted: opened.row.into(),
        answers: told.into_iter().map(GivenAnswer::from).collect(),
    }))
}

/// Check the pass that somebody shows at the desk.
#[utoipa::path(
    get, path = "/v1/station/passes/{code}", tag = "station", operation_id = "check_pass",
    security(("bearer" = [])),
    params(("code" = String, Path, description = "The pass's code, in capitals or not")),
    responses(
        (status = 200, description = "Whose it is, and whether it is good today", body = PassCheck),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn check_pass(
    context: web::Data<Context>,
    staff: Staff<needs::CheckPasses>,
    code: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let left = limited::spend(&context, &[(&LOOK_UPS, staff.id())]).await?;
    let checked = desk::check_pass(&staff.acting(&context), code.into_inner()).await?;
    let desk::CheckedPass { donor_no, assessment, valid } = checked;
    let mut answer = HttpResponse::Ok();
    left.tell(&mut answer);
    Ok(answer.json(PassCheck { donor_no, outcome: assessment.outcome.as_str(), valid }))
}
