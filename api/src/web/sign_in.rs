//! `/v1/auth`: signing in and out.

use super::address::ClientAddress;
use super::auth::Somebody;
use super::body::{Body, Json, media_type, parse, unsupported};
use super::limited;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::clients::{self, Credential};
use crate::actions::sessions::{self, SignedIn};
use crate::actions::users::{self, Login};
use crate::actions::{Context, sign_in};
use crate::domain::limits::{CODES_FROM_ADDRESS, CODES_TO_PHONE, SIGN_INS_FROM_ADDRESS};
use crate::domain::personal::Phone;
use crate::error::Error;
use crate::tokens::LIFETIME;
use crate::vault::Field;
use actix_web::{HttpRequest, HttpResponse, web};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A request for a one-time code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// The telephone number that signs in.
    #[schema(example = "17000000001")]
    phone: String,
    /// The language of the message: `zh-CN` (when absent) or `en`.
    #[serde(default)]
    language: Option<String>,
}

/// What was promised.
#[derive(Serialize, ToSchema)]
pub struct CodePromise {
    /// How long the code holds, seconds.
    expires_in: i64,
}

/// Ask for a one-time code by SMS.
///
/// The answer comes before the message leaves, and is the same whether the number is known here or not.
#[utoipa::path(
    post, path = "/v1/auth/otp", tag = "sign-in", operation_id = "request_code", request_body = CodeRequest,
    responses(
        (status = 202, description = "A code is on its way", body = CodePromise),
        (status = 429, description = "`limit_reached`, `locked_out`, `too_many_requests`", body = Problem, content_type = "application/problem+json"),
        BodyProblems,
    )
)]
pub async fn request_code(
    context: web::Data<Context>,
    address: ClientAddress,
    Json(request): Json<CodeRequest>,
) -> Result<HttpResponse, Error> {
    let phone = Phone::parse(&request.phone)?;
    let language = match request.language.as_deref() {
        None | Some("zh-CN") => "zh-CN",
        Some("en") => "en",
        Some(_) => return Err(Error::invalid("unknown_language", "The languages are zh-CN and en.")),
    };
    let number = HEXLOWER.encode(&context.vault.index(Field::AccountPhone, phone.reveal()));
    let limits = [(&CODES_TO_PHONE, number.as_str()), (&CODES_FROM_ADDRESS, &address.limited)];
    let left = limited::spend(&context, &limits).await?;
    sign_in::request_code(&context, phone, language).await?;
    let mut answer = HttpResponse::Accepted();
    left.tell(&mut answer);
    Ok(answer.json(CodePromise { expires_in: sign_in::CODE_LIFETIME.num_seconds() }))
}

/// How somebody shows who they are.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "grant_type", rename_all = "snake_case")]
pub enum TokenRequest {
    /// A donor, by the code that was sent to the telephone.
    Otp {
        /// The telephone number.
        phone: String,
        /// The six digits.
        code: String,
        /// What the device calls itself in the list of sessions.
        #[serde(default)]
        device: String,
    },
    /// A donor in the WeChat mini-program.
    Wechat {
        /// What `wx.login` gave.
        js_code: String,
        /// What `getPhoneNumber` gave, when its user shared the number.
        #[serde(default)]
        phone_code: Option<String>,
        /// What the device calls itself in the list of sessions.
        #[serde(default)]
        device: String,
    },
    /// A user of the station or of a hospital.
    Password {
        /// The user's name.
        user_name: String,
        /// The password.
        password: String,
        /// The six digits that the authenticator shows.
        totp: String,
        /// What the device calls itself in the list of sessions.
        #[serde(default)]
        device: String,
    },
    /// Whoever signed in before. Each refresh token is good for once; a used one ends its session.
    RefreshToken {
        /// The refresh token.
        refresh_token: String,
    },
    /// A hospital's system (RFC 6749 §4.4), by an assertion (RFC 7523 §2.2) or by its API key.
    ClientCredentials {
        /// The client's id; with an assertion it may be absent.
        #[serde(default)]
        client_id: Option<String>,
        /// The API key.
        #[serde(default)]
        client_secret: Option<String>,
        /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
        #[serde(default)]
        client_assertion_type: Option<String>,
        /// The assertion, a JWT signed with Ed25519.
        #[serde(default)]
        client_assertion: Option<String>,
    },
}

/// A pair of tokens (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
pub struct TokenResponse {
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// How long the access token opens doors, seconds.
    expires_in: i64,
    /// Buys the next pair, once. Systems get none.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// The caller's role.
    role: &'static str,
}

impl From<SignedIn> for TokenResponse {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            access_token: signed_in.access_token,
            token_type: "Bearer",
            expires_in: LIFETIME.num_seconds(),
            refresh_token: signed_in.refresh_token,
            role: signed_in.principal.role.as_str(),
        }
    }
}

/// Sign in, or refresh.
///
/// Takes JSON, and the form of RFC 6749. Whatever is wrong with a password, a code or a key, the answer is the same.
#[utoipa::path(
    post, path = "/v1/auth/token", tag = "sign-in", operation_id = "token",
    request_body(content((TokenRequest = "application/json"), (TokenRequest = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "Signed in", body = TokenResponse),
        (status = 401, description = "`wrong_code`, `wrong_credentials`, `invalid_refresh_token`, `invalid_client`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`phone_in_use`, `wechat_not_configured`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`limit_reached`, `locked_out`, `too_many_requests`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`wechat_unavailable`, `database_unavailable`", body = Problem, content_type = "application/problem+json"),
        BodyProblems,
    )
)]
pub async fn token(
    request: HttpRequest,
    context: web::Data<Context>,
    address: ClientAddress,
    Body(body): Body,
) -> Result<HttpResponse, Error> {
    let asked: TokenRequest = match media_type(&request) {
        "application/json" => parse(&body)?,
        "application/x-www-form-urlencoded" if body.windows(3).all(|part| part != b"%00") => {
            serde_urlencoded::from_bytes(&body).map_err(|_| {
                Error::invalid("malformed_body", "The form is not one that this operation takes.")
            })?
        }
        _ => return Err(unsupported("Send application/json or application/x-www-form-urlencoded.")),
    };
    // A refresh token cannot be guessed, and everybody behind one address refreshes every ten minutes.
    if !matches!(asked, TokenRequest::RefreshToken { .. }) {
        limited::spend(&context, &[(&SIGN_INS_FROM_ADDRESS, &address.limited)]).await?;
    }
    let signed_in = match asked {
        TokenRequest::Otp { phone, code, device } => {
            sign_in::by_code(&context, Phone::parse(&phone)?, code, device).await
        }
        TokenRequest::Wechat { js_code, phone_code, device } => {
            sign_in::by_wechat(&context, &js_code, phone_code.as_deref(), device).await
        }
        TokenRequest::Password { user_name, password, totp, device } => {
            users::sign_in(&context, Login { user_name, password, totp, device }).await
        }
        TokenRequest::RefreshToken { refresh_token } => sessions::refresh(&context, &refresh_token).await,
        TokenRequest::ClientCredentials {
            client_id,
            client_secret,
            client_assertion_type,
            client_assertion,
        } => {
            let credential =
                Credential::of(client_id, client_secret, client_assertion_type, client_assertion)?;
            clients::sign_in(&context, credential).await
        }
    }?;
    Ok(HttpResponse::Ok().json(TokenResponse::from(signed_in)))
}

/// Sign out: the session that calls ends.
#[utoipa::path(
    post, path = "/v1/auth/sign-out", tag = "sign-in", operation_id = "sign_out", security(("bearer" = [])),
    responses((status = 204, description = "Signed out"), CallerProblems)
)]
pub async fn sign_out(context: web::Data<Context>, caller: Somebody) -> Result<HttpResponse, Error> {
    // A session that has just been ended by another request is what was asked for.
    match sessions::end(&context, &caller.0.subject, &caller.0.session).await {
        Err(failure) if failure.code != "not_found" => Err(failure),
        _ => Ok(HttpResponse::NoContent().finish()),
    }
}

/// Sign out everywhere: all sessions end.
#[utoipa::path(
    post, path = "/v1/auth/sign-out-everywhere", tag = "sign-in", operation_id = "sign_out_everywhere",
    security(("bearer" = [])),
    responses((status = 200, description = "Signed out", body = SignedOut), CallerProblems)
)]
pub async fn sign_out_everywhere(
    context: web::Data<Context>,
    caller: Somebody,
) -> Result<HttpResponse, Error> {
    let sessions_ended = sessions::sign_out_everywhere(&context, &caller.0.subject).await?;
    Ok(HttpResponse::Ok().json(SignedOut { sessions_ended }))
}

/// What signing out came to.
#[derive(Serialize, ToSchema)]
pub struct SignedOut {
    /// How many sessions were open.
    sessions_ended: usize,
}
