//! What the system can do, one file a thing: load, decide, save, audit, in one transaction.

pub mod appeals;
pub mod appointments;
pub mod assist;
pub mod audit;
pub mod book;
pub mod booking_policy;
pub mod calendar;
pub mod call_ups;
pub mod clients;
pub mod consents;
pub mod deliver;
pub mod donors;
pub mod door;
pub mod eligibility;
pub mod erase;
pub mod export;
pub mod family;
pub mod find_donor;
pub mod groups;
mod guess;
pub mod hospitals;
pub mod idempotency;
pub mod import;
pub mod invite;
pub mod invite_again;
pub mod issue;
pub mod keys;
pub mod mail;
pub mod merge;
pub mod message_preferences;
pub mod messages;
pub mod no_shows;
pub mod one_tap;
pub mod own_record;
pub mod questionnaire;
pub mod reactions;
pub mod receipts;
pub mod remind;
pub mod schedule;
pub mod session_changes;
pub mod sessions;
pub mod sign_in;
pub mod soonest;
pub mod status;
pub mod status_list;
pub mod teams;
pub mod tell_used;
pub mod unit_policy;
pub mod units;
pub mod users;
pub mod verify;
pub mod waitlist;
pub mod wechat_subscriptions;

use self::deliver::Channels;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::Station;
use crate::domain::eligibility::RulePacks;
use crate::domain::questionnaire::Questionnaires;
use crate::keyring::Keyring;
use crate::passwords::Passwords;
use crate::store::Pool;
use crate::store::audit::Actor;
use crate::store::standings::Standings;
use crate::tokens::{self, Tokens};
use crate::vault::Vault;
use crate::wechat::WeChat;
use std::sync::Arc;
use tokio::sync::Notify;

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
    /// Who may give, and when.
    pub rules: Arc<RulePacks>,
    /// What is asked before a donation.
    pub questionnaires: Arc<Questionnaires>,
    /// How the world reaches the server, without a slash at the end.
    pub public_url: Arc<str>,
    /// What nodes share.
    pub cache: Cache,
    /// Access tokens.
    pub tokens: Arc<Tokens>,
    /// Passwords.
    pub passwords: Arc<Passwords>,
    /// WeChat, for a station that has a mini-program.
    pub wechat: Arc<WeChat>,
    /// The ways to people.
    pub channels: Arc<Channels>,
    /// Rung when there is something in the outbox.
    pub bell: Arc<Notify>,
    /// Who acts.
    pub actor: Actor,
}

impl Context {
    /// The id of the user who acts; of anybody else, how the trail calls them.
    pub fn user_id(&self) -> String {
        match &self.actor {
            Actor::User(id) => id.clone(),
            other => other.to_string(),
        }
    }

    /// The same, for somebody else who acts.
    #[must_use]
    pub fn acting(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// Tells all nodes that a session is over, for as long as an access token of it could open a door.
    pub async fn forget_session(&self, session: &str) {
        let seconds = u32::try_from(tokens::LIFETIME.num_seconds()).unwrap_or(u32::MAX);
        self.cache.put_flag(&ended(session), seconds, self.clock.now()).await;
    }

    /// Whether a session is known to be over.
    pub async fn is_forgotten(&self, session: &str) -> bool {
        self.cache.has_flag(&ended(session), self.clock.now()).await
    }
}

fn ended(session: &str) -> String {
    format!("ended:{session}")
}
