//! Which of those who were asked a message can have reached.

use crate::domain::appeals::Lot;
use crate::error::Error;
use crate::store::connection::Db;
use crate::store::schema::{appeal_recipients, appeals, outbox};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// States of a message that reached nobody, and will not by itself.
const LOST: [&str; 4] = ["failed", "suppressed", "expired", "dropped"];

/// Recipients of whom something else is written down than their messages say by now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    /// Who was not reached.
    pub lost: Vec<String>,
    /// Who can have been after all: staff sent the message once more.
    pub reached: Vec<String>,
}

impl Changed {
    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.reached.is_empty()
    }
}

/// Those who are asked by appeals that end after `since`, and whose message of this kind has come to another end than is written
/// down.
pub fn changed(db: &mut Db, kind: &str, since: DateTime<Utc>) -> Result<Changed, Error> {
    let of_late = appeals::table.filter(appeals::closes_at.gt(since.naive_utc())).select(appeals::id);
    let of_late: Vec<String> = of_late.load(db)?;
    if of_late.is_empty() {
        return Ok(Changed::default());
    }
    let told = outbox::subject.eq(appeal_recipients::id.nullable()).and(outbox::kind.eq(kind));
    let lost = appeal_recipients::reached.eq(true).and(outbox::state.eq_any(LOST));
    let reached = appeal_recipients::reached.eq(false).and(outbox::state.ne_all(LOST));
    let found: Vec<(String, bool)> = appeal_recipients::table
        .inner_join(outbox::table.on(told))
        .filter(appeal_recipients::appeal_id.eq_any(of_late))
        .filter(appeal_recipients::state.eq(Lot::Asked.as_str()))
        .filter(lost.or(reached))
        .select((appeal_recipients::id, appeal_recipients::reached))
        .load(db)?;
    let (lost, reached): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, was_reached)| *was_reached);
    let ids = |rows: Vec<(String, bool)>| rows.into_iter().map(|(id, _)| id).collect();
    Ok(Changed { lost: ids(lost), reached: ids(reached) })
}

/// Writes down who was reached and who was not. Whoever does so MUST work on appeals alone.
pub fn mark_reached(db: &mut Db, changed: &Changed) -> Result<(), Error> {
    for (ids, reached) in [(&changed.lost, false), (&changed.reached, true)] {
        diesel::update(appeal_recipients::table.filter(appeal_recipients::id.eq_any(ids)))
            .set(appeal_recipients::reached.eq(reached))
            .execute(db)?;
    }
    Ok(())
}
