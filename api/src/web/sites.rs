//! `/v1/station/sites`: sites and their weekly templates.

use super::auth::{Staff, needs};
use super::body::Json;
use super::etag::{Version, version_tag};
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::{Context, schedule};
use crate::domain::personal::visible_text;
use crate::domain::place::Point;
use crate::domain::refusal::Refusal;
use crate::domain::schedule::Plan;
use crate::domain::site::SiteCode;
use crate::error::Error;
use crate::store::schedule::{self as store, SiteRow, TemplateRow};
use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A site.
#[derive(Serialize, ToSchema)]
pub struct Site {
    /// The station's code.
    code: String,
    /// `fixed` or `mobile`.
    kind: String,
    name: String,
    address: String,
    /// The organisation whose guest the vehicle is.
    organisation: Option<String>,
    /// Degrees, WGS 84.
    latitude: f64,
    /// Degrees, WGS 84.
    longitude: f64,
    /// Whether it is given up.
    closed: bool,
}

impl From<SiteRow> for Site {
    fn from(row: SiteRow) -> Self {
        let (latitude, longitude) = row.place().degrees();
        let SiteRow { code, kind, name, address, organisation, closed, .. } = row;
        Self { code, kind, name, address, organisation, latitude, longitude, closed }
    }
}

/// A site to be entered, or what it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteRequest {
    /// At most 32 letters, digits, `-` and `_`.
    code: String,
    /// `fixed` or `mobile`.
    kind: String,
    name: String,
    address: String,
    /// The organisation whose guest the vehicle is.
    #[serde(default)]
    organisation: Option<String>,
    /// Degrees, WGS 84.
    latitude: f64,
    /// Degrees, WGS 84.
    longitude: f64,
    /// Whether it is given up.
    #[serde(default)]
    closed: bool,
}

impl SiteRequest {
    fn row(self) -> Result<SiteRow, Error> {
        if !["fixed", "mobile"].contains(&self.kind.as_str()) {
            return Err(Refusal::new("kind", "unknown_kind", "A site is fixed or mobile.").into());
        }
        let code = SiteCode::parse(&self.code).map_err(|refusal| refusal.in_column("code"))?;
        let organisation =
            self.organisation.as_deref().map(|name| visible_text("organisation", name)).transpose()?;
        let place = Point::of_degrees(self.latitude, self.longitude)?;
        let (name, address) = (visible_text("name", &self.name)?, visible_text("address", &self.address)?);
        let mut row = SiteRow::new(code.into_text(), self.kind, name, address, organisation, place);
        row.closed = self.closed;
        Ok(row)
    }
}

/// List sites.
#[utoipa::path(
    get, path = "/v1/station/sites", tag = "schedule", operation_id = "sites", security(("bearer" = [])),
    responses((status = 200, description = "By code", body = [Site]), CallerProblems)
)]
pub async fn list(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageSchedule>,
) -> Result<HttpResponse, Error> {
    let rows = context.pool.read(store::all_sites).await?;
    Ok(HttpResponse::Ok().json(rows.into_iter().map(Site::from).collect::<Vec<_>>()))
}

/// Enter a site.
#[utoipa::path(
    post, path = "/v1/station/sites", tag = "schedule", operation_id = "enter_site", security(("bearer" = [])),
    request_body = SiteRequest,
    responses(
        (status = 201, description = "Entered"),
        (status = 409, description = "`site_code_taken`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn enter(
    context: web::Data<Context>,
    staff: Staff<needs::ManageSchedule>,
    Json(request): Json<SiteRequest>,
) -> Result<HttpResponse, Error> {
    let acting = staff.acting(&context);
    schedule::enter_site(&acting, request.row()?).await?;
    Ok(HttpResponse::Created().finish())
}

/// Show a site; its `ETag` is what a change must name.
#[utoipa::path(
    get, path = "/v1/station/sites/{site}", tag = "schedule", operation_id = "site", security(("bearer" = [])),
    params(("site" = String, Path, description = "The site's code")),
    responses(
        (status = 200, description = "The site", body = Site),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn show(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageSchedule>,
    code: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let row =
        context.pool.read(move |db| store::site(db, &code)).await?.ok_or_else(schedule::no_such_site)?;
    Ok(HttpResponse::Ok().insert_header((ETAG, version_tag(row.version))).json(Site::from(row)))
}

/// Change a site. `If-Match` names the version that the change was made from.
#[utoipa::path(
    put, path = "/v1/station/sites/{site}", tag = "schedule", operation_id = "change_site", security(("bearer" = [])),
    params(
        ("site" = String, Path, description = "The site's code"),
        ("If-Match" = String, Header, description = "The `ETag` that was read"),
    ),
    request_body = SiteRequest,
    responses(
        (status = 200, description = "Changed", body = Site),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`if_match_missing`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn change(
    context: web::Data<Context>,
    staff: Staff<needs::ManageSchedule>,
    code: web::Path<String>,
    version: Version,
    Json(request): Json<SiteRequest>,
) -> Result<HttpResponse, Error> {
    let wanted = request.row()?;
    let code = code.into_inner();
    if wanted.code != code {
        return Err(Refusal::new("code", "code_is_fixed", "A site keeps its code.").into());
    }
    let acting = staff.acting(&context);
    let row = schedule::change_site(&acting, code, version.0, |_| wanted).await?;
    Ok(HttpResponse::Ok().insert_header((ETAG, version_tag(row.version))).json(Site::from(row)))
}

/// What a site does every week.
#[derive(Serialize, ToSchema)]
pub struct Template {
    id: String,
    /// 1 is Monday.
    weekday: i64,
    /// Minutes after midnight, Asia/Shanghai.
    opens_minute: i64,
    /// Minutes after midnight, Asia/Shanghai.
    closes_minute: i64,
    /// Whether it opens on days off too.
    on_holidays: bool,
    /// What it can do at one time.
    #[schema(value_type = Object)]
    plan: Plan,
    valid_from: NaiveDate,
    valid_until: Option<NaiveDate>,
}

/// List a site's weekly templates.
#[utoipa::path(
    get, path = "/v1/station/sites/{site}/templates", tag = "schedule", operation_id = "templates",
    security(("bearer" = [])),
    params(("site" = String, Path, description = "The site's code")),
    responses(
        (status = 200, description = "By weekday", body = [Template]),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn templates(
    context: web::Data<Context>,
    _staff: Staff<needs::ManageSchedule>,
    code: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let rows = context.pool.read(move |db| {
        store::site(db, &code)?.ok_or_else(schedule::no_such_site)?;
        store::templates_of(db, &code)
    });
    let templates = rows.await?.into_iter().map(|row| {
        Ok(Template {
            plan: serde_json::from_str(&row.plan).map_err(Error::internal)?,
            id: row.id,
            weekday: row.weekday,
            opens_minute: row.opens_minute,
            closes_minute: row.closes_minute,
            on_holidays: row.on_holidays,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
        })
    });
    Ok(HttpResponse::Ok().json(templates.collect::<Result<Vec<_>, Error>>()?))
}

/// A weekly template to be entered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateRequest {
    /// 1 is Monday.
    weekday: u8,
    /// Minutes after midnight, Asia/Shanghai.
    opens_minute: u16,
    /// Minutes after midnight, Asia/Shanghai.
    closes_minute: u16,
    /// Whether it opens on days off too.
    #[serde(default)]
    on_holidays: bool,
    /// What it can do at one time: products with chairs and minutes, staff, kept places.
    #[schema(value_type = Object)]
    plan: Plan,
    valid_from: NaiveDate,
    #[serde(default)]
    valid_until: Option<NaiveDate>,
}

/// What was entered.
#[derive(Serialize, ToSchema)]
pub struct Entered {
    pub(super) id: String,
}

/// Enter a weekly template. Sessions are made from it, thirty days ahead.
#[utoipa::path(
    post, path = "/v1/station/sites/{site}/templates", tag = "schedule", operation_id = "enter_template",
    security(("bearer" = [])), request_body = TemplateRequest,
    params(("site" = String, Path, description = "The site's code")),
    responses(
        (status = 201, description = "Entered", body = Entered),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn enter_template(
    context: web::Data<Context>,
    staff: Staff<needs::ManageSchedule>,
    code: web::Path<String>,
    Json(request): Json<TemplateRequest>,
) -> Result<HttpResponse, Error> {
    if !(1..=7).contains(&request.weekday) {
        return Err(Refusal::new("weekday", "not_a_weekday", "Weekdays are 1 (Monday) to 7.").into());
    }
    let template = TemplateRow {
        id: String::new(),
        site_code: code.into_inner(),
        weekday: i64::from(request.weekday),
        opens_minute: i64::from(request.opens_minute),
        closes_minute: i64::from(request.closes_minute),
        on_holidays: request.on_holidays,
        plan: String::new(),
        valid_from: request.valid_from,
        valid_until: request.valid_until,
        version: 1,
    };
    let acting = staff.acting(&context);
    let id = schedule::enter_template(&acting, template, request.plan).await?;
    Ok(HttpResponse::Created().json(Entered { id }))
}

/// End a weekly template: no further sessions are made from it; those that were made stay.
#[utoipa::path(
    delete, path = "/v1/station/sites/{site}/templates/{template}", tag = "schedule", operation_id = "end_template",
    security(("bearer" = [])),
    params(
        ("site" = String, Path, description = "The site's code"),
        ("template" = String, Path, description = "The template's id"),
    ),
    responses(
        (status = 204, description = "It is over"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        CallerProblems,
    )
)]
pub async fn end_template(
    context: web::Data<Context>,
    staff: Staff<needs::ManageSchedule>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (code, id) = path.into_inner();
    let acting = staff.acting(&context);
    schedule::end_template(&acting, code, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
