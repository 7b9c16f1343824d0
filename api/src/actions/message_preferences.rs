//! How a donor wants to be told, and the way out of appeals and news without signing in.

use super::Context;
use super::receipts::withdraw;
use crate::chance::Chance;
use crate::domain::refusal::Refusal;
use crate::domain::reminders::choose;
use crate::error::Error;
use crate::links;
use crate::store::audit::{self, Entry};
use crate::store::message_preferences::{self as store, PreferenceRow};
use crate::store::{Db, reminders};
use chrono::TimeDelta;
use serde_json::json;

/// The channels that a donor may choose.
const CHANNELS: [&str; 3] = ["sms", "email", "wechat"];

/// Checks what a donor chose.
///
/// # Errors
/// `unknown_channel`, `wechat_alone`, `unknown_language`, by the name of the field.
pub fn check(channels: &[String], language: &str) -> Result<(), Refusal> {
    let known = channels.iter().all(|channel| CHANNELS.contains(&channel.as_str()));
    let mut sorted = channels.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if channels.is_empty() || !known || sorted.len() != channels.len() {
        let message = "One or more of sms, email and wechat, each once, the first choice first.";
        return Err(Refusal::new("channels", "unknown_channel", message));
    }
    if channels == ["wechat"] {
        let message = "WeChat takes a message for each time that you agree: choose sms or email, too.";
        return Err(Refusal::new("channels", "wechat_alone", message));
    }
    if !["zh", "en"].contains(&language) {
        return Err(Refusal::new("language", "unknown_language", "The languages are zh and en."));
    }
    Ok(())
}

/// Puts preferences in the place of their version before. `hours` are the reminders before an appointment that are wanted; those
/// of the station when `None`. Reminders that have not left yet follow the choice.
///
/// # Errors
/// `unknown_reminder_time`; `changed_meanwhile`.
pub async fn change(context: &Context, row: PreferenceRow, hours: Option<Vec<u32>>) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let (now, offered) = (whole.clock.now(), reminders::reminder_times(db)?);
            let choice = hours.map(|hours| choose(&hours, &offered)).transpose()?;
            let before = store::of_account(db, &row.account_id)?;
            let row = PreferenceRow { reminders: choice, ..row };
            if !store::save(db, &row)? {
                return Err(Error::changed_meanwhile());
            }
            if row.reminders != before.reminders {
                reminders::remind_anew(db, &row.account_id, now)?;
            }
            let detail = json!({
                "channels": row.channels, "letters": row.letters, "language": row.language, "reminders": row.reminders,
            });
            let (actor, subject) = (whole.actor.clone(), row.account_id);
            let entry = Entry { actor, action: "message_preferences.changed", subject, detail };
            audit::append(db, [entry], now, &mut Chance::from_system()?)
        })
        .await
}

/// How an account wants to be told, and at which times the station reminds.
///
/// # Errors
/// Failures of the database.
pub fn shown(db: &mut Db, account_id: &str) -> Result<(PreferenceRow, Vec<TimeDelta>), Error> {
    Ok((store::of_account(db, account_id)?, reminders::reminder_times(db)?))
}

/// Withdraws the consents to appeals and news of the account that a link in a letter names.
///
/// # Errors
/// `not_found` when no such link was ever written.
pub async fn unsubscribe(context: &Context, key: &str) -> Result<(), Error> {
    let account_id = links::unsubscribe::open(context.vault.link_secret(), key)
        .ok_or_else(|| Error::not_found("There is no such link."))?;
    let whole = context.clone();
    context
        .pool
        .write(move |db| withdraw(db, &account_id, "letter", whole.clock.now(), &mut Chance::from_system()?))
        .await
}
