//! Verifies the audit trail, and writes down where it ends.

mod verify;

pub use verify::{Report, verify};

use crate::chance::Chance;
use crate::domain::audit_chain::{checkpoint_is_due, exported, heads_to_json};
use crate::error::Error;
use crate::store::audit::{self, Actor, Checkpoint, Entry};
use crate::store::{Db, Pool};
use chrono::{DateTime, Utc};
use serde_json::json;

/// Writes the heads of all streams into the trail itself, when that is due; says whether it was. A stream that is
/// cut short behind a checkpoint, or taken away whole, is found by it.
///
/// # Errors
/// Failures of the database.
pub async fn checkpoint(pool: &Pool, now: DateTime<Utc>) -> Result<bool, Error> {
    // Nearly always the answer is no, and costs no lock.
    if !pool.read(move |db| is_due(db, now)).await? {
        return Ok(false);
    }
    pool.write(move |db| {
        audit::take_turns(db)?;
        // Another node may have had the turn before.
        if !is_due(db, now)? {
            return Ok(false);
        }
        let entry = Entry {
            actor: Actor::Job("audit_checkpoint"),
            action: Checkpoint::ACTION,
            subject: Checkpoint::SUBJECT.to_owned(),
            detail: json!({ "streams": heads_to_json(&audit::heads(db)?) }),
        };
        audit::append(db, [entry], now, &mut Chance::from_system()?)?;
        Ok(true)
    })
    .await
}

fn is_due(db: &mut Db, now: DateTime<Utc>) -> Result<bool, Error> {
    let newest = audit::newest_checkpoint(db)?;
    let newest = newest.as_ref().map(|newest| (newest.at, newest.heads.as_deref().unwrap_or_default()));
    Ok(checkpoint_is_due(newest, &audit::heads(db)?, now))
}

/// The heads of all streams as a file, to be kept where whoever can write to the database cannot.
///
/// # Errors
/// Failures of the database.
pub fn export_heads(pool: &Pool, now: DateTime<Utc>) -> Result<String, Error> {
    Ok(exported(&pool.read_blocking(audit::heads)?, now))
}
