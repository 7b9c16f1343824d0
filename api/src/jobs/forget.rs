//! Deletes what is over: codes, wrong guesses, used assertions, old sessions, delivered messages, drafts.

use crate::actions::Context;
use crate::clock::day_in_china;
use crate::error::Error;
use crate::store::{
    hospitals, idempotency_keys, lockouts, outbox, questionnaires, sessions, sharing, sign_in_codes,
};
use chrono::TimeDelta;

/// One round.
pub async fn round(context: &Context) {
    if let Err(error) = forget(context).await {
        tracing::error!(code = error.code, context = error.context, "what is over could not be deleted");
    }
}

async fn forget(context: &Context) -> Result<(), Error> {
    let now = context.clock.now();
    context
        .pool
        .write(move |db| {
            sign_in_codes::forget(db, now)?;
            sharing::forget(db, now)?;
            hospitals::forget_assertions(db, now)?;
            lockouts::forget(db, now - TimeDelta::days(2))?;
            sessions::forget(db, now - TimeDelta::days(90))?;
            idempotency_keys::forget(db, now - TimeDelta::days(2))?;
            outbox::forget(db, now - TimeDelta::days(30))?;
            questionnaires::forget_drafts(db, now - TimeDelta::days(30))?;
            questionnaires::forget_passes(db, day_in_china(now - TimeDelta::days(7)))?;
            Ok(())
        })
        .await
}
