//! `/v1/users`, `/v1/auth/invitations`: users are invited, and accept.

use super::address::ClientAddress;
use super::auth::{Staff, needs};
use super::body::Json;
use super::limited;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::Context;
use crate::actions::users::{self, Invitation, Manager, NewInvitation};
use crate::domain::access::Role;
use crate::domain::hospital::HospitalCode;
use crate::domain::limits::SIGN_INS_FROM_ADDRESS;
use crate::domain::personal::PersonName;
use crate::domain::refusal::Refusal;
use crate::domain::user_name::UserName;
use crate::error::Error;
use crate::store::users as store;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A user.
#[derive(Serialize, ToSchema)]
pub struct User {
    id: String,
    user_name: String,
    display_name: String,
    /// `desk`, `hospital_admin`, `operator`, `doctor`, `reviewer`, `admin` or `auditor`.
    role: &'static str,
    /// The hospital's code, for its users.
    hospital: Option<String>,
    /// `invited`, `active` or `disabled`.
    state: String,
    created_at: DateTime<Utc>,
}

/// List users: all, or those of the caller's hospital.
#[utoipa::path(
    get, path = "/v1/users", tag = "users", operation_id = "users", security(("bearer" = [])),
    responses((status = 200, description = "By name", body = [User]), CallerProblems)
)]
pub async fn list(
    context: web::Data<Context>,
    manager: Staff<needs::ManageUsers>,
) -> Result<HttpResponse, Error> {
    let hospital = manager.0.hospital.clone();
    let rows = context.pool.read(move |db| store::list(db, hospital.as_deref())).await?;
    let users = rows.into_iter().map(|row| {
        Ok(User {
            role: row.role()?.as_str(),
            state: row.state().to_owned(),
            id: row.id,
            user_name: row.user_name,
            display_name: row.display_name,
            hospital: row.hospital_code,
            created_at: row.created_at.and_utc(),
        })
    });
    Ok(HttpResponse::Ok().json(users.collect::<Result<Vec<_>, Error>>()?))
}

/// Who is to be invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// 3 to 64 letters, digits, `.`, `-`, `_` and `@`.
    user_name: String,
    /// What colleagues see.
    display_name: String,
    /// `desk`, `hospital_admin`, `operator`, `doctor`, `reviewer`, `admin` or `auditor`.
    role: String,
    /// The hospital's code, for its users; a hospital's admin may leave it out.
    #[serde(default)]
    hospital: Option<String>,
}

/// An invitation, shown once.
#[derive(Serialize, ToSchema)]
pub struct InvitationResponse {
    user_id: String,
    /// What the invited person enters.
    invitation: String,
    expires_at: DateTime<Utc>,
}

impl From<Invitation> for InvitationResponse {
    fn from(Invitation { user_id, code, expires_at }: Invitation) -> Self {
        Self { user_id, invitation: code, expires_at }
    }
}

/// Invite a user.
#[utoipa::path(
    post, path = "/v1/users", tag = "users", operation_id = "invite", security(("bearer" = [])),
    request_body = InvitationRequest,
    responses(
        (status = 201, description = "Give the invitation to the person", body = InvitationResponse),
        (status = 404, description = "`unknown_hospital`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`user_name_taken`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn invite(
    context: web::Data<Context>,
    manager: Staff<needs::ManageUsers>,
    Json(request): Json<InvitationRequest>,
) -> Result<HttpResponse, Error> {
    let display_name = PersonName::parse(&request.display_name);
    let hospital = request.hospital.as_deref().map(HospitalCode::parse).transpose();
    let wanted = NewInvitation {
        user_name: UserName::parse(&request.user_name)?,
        display_name: display_name.map_err(|refusal| refusal.in_column("display_name"))?,
        role: Role::from_word(&request.role)
            .ok_or_else(|| Refusal::new("role", "unknown_role", "There is no such role."))?,
        hospital: hospital.map_err(|refusal| refusal.in_column("hospital"))?,
    };
    let acting = manager.acting(&context);
    let invitation = users::invite(&acting, Manager::calling(&manager.0), wanted).await?;
    Ok(HttpResponse::Created().json(InvitationResponse::from(invitation)))
}

/// Invite a user anew: who lost the password or the authenticator, or was disabled.
#[utoipa::path(
    post, path = "/v1/users/{user}/invitation", tag = "users", operation_id = "invite_again",
    security(("bearer" = [])),
    params(("user" = String, Path, description = "The user's id")),
    responses(
        (status = 201, description = "What was before is over", body = InvitationResponse),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn invite_again(
    context: web::Data<Context>,
    manager: Staff<needs::ManageUsers>,
    user: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let acting = manager.acting(&context);
    let invitation = users::invite_again(&acting, Manager::calling(&manager.0), user.into_inner()).await?;
    Ok(HttpResponse::Created().json(InvitationResponse::from(invitation)))
}

/// Disable a user; all sessions end.
#[utoipa::path(
    delete, path = "/v1/users/{user}", tag = "users", operation_id = "disable_user", security(("bearer" = [])),
    params(("user" = String, Path, description = "The user's id")),
    responses(
        (status = 204, description = "The user cannot sign in any more"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already_disabled`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn disable(
    context: web::Data<Context>,
    manager: Staff<needs::ManageUsers>,
    user: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let acting = manager.acting(&context);
    users::disable(&acting, Manager::calling(&manager.0), user.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// An invitation to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    /// The invitation.
    invitation: String,
}

/// What an invited person sets an authenticator up with.
#[derive(Serialize, ToSchema)]
pub struct WelcomeResponse {
    user_name: String,
    /// The authenticator's secret, base 32, to type.
    totp_secret: String,
    /// The same, to scan: `otpauth://totp/…`.
    otpauth_uri: String,
}

/// Look at an invitation.
#[utoipa::path(
    post, path = "/v1/auth/invitations/open", tag = "sign-in", operation_id = "open_invitation",
    request_body = OpenRequest,
    responses(
        (status = 200, description = "Set an authenticator up with it", body = WelcomeResponse),
        (status = 401, description = "`invalid_invitation`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`limit_reached`, `too_many_requests`", body = Problem, content_type = "application/problem+json"),
        BodyProblems,
    )
)]
pub async fn open(
    context: web::Data<Context>,
    address: ClientAddress,
    Json(request): Json<OpenRequest>,
) -> Result<HttpResponse, Error> {
    limited::spend(&context, &[(&SIGN_INS_FROM_ADDRESS, &address.limited)]).await?;
    let welcome = users::open_invitation(&context, &request.invitation).await?;
    Ok(HttpResponse::Ok().json(WelcomeResponse {
        user_name: welcome.user_name,
        totp_secret: welcome.totp_secret,
        otpauth_uri: welcome.otpauth_uri,
    }))
}

/// An invitation to accept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptRequest {
    /// The invitation.
    invitation: String,
    /// 12 to 128 characters.
    password: String,
    /// The six digits that the authenticator shows.
    totp: String,
}

/// Accept an invitation.
#[utoipa::path(
    post, path = "/v1/auth/invitations/accept", tag = "sign-in", operation_id = "accept_invitation",
    request_body = AcceptRequest,
    responses(
        (status = 204, description = "The user may sign in"),
        (status = 401, description = "`invalid_invitation`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`limit_reached`, `too_many_requests`", body = Problem, content_type = "application/problem+json"),
        BodyProblems,
    )
)]
pub async fn accept(
    context: web::Data<Context>,
    address: ClientAddress,
    Json(request): Json<AcceptRequest>,
) -> Result<HttpResponse, Error> {
    limited::spend(&context, &[(&SIGN_INS_FROM_ADDRESS, &address.limited)]).await?;
    users::accept(&context, &request.invitation, &request.password, &request.totp).await?;
    Ok(HttpResponse::NoContent().finish())
}
