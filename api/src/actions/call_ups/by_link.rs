//! Yes or no to a call-up by the link in its message, without signing in, until it is over.

use super::{Context, OwnCallUp, answer, refused};
use crate::domain::call_ups::{Answer, NotAnswered, Stage};
use crate::error::{Error, Kind};
use crate::links;
use crate::store::audit::Actor;
use crate::store::call_ups as store;

/// What the link asks, and what was answered.
///
/// # Errors
/// `link_unknown`, also for who left the team; `call_up_closed`.
pub async fn look(context: &Context, key: &str) -> Result<OwnCallUp, Error> {
    let answer_id = links::call_up::open(context.vault.link_secret(), key).ok_or_else(unknown)?;
    let own = context.pool.read(move |db| {
        let Some(asked) = store::asked_by(db, &answer_id)? else { return Ok(None) };
        let session = asked.call_up.session_id.as_deref();
        let place = store::places(db, session.as_slice())?.into_values().next();
        Ok(Some(OwnCallUp { asked, place }))
    });
    let own = own.await?.ok_or_else(unknown)?;
    match own.asked.call_up.standing().stage(context.clock.now()) {
        Stage::Closed => Err(refused(NotAnswered::Closed)),
        Stage::Open | Stage::Met => Ok(own),
    }
}

fn unknown() -> Error {
    Error::new(Kind::NotFound, "link_unknown", "There is no such link.")
}

/// Answers as the account that was asked. What was answered then.
///
/// # Errors
/// As [`look`]; `enough_are_coming`.
pub async fn tap(context: &Context, key: &str, after: Answer) -> Result<OwnCallUp, Error> {
    let row = look(context, key).await?.asked.answer;
    let whole = context.acting(Actor::Account(row.account_id.clone()));
    answer(&whole, row.account_id, row.call_up_id, after).await?;
    look(context, key).await
}
