//! HTTP: parse, authorise, call, answer. The only room with status codes.

mod address;
mod appointments;
mod audit;
mod auth;
mod body;
mod certificates;
mod collection_sessions;
mod consents;
mod demo_messages;
mod donors;
mod eligibility;
mod etag;
mod family;
mod health;
mod hospitals;
mod language;
mod limited;
pub mod me;
mod merges;
mod metrics;
mod middleware;
mod openapi;
mod own_record;
mod photo;
mod problem;
mod questionnaire;
mod sessions;
mod sign_in;
mod sites;
mod slots;
mod station_donors;
mod station_questionnaires;
mod status_lists;
mod users;
pub mod verification;
mod verify;
mod verify_page;
mod well_known;

pub use openapi::yaml as openapi_yaml;

use crate::actions::deliver::Gateway;
use crate::actions::{Context, book};
use crate::chance::Chance;
use crate::config::Config;
use crate::domain::rate::Quota;
use crate::error::Error;
use actix_web::dev::Server;
use actix_web::error::{PathError, QueryPayloadError};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, Handler, HttpServer, Resource, Responder, Route};
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
        .configure(sign_in_routes)
        .configure(donor_routes)
        .configure(staff_routes)
        .configure(verify_page::routes)
        .default_service(web::to(problem::nothing_here));
}

fn sign_in_routes(app: &mut ServiceConfig) {
    app.service(post("/v1/auth/otp", sign_in::request_code))
        .service(post("/v1/auth/token", sign_in::token))
        .service(post("/v1/auth/sign-out", sign_in::sign_out))
        .service(post("/v1/auth/sign-out-everywhere", sign_in::sign_out_everywhere))
        .service(post("/v1/auth/invitations/open", users::open))
        .service(post("/v1/auth/invitations/accept", users::accept))
        .service(get("/v1/me/sessions", sessions::list))
        .service(delete("/v1/me/sessions/{session}", sessions::end));
}

fn donor_routes(app: &mut ServiceConfig) {
    app.service(get("/v1/me", me::me))
        .service(get("/v1/me/eligibility", eligibility::eligibility))
        .service(post("/v1/holds", appointments::hold))
        .service(get_and_post("/v1/appointments", appointments::list, appointments::book))
        .service(get("/v1/appointments/{appointment}", appointments::show))
        .service(post("/v1/appointments/{appointment}/confirmation", appointments::confirm))
        .service(post("/v1/appointments/{appointment}/renewal", appointments::renew))
        .service(post("/v1/appointments/{appointment}/cancellation", appointments::cancel))
        .service(post("/v1/appointments/{appointment}/move", appointments::move_to))
        .service(get("/v1/slots/soonest", slots::soonest))
        .service(get("/v1/me/questionnaire", questionnaire::show))
        .service(put("/v1/me/questionnaire/answers", questionnaire::answer))
        .service(post("/v1/me/questionnaire/submission", questionnaire::submit))
        .service(get("/v1/me/questionnaire/pass", questionnaire::pass))
        .service(get("/v1/me/export", me::export))
        .service(get("/v1/me/access-log", me::access_log))
        .service(post("/v1/me/erasure", me::erasure))
        .service(post("/v1/me/donor", own_record::bind))
        .service(post("/v1/me/registration", own_record::register))
        .service(get_and_post("/v1/me/consents", consents::list, consents::give))
        .service(delete("/v1/me/consents/{purpose}", consents::withdraw))
        .service(post("/v1/me/sharing-codes", family::share))
        .service(post("/v1/me/family", family::join))
        .service(delete("/v1/me/family/{donor_no}", family::leave))
        .service(get("/v1/me/managers", family::managers))
        .service(delete("/v1/me/managers/{manager}", family::remove_manager))
        .service(get("/v1/donors/{donor_no}/donations", donors::donations))
        .service(get("/v1/donors/{donor_no}/certificate", donors::certificate));
}

fn staff_routes(app: &mut ServiceConfig) {
    app.service(post("/v1/station/donors/search", station_donors::find))
        .service(put("/v1/station/donors/{donor_no}/sign-in-phone", station_donors::set_sign_in_phone))
        .service(post("/v1/station/donors/{donor_no}/managers", station_donors::add_manager))
        .service(get("/v1/station/donors/{donor_no}/questionnaires", station_questionnaires::list))
        .service(get("/v1/station/questionnaires/{questionnaire}", station_questionnaires::show))
        .service(get("/v1/station/passes/{code}", station_questionnaires::check_pass))
        .service(get_and_post("/v1/station/merges", merges::list, merges::propose))
        .service(post("/v1/station/merges/{merge}/reversal", merges::propose_undoing))
        .service(post("/v1/station/merges/{merge}/decision", merges::decide))
        .service(get_and_post("/v1/station/sites", sites::list, sites::enter))
        .service(get_and_put("/v1/station/sites/{site}", sites::show, sites::change))
        .service(get_and_post("/v1/station/sites/{site}/templates", sites::templates, sites::enter_template))
        .service(delete("/v1/station/sites/{site}/templates/{template}", sites::end_template))
        .service(get_and_post("/v1/station/sessions", collection_sessions::list, collection_sessions::open))
        .service(get("/v1/station/sessions/{session}", collection_sessions::show))
        .service(put("/v1/station/sessions/{session}/pause", collection_sessions::pause))
        .service(get("/v1/station/audit", audit::audit))
        .service(get_and_post("/v1/users", users::list, users::invite))
        .service(delete("/v1/users/{user}", users::disable))
        .service(post("/v1/users/{user}/invitation", users::invite_again))
        .service(get_and_post("/v1/hospitals", hospitals::list, hospitals::enter))
        .service(get("/v1/hospitals/{hospital}", hospitals::show))
        .service(get_and_post(
            "/v1/hospitals/{hospital}/clients",
            hospitals::clients,
            hospitals::register_client,
        ))
        .service(delete("/v1/hospitals/{hospital}/clients/{client}", hospitals::revoke_client));
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
    only(path, "POST", web::post().to(handler))
}

/// A resource that answers to PUT.
fn put<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    only(path, "PUT", web::put().to(handler))
}

/// A resource that answers to DELETE.
fn delete<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    only(path, "DELETE", web::delete().to(handler))
}

fn only(path: &str, method: &'static str, route: Route) -> Resource {
    let wrong_method = move || problem::wrong_method(method);
    web::resource(path).route(route).default_service(web::to(wrong_method))
}

/// A resource that is read with GET and HEAD, and changed with PUT.
fn get_and_put<F, A, G, B>(path: &str, read: F, change: G) -> Resource
where
    F: Handler<A>,
    A: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
    G: Handler<B>,
    B: actix_web::FromRequest + 'static,
    G::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(read.clone()))
        .route(web::head().to(read))
        .route(web::put().to(change))
        .default_service(web::to(|| problem::wrong_method("GET, HEAD, PUT")))
}

/// A resource that is read with GET and HEAD, and added to with POST.
fn get_and_post<F, A, G, B>(path: &str, read: F, add: G) -> Resource
where
    F: Handler<A>,
    A: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
    G: Handler<B>,
    B: actix_web::FromRequest + 'static,
    G::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(read.clone()))
        .route(web::head().to(read))
        .route(web::post().to(add))
        .default_service(web::to(|| problem::wrong_method("GET, HEAD, POST")))
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
    let bookings = Data::new(book::start(&context)?);
    let context = Data::new(context);
    let metrics = Data::new(Metrics::new()?);
    let pictures = Data::new(certificates::Pictures::default());
    let lists = Data::new(status_lists::SignedLists::default());
    let body_bytes = config.limits.body_bytes;
    let shows_messages = matches!(*context.gateway, Gateway::Console);
    let loopback = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    if shows_messages && !loopback {
        return Err(Error::invalid(
            "bad_configuration",
            "sms.provider is \"console\", which shows every sign-in code: it serves on a loopback address only.",
        ));
    }
    let server = HttpServer::new(move || {
        App::new()
            .app_data(context.clone())
            .app_data(bookings.clone())
            .app_data(gate_data.clone())
            .app_data(metrics.clone())
            .app_data(pictures.clone())
            .app_data(lists.clone())
            .app_data(web::PayloadConfig::new(body_bytes))
            .app_data(web::PathConfig::default().error_handler(|failure, _| path_refused(&failure).into()))
            .app_data(web::QueryConfig::default().error_handler(|failure, _| query_refused(&failure).into()))
            .wrap(from_fn(gate))
            .configure(|app| {
                if shows_messages {
                    app.service(get("/demo/messages", demo_messages::messages));
                }
            })
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
