//! `/v1/station/messages`, `/v1/station/templates`: what became of messages, and what they say.

use super::auth::{Staff, needs};
use super::problem::{CallerProblems, Problem};
use crate::actions::Context;
use crate::actions::messages::{self, MessageLine, MessageTimeline};
use crate::error::Error;
use crate::store::outbox;
use actix_web::{HttpResponse, web};
use notifications::{ChannelKind, Language, Message, Outgoing, render};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Which messages.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// In this state only.
    #[serde(default)]
    state: Option<String>,
    /// Older than the message with this id: the last of the page before.
    #[serde(default)]
    before: Option<String>,
}

/// List messages, the newest first: neither whom they go to nor what they say.
#[utoipa::path(
    get, path = "/v1/station/messages", tag = "messages", operation_id = "messages", security(("bearer" = [])),
    params(Wanted),
    responses((status = 200, description = "At most 100", body = [MessageLine]), CallerProblems)
)]
pub async fn list(
    context: web::Data<Context>,
    _staff: Staff<needs::HandleMessages>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Error> {
    let Wanted { state, before } = wanted.into_inner();
    let list = context.pool.read(move |db| messages::list(db, state.as_deref(), &before.unwrap_or_default()));
    Ok(HttpResponse::Ok().json(list.await?))
}

/// Show what happened to a message: each attempt, each receipt.
#[utoipa::path(
    get, path = "/v1/station/messages/{message}", tag = "messages", operation_id = "message",
    security(("bearer" = [])),
    params(("message" = String, Path, description = "The message's id")),
    responses(
        (status = 200, description = "In the order of time", body = MessageTimeline),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn show(
    context: web::Data<Context>,
    _staff: Staff<needs::HandleMessages>,
    id: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let timeline = context.pool.read(move |db| messages::timeline(db, &id)).await?;
    Ok(HttpResponse::Ok().json(timeline))
}

/// Send a message again that failed, or of which nobody knows whether it arrived.
#[utoipa::path(
    post, path = "/v1/station/messages/{message}/retry", tag = "messages", operation_id = "retry_message",
    security(("bearer" = [])),
    params(("message" = String, Path, description = "The message's id")),
    responses(
        (status = 204, description = "Queued again, for a day at least"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not_stuck`, `code_is_over`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn retry(
    context: web::Data<Context>,
    staff: Staff<needs::HandleMessages>,
    id: web::Path<String>,
) -> Result<HttpResponse, Error> {
    messages::retry(&staff.acting(&context), id.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Give a message up that has not left.
#[utoipa::path(
    delete, path = "/v1/station/messages/{message}", tag = "messages", operation_id = "drop_message",
    security(("bearer" = [])),
    params(("message" = String, Path, description = "The message's id")),
    responses(
        (status = 204, description = "Given up"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not_stuck`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn discard(
    context: web::Data<Context>,
    staff: Staff<needs::HandleMessages>,
    id: web::Path<String>,
) -> Result<HttpResponse, Error> {
    messages::discard(&staff.acting(&context), id.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// How many messages are in a state.
#[derive(Serialize, ToSchema)]
pub struct MessageCount {
    /// The state.
    state: String,
    /// Messages.
    messages: i64,
}

/// Count messages by state.
#[utoipa::path(
    get, path = "/v1/station/message-counts", tag = "messages", operation_id = "message_counts",
    security(("bearer" = [])),
    responses((status = 200, description = "Of the last thirty days, and what is open", body = [MessageCount]), CallerProblems)
)]
pub async fn counts(
    context: web::Data<Context>,
    _staff: Staff<needs::HandleMessages>,
) -> Result<HttpResponse, Error> {
    let mut counts = BTreeMap::<String, i64>::new();
    for (state, _, messages) in context.pool.read(outbox::states).await? {
        *counts.entry(state).or_default() += messages;
    }
    let list = counts.into_iter().map(|(state, messages)| MessageCount { state, messages });
    Ok(HttpResponse::Ok().json(list.collect::<Vec<_>>()))
}

/// How a kind of message looks, with invented contents.
#[derive(Serialize, ToSchema)]
pub struct TemplatePreview {
    /// The kind.
    template: &'static str,
    /// `zh` or `en`.
    language: &'static str,
    /// The SMS, where there is one.
    sms: Option<String>,
    /// Its length in UCS-2 units: 70 are one SMS, then 67 a part.
    sms_units: Option<usize>,
    /// How many SMS it is.
    sms_parts: Option<usize>,
    /// The letter's subject, where there is one.
    subject: Option<String>,
    /// The letter's text.
    letter: Option<String>,
    /// The variables of a provider's template, in their order.
    variables: Vec<&'static str>,
}

/// List the kinds of messages.
#[utoipa::path(
    get, path = "/v1/station/templates", tag = "messages", operation_id = "message_templates", security(("bearer" = [])),
    responses((status = 200, description = "Their names", body = [String]), CallerProblems)
)]
pub async fn templates(_staff: Staff<needs::HandleMessages>) -> HttpResponse {
    HttpResponse::Ok().json(Message::KINDS)
}

/// In which language.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InLanguage {
    /// `zh` or `en`; Chinese when absent.
    #[serde(default)]
    language: Option<String>,
}

/// Show how a kind of message looks, with invented contents.
#[utoipa::path(
    get, path = "/v1/station/templates/{template}/preview", tag = "messages", operation_id = "preview_template",
    security(("bearer" = [])),
    params(("template" = String, Path, description = "The kind"), InLanguage),
    responses(
        (status = 200, description = "Every form that it has", body = TemplatePreview),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn preview(
    _staff: Staff<needs::HandleMessages>,
    template: web::Path<String>,
    wanted: web::Query<InLanguage>,
) -> Result<HttpResponse, Error> {
    let language = match wanted.language.as_deref() {
        Some("en") => Language::English,
        _ => Language::Chinese,
    };
    let sample = Message::samples(language).into_iter().find(|sample| sample.kind() == *template);
    let sample = sample.ok_or_else(|| Error::not_found("There is no such template."))?;
    let sms = match Outgoing::new(&sample, language, ChannelKind::Sms) {
        Ok(Outgoing::Sms(sms)) => Some(sms),
        _ => None,
    };
    let letter = render(&sample, language).ok();
    let variables = sample.variables().map_err(Error::internal)?;
    Ok(HttpResponse::Ok().json(TemplatePreview {
        template: sample.kind(),
        language: language.as_str(),
        sms: sms.as_ref().map(|sms| sms.text().as_str().to_owned()),
        sms_units: sms.as_ref().map(|sms| sms.text().units()),
        sms_parts: sms.as_ref().map(|sms| sms.text().parts()),
        subject: letter.as_ref().map(|letter| letter.subject().to_owned()),
        letter: letter.as_ref().map(|letter| letter.text().to_owned()),
        variables: variables.iter().map(notifications::Variable::name).collect(),
    }))
}
