//! What every request passes through: an id, the limit, the security headers, the metrics, a line in the log.

use super::address::ClientAddress;
use super::metrics::Metrics;
use crate::actions::Context;
use crate::domain::rate::{Decision, Quota};
use crate::error::{Error, Kind};
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError, web};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// A request that takes longer than this is a line in the log, whatever is configured.
const SLOW_SECONDS: f64 = 1.0;

/// What the middleware works with.
pub struct Gate {
    /// Requests a minute from one address; none sets no limit.
    pub quota: Option<Quota>,
    /// Whether the client's address is the last one in `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Whether every request is a line in the log.
    pub log_requests: bool,
    /// Request ids: a number that this process began with, and one that grows.
    pub ids: RequestIds,
}

/// Makes request ids that no other process makes.
pub struct RequestIds {
    process: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// Ids of a process that drew this number.
    pub fn new(process: u64) -> Self {
        Self { process, next: AtomicU64::new(0) }
    }

    fn next(&self) -> String {
        format!("{:016x}-{:x}", self.process, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the station's own machines ask every few seconds: it is neither limited nor logged.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// The whole stack.
///
/// # Errors
/// What the service returns; a request that is one too many is answered here.
pub async fn gate<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let began = Instant::now();
    let parts =
        (request.app_data::<web::Data<Gate>>().cloned(), request.app_data::<web::Data<Metrics>>().cloned());
    let (Some(gate), Some(metrics)) = parts else {
        return Err(Error::internal("the gate has no state").into());
    };
    let id = request_id(&request, &gate.ids);
    let method = method_word(request.method());
    let address = ClientAddress::of(&request, gate.behind_proxy);
    request.extensions_mut().insert(address.clone());
    let passes = match no_nul(&request) {
        Ok(()) => limit(&request, &gate, &metrics, &address.limited).await,
        refused => refused,
    };
    let mut response = match passes {
        Ok(()) => next.call(request).await?.map_into_left_body(),
        Err(refusal) => request.into_response(refusal.error_response()).map_into_right_body(),
    };
    finish_headers(response.headers_mut(), &id);
    let route = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
    let status = response.status();
    let took = began.elapsed();
    metrics.request(method, &route, status.as_str(), took);
    let seconds = took.as_secs_f64();
    let worth_a_line = gate.log_requests && !PROBES.contains(&response.request().path());
    if worth_a_line || status.is_server_error() || seconds > SLOW_SECONDS {
        tracing::info!(request_id = id, method, route, status = status.as_u16(), seconds, "answered");
    }
    Ok(response)
}

fn request_id(request: &ServiceRequest, ids: &RequestIds) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let sane = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    given.filter(sane).map_or_else(|| ids.next(), str::to_owned)
}

/// The method, if it is one: anybody may send any word as a method, and it would go into logs and metrics.
fn method_word(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// No name, number or id holds a NUL, and PostgreSQL cannot be asked about one.
fn no_nul(request: &ServiceRequest) -> Result<(), Error> {
    match request.uri().path_and_query().is_some_and(|address| address.as_str().contains("%00")) {
        true => Err(Error::not_found("There is nothing at this address.")),
        false => Ok(()),
    }
}

async fn limit(request: &ServiceRequest, gate: &Gate, metrics: &Metrics, address: &str) -> Result<(), Error> {
    let Some(quota) = gate.quota.filter(|_| !PROBES.contains(&request.path())) else { return Ok(()) };
    let Some(context) = request.app_data::<web::Data<Context>>() else { return Ok(()) };
    let key = format!("rate:{address}");
    let (decision, counted_by) = context.cache.spend(&key, quota, context.clock.now()).await;
    match decision {
        Decision::Allowed { .. } => Ok(()),
        Decision::Refused { retry_after } => {
            metrics.limited(counted_by.as_str());
            let retry_after_seconds = u64::try_from(retry_after / 1_000_000 + 1).unwrap_or(1);
            Err(Error::new(
                Kind::TooMany { retry_after_seconds },
                "too_many_requests",
                "Too many requests from your address. Please wait a moment.",
            ))
        }
    }
}

fn finish_headers(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if !headers.contains_key("content-security-policy") {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(HeaderName::from_static("content-security-policy"), nothing);
    }
}
