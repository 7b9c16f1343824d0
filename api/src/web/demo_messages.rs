//! `/demo/messages`: what would have gone to telephones. Only there when `sms.provider` is `console`.

use crate::actions::Context;
use crate::error::Error;
use crate::store::outbox;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, web};

/// Messages that are shown.
const NEWEST: i64 = 20;

/// Show the newest messages, with their recipients.
pub async fn messages(context: web::Data<Context>) -> Result<HttpResponse, Error> {
    let rows = context.pool.read(|db| outbox::newest(db, NEWEST)).await?;
    let mut page = "The newest messages; a real station would have sent them.\n".to_owned();
    for row in rows {
        let (recipient, text) = (row.recipient(&context.vault)?, row.content(&context.vault)?);
        page +=
            &format!("\n{} {}\n  {}\n", row.due_at.and_utc().to_rfc3339(), recipient.as_str(), text.as_str());
    }
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(page))
}
