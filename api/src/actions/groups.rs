//! Groups that give together (团体献血): places kept for them, a code by which members take one, counts for whoever organises it.

use super::Context;
use super::book::join_hash;
use crate::chance::Chance;
use crate::domain::donation::Product;
use crate::domain::refusal::Refusal;
use crate::error::{Error, Kind};
use crate::store::Db;
use crate::store::appointments::{self, Venue};
use crate::store::audit::{self, Entry};
use crate::store::groups::{self as store, BlockRow, GroupRow};
use crate::store::schedule::{self, SlotRow};
use chrono::{DateTime, Utc};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The longest name of an organisation, characters.
const LONGEST_NAME: usize = 100;
/// Groups in one round.
const BATCH: i64 = 100;

/// A group that is to be.
pub struct NewGroup {
    /// The organisation.
    pub name: String,
    /// The session.
    pub session_id: String,
    /// What its members give.
    pub product: Product,
    /// How many places.
    pub places: u32,
    /// When unused ones become everybody's.
    pub returns_at: DateTime<Utc>,
}

/// A group that was made. Its secrets are shown this once.
#[derive(Serialize, ToSchema)]
pub struct MadeGroup {
    /// Its id.
    id: String,
    /// What members book with: 8 characters, A–Z and 2–7.
    code: String,
    /// What the organiser sees counts with: 43 characters.
    organiser_key: String,
}

/// Places of a group at one time.
#[derive(Serialize, ToSchema)]
pub struct GroupSlot {
    /// The slot's id.
    slot: String,
    /// UTC.
    starts_at: DateTime<Utc>,
    /// Places that were kept.
    places: i64,
    /// Those that are left.
    unused: i64,
}

/// A group, for those who have its code.
#[derive(Serialize, ToSchema)]
pub struct GroupView {
    /// The organisation.
    name: String,
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    /// The site's name.
    site: String,
    /// The site's address.
    address: String,
    /// When unused places become everybody's, UTC.
    returns_at: DateTime<Utc>,
    /// By start.
    slots: Vec<GroupSlot>,
}

/// A group in numbers: no names.
#[derive(Serialize, ToSchema)]
pub struct GroupCounts {
    /// Its id.
    id: String,
    /// The organisation.
    name: String,
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    /// When unused places become everybody's, UTC.
    returns_at: DateTime<Utc>,
    /// Whether it was closed by the station.
    closed: bool,
    /// Grows with each change; what `If-Match` names.
    version: i64,
    /// Places that were kept for it.
    places: i64,
    /// Those that are left.
    unused: i64,
    /// Its members' appointments, by state.
    appointments: BTreeMap<String, i64>,
}

/// Keeps places of a session for a group.
///
/// # Errors
/// `not_found`, `session_closed`, `not_enough_places`; `bad_name`, `no_places`, `bad_time`.
pub async fn make(context: &Context, group: NewGroup) -> Result<MadeGroup, Error> {
    let whole = context.clone();
    context.pool.write(move |db| make_in(&whole, db, &group)).await
}

fn make_in(context: &Context, db: &mut Db, group: &NewGroup) -> Result<MadeGroup, Error> {
    let now = context.clock.now();
    let session = schedule::session(db, &group.session_id)?;
    let session = session.ok_or_else(|| Error::not_found("There is no such session."))?;
    if session.state != "open" {
        return Err(Error::conflict("session_closed", "This session takes no bookings at the moment."));
    }
    check(group, session.closes_at.and_utc(), now)?;
    let own = schedule::slots_of(db, &session.id)?;
    let ids: Vec<&str> = own
        .iter()
        .filter(|slot| slot.product == group.product.as_str() && slot.starts_at.and_utc() > now)
        .map(|slot| slot.id.as_str())
        .collect();
    let mut slots = appointments::lock_slots(db, &ids)?;
    slots.sort_by_key(|slot| slot.starts_at);
    let shares = spread(&slots, group.places)?;
    let mut chance = Chance::from_system()?;
    let (code, organiser_key) =
        (BASE32_NOPAD.encode(&chance.bytes::<5>()), BASE64URL_NOPAD.encode(&chance.bytes::<32>()));
    let row = GroupRow {
        id: chance.id(now),
        name: group.name.trim().to_owned(),
        session_id: session.id,
        product: group.product.as_str().to_owned(),
        join_hash: join_hash(&code).to_vec(),
        organiser_hash: organiser_hash(&organiser_key).to_vec(),
        returns_at: group.returns_at.naive_utc(),
        closed_at: None,
        created_at: now.naive_utc(),
        version: 1,
    };
    let mut blocks = Vec::new();
    for (slot, places) in slots.iter_mut().zip(shares).filter(|(_, places)| *places > 0) {
        slot.kept += places;
        blocks.push(BlockRow { group_id: row.id.clone(), slot_id: slot.id.clone(), places, unused: places });
    }
    appointments::save_slots(db, &slots.iter().collect::<Vec<_>>())?;
    store::insert(db, &row, &blocks)?;
    trace(context, db, "group.made", &row, now, &mut chance)?;
    Ok(MadeGroup { id: row.id, code, organiser_key })
}

fn check(group: &NewGroup, closes_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    let length = group.name.trim().chars().count();
    if length == 0 || length > LONGEST_NAME || group.name.chars().any(char::is_control) {
        return Err(Refusal::new("name", "bad_name", "A name has 1 to 100 characters on one line."));
    }
    if group.places == 0 {
        return Err(Refusal::new("places", "no_places", "A group has at least one place."));
    }
    if group.returns_at <= now || group.returns_at > closes_at {
        let message = "Unused places come back between now and the session's end.";
        return Err(Refusal::new("returns_at", "bad_time", message));
    }
    Ok(())
}

/// So many places of each slot: one of each in turn, the earlier first. What is reserved for groups may be used.
fn spread(slots: &[SlotRow], places: u32) -> Result<Vec<i64>, Error> {
    let free: Vec<i64> =
        slots.iter().map(|slot| (slot.capacity - slot.held - slot.booked - slot.kept).max(0)).collect();
    let (all, mut left) = (free.iter().sum::<i64>(), i64::from(places));
    if all < left {
        let message = format!("The session has {all} free places for this product.");
        return Err(Error::new(Kind::Conflict, "not_enough_places", message));
    }
    let mut shares = vec![0; free.len()];
    while left > 0 {
        for (share, free) in shares.iter_mut().zip(&free) {
            if *share < *free && left > 0 {
                (*share, left) = (*share + 1, left - 1);
            }
        }
    }
    Ok(shares)
}

fn organiser_hash(key: &str) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// The group that has this code.
///
/// # Errors
/// `unknown_group`.
pub fn by_code(db: &mut Db, code: &str) -> Result<GroupView, Error> {
    let unknown =
        || Error::new(Kind::NotFound, "unknown_group", "No group has this code. Ask whoever organises it.");
    let group = store::by_join_hash(db, &join_hash(code))?.filter(|group| group.closed_at.is_none());
    let group = group.ok_or_else(unknown)?;
    let venue: Venue = appointments::venues(db, &[&group.session_id])?.pop().ok_or_else(unknown)?;
    let slots = store::places(db, &group.id)?.into_iter().map(|(block, starts_at)| GroupSlot {
        slot: block.slot_id,
        starts_at: starts_at.and_utc(),
        places: block.places,
        unused: block.unused,
    });
    Ok(GroupView {
        slots: slots.collect(),
        name: group.name,
        product: group.product,
        site: venue.name,
        address: venue.address,
        returns_at: group.returns_at.and_utc(),
    })
}

/// The counts of the group that has this organiser's key.
///
/// # Errors
/// `not_found`.
pub fn by_organiser_key(db: &mut Db, key: &str) -> Result<GroupCounts, Error> {
    let group = store::by_organiser_hash(db, &organiser_hash(key))?;
    counts(db, group.ok_or_else(no_such_group)?)
}

/// The groups of a session, in numbers.
///
/// # Errors
/// Failures of the database.
pub fn of_session(db: &mut Db, session_id: &str) -> Result<Vec<GroupCounts>, Error> {
    let groups = store::of_session(db, session_id)?;
    groups.into_iter().map(|group| counts(db, group)).collect()
}

fn no_such_group() -> Error {
    Error::not_found("There is no such group.")
}

fn counts(db: &mut Db, group: GroupRow) -> Result<GroupCounts, Error> {
    let blocks = store::places(db, &group.id)?;
    Ok(GroupCounts {
        places: blocks.iter().map(|(block, _)| block.places).sum(),
        unused: blocks.iter().map(|(block, _)| block.unused).sum(),
        appointments: store::counts(db, &group.id)?.into_iter().collect(),
        id: group.id,
        name: group.name,
        product: group.product,
        returns_at: group.returns_at.and_utc(),
        closed: group.closed_at.is_some(),
        version: group.version,
    })
}

/// Closes a group: its code works no longer, its unused places are everybody's. Appointments stay.
///
/// # Errors
/// `not_found`, `changed_meanwhile`.
pub async fn close(context: &Context, id: String, version: i64) -> Result<(), Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let group = store::by_id(db, &id)?.filter(|group| group.closed_at.is_none());
            let group = group.ok_or_else(no_such_group)?;
            give_back(db, &group.id)?;
            if !store::close(db, &id, version, now)? {
                return Err(Error::changed_meanwhile());
            }
            trace(&whole, db, "group.closed", &group, now, &mut Chance::from_system()?)
        })
        .await
}

/// Gives unused places back whose time has come: of how many groups.
///
/// # Errors
/// Failures of the database.
pub async fn give_back_unused(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    let groups = context.pool.read(move |db| store::to_return(db, now, BATCH)).await?;
    for group_id in groups.clone() {
        context.pool.write(move |db| give_back(db, &group_id)).await?;
    }
    Ok(groups.len())
}

fn give_back(db: &mut Db, group_id: &str) -> Result<(), Error> {
    let ids: Vec<String> = store::places(db, group_id)?.into_iter().map(|(block, _)| block.slot_id).collect();
    let mut slots = appointments::lock_slots(db, &ids.iter().map(String::as_str).collect::<Vec<_>>())?;
    // Read again, behind the locks.
    let mut blocks: Vec<BlockRow> =
        store::places(db, group_id)?.into_iter().map(|(block, _)| block).collect();
    for block in &mut blocks {
        if let Some(slot) = slots.iter_mut().find(|slot| slot.id == block.slot_id) {
            slot.kept -= block.unused;
            block.unused = 0;
        }
    }
    appointments::save_slots(db, &slots.iter().collect::<Vec<_>>())?;
    store::save_blocks(db, &blocks.iter().collect::<Vec<_>>())
}

fn trace(
    context: &Context,
    db: &mut Db,
    action: &'static str,
    group: &GroupRow,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let detail = json!({ "session": group.session_id });
    let entry = Entry { actor: context.actor.clone(), action, subject: group.id.clone(), detail };
    audit::append(db, [entry], now, chance)
}
