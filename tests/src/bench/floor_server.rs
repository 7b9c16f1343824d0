//! Bare actix servers: what HTTP alone costs, and HTTP with one strict check.

use crate::Outcome;
use crate::signed::Signed;
use actix_web::http::header::ContentType;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};
use data_encoding::BASE64;
use ed25519_dalek::VerifyingKey;
use rexue::config::Database;
use rexue::store::{DatabaseUrl, Pool};
use rexue::vault::Vault;
use rexue::web::me::read_from;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

/// Answers every GET with `body`.
pub fn hello(body: String) -> Outcome<()> {
    let body = Bytes::from(body);
    let server = HttpServer::new(move || {
        App::new().app_data(Data::new(body.clone())).default_service(web::get().to(
            async |body: Data<Bytes>| {
                HttpResponse::Ok().content_type(ContentType::json()).body(body.get_ref().clone())
            },
        ))
    });
    serve(|listener| server.listen(listener).map(HttpServer::run))
}

/// Answers every POST of a signature and its message: whether `key` (base64) made it.
pub fn strict(key: &str) -> Outcome<()> {
    let key: [u8; 32] = BASE64.decode(key.as_bytes())?.as_slice().try_into()?;
    let key = VerifyingKey::from_bytes(&key)?;
    let server = HttpServer::new(move || {
        App::new().app_data(Data::new(key)).default_service(web::post().to(
            async |body: Bytes, key: Data<VerifyingKey>| match check(&body, &key) {
                Ok(()) => HttpResponse::Ok().content_type(ContentType::json()).body(r#"{"valid":true}"#),
                Err(_) => HttpResponse::BadRequest().finish(),
            },
        ))
    });
    serve(|listener| server.listen(listener).map(HttpServer::run))
}

/// Answers `GET /<account id>` with what `GET /v1/me` reads, with the product's own pool and threads.
pub fn me(folder: &str, database: &str) -> Outcome<()> {
    let vault = Arc::new(crate::crowd::vault(Path::new(folder))?);
    let pool = Pool::open(&DatabaseUrl::parse(database), Database::default().connections)?;
    let server = HttpServer::new(move || {
        App::new().app_data(Data::new((pool.clone(), Arc::clone(&vault)))).route(
            "/{account}",
            web::get().to(async |account: web::Path<String>, at: Data<(Pool, Arc<Vault>)>| {
                let (pool, vault) = at.get_ref();
                let formula = certificates::LivesFormula::MlPer200;
                match read_from(pool, account.into_inner(), Arc::clone(vault), formula).await {
                    Ok(me) => HttpResponse::Ok().json(me),
                    Err(_) => HttpResponse::NotFound().finish(),
                }
            }),
        )
    });
    serve(|listener| server.worker_max_blocking_threads(4).listen(listener).map(HttpServer::run))
}

fn check(body: &[u8], key: &VerifyingKey) -> Outcome<()> {
    let (signature, message) = body.split_first_chunk::<64>().ok_or("too short")?;
    Signed { message: message.to_vec(), signature: *signature }.is_signed_by(key)
}

fn serve(start: impl FnOnce(TcpListener) -> std::io::Result<actix_web::dev::Server>) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    Ok(actix_web::rt::System::new().block_on(async move {
        let server = start(listener)?;
        eprintln!("a floor listens on http://{address}");
        server.await
    })?)
}
