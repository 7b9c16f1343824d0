//! HTTP: parse, authorise, call, answer. The only room with status codes.

mod address;
mod appeal_link;
mod appointments;
mod audit;
mod auth;
mod body;
mod booking_policy;
mod calendar;
mod call_up_link;
mod certificates;
mod collection_sessions;
mod consents;
mod demo_messages;
mod donors;
mod door;
mod eligibility;
mod etag;
mod family;
mod groups;
mod health;
mod hospitals;
mod idempotency;
mod language;
mod limited;
pub mod me;
mod merges;
mod message_preferences;
mod metrics;
mod middleware;
mod one_tap;
mod openapi;
mod own_record;
mod photo;
mod problem;
mod questionnaire;
mod receipts;
mod routes;
mod session_changes;
mod sessions;
mod sign_in;
mod sites;
mod slots;
mod station_appeals;
mod station_donors;
mod station_messages;
mod station_questionnaires;
mod station_teams;
mod station_units;
mod status_lists;
mod teams;
mod unit_policy;
mod users;
pub mod verification;
mod verify;
mod verify_page;
mod waitlist;
mod wechat_subscriptions;
mod well_known;

pub use openapi::yaml as openapi_yaml;

use crate::actions::idempotency::Running;
use crate::actions::soonest::Searches;
use crate::actions::{Context, book};
use crate::chance::Chance;
use crate::config::Config;
use crate::domain::rate::Quota;
use crate::error::Error;
use actix_web::dev::Server;
use actix_web::error::{PathError, QueryPayloadError};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use idempotency::once;
use metrics::Metrics;
use middleware::{Gate, RequestIds, gate};
use std::net::TcpListener;
use std::time::Duration;

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
    let searches = Data::new(Searches::start(&context)?);
    let context = Data::new(context);
    let running = Data::new(Running::default());
    let teller = Data::new(receipts::Teller::new(&config.sms));
    let metrics = Data::new(Metrics::new()?);
    let pictures = Data::new(certificates::Pictures::default());
    let lists = Data::new(status_lists::SignedLists::default());
    let body_bytes = config.limits.body_bytes;
    let shows_messages = context.channels.shows_messages();
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
            .app_data(searches.clone())
            .app_data(gate_data.clone())
            .app_data(metrics.clone())
            .app_data(teller.clone())
            .app_data(pictures.clone())
            .app_data(lists.clone())
            .app_data(running.clone())
            .app_data(web::PayloadConfig::new(body_bytes))
            .app_data(web::PathConfig::default().error_handler(|failure, _| path_refused(&failure).into()))
            .app_data(web::QueryConfig::default().error_handler(|failure, _| query_refused(&failure).into()))
            .wrap(from_fn(once))
            .wrap(from_fn(gate))
            .configure(|app| {
                if shows_messages {
                    app.service(routes::get("/demo/messages", demo_messages::messages));
                }
            })
            .configure(routes::all)
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
