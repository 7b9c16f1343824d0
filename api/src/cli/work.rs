//! `rexue work`: the worker alone, for a node that answers nobody.

use super::output::say;
use super::setup::Setup;
use crate::error::Error;
use crate::store::audit::Actor;
use crate::{jobs, telemetry};
use clap::Args;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Args)]
pub(super) struct Work {}

impl Work {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        telemetry::start(&setup.config.log)?;
        let pool = setup.migrated_pool()?;
        let context = setup.context(pool, Actor::Job("work"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(Error::internal)?.block_on(async move {
            let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
            let worker = jobs::start(context);
            say("rexue works");
            tokio::select! {
                _ = terminate.recv() => {}
                interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Error::internal)?,
            }
            worker.stop().await;
            Ok(ExitCode::SUCCESS)
        })
    }
}
