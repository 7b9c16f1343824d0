//! HTTP: parse, authorise, call, answer. The only room with status codes.

mod auth;
mod body;
mod certificates;
mod etag;
mod health;
mod limited;
mod metrics;
mod middleware;
mod openapi;
mod photo;
mod problem;
mod sessions;
mod sign_in;
mod status_lists;
pub mod verification;
mod verify;
mod verify_page;
mod well_known;

pub use openapi::yaml as openapi_yaml;

use crate::actions::Context;
use crate::chance::Chance;
use crate::config::Config;
use crate::domain::rate::Quota;
use crate::error::Error;
use actix_web::dev::Server;
use actix_web::error::{PathError, QueryPayloadError};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, Handler, HttpServer, Resource, Responder};
use metrics::Metrics;
use middleware::{Gate, RequestIds, gate};
use std::net::TcpListener;
use std::time::Duration;

/// Every address that the server answers to, on one screen.
fn routes(app: &mut ServiceConfig) {
    app.service(post("/v1/verify", verify::verify))
        .service(get("/v1/certificates/{certificate_no}/qr.{format}", certificates::qr))
        .service(get("/status/{list}", status_lists::status_list))
        .service(get("/.well-known/jwks.json", well_known::jwks))
        .service(get("/.well-known/cose-keys", well_known::cose_keys))
        .service(get("/.well-known/xue-keyset", well_known::keyset))
        .service(get("/openapi.json", openapi::document))
        .service(get("/healthz", health::healthz))
        .service(get("/readyz", health::readyz))
        .service(get("/metrics", health::metrics))
        .configure(verify_page::routes)
        .default_service(web::to(problem::nothing_here));
}

/// A resource that answers to GET and HEAD.
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let resource = web::resource(path).route(web::get().to(handler.clone())).route(web::head().to(handler));
    resource.default_service(web::to(|| problem::wrong_method("GET, HEAD")))
}

/// A resource that answers to POST.
fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(|| problem::wrong_method("POST")))
}

/// Starts the server on `listener`. It stops on SIGTERM or SIGINT: it takes no more connections, answers what
/// is under way for at most `shutdown_seconds`, and ends.
///
/// # Errors
/// `bad_configuration`; `internal` when the listener cannot be used.
pub fn start(context: Context, config: &Config, listener: TcpListener) -> Result<Server, Error> {
    let process = u64::from_be_bytes(Chance::from_system()?.bytes());
    let quota = Some(config.limits.requests_per_minute).filter(|limit| *limit > 0);
    let gate_data = Data::new(Gate {
        quota: quota.map(|per_minute| Quota { per_minute }),
        behind_proxy: config.limits.behind_proxy,
        log_requests: config.log.requests,
        ids: RequestIds::new(process),
    });
    let context = Data::new(context);
    let metrics = Data::new(Metrics::new()?);
    let pictures = Data::new(certificates::Pictures::default());
    let lists = Data::new(status_lists::SignedLists::default());
    let body_bytes = config.limits.body_bytes;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(context.clone())
            .app_data(gate_data.clone())
            .app_data(metrics.clone())
            .app_data(pictures.clone())
            .app_data(lists.clone())
            .app_data(web::PayloadConfig::new(body_bytes))
            .app_data(web::PathConfig::default().error_handler(|failure, _| path_refused(&failure).into()))
            .app_data(web::QueryConfig::default().error_handler(|failure, _| query_refused(&failure).into()))
            .wrap(from_fn(gate))
            .configure(routes)
    })
    .shutdown_timeout(config.server.shutdown_seconds)
    .worker_max_blocking_threads(4)
    .client_request_timeout(Duration::from_secs(10));
    let server = match config.server.workers {
        0 => server,
        workers => server.workers(workers),
    };
    Ok(server.listen(listener).map_err(Error::internal)?.run())
}

fn path_refused(_: &PathError) -> Error {
    Error::not_found("There is nothing at this address.")
}

fn query_refused(_: &QueryPayloadError) -> Error {
    Error::invalid("malformed_query", "The part of the address behind '?' cannot be read.")
}
