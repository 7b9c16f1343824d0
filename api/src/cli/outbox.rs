//! `rexue outbox`.

use super::output::print;
use super::setup::Setup;
use crate::actions::messages;
use crate::error::Error;
use clap::Subcommand;
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Outbox {
    /// List messages, the newest first: neither whom they go to nor what they say.
    List {
        /// In this state only: `queued`, `sending`, `sent`, `failed`, `ambiguous`, `expired`, `superseded`, `suppressed`, `dropped`.
        #[arg(long)]
        state: Option<String>,
        /// Older than the message with this id.
        #[arg(long, default_value = "")]
        before: String,
    },
    /// Show what happened to a message.
    Show {
        /// The message's id.
        id: String,
    },
    /// Send a message again that failed, or of which nobody knows whether it arrived.
    Retry {
        /// The message's id.
        id: String,
    },
    /// Give a message up that has not left.
    Drop {
        /// The message's id.
        id: String,
    },
}

impl Outbox {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        let context = setup.command_context()?;
        let runtime = actix_web::rt::System::new();
        match self {
            Self::List { state, before } => {
                let list = context.pool.read_blocking(|db| messages::list(db, state.as_deref(), &before))?;
                let mut text = String::new();
                for line in list {
                    let channel = line.channel.as_deref().unwrap_or("-");
                    writeln!(
                        text,
                        "{}\t{}\t{}\t{}\t{channel}\t{}\t{}",
                        line.id,
                        line.kind,
                        line.state,
                        line.delivery,
                        line.attempts,
                        line.due_at.to_rfc3339()
                    )
                    .map_err(Error::internal)?;
                }
                print(&text)
            }
            Self::Show { id } => {
                let timeline = context.pool.read_blocking(|db| messages::timeline(db, &id))?;
                let json = serde_json::to_string_pretty(&timeline).map_err(Error::internal)?;
                print(&format!("{json}\n"))
            }
            Self::Retry { id } => runtime.block_on(messages::retry(&context, id)).map(|()| ExitCode::SUCCESS),
            Self::Drop { id } => {
                runtime.block_on(messages::discard(&context, id)).map(|()| ExitCode::SUCCESS)
            }
        }
    }
}
