//! `/v1/hospitals`: hospitals, and the systems of theirs that may call us.

use super::auth::{Desk, Staff, needs};
use super::body::Json;
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::{Context, clients, hospitals as actions};
use crate::domain::hospital::HospitalCode;
use crate::domain::personal::visible_text;
use crate::error::Error;
use crate::store::hospitals as store;
use crate::tokens::Principal;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A hospital.
#[derive(Serialize, ToSchema)]
pub struct Hospital {
    /// The code that the station gave it.
    code: String,
    name: String,
    created_at: DateTime<Utc>,
}

impl From<store::HospitalRow> for Hospital {
    fn from(row: store::HospitalRow) -> Self {
        Self { code: row.code, name: row.name, created_at: row.created_at.and_utc() }
    }
}

/// A caller who belongs to a hospital sees that one only; any other looks as if it did not exist.
fn own(caller: &Principal, code: &str) -> Result<(), Error> {
    let sees = !caller.role.belongs_to_a_hospital() || caller.hospital.as_deref() == Some(code);
    if sees { Ok(()) } else { Err(nothing()) }
}

fn nothing() -> Error {
    Error::not_found("There is no such hospital.")
}

/// List hospitals.
#[utoipa::path(
    get, path = "/v1/hospitals", tag = "hospitals", operation_id = "hospitals", security(("bearer" = [])),
    responses((status = 200, description = "By code", body = [Hospital]), CallerProblems)
)]
pub async fn list(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageHospitals>,
) -> Result<HttpResponse, Error> {
    let rows = context.pool.read(store::list).await?;
    Ok(HttpResponse::Ok().json(rows.into_iter().map(Hospital::from).collect::<Vec<_>>()))
}

/// A hospital to be entered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HospitalRequest {
    /// At most 32 letters, digits, `-` and `_`.
    code: String,
    /// Its name.
    name: String,
}

/// Enter a hospital.
#[utoipa::path(
    post, path = "/v1/hospitals", tag = "hospitals", operation_id = "enter_hospital", security(("bearer" = [])),
    request_body = HospitalRequest,
    responses(
        (status = 201, description = "Entered"),
        (status = 409, description = "`hospital_code_taken`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn enter(
    context: web::Data<Context>,
    staff: Staff<needs::ManageHospitals>,
    Json(request): Json<HospitalRequest>,
) -> Result<HttpResponse, Error> {
    let code = HospitalCode::parse(&request.code)?;
    let name = visible_text("name", &request.name)?;
    let acting = staff.acting(&context);
    actions::enter(&acting, code, name).await?;
    Ok(HttpResponse::Created().finish())
}

/// Show the caller's hospital.
#[utoipa::path(
    get, path = "/v1/hospitals/{hospital}", tag = "hospitals", operation_id = "hospital", security(("bearer" = [])),
    params(("hospital" = String, Path, description = "The hospital's code")),
    responses(
        (status = 200, description = "The hospital", body = Hospital),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn show(
    context: web::Data<Context>,
    desk: Desk,
    code: web::Path<String>,
) -> Result<HttpResponse, Error> {
    own(&desk.0, &code)?;
    let row = context.pool.read(move |db| store::by_code(db, &code)).await?;
    Ok(HttpResponse::Ok().json(Hospital::from(row.ok_or_else(nothing)?)))
}

/// A system of a hospital.
#[derive(Serialize, ToSchema)]
pub struct Client {
    client_id: String,
    name: String,
    /// Whether it signs assertions with a key of its own; otherwise it has an API key.
    own_key: bool,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

/// List a hospital's systems, revoked ones too.
#[utoipa::path(
    get, path = "/v1/hospitals/{hospital}/clients", tag = "hospitals", operation_id = "clients",
    security(("bearer" = [])),
    params(("hospital" = String, Path, description = "The hospital's code")),
    responses(
        (status = 200, description = "The newest first", body = [Client]),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn clients(
    context: web::Data<Context>,
    manager: Staff<needs::ManageHospital>,
    code: web::Path<String>,
) -> Result<HttpResponse, Error> {
    own(&manager.0, &code)?;
    let rows = context.pool.read(move |db| {
        store::by_code(db, &code)?.ok_or_else(nothing)?;
        store::clients_of(db, &code)
    });
    let clients = rows.await?.into_iter().map(|row| Client {
        own_key: row.public_key.is_some(),
        client_id: row.id,
        name: row.name,
        created_at: row.created_at.and_utc(),
        revoked_at: row.revoked_at.map(|at| at.and_utc()),
    });
    Ok(HttpResponse::Ok().json(clients.collect::<Vec<_>>()))
}

/// A system to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientRequest {
    /// What the hospital calls it, at most 64 characters.
    name: String,
    /// The Ed25519 key of its assertions, base64url; without it an API key is made.
    #[serde(default)]
    public_key: Option<String>,
}

/// A registered system.
#[derive(Serialize, ToSchema)]
pub struct ClientResponse {
    client_id: String,
    /// Shown once.
    api_key: Option<String>,
}

/// Register a system of a hospital.
#[utoipa::path(
    post, path = "/v1/hospitals/{hospital}/clients", tag = "hospitals", operation_id = "register_client",
    security(("bearer" = [])), request_body = ClientRequest,
    params(("hospital" = String, Path, description = "The hospital's code")),
    responses(
        (status = 201, description = "Registered", body = ClientResponse),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn register_client(
    context: web::Data<Context>,
    manager: Staff<needs::ManageHospital>,
    code: web::Path<String>,
    Json(request): Json<ClientRequest>,
) -> Result<HttpResponse, Error> {
    own(&manager.0, &code)?;
    let acting = manager.acting(&context);
    let registered = clients::register(&acting, code.into_inner(), request.name, request.public_key).await?;
    Ok(HttpResponse::Created()
        .json(ClientResponse { client_id: registered.client_id, api_key: registered.api_key }))
}

/// Revoke a system of a hospital.
#[utoipa::path(
    delete, path = "/v1/hospitals/{hospital}/clients/{client}", tag = "hospitals", operation_id = "revoke_client",
    security(("bearer" = [])),
    params(
        ("hospital" = String, Path, description = "The hospital's code"),
        ("client" = String, Path, description = "The client's id"),
    ),
    responses(
        (status = 204, description = "Revoked"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn revoke_client(
    context: web::Data<Context>,
    manager: Staff<needs::ManageHospital>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (code, client) = path.into_inner();
    own(&manager.0, &code)?;
    let acting = manager.acting(&context);
    clients::revoke(&acting, code, client).await?;
    Ok(HttpResponse::NoContent().finish())
}
