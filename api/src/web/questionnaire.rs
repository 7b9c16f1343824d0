//! `/v1/me/questionnaire`: what is asked before a donation, filled in by the donor.

use super::auth::Donor;
use super::body::Json;
use super::etag::{Version, version_tag};
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::Context;
use crate::actions::questionnaire::{self as actions, Change, Filling, Pass, Submission};
use crate::domain::donation::Product;
use crate::domain::language::Language;
use crate::domain::questionnaire::Question;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use actix_web::http::header::{CONTENT_LANGUAGE, ETAG, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The questionnaire in force, with the answers so far.
#[derive(Serialize, ToSchema)]
pub struct FilledQuestionnaire {
    /// Its id and version.
    questionnaire: String,
    title: String,
    /// What is to be given: `whole_blood` (until something else is said) or `apheresis_platelets`.
    product: &'static str,
    /// The questions on the branch so far, in their order. More may follow from the next answers.
    questions: Vec<AskedQuestion>,
    /// Whether nothing is left to be answered.
    complete: bool,
    /// Whether answers were given to an earlier questionnaire. Those to questions that have changed are gone.
    changed: bool,
}

/// A question.
#[derive(Serialize, ToSchema)]
pub struct AskedQuestion {
    /// By this it is answered.
    id: String,
    text: String,
    /// `yes_no`, `choice` or `date`.
    kind: &'static str,
    /// What may be chosen, when it is a choice.
    choices: Vec<OfferedChoice>,
    /// `yes` or `no`, a choice's id, or a day (Asia/Shanghai); absent when it is to be answered next.
    answer: Option<String>,
}

/// What may be chosen.
#[derive(Serialize, ToSchema)]
pub struct OfferedChoice {
    id: String,
    text: String,
}

/// Answers in the place of those before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswersRequest {
    /// The questionnaire that was read.
    questionnaire: String,
    /// `whole_blood` (when absent) or `apheresis_platelets`.
    #[serde(default)]
    product: Option<String>,
    /// All answers so far, by the ids of their questions.
    answers: BTreeMap<String, String>,
}

/// What a submission came to. It is advice: the doctor at the door decides.
#[derive(Serialize, ToSchema)]
pub struct SubmissionResponse {
    /// The submitted questionnaire's id.
    id: String,
    /// `no_known_reason`, `possible_deferral` or `ask_the_doctor`.
    outcome: &'static str,
    /// The first day on which a possible deferral does not stand any more, Asia/Shanghai.
    deferred_until: Option<NaiveDate>,
    /// The pass for the desk, when nothing is known that stands against it.
    pass: Option<PassResponse>,
}

/// A pass to be shown at the desk. It says nothing of any answer.
#[derive(Serialize, ToSchema)]
pub struct PassResponse {
    /// Eight letters and digits.
    code: String,
    /// The only day on which it is good, Asia/Shanghai.
    valid_on: NaiveDate,
}

impl From<Pass> for PassResponse {
    fn from(Pass { code, valid_on }: Pass) -> Self {
        Self { code, valid_on }
    }
}

fn view(filling: &Filling, language: Language) -> FilledQuestionnaire {
    let Filling { document, respondent, answers, changed, .. } = filling;
    let asked = |question: &Question| AskedQuestion {
        id: question.id.clone(),
        text: question.text.written_in(language).to_owned(),
        kind: question.kind.as_str(),
        choices: question
            .choices
            .iter()
            .map(|choice| OfferedChoice {
                id: choice.id.clone(),
                text: choice.text.written_in(language).to_owned(),
            })
            .collect(),
        answer: answers.to(&question.id).map(ToString::to_string),
    };
    FilledQuestionnaire {
        questionnaire: document.name(),
        title: document.title().written_in(language).to_owned(),
        product: respondent.product.as_str(),
        questions: document.asked(answers, *respondent).map(asked).collect(),
        complete: document.open(answers, *respondent).next().is_none(),
        changed: *changed,
    }
}

fn respond(filling: &Filling, language: Language) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, version_tag(filling.version)))
        .insert_header((CONTENT_LANGUAGE, language.tag()))
        .insert_header((VARY, "accept-language"))
        .json(view(filling, language))
}

/// Read the questionnaire in force, with the answers so far; its `ETag` is what a change must name.
///
/// The texts are in the language that `Accept-Language` likes best, Chinese or English.
#[utoipa::path(
    get, path = "/v1/me/questionnaire", tag = "donor", operation_id = "questionnaire", security(("bearer" = [])),
    responses(
        (status = 200, description = "The questions on the branch so far", body = FilledQuestionnaire),
        (status = 409, description = "`consent_missing`, `no_record`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn show(
    request: HttpRequest,
    context: web::Data<Context>,
    donor: Donor,
) -> Result<HttpResponse, Error> {
    let filling = actions::read(&context, donor.id().to_owned()).await?;
    Ok(respond(&filling, Language::of(&request)))
}

/// Put answers in the place of those before: a draft, for 30 days.
///
/// Answers to what is not asked after the others are refused. `If-Match` names the version that the change was made from.
#[utoipa::path(
    put, path = "/v1/me/questionnaire/answers", tag = "donor", operation_id = "answer_questionnaire",
    security(("bearer" = [])), request_body = AnswersRequest,
    params(("If-Match" = String, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, description = "The questions on the branch so far", body = FilledQuestionnaire),
        (status = 409, description = "`consent_missing`, `no_record`, `questionnaire_changed`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`if_match_missing`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn answer(
    request: HttpRequest,
    context: web::Data<Context>,
    donor: Donor,
    version: Version,
    Json(answers): Json<AnswersRequest>,
) -> Result<HttpResponse, Error> {
    let AnswersRequest { questionnaire, product, answers: said } = answers;
    let change = Change { questionnaire, product: wanted(product.as_deref())?, said, version: version.0 };
    let filling = actions::change(&context, donor.id().to_owned(), change).await?;
    Ok(respond(&filling, Language::of(&request)))
}

fn wanted(product: Option<&str>) -> Result<Product, Refusal> {
    Product::from_word(product.unwrap_or(Product::WholeBlood.as_str())).ok_or_else(|| {
        Refusal::new("product", "unknown_product", "The products are whole_blood and apheresis_platelets.")
    })
}

/// Submit the answers: they hold on this day, and come to something.
///
/// The draft is over. `If-Match` names the version that is submitted.
#[utoipa::path(
    post, path = "/v1/me/questionnaire/submission", tag = "donor", operation_id = "submit_questionnaire",
    security(("bearer" = [])),
    params(("If-Match" = String, Header, description = "The `ETag` that was read")),
    responses(
        (status = 201, description = "What it came to", body = SubmissionResponse),
        (status = 409, description = "`consent_missing`, `no_record`, `questionnaire_changed`, `questionnaire_incomplete`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`if_match_missing`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn submit(
    context: web::Data<Context>,
    donor: Donor,
    version: Version,
) -> Result<HttpResponse, Error> {
    let submission = actions::submit(&context, donor.id().to_owned(), version.0).await?;
    let Submission { id, assessment, pass } = submission;
    Ok(HttpResponse::Created().json(SubmissionResponse {
        id,
        outcome: assessment.outcome.as_str(),
        deferred_until: assessment.until,
        pass: pass.map(PassResponse::from),
    }))
}

/// Show today's pass for the desk.
#[utoipa::path(
    get, path = "/v1/me/questionnaire/pass", tag = "donor", operation_id = "desk_pass", security(("bearer" = [])),
    responses(
        (status = 200, description = "The pass", body = PassResponse),
        (status = 404, description = "`no_pass`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`consent_missing`, `no_record`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn pass(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let pass = actions::pass(&context, donor.id().to_owned()).await?;
    Ok(HttpResponse::Ok().json(PassResponse::from(pass)))
}
