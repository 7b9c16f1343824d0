//! `rexue keys`.

use super::output::say;
use super::setup::Setup;
use crate::actions::keys;
use crate::chance::Chance;
use crate::error::Error;
use crate::tokens;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Keys {
    /// Make the root, certificate and status keys, and the keys of personal data.
    Init,
    /// Publish the next keyset snapshot; needs the root key. The server does so by itself while it has it.
    Publish,
    /// Make a new key of access tokens; running servers take it up when they start again.
    RotateAccess,
    /// Print the root's public key, which verifiers pin.
    Root,
}

impl Keys {
    pub(super) fn run(self, setup: &Setup) -> Result<ExitCode, Error> {
        let folder = setup.keys();
        let now = setup.clock.now();
        match self {
            Self::Init => {
                let publication = setup.publication(&setup.migrated_pool()?)?;
                keys::init(&folder, &publication, now, &mut Chance::from_system()?)?;
                say(
                    "Keys were made. Keep a copy of the folder; take keys/root.pem off this machine when you can.",
                );
            }
            Self::Publish => {
                let publication = setup.publication(&setup.migrated_pool()?)?;
                keys::publish(&folder, &publication, now, &mut Chance::from_system()?)?;
                say("A new keyset snapshot is published.");
            }
            Self::RotateAccess => {
                tokens::rotate(&folder, now, &mut Chance::from_system()?)?;
                say("There is a new key of access tokens. Start the servers again to use it.");
            }
            Self::Root => {
                let root = folder.root_public()?;
                let text = data_encoding::BASE64URL_NOPAD.encode(root.as_bytes());
                return super::output::print(&format!("{text}\n"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
