//! Sites, and the sessions in which blood can be given there.

use super::Context;
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::refusal::Refusal;
use crate::domain::schedule::{Hours, Plan, opens_on};
use crate::error::Error;
use crate::records::calendar::Day;
use crate::store::Db;
use crate::store::audit::{self, Actor, Entry};
use crate::store::schedule::{self as store, HolidayRow, SessionRow, SiteRow, SlotRow, TemplateRow};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use serde_json::json;
use std::collections::HashMap;

/// How far ahead sessions are made from weekly templates, days.
pub const HORIZON_DAYS: i64 = 30;

/// Enters a site.
///
/// # Errors
/// `site_code_taken`.
pub async fn enter_site(context: &Context, site: SiteRow) -> Result<(), Error> {
    let (now, actor) = (context.clock.now(), context.actor.clone());
    context
        .pool
        .write(move |db| {
            if !store::insert_site(db, &site)? {
                return Err(Error::conflict("site_code_taken", "There is a site with this code already."));
            }
            trace(db, actor, "site.entered", &site.code, json!({}), now)
        })
        .await
}

fn trace(
    db: &mut Db,
    actor: Actor,
    action: &'static str,
    subject: &str,
    detail: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let entry = Entry { actor, action, subject: subject.to_owned(), detail };
    audit::append(db, [entry], now, &mut Chance::from_system()?)
}

/// Changes a site: `change` makes the new row of the old one, whose version MUST be `version`.
///
/// # Errors
/// `not_found`; `changed_meanwhile`.
pub async fn change_site(
    context: &Context,
    code: String,
    version: i64,
    change: impl FnOnce(SiteRow) -> SiteRow + Send + 'static,
) -> Result<SiteRow, Error> {
    let (now, actor) = (context.clock.now(), context.actor.clone());
    context
        .pool
        .write(move |db| {
            let before = store::site(db, &code)?.ok_or_else(no_such_site)?;
            let mut row = change(before);
            row.version = version + 1;
            if !store::change_site(db, &row, version)? {
                return Err(Error::changed_meanwhile());
            }
            trace(db, actor, "site.changed", &code, json!({ "version": row.version }), now)?;
            Ok(row)
        })
        .await
}

/// There is no such site.
pub fn no_such_site() -> Error {
    Error::not_found("There is no such site.")
}

/// A session to be opened.
pub struct NewSession {
    /// The site.
    pub site_code: String,
    /// Its hours.
    pub hours: Hours,
    /// The vehicle, of a mobile site.
    pub vehicle: Option<String>,
    /// What it can do at one time.
    pub plan: Plan,
    /// The template that it comes from.
    pub template_id: Option<String>,
}

/// Opens a session with its slots. Returns its id.
///
/// # Errors
/// `not_found`, `site_closed`; `in_the_past`, `bad_plan`; `session_exists` when the site has one at that time.
pub async fn open_session(context: &Context, session: NewSession) -> Result<String, Error> {
    session.plan.check()?;
    let (now, actor) = (context.clock.now(), context.actor.clone());
    context
        .pool
        .write(move |db| {
            let site = store::site(db, &session.site_code)?.ok_or_else(no_such_site)?;
            if site.closed {
                return Err(Error::conflict("site_closed", "This site is given up."));
            }
            if session.hours.opens_at <= now {
                return Err(
                    Refusal::new("opens_at", "in_the_past", "The session would open in the past.").into()
                );
            }
            let id = insert_session(db, &session, now)?.ok_or_else(|| {
                Error::conflict("session_exists", "The site has a session that opens at that time.")
            })?;
            trace(db, actor, "session.opened", &id, json!({ "site": session.site_code }), now)?;
            Ok(id)
        })
        .await
}

fn insert_session(db: &mut Db, session: &NewSession, now: DateTime<Utc>) -> Result<Option<String>, Error> {
    let mut chance = Chance::from_system()?;
    let row = SessionRow {
        id: chance.id(now),
        site_code: session.site_code.clone(),
        day: day_in_china(session.hours.opens_at),
        opens_at: session.hours.opens_at.naive_utc(),
        closes_at: session.hours.closes_at.naive_utc(),
        vehicle: session.vehicle.clone(),
        plan: serde_json::to_string(&session.plan).map_err(Error::internal)?,
        release_at: session.plan.release_at(session.hours).naive_utc(),
        state: "open".to_owned(),
        reason: None,
        template_id: session.template_id.clone(),
        version: 1,
    };
    if !store::insert_session(db, &row)? {
        return Ok(None);
    }
    let slots = session.plan.slots(session.hours).into_iter().map(|slot| SlotRow {
        id: chance.id(now),
        session_id: row.id.clone(),
        product: slot.product.as_str().to_owned(),
        starts_at: slot.starts_at.naive_utc(),
        capacity: i64::from(slot.capacity),
        reserved: i64::from(slot.reserved),
        held: 0,
        booked: 0,
        kept: 0,
    });
    let slots: Vec<SlotRow> = slots.collect();
    store::insert_slots(db, &slots)?;
    Ok(Some(row.id))
}

/// Pauses a session, or opens it again: no new bookings while it is paused.
///
/// # Errors
/// `not_found`; `changed_meanwhile`; `session_cancelled`.
pub async fn set_paused(
    context: &Context,
    id: String,
    version: i64,
    paused: bool,
    reason: Option<String>,
) -> Result<(), Error> {
    let (now, actor) = (context.clock.now(), context.actor.clone());
    context
        .pool
        .write(move |db| {
            let session =
                store::session(db, &id)?.ok_or_else(|| Error::not_found("There is no such session."))?;
            if session.state == "cancelled" {
                return Err(Error::conflict(
                    "session_cancelled",
                    "This session is cancelled, and that is for good.",
                ));
            }
            let (from, to, action) = match paused {
                true => ("open", "paused", "session.paused"),
                false => ("paused", "open", "session.resumed"),
            };
            if !store::set_session_state(db, &id, version, &[from, to], to, reason.as_deref())? {
                return Err(Error::changed_meanwhile());
            }
            trace(db, actor, action, &id, json!({}), now)
        })
        .await
}

/// Writes a weekly template. Returns its id.
///
/// # Errors
/// `not_found`; `bad_hours`, `bad_plan`.
pub async fn enter_template(
    context: &Context,
    mut template: TemplateRow,
    plan: Plan,
) -> Result<String, Error> {
    plan.check()?;
    let (now, actor) = (context.clock.now(), context.actor.clone());
    template.id = Chance::from_system()?.id(now);
    template.plan = serde_json::to_string(&plan).map_err(Error::internal)?;
    hours_of(&template, template.valid_from)?;
    context
        .pool
        .write(move |db| {
            store::site(db, &template.site_code)?.ok_or_else(no_such_site)?;
            store::insert_template(db, &template)?;
            trace(db, actor, "template.entered", &template.id, json!({ "site": template.site_code }), now)?;
            Ok(template.id)
        })
        .await
}

/// Ends a template today.
///
/// # Errors
/// `not_found`.
pub async fn end_template(context: &Context, site_code: String, id: String) -> Result<(), Error> {
    let (now, actor) = (context.clock.now(), context.actor.clone());
    context
        .pool
        .write(move |db| {
            if !store::end_template(db, &site_code, &id, day_in_china(now))? {
                return Err(Error::not_found("There is no such template."));
            }
            trace(db, actor, "template.ended", &id, json!({ "site": site_code }), now)
        })
        .await
}

fn hours_of(template: &TemplateRow, day: NaiveDate) -> Result<Hours, Error> {
    let minute = |minute: i64| u32::try_from(minute).unwrap_or(u32::MAX);
    Ok(Hours::of(day, minute(template.opens_minute), minute(template.closes_minute))?)
}

/// Makes the sessions that weekly templates ask for, from tomorrow to the horizon; what is there already stays as
/// it is, and what staff cancelled stays cancelled. Returns how many were made.
///
/// # Errors
/// Failures of the database.
pub async fn plan_ahead(context: &Context) -> Result<usize, Error> {
    let (now, actor) = (context.clock.now(), context.actor.clone());
    context.pool.write(move |db| plan_ahead_in(db, actor, now)).await
}

fn plan_ahead_in(db: &mut Db, actor: Actor, now: DateTime<Utc>) -> Result<usize, Error> {
    let first = day_in_china(now) + TimeDelta::days(1);
    let last = first + TimeDelta::days(HORIZON_DAYS - 1);
    let calendar: HashMap<NaiveDate, bool> =
        store::holidays_between(db, first, last)?.into_iter().map(|row| (row.day, row.is_off)).collect();
    let mut made = 0;
    for template in store::templates_from(db, first)? {
        let plan: Plan = serde_json::from_str(&template.plan).map_err(Error::internal)?;
        for day in first.iter_days().take_while(|day| *day <= last) {
            let valid = template.valid_from <= day && template.valid_until.is_none_or(|until| day <= until);
            let weekday = i64::from(day.weekday().number_from_monday()) == template.weekday;
            if !valid || !weekday || !opens_on(template.on_holidays, calendar.get(&day).copied()) {
                continue;
            }
            let session = NewSession {
                site_code: template.site_code.clone(),
                hours: hours_of(&template, day)?,
                vehicle: None,
                plan: plan.clone(),
                template_id: Some(template.id.clone()),
            };
            made += usize::from(insert_session(db, &session, now)?.is_some());
        }
    }
    if made > 0 {
        trace(db, actor, "sessions.planned", &last.to_string(), json!({ "sessions": made }), now)?;
    }
    Ok(made)
}

/// Writes days of the calendar.
///
/// # Errors
/// Failures of the database.
pub async fn import_calendar(context: &Context, days: Vec<Day>) -> Result<usize, Error> {
    let (now, actor) = (context.clock.now(), context.actor.clone());
    context
        .pool
        .write(move |db| {
            let row = |day: &Day| HolidayRow { day: day.date, name: day.name.clone(), is_off: day.is_off };
            store::save_holidays(db, &days.iter().map(row).collect::<Vec<_>>())?;
            trace(db, actor, "calendar.imported", "holidays", json!({ "days": days.len() }), now)?;
            Ok(days.len())
        })
        .await
}
