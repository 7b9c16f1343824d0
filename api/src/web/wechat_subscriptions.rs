//! `/v1/me/wechat-subscriptions`: which messages the caller takes by WeChat, and how many more of them.

use super::auth::Donor;
use super::body::{Body, parse};
use super::idempotency::key_of;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::Context;
use crate::actions::wechat_subscriptions::{self as actions, Subscriptions};
use crate::error::Error;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Show which templates the mini-program may ask the caller for, and how many messages of each are still taken.
#[utoipa::path(
    get, path = "/v1/me/wechat-subscriptions", tag = "messages", operation_id = "wechat_subscriptions",
    security(("bearer" = [])),
    responses((status = 200, description = "In the caller's language", body = Subscriptions), CallerProblems)
)]
pub async fn show(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    Ok(HttpResponse::Ok().json(actions::show(&context, donor.id().to_owned()).await?))
}

/// What the caller answered WeChat.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionAnswers {
    /// By template id what `wx.requestSubscribeMessage` returned: `accept`, `reject`, `ban` or `filter`.
    answers: BTreeMap<String, String>,
}

/// Write down what the caller answered `wx.requestSubscribeMessage`: one more message for each `accept`.
#[utoipa::path(
    post, path = "/v1/me/wechat-subscriptions", tag = "messages", operation_id = "answer_wechat_subscriptions",
    security(("bearer" = [])), request_body = SubscriptionAnswers,
    responses(
        (status = 200, description = "What is taken from now on", body = Subscriptions),
        (status = 409, description = "`no_wechat`: WeChat does not sign in to this account", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`unknown_template`, `unknown_answer`, `malformed_body`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn answer(
    request: HttpRequest,
    context: web::Data<Context>,
    donor: Donor,
    Body(body): Body,
) -> Result<HttpResponse, Error> {
    let SubscriptionAnswers { answers } = parse(&body)?;
    let key = key_of(&request, donor.id(), &body)?;
    let shown = actions::answer(&donor.acting(&context), donor.id().to_owned(), answers, key).await?;
    Ok(HttpResponse::Ok().json(shown))
}
