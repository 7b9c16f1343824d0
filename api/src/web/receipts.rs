//! `/v1/receipts/…`, `/v1/inbound/…`: what SMS providers tell. They sign nothing: the secret in the address says who they are.

use super::problem::Problem;
use crate::actions::Context;
use crate::actions::receipts;
use crate::config::Sms;
use crate::error::{Error, Kind};
use actix_web::{HttpRequest, HttpResponse, web};
use notifications::receipt::{self, ReceiptRefused};
use serde_json::json;
use subtle::ConstantTimeEq;

/// The provider that is configured, and what it shows.
#[derive(Clone)]
pub struct Teller {
    provider: String,
    secret: String,
}

impl Teller {
    /// As the configuration says.
    pub fn new(sms: &Sms) -> Self {
        Self { provider: sms.provider.clone(), secret: sms.receipts_secret.clone() }
    }

    /// The secret is the last part of the address.
    fn check_address(&self, provider: &str, request: &HttpRequest) -> Result<(), Error> {
        self.check(provider, request.match_info().query("token"))
    }

    /// Without the secret there is nothing here.
    fn check(&self, provider: &str, token: &str) -> Result<(), Error> {
        let same = bool::from(self.secret.as_bytes().ct_eq(token.as_bytes()));
        if self.provider == provider && !self.secret.is_empty() && same {
            Ok(())
        } else {
            Err(Error::not_found("There is nothing here."))
        }
    }
}

/// The problems of everything that a provider tells.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "it is only there to be read by the contract")]
pub enum TellerProblems {
    /// `not_found`
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// `malformed_receipt`
    #[response(status = 422, content_type = "application/problem+json")]
    Malformed(Problem),
}

/// What Alibaba Cloud wants to hear.
fn taken_from_aliyun() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "code": 0, "msg": "OK" }))
}

/// What Tencent Cloud wants to hear.
fn taken_from_tencent() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "result": 0, "errmsg": "OK" }))
}

type Query = web::Query<Vec<(String, String)>>;

fn refused(failure: ReceiptRefused) -> Error {
    Error::new(Kind::Invalid, "malformed_receipt", failure.to_string())
}

fn token(query: &[(String, String)]) -> &str {
    query.iter().find(|(name, _)| name == "token").map_or("", |(_, value)| value)
}

/// What is left of a query without the secret.
fn told(query: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    query.iter().filter(|(name, _)| name != "token").map(|(name, value)| (name.as_str(), value.as_str()))
}

/// Take a delivery report of Kannel's (`dlr-url`).
#[utoipa::path(
    get, path = "/v1/receipts/kannel", tag = "providers", operation_id = "kannel_receipt",
    params(
        ("token" = String, Query, description = "`sms.receipts_secret`"),
        ("reference" = String, Query, description = "The message's id"),
        ("status" = String, Query, description = "Kannel's `%d`: 1 delivered, 2 failed, 4 buffered, 8 submitted, 16 rejected"),
    ),
    responses(
        (status = 204, description = "Taken; one that is known, or of no message of ours, changes nothing"),
        TellerProblems,
    )
)]
pub async fn kannel(
    context: web::Data<Context>,
    teller: web::Data<Teller>,
    query: Query,
) -> Result<HttpResponse, Error> {
    teller.check("kannel", token(&query))?;
    let receipt = receipt::kannel(told(&query)).map_err(refused)?;
    receipts::take(&context, vec![receipt]).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Take a message that somebody sent to Kannel (`get-url`): a wish to get no more appeals is kept, everything else is not read.
#[utoipa::path(
    get, path = "/v1/inbound/kannel", tag = "providers", operation_id = "kannel_inbound",
    params(
        ("token" = String, Query, description = "`sms.receipts_secret`"),
        ("from" = String, Query, description = "Kannel's `%p`"),
        ("text" = String, Query, description = "Kannel's `%b`"),
        ("id" = Option<String>, Query, description = "Kannel's `%I`"),
    ),
    responses(
        (status = 204, description = "Taken"),
        TellerProblems,
    )
)]
pub async fn kannel_inbound(
    context: web::Data<Context>,
    teller: web::Data<Teller>,
    query: Query,
) -> Result<HttpResponse, Error> {
    teller.check("kannel", token(&query))?;
    let inbound = receipt::kannel_inbound(told(&query)).map_err(refused)?;
    receipts::answer(&context, vec![inbound]).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Take delivery reports of Alibaba Cloud's (`SmsReport`).
#[utoipa::path(
    post, path = "/v1/receipts/aliyun/{token}", tag = "providers", operation_id = "aliyun_receipts",
    params(("token" = String, Path, description = "`sms.receipts_secret`")),
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, description = "`{\"code\":0}`"),
        TellerProblems,
    )
)]
pub async fn aliyun(
    context: web::Data<Context>,
    teller: web::Data<Teller>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Error> {
    teller.check_address("aliyun", &request)?;
    receipts::take(&context, receipt::aliyun(&body).map_err(refused)?).await?;
    Ok(taken_from_aliyun())
}

/// Take delivery reports of Tencent Cloud's.
#[utoipa::path(
    post, path = "/v1/receipts/tencent/{token}", tag = "providers", operation_id = "tencent_receipts",
    params(("token" = String, Path, description = "`sms.receipts_secret`")),
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, description = "`{\"result\":0,\"errmsg\":\"OK\"}`"),
        TellerProblems,
    )
)]
pub async fn tencent(
    context: web::Data<Context>,
    teller: web::Data<Teller>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Error> {
    teller.check_address("tencent", &request)?;
    receipts::take(&context, receipt::tencent(&body).map_err(refused)?).await?;
    Ok(taken_from_tencent())
}

/// Take messages that people sent to Alibaba Cloud (`SmsUp`): as of Kannel's, a wish to get no more appeals is kept.
#[utoipa::path(
    post, path = "/v1/inbound/aliyun/{token}", tag = "providers", operation_id = "aliyun_inbound",
    params(("token" = String, Path, description = "`sms.receipts_secret`")),
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, description = "`{\"code\":0}`"),
        TellerProblems,
    )
)]
pub async fn aliyun_inbound(
    context: web::Data<Context>,
    teller: web::Data<Teller>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Error> {
    teller.check_address("aliyun", &request)?;
    receipts::answer(&context, receipt::aliyun_inbound(&body).map_err(refused)?).await?;
    Ok(taken_from_aliyun())
}

/// Take a message that somebody sent to Tencent Cloud: as of Kannel's, a wish to get no more appeals is kept.
#[utoipa::path(
    post, path = "/v1/inbound/tencent/{token}", tag = "providers", operation_id = "tencent_inbound",
    params(("token" = String, Path, description = "`sms.receipts_secret`")),
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, description = "`{\"result\":0,\"errmsg\":\"OK\"}`"),
        TellerProblems,
    )
)]
pub async fn tencent_inbound(
    context: web::Data<Context>,
    teller: web::Data<Teller>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Error> {
    teller.check_address("tencent", &request)?;
    receipts::answer(&context, vec![receipt::tencent_inbound(&body).map_err(refused)?]).await?;
    Ok(taken_from_tencent())
}
