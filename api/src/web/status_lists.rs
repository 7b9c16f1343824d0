//! `GET /status/{list}`: the status lists that verifiers keep.

use super::etag::not_modified;
use super::problem::Problem;
use crate::actions::Context;
use crate::actions::status_list::{SignedList, sign};
use crate::clock::unix_time;
use crate::error::Error;
use crate::store::{Db, statuses};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag};
use actix_web::{HttpRequest, HttpResponse, web};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Signed lists, kept until a status changes or half their time to live has passed.
#[derive(Default)]
pub struct SignedLists(Mutex<HashMap<String, Arc<SignedList>>>);

impl SignedLists {
    fn kept(&self, id: &str) -> Option<Arc<SignedList>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn keep(&self, id: String, list: Arc<SignedList>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, list);
    }
}

/// Lists are numbered; nothing else goes to the database.
fn is_list_id(text: &str) -> bool {
    (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The kept list, if it still says what the database says and is young; otherwise a new one.
fn current(
    context: &Context,
    db: &mut Db,
    id: &str,
    kept: Option<Arc<SignedList>>,
) -> Result<Option<Arc<SignedList>>, Error> {
    let now = unix_time(context.clock.now());
    let version = statuses::list(db, id)?.map(|list| list.version);
    let half_life = i64::from(context.station.status_list_ttl_seconds) / 2;
    let usable = |kept: &Arc<SignedList>| {
        Some(kept.version) == version && now.seconds_since(kept.issued_at) < half_life
    };
    match kept.filter(usable) {
        Some(kept) => Ok(Some(kept)),
        None => Ok(sign(context, db, id)?.map(Arc::new)),
    }
}

/// Fetch a status list (IETF Token Status List, a CWT).
///
/// A verifier may use it without asking again for its `ttl`; with `If-None-Match` it costs nothing when
/// nothing has changed.
#[utoipa::path(
    get, path = "/status/{list}", tag = "trust", operation_id = "status_list",
    params(("list" = String, Path, description = "The list's name, as certificates name it")),
    responses(
        (status = 200, description = "The signed list", body = Vec<u8>, content_type = "application/statuslist+cwt"),
        (status = 304, description = "What `If-None-Match` names is what there is"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`database_unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn status_list(
    request: HttpRequest,
    path: web::Path<String>,
    context: web::Data<Context>,
    lists: web::Data<SignedLists>,
) -> Result<HttpResponse, Error> {
    let nothing = || Error::not_found("There is no status list with this name.");
    let id = Some(path.into_inner()).filter(|id| is_list_id(id)).ok_or_else(nothing)?;
    let ttl = i64::from(context.station.status_list_ttl_seconds);
    let kept = lists.kept(&id);
    let (signer, name) = (context.clone(), id.clone());
    let list = context.pool.read(move |db| current(&signer, db, &name, kept)).await?;
    let list = list.ok_or_else(nothing)?;
    lists.keep(id, Arc::clone(&list));
    let tag = EntityTag::new_strong(format!("{}-{}", list.version, list.issued_at.0));
    if let Some(answer) = not_modified(&request, &tag) {
        return Ok(answer);
    }
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/statuslist+cwt"))
        .insert_header((CACHE_CONTROL, format!("public, max-age={}", ttl / 4)))
        .insert_header((ETAG, tag.to_string()))
        .body(list.bytes.clone()))
}
