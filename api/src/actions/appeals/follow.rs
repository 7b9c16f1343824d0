//! Follows the appeals that are running: it stops them when enough have booked, and asks more when too few have.

use super::wave;
use super::{ALONE, MESSAGE, call_off, entry};
use crate::actions::Context;
use crate::chance::Chance;
use crate::domain::appeals::{Lot, Stage};
use crate::error::Error;
use crate::store::appeals::{self as store, AppealRow};
use crate::store::{Db, audit, one_at_a_time};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// So long after an appeal is over, its messages may still come to another end: staff look at dead letters.
const SETTLED_AFTER: TimeDelta = TimeDelta::days(2);

/// Looks at every appeal that is running: how many there are; and writes down whom no message could reach, of those that ended of
/// late too. Whoever is called while others work waits for them.
///
/// # Errors
/// Failures of the database.
pub async fn follow(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    let since = now - SETTLED_AFTER;
    let look =
        move |db: &mut Db| Ok((store::running(db, now)?.is_empty(), store::changed(db, MESSAGE, since)?));
    let (none, changed) = context.pool.read(look).await?;
    if none && changed.is_empty() {
        return Ok(0);
    }
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            one_at_a_time(db, ALONE)?;
            let changed = store::changed(db, MESSAGE, since)?;
            store::mark_reached(db, &changed)?;
            let running = store::running(db, now)?;
            let count = running.len();
            for row in running {
                step(&whole, db, row, now)?;
            }
            Ok(count)
        })
        .await
}

fn step(context: &Context, db: &mut Db, mut row: AppealRow, now: DateTime<Utc>) -> Result<(), Error> {
    let mut tally = store::tallies(db, &[&row])?.remove(&row.id).unwrap_or_default();
    let booked = i64::from(tally.booked(Lot::Asked));
    let mut chance = Chance::from_system()?;
    let stage = row.standing(booked).stage(now);
    if stage == Stage::Met && row.met_at.is_none() {
        row.met_at = Some(now.naive_utc());
        row.version += 1;
        store::save(db, &row)?;
        let called_off = call_off(db, &row, now)?;
        let detail = json!({ "booked": booked, "needed": row.needed, "called_off": called_off });
        return audit::append(db, [entry(context, "appeal.met", &row.id, detail)], now, &mut chance);
    }
    if stage != Stage::Open {
        return Ok(());
    }
    if row.met_at.take().is_some() {
        row.version += 1;
        row.next_wave_at = now.naive_utc();
        store::forget_called_off(db, &row.id)?;
        tally = store::tallies(db, &[&row])?.remove(&row.id).unwrap_or_default();
        let detail = json!({ "booked": booked, "needed": row.needed });
        audit::append(db, [entry(context, "appeal.reopened", &row.id, detail)], now, &mut chance)?;
    }
    if row.next_wave_at <= now.naive_utc() {
        wave::send(context, db, &mut row, &tally, now, &mut chance)?;
    }
    Ok(())
}
