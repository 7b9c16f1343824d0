//! What the system can do, one file a thing: load, decide, save, audit, in one transaction.

pub mod audit;
pub mod import;
pub mod issue;
pub mod keys;
pub mod mail;
pub mod status;
pub mod status_list;
pub mod verify;

use crate::clock::Clock;
use crate::config::Station;
use crate::keyring::Keyring;
use crate::store::Pool;
use crate::store::audit::Actor;
use crate::store::standings::Standings;
use crate::vault::Vault;
use std::sync::Arc;

/// What actions work with.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub pool: Pool,
    /// The time.
    pub clock: Clock,
    /// Standings of certificates, asked for together.
    pub standings: Standings,
    /// The keys of personal data.
    pub vault: Arc<Vault>,
    /// The keys of certificates.
    pub keyring: Arc<Keyring>,
    /// What the station settles for itself.
    pub station: Arc<Station>,
    /// How the world reaches the server, without a slash at the end.
    pub public_url: Arc<str>,
    /// Who acts.
    pub actor: Actor,
}
