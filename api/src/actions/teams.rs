//! Emergency teams: entered and closed by staff, joined and left by donors.

use super::own_record::no_such_account;
use super::{Context, call_ups, family};
use crate::chance::Chance;
use crate::domain::call_ups::BloodGroup;
use crate::domain::consent::TextVersion;
use crate::error::{Error, Kind};
use crate::store::audit::{self, Actor, Entry};
use crate::store::teams::{self as store, MemberRow, TeamRow};
use crate::store::{Db, accounts, donors};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::HashMap;

/// Teams that are shown at once.
const PAGE: i64 = 500;

/// A team and how many members it has.
pub struct Team {
    /// The team.
    pub row: TeamRow,
    /// How many can be called.
    pub members: i64,
}

/// Enters a team. Returns its id.
///
/// # Errors
/// Failures of the database.
pub async fn create(context: &Context, name: String) -> Result<String, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let (now, mut chance) = (whole.clock.now(), Chance::from_system()?);
            let row = TeamRow {
                id: chance.id(now),
                name,
                created_by: whole.user_id(),
                created_at: now.naive_utc(),
                closed_at: None,
                version: 1,
            };
            store::insert(db, &row)?;
            trace(&whole, db, "team.created", &row.id, json!({}), &mut chance)?;
            Ok(row.id)
        })
        .await
}

/// All teams, the newest first.
///
/// # Errors
/// Failures of the database.
pub fn all(db: &mut Db) -> Result<Vec<Team>, Error> {
    let rows = store::newest(db, PAGE)?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let sizes = store::sizes(db, &ids)?;
    Ok(rows.into_iter().map(|row| Team { members: sizes.get(&row.id).copied().unwrap_or(0), row }).collect())
}

/// Closes a team, for good: its memberships end, and so do its call-ups. `version` is the one that it was read in.
///
/// # Errors
/// `not_found`, `team_closed`, `changed_meanwhile`.
pub async fn close(context: &Context, team_id: String, version: i64) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let (now, mut chance) = (whole.clock.now(), Chance::from_system()?);
            open_team(store::lock(db, &team_id)?)?;
            if !store::close(db, &team_id, version, now)? {
                return Err(Error::changed_meanwhile());
            }
            let members = store::dissolve(db, &team_id, now)?;
            let ended = call_ups::end_all_of(db, &team_id, now)?;
            let detail = json!({ "members": members, "call_ups": ended });
            trace(&whole, db, "team.closed", &team_id, detail, &mut chance)
        })
        .await
}

/// The team, when it is there and not closed.
///
/// # Errors
/// `not_found`, `team_closed`.
pub(super) fn open_team(team: Option<TeamRow>) -> Result<TeamRow, Error> {
    let team = team.ok_or_else(no_such_team)?;
    if team.closed_at.is_some() {
        return Err(Error::conflict("team_closed", "This team is closed, and that is for good."));
    }
    Ok(team)
}

/// There is none with this id.
pub(super) fn no_such_team() -> Error {
    Error::not_found("There is no such team.")
}

/// A team as a donor sees it.
pub struct OfferedTeam {
    /// The team.
    pub team: TeamRow,
    /// The caller's membership.
    pub membership: Option<MemberRow>,
}

/// The teams that an account can join, with the memberships that it has.
///
/// # Errors
/// Failures of the database.
pub fn offered_to(db: &mut Db, account_id: &str) -> Result<Vec<OfferedTeam>, Error> {
    let mut mine: HashMap<String, MemberRow> =
        store::memberships(db, account_id)?.into_iter().map(|row| (row.team_id.clone(), row)).collect();
    let open = store::open(db, PAGE)?;
    Ok(open.into_iter().map(|team| OfferedTeam { membership: mine.remove(&team.id), team }).collect())
}

/// Joins a team: the caller agrees to that version of its text. To join twice changes nothing.
///
/// # Errors
/// `not_found`, `team_closed`; `no_record`, `blood_group_unknown`.
pub async fn join(
    context: &Context,
    account_id: String,
    team_id: String,
    text_version: TextVersion,
) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let (now, mut chance) = (whole.clock.now(), Chance::from_system()?);
            // The team before the account, as whoever calls it up does.
            open_team(store::lock(db, &team_id)?)?;
            accounts::lock(db, &account_id)?.ok_or_else(no_such_account)?;
            let donor_id = family::own_record(db, &account_id)?.link.donor_id;
            let record = donors::by_ids(db, &[donor_id])?.pop();
            let record = record.ok_or_else(|| Error::internal("a link to no record"))?;
            if BloodGroup::of_words(record.abo.as_deref(), record.rh.as_deref()).is_none() {
                return Err(Error::conflict(
                    "blood_group_unknown",
                    "Your blood group is not in your record yet: it is determined when you give.",
                ));
            }
            let row = MemberRow {
                id: chance.id(now),
                team_id,
                account_id,
                donor_id: record.id,
                text_version: text_version.as_str().to_owned(),
                joined_at: now.naive_utc(),
                left_at: None,
            };
            if !store::join(db, &row)? {
                return Ok(());
            }
            let detail = json!({ "team": row.team_id, "text_version": row.text_version });
            trace(&whole, db, "team.joined", &row.donor_id, detail, &mut chance)
        })
        .await
}

/// Leaves a team, at once: who said that they come is not waited for any more.
///
/// # Errors
/// `not_found` for who is no member.
pub async fn leave(context: &Context, account_id: String, team_id: String) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let mut mine = store::memberships(db, &account_id)?;
            mine.retain(|membership| membership.team_id == team_id);
            let entries = end(db, &account_id, &mine, whole.actor.clone(), now)?;
            if entries.is_empty() {
                return Err(Error::new(Kind::NotFound, "not_found", "You are not in this team."));
            }
            audit::append(db, entries, now, &mut Chance::from_system()?)
        })
        .await?;
    // Somebody else may be needed in their place.
    context.bell.notify_one();
    Ok(())
}

/// Leaves all teams: the account goes, or its consent to be called does. What is to be written in the trail.
///
/// # Errors
/// Failures of the database.
pub(super) fn leave_all(db: &mut Db, account_id: &str, now: DateTime<Utc>) -> Result<Vec<Entry>, Error> {
    let mine = store::memberships(db, account_id)?;
    end(db, account_id, &mine, Actor::Account(account_id.to_owned()), now)
}

fn end(
    db: &mut Db,
    account_id: &str,
    memberships: &[MemberRow],
    actor: Actor,
    now: DateTime<Utc>,
) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    for membership in memberships {
        if store::leave(db, &membership.id, now)? {
            entries.push(Entry {
                actor: actor.clone(),
                action: "team.left",
                subject: membership.donor_id.clone(),
                detail: json!({ "team": membership.team_id }),
            });
        }
    }
    let teams: Vec<&str> = memberships.iter().map(|membership| membership.team_id.as_str()).collect();
    entries.extend(call_ups::withdraw(db, account_id, &teams, &actor, now)?);
    Ok(entries)
}

fn trace(
    context: &Context,
    db: &mut Db,
    action: &'static str,
    subject: &str,
    detail: serde_json::Value,
    chance: &mut Chance,
) -> Result<(), Error> {
    let entry = Entry { actor: context.actor.clone(), action, subject: subject.to_owned(), detail };
    audit::append(db, [entry], context.clock.now(), chance)
}
