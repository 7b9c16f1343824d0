//! What every command starts from: the data folder, the configuration, the database, the keys.

use crate::actions::Context;
use crate::actions::deliver::Channels;
use crate::actions::keys::Publication;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::error::Error;
use crate::keyring::{KeyFolder, Keyring};
use crate::questionnaires;
use crate::rules;
use crate::store::audit::Actor;
use crate::store::standings::Standings;
use crate::store::{Pool, migrations};
use crate::tokens::Tokens;
use crate::vault::{Vault, VaultKeys};
use crate::wechat::WeChat;
use std::path::PathBuf;
use std::sync::Arc;

/// The data folder and the configuration.
pub struct Setup {
    /// Where the database and the keys live when nothing else is said.
    pub data: PathBuf,
    /// The configuration.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
}

impl Setup {
    /// Reads the configuration.
    ///
    /// # Errors
    /// `bad_configuration`.
    pub fn new(data: Option<PathBuf>, config_file: Option<PathBuf>) -> Result<Self, Error> {
        let data = config::data_folder(data);
        let file = config::config_file(config_file, &data);
        Ok(Self { config: Config::load(file.as_deref())?, data, clock: Clock::System })
    }

    /// The folder of keys.
    pub fn keys(&self) -> KeyFolder {
        KeyFolder::in_data(&self.data)
    }

    /// The database, its schema up to date.
    ///
    /// # Errors
    /// `cannot_write` for the data folder; `database_unavailable`.
    pub fn migrated_pool(&self) -> Result<Pool, Error> {
        let pool = self.pool()?;
        pool.write_blocking(migrations::run)?;
        Ok(pool)
    }

    fn pool(&self) -> Result<Pool, Error> {
        std::fs::create_dir_all(&self.data).map_err(|failure| {
            Error::invalid("cannot_write", "The data folder cannot be made.").because(failure)
        })?;
        Pool::open(&self.config.database_url(&self.data), self.config.database.connections)
    }

    /// What a keyset snapshot must say now, beside its keys.
    ///
    /// # Errors
    /// Failures of the database.
    pub fn publication(&self, pool: &Pool) -> Result<Publication, Error> {
        let public_url = self.config.public_url();
        pool.read_blocking(|db| Publication::of(db, &self.config.station.issuer, &public_url))
    }

    /// Everything that actions work with.
    ///
    /// # Errors
    /// `no_keys`, `bad_keys`, `bad_vault_keys`; failures of the database.
    pub fn context(&self, pool: Pool, actor: Actor) -> Result<Context, Error> {
        let text = self.keys().text("vault.toml")?;
        let text = text
            .ok_or_else(|| Error::invalid("no_keys", "There are no keys here yet: run `rexue keys init`."))?;
        Ok(Context {
            standings: Standings::new(pool.clone()),
            pool,
            clock: self.clock,
            vault: Arc::new(Vault::new(&VaultKeys::from_text(&text)?)?),
            keyring: Arc::new(Keyring::open(self.keys(), self.clock.now())?),
            station: Arc::new(self.config.station.clone()),
            rules: Arc::new(rules::open(&self.config.rules)?),
            questionnaires: Arc::new(questionnaires::open(&self.config.questionnaires)?),
            public_url: self.config.public_url().into(),
            cache: Cache::open(&self.config.redis.url)?,
            tokens: Arc::new(Tokens::open(&self.keys(), &self.config.station.issuer)?),
            passwords: Arc::default(),
            wechat: Arc::new(WeChat::new(&self.config.wechat)?),
            channels: Arc::new(Channels::open(&self.config)?),
            bell: Arc::default(),
            actor,
        })
    }

    /// The context of a command.
    ///
    /// # Errors
    /// As [`Setup::context`].
    pub fn command_context(&self) -> Result<Context, Error> {
        self.context(self.migrated_pool()?, Actor::CommandLine)
    }
}
