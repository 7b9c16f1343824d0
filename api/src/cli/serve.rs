//! `rexue serve`.

use super::output::say;
use super::setup::Setup;
use crate::error::Error;
use crate::store::audit::Actor;
use crate::{jobs, telemetry, web};
use clap::Args;
use std::net::TcpListener;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Serve {
    /// The address to listen on.
    #[arg(long)]
    host: Option<String>,
    /// The port to listen on; 0 takes a free one.
    #[arg(long)]
    port: Option<u16>,
}

impl Serve {
    pub(super) fn run(self, mut setup: Setup) -> Result<ExitCode, Error> {
        telemetry::start(&setup.config.log)?;
        let server = &mut setup.config.server;
        server.host = self.host.unwrap_or_else(|| server.host.clone());
        server.port = self.port.unwrap_or(server.port);
        let listener = TcpListener::bind((server.host.as_str(), server.port)).map_err(|failure| {
            let message = format!("Port {} of {} cannot be listened on.", server.port, server.host);
            Error::invalid("cannot_listen", message).because(failure)
        })?;
        server.port = listener.local_addr().map_err(Error::internal)?.port();
        let address = format!("http://{}:{}", server.host, server.port);
        let pool = setup.migrated_pool()?;
        jobs::keyset::renew_before_start(&setup.keys(), &setup.publication(&pool)?, setup.clock.now())?;
        let context = setup.context(pool, Actor::Job("serve"))?;
        actix_web::rt::System::new().block_on(async move {
            let server = web::start(context.clone(), &setup.config, listener)?;
            let worker = jobs::start(context);
            say(&format!("rexue listens on {address}"));
            let outcome = server.await.map_err(Error::internal);
            worker.stop().await;
            outcome
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
