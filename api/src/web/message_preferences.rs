//! `/v1/me/message-preferences`, and `/u/{key}`: how a donor wants to be told, and the way out.

use super::auth::Donor;
use super::body::Json;
use super::etag::{Version, version_tag};
use super::problem::{BodyProblems, CallerProblems, Problem};
use crate::actions::{Context, message_preferences};
use crate::domain::reminders::{chosen, in_hours};
use crate::error::Error;
use crate::store::message_preferences::PreferenceRow;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a donor wants to be told.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessagePreferences {
    /// `sms`, `email`, `wechat` (not alone): the first that works.
    channels: Vec<String>,
    /// Whether appointments go by letter, too, with a calendar entry; to the address in one's record.
    letters: bool,
    /// `zh` or `en`.
    language: String,
    /// How many hours before an appointment to be reminded: some of the station's times, or none of them; all when `null`.
    #[serde(default)]
    reminders: Option<Vec<u32>>,
}

/// How a donor wants to be told, and what there is to choose.
#[derive(Serialize, ToSchema)]
pub struct ShownPreferences {
    #[serde(flatten)]
    chosen: MessagePreferences,
    /// How many hours before an appointment the station reminds.
    reminders_offered: Vec<u32>,
}

/// Show how the caller wants to be told; its `ETag` is what a change must name.
#[utoipa::path(
    get, path = "/v1/me/message-preferences", tag = "messages", operation_id = "message_preferences",
    security(("bearer" = [])),
    responses((status = 200, description = "In force", body = ShownPreferences), CallerProblems)
)]
pub async fn show(context: web::Data<Context>, donor: Donor) -> Result<HttpResponse, Error> {
    let account_id = donor.id().to_owned();
    let (row, times) = context.pool.read(move |db| message_preferences::shown(db, &account_id)).await?;
    let tag = version_tag(row.version);
    let chosen = MessagePreferences {
        channels: row.channels.split(',').map(str::to_owned).collect(),
        letters: row.letters,
        language: row.language,
        reminders: row.reminders.map(|choice| in_hours(&chosen(&times, Some(&choice)))),
    };
    let body = ShownPreferences { chosen, reminders_offered: in_hours(&times) };
    Ok(HttpResponse::Ok().insert_header((ETAG, tag)).json(body))
}

/// Change how the caller wants to be told.
#[utoipa::path(
    put, path = "/v1/me/message-preferences", tag = "messages", operation_id = "change_message_preferences",
    security(("bearer" = [])), request_body = MessagePreferences,
    params(("If-Match" = String, Header, description = "The `ETag` that was read")),
    responses(
        (status = 204, description = "In force"),
        (status = 412, description = "`changed_meanwhile`", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`if_match_missing`", body = Problem, content_type = "application/problem+json"),
        CallerProblems, BodyProblems,
    )
)]
pub async fn change(
    context: web::Data<Context>,
    donor: Donor,
    Version(version): Version,
    Json(wanted): Json<MessagePreferences>,
) -> Result<HttpResponse, Error> {
    message_preferences::check(&wanted.channels, &wanted.language)?;
    let row = PreferenceRow {
        account_id: donor.id().to_owned(),
        channels: wanted.channels.join(","),
        letters: wanted.letters,
        language: wanted.language,
        version: version.saturating_add(1),
        reminders: None,
    };
    message_preferences::change(&donor.acting(&context), row, wanted.reminders).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Looking changes nothing: programs follow links in letters by themselves.
pub async fn ask() -> HttpResponse {
    page(
        "<p>不再接收献血招募和资讯短信、邮件？预约等服务通知不受影响。<br>No more appeals and news? Messages about your appointments still come.</p>\
          <form method=\"post\"><button>退订 · Unsubscribe</button></form>",
    )
}

/// One click, as RFC 8058 has it, or the page's button.
pub async fn unsubscribe(context: web::Data<Context>, key: web::Path<String>) -> Result<HttpResponse, Error> {
    message_preferences::unsubscribe(&context, &key).await?;
    Ok(page("<p>已退订。可随时在应用中重新开启。<br>Done. You can change it in the app at any time.</p>"))
}

fn page(content: &str) -> HttpResponse {
    let page = format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>退订</title>{content}</html>"
    );
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(page)
}
