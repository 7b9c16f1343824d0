//! Groups that give together, and the places kept for them.

use super::connection::{Db, insert_rows};
use super::schema::{appointments, donor_groups, group_blocks, slots};
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A group as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = donor_groups, treat_none_as_default_value = false)]
pub struct GroupRow {
    /// UUIDv7.
    pub id: String,
    /// The organisation.
    pub name: String,
    /// The session.
    pub session_id: String,
    /// The product.
    pub product: String,
    /// SHA-256 of the code by which members join.
    pub join_hash: Vec<u8>,
    /// SHA-256 of the key by which the organiser sees counts.
    pub organiser_hash: Vec<u8>,
    /// UTC: when unused places become everybody's.
    pub returns_at: NaiveDateTime,
    /// UTC.
    pub closed_at: Option<NaiveDateTime>,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// Grows with each change.
    pub version: i64,
}

/// A group's places in a slot.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = group_blocks, treat_none_as_default_value = false)]
pub struct BlockRow {
    /// The group.
    pub group_id: String,
    /// The slot.
    pub slot_id: String,
    /// Places.
    pub places: i64,
    /// Those that are left.
    pub unused: i64,
}

/// Writes a new group with its places.
pub fn insert(db: &mut Db, group: &GroupRow, blocks: &[BlockRow]) -> Result<(), Error> {
    diesel::insert_into(donor_groups::table).values(group).execute(db)?;
    insert_rows!(db, group_blocks::table, blocks)
}

/// The group with this id.
pub fn by_id(db: &mut Db, id: &str) -> Result<Option<GroupRow>, Error> {
    Ok(donor_groups::table.find(id).first(db).optional()?)
}

/// The group that is joined by this.
pub fn by_join_hash(db: &mut Db, hash: &[u8]) -> Result<Option<GroupRow>, Error> {
    Ok(donor_groups::table.filter(donor_groups::join_hash.eq(hash)).first(db).optional()?)
}

/// The group whose counts are seen by this.
pub fn by_organiser_hash(db: &mut Db, hash: &[u8]) -> Result<Option<GroupRow>, Error> {
    Ok(donor_groups::table.filter(donor_groups::organiser_hash.eq(hash)).first(db).optional()?)
}

/// The groups of a session.
pub fn of_session(db: &mut Db, session_id: &str) -> Result<Vec<GroupRow>, Error> {
    Ok(donor_groups::table
        .filter(donor_groups::session_id.eq(session_id))
        .order(donor_groups::id.asc())
        .load(db)?)
}

/// The groups with these ids or joined by these, with their places in these slots. The slots MUST be locked.
pub fn blocks(
    db: &mut Db,
    ids: &[&str],
    join_hashes: &[&[u8]],
    slot_ids: &[&str],
) -> Result<Vec<(GroupRow, BlockRow)>, Error> {
    let wanted = donor_groups::id.eq_any(ids).or(donor_groups::join_hash.eq_any(join_hashes));
    Ok(group_blocks::table
        .inner_join(donor_groups::table)
        .filter(group_blocks::slot_id.eq_any(slot_ids))
        .filter(wanted)
        .select((donor_groups::all_columns, group_blocks::all_columns))
        .load(db)?)
}

/// A group's places with the starts of their slots, by start.
pub fn places(db: &mut Db, group_id: &str) -> Result<Vec<(BlockRow, NaiveDateTime)>, Error> {
    Ok(group_blocks::table
        .inner_join(slots::table)
        .filter(group_blocks::group_id.eq(group_id))
        .order((slots::starts_at.asc(), slots::id.asc()))
        .select((group_blocks::all_columns, slots::starts_at))
        .load(db)?)
}

/// How many appointments a group has in each state.
pub fn counts(db: &mut Db, group_id: &str) -> Result<Vec<(String, i64)>, Error> {
    Ok(appointments::table
        .filter(appointments::group_id.eq(group_id))
        .group_by(appointments::state)
        .select((appointments::state, diesel::dsl::count_star()))
        .load(db)?)
}

/// Writes how many places are left. The slots MUST be locked.
pub fn save_blocks(db: &mut Db, rows: &[&BlockRow]) -> Result<(), Error> {
    for row in rows {
        diesel::update(group_blocks::table.find((&row.group_id, &row.slot_id)))
            .set(group_blocks::unused.eq(row.unused))
            .execute(db)?;
    }
    Ok(())
}

/// Groups with places left whose time is over, or that were closed: at most `limit`.
pub fn to_return(db: &mut Db, now: DateTime<Utc>, limit: i64) -> Result<Vec<String>, Error> {
    let over = donor_groups::returns_at.le(now.naive_utc()).or(donor_groups::closed_at.is_not_null());
    Ok(donor_groups::table
        .inner_join(group_blocks::table)
        .filter(group_blocks::unused.gt(0))
        .filter(over)
        .select(donor_groups::id)
        .distinct()
        .limit(limit)
        .load(db)?)
}

/// Closes a group over its version before; `false` when somebody else was faster.
pub fn close(db: &mut Db, id: &str, before: i64, now: DateTime<Utc>) -> Result<bool, Error> {
    let unchanged = donor_groups::table
        .find(id)
        .filter(donor_groups::version.eq(before))
        .filter(donor_groups::closed_at.is_null());
    let changed = diesel::update(unchanged)
        .set((donor_groups::closed_at.eq(Some(now.naive_utc())), donor_groups::version.eq(before + 1)))
        .execute(db)?;
    Ok(changed == 1)
}

/// Takes all places of these slots from their groups: their session is cancelled. The slots MUST be locked.
pub fn clear(db: &mut Db, slot_ids: &[&str]) -> Result<(), Error> {
    diesel::update(group_blocks::table.filter(group_blocks::slot_id.eq_any(slot_ids)))
        .set(group_blocks::unused.eq(0))
        .execute(db)?;
    Ok(())
}
