//! `Idempotency-Key`: a POST that comes twice is done once, and gets the first answer again.

use super::auth;
use super::body::Body;
use crate::actions::Context;
use crate::actions::idempotency::{Answered, Begun, KeptAnswer, Run, Running, begin, finish};
use crate::domain::idempotency::Key;
use crate::error::Error;
use actix_web::body::{BodySize, BoxBody, EitherBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MATCH, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, ResponseError, rt, web};
use sha2::{Digest, Sha256};

/// The header.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key.
const LONGEST_KEY: usize = 128;
/// The longest answer that is kept, bytes.
const LONGEST_ANSWER: u64 = 64 * 1024;
/// What is kept of an answer beside its status and body.
const KEPT_HEADERS: [HeaderName; 3] = [CONTENT_TYPE, ETAG, LOCATION];

/// Operations that nobody has signed in for, and one that changes nothing: a key means nothing to them.
const WITHOUT_KEYS: [&str; 5] =
    ["/v1/auth/", "/v1/verify", "/v1/receipts/", "/v1/inbound/", "/v1/station/donors/search"];
/// Operations that keep their answers in their own transactions.
const WITH_THEIR_OWN: [&str; 3] = ["/v1/holds", "/v1/appointments", "/v1/me/wechat-subscriptions"];

/// Whether a POST to this route takes an `Idempotency-Key`.
pub fn takes_keys(route: &str) -> bool {
    route.starts_with("/v1/") && !WITHOUT_KEYS.iter().any(|prefix| route.starts_with(prefix))
}

/// Whether its answer is kept here.
pub fn is_kept_here(route: &str) -> bool {
    takes_keys(route) && !WITH_THEIR_OWN.iter().any(|prefix| route.starts_with(prefix))
}

/// The middleware.
///
/// # Errors
/// What the service returns; a request that is not run is answered here.
pub async fn once<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let asked = request.method() == Method::POST && request.headers().contains_key(IDEMPOTENCY_KEY);
    if !asked || !request.match_pattern().is_some_and(|route| is_kept_here(&route)) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    answer_once(request, next).await
}

async fn answer_once<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let Ok(caller) = auth::caller(request.request()).await else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    match recognise(&mut request, caller.subject.id()).await {
        Ok((context, Begun::First(run))) => {
            // A task of its own: it is finished for a client who hangs up, too, because that one asks again.
            let task = rt::spawn(async move {
                let response = run.claim.cover(next.call(request)).await?;
                keep(&context, run, response).await
            });
            task.await.map_err(Error::internal)?
        }
        Ok((_, Begun::Again(answer))) => Ok(request.into_response(again(answer)).map_into_right_body()),
        Err(refusal) => Ok(request.into_response(refusal.error_response()).map_into_right_body()),
    }
}

/// What is to be done with a request; its body is put back.
async fn recognise(
    request: &mut ServiceRequest,
    subject_id: &str,
) -> Result<(web::Data<Context>, Begun), Error> {
    let context = request.app_data::<web::Data<Context>>().cloned();
    let running = request.app_data::<web::Data<Running>>().cloned();
    let (context, running) =
        context.zip(running).ok_or_else(|| Error::internal("the server has no context"))?;
    let Body(body) = request.extract::<Body>().await?;
    let key = key_of(request.request(), subject_id, &body)?;
    request.set_payload(Payload::from(body));
    let key = key.ok_or_else(|| Error::internal("a key that went away"))?;
    let begun = begin(&context, &running, key).await?;
    Ok((context, begun))
}

/// By what a caller's request is known again, when it names a key.
///
/// # Errors
/// `bad_idempotency_key`.
pub fn key_of(request: &HttpRequest, subject_id: &str, body: &[u8]) -> Result<Option<Key>, Error> {
    let key = idempotency_key(request.headers())?;
    Ok(key.map(|key| {
        let mut said = Sha256::new();
        said.update(request.path().as_bytes());
        if let Some(version) = request.headers().get(IF_MATCH) {
            said.update(b"\0if-match:");
            said.update(version.as_bytes());
        }
        said.update(b"\0");
        said.update(body);
        Key {
            key_hash: Sha256::digest(format!("{subject_id}\0{key}")).into(),
            request_hash: said.finalize().into(),
        }
    }))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().ok().map(str::trim).filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
    key.map(Some).ok_or_else(|| {
        Error::invalid("bad_idempotency_key", "An Idempotency-Key has 1 to 128 visible ASCII characters.")
    })
}

/// Keeps an answer, and passes it on.
async fn keep<B: MessageBody>(
    context: &Context,
    run: Run,
    response: ServiceResponse<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let is_short = match response.response().body().size() {
        BodySize::None => true,
        BodySize::Sized(bytes) => bytes <= LONGEST_ANSWER,
        BodySize::Stream => false,
    };
    let status = response.status();
    let may_work_later = [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if may_work_later || status.is_server_error() || !is_short {
        let answered = if may_work_later { Answered::Release } else { Answered::Lose };
        finish(context, run, answered).await;
        return Ok(response.map_into_left_body());
    }
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let body = to_bytes(body).await.map_err(|_| Error::internal("an answer's body could not be read"))?;
    let kept = kept(status, response.headers(), &body);
    finish(context, run, kept.map_or(Answered::Lose, Answered::Keep)).await;
    let response = response.set_body(BoxBody::new(body));
    Ok(ServiceResponse::new(request, response).map_into_right_body())
}

/// What is kept of an answer; of one that is no text nothing.
fn kept(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<KeptAnswer> {
    let headers = KEPT_HEADERS.iter().filter_map(|name| {
        let value = headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let body = String::from_utf8(body.to_vec()).ok()?;
    Some(KeptAnswer { status: status.as_u16(), headers: headers.collect(), body })
}

/// An answer, given again.
fn again(answer: KeptAnswer) -> HttpResponse {
    let Ok(status) = StatusCode::from_u16(answer.status) else {
        return Error::internal("a kept answer with a status that does not exist").error_response();
    };
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    response.body(answer.body)
}
