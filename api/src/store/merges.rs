//! Merges of two records of one person, and what each moved.

use super::connection::Db;
use super::schema::{donations, donors, merged_donations, merged_links, merges};
use crate::error::Error;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A merge as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = merges, treat_none_as_default_value = false)]
pub struct MergeRow {
    /// UUIDv7.
    pub id: String,
    /// The record that stays.
    pub kept_id: String,
    /// The record that goes into it.
    pub duplicate_id: String,
    /// Why they are one person's.
    pub reason: String,
    /// `proposed`, `refused`, `merged`, `unmerge_proposed` or `unmerged`.
    pub state: String,
    /// The user who made the last proposal.
    pub proposed_by: String,
    /// UTC.
    pub proposed_at: NaiveDateTime,
    /// The user who decided on it.
    pub decided_by: Option<String>,
    /// UTC.
    pub decided_at: Option<NaiveDateTime>,
}

/// Writes a proposal.
pub fn insert(db: &mut Db, row: &MergeRow) -> Result<(), Error> {
    diesel::insert_into(merges::table).values(row).execute(db)?;
    Ok(())
}

/// The merge with this id.
pub fn by_id(db: &mut Db, id: &str) -> Result<Option<MergeRow>, Error> {
    Ok(merges::table.find(id).first(db).optional()?)
}

/// Merges in one of these states, the newest first.
pub fn in_states(db: &mut Db, states: &[&str], limit: i64) -> Result<Vec<MergeRow>, Error> {
    Ok(merges::table.filter(merges::state.eq_any(states)).order(merges::id.desc()).limit(limit).load(db)?)
}

/// Whether a proposal or a merge of one of these records is under way or in force: as duplicate of either,
/// or as the kept record of `duplicate_id`.
pub fn involve(db: &mut Db, kept_id: &str, duplicate_id: &str) -> Result<bool, Error> {
    let open = merges::table
        .filter(merges::state.eq_any(["proposed", "merged", "unmerge_proposed"]))
        .filter(merges::duplicate_id.eq_any([kept_id, duplicate_id]).or(merges::kept_id.eq(duplicate_id)));
    let count: i64 = open.count().get_result(db)?;
    Ok(count > 0)
}

/// Whether any merge, whatever became of it, speaks of this record.
pub fn mention(db: &mut Db, donor_id: &str) -> Result<bool, Error> {
    let of_donor = merges::table.filter(merges::kept_id.eq(donor_id).or(merges::duplicate_id.eq(donor_id)));
    let count: i64 = of_donor.count().get_result(db)?;
    Ok(count > 0)
}

/// Moves a merge from one state to another; `false` when it is in another already.
pub fn decide(
    db: &mut Db,
    id: &str,
    from: &str,
    to: &str,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let waiting = merges::table.find(id).filter(merges::state.eq(from));
    let decided = diesel::update(waiting)
        .set((
            merges::state.eq(to),
            merges::decided_by.eq(Some(by)),
            merges::decided_at.eq(Some(now.naive_utc())),
        ))
        .execute(db)?;
    Ok(decided == 1)
}

/// Proposes to undo a merge; `false` when it is not in force.
pub fn propose_undoing(db: &mut Db, id: &str, by: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let merged = merges::table.find(id).filter(merges::state.eq("merged"));
    let proposed = diesel::update(merged)
        .set((
            merges::state.eq("unmerge_proposed"),
            merges::proposed_by.eq(by),
            merges::proposed_at.eq(now.naive_utc()),
        ))
        .execute(db)?;
    Ok(proposed == 1)
}

/// Moves the duplicate's donations to the kept record, and remembers which.
pub fn move_donations(db: &mut Db, merge: &MergeRow) -> Result<(), Error> {
    let of_duplicate = donations::table.filter(donations::donor_id.eq(&merge.duplicate_id));
    let numbers: Vec<String> = of_duplicate.select(donations::donation_no).load(db)?;
    for number in &numbers {
        diesel::insert_into(merged_donations::table)
            .values((merged_donations::merge_id.eq(&merge.id), merged_donations::donation_no.eq(number)))
            .execute(db)?;
    }
    diesel::update(of_duplicate).set(donations::donor_id.eq(&merge.kept_id)).execute(db)?;
    set_merged_into(db, &merge.duplicate_id, Some(&merge.kept_id))
}

/// Moves them back.
pub fn move_donations_back(db: &mut Db, merge: &MergeRow) -> Result<(), Error> {
    let moved = merged_donations::table.filter(merged_donations::merge_id.eq(&merge.id));
    let numbers: Vec<String> = moved.select(merged_donations::donation_no).load(db)?;
    diesel::update(donations::table.filter(donations::donation_no.eq_any(&numbers)))
        .set(donations::donor_id.eq(&merge.duplicate_id))
        .execute(db)?;
    diesel::delete(moved).execute(db)?;
    set_merged_into(db, &merge.duplicate_id, None)
}

fn set_merged_into(db: &mut Db, donor_id: &str, kept_id: Option<&str>) -> Result<(), Error> {
    diesel::update(donors::table.find(donor_id)).set(donors::merged_into.eq(kept_id)).execute(db)?;
    Ok(())
}

/// A link that a merge ended, and the one that it made in its place.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = merged_links, treat_none_as_default_value = false)]
pub struct MergedLink {
    /// UUIDv7.
    pub id: String,
    /// The merge.
    pub merge_id: String,
    /// The link to the duplicate.
    pub ended_link: String,
    /// The link to the kept record; none when the account saw that one already.
    pub new_link: Option<String>,
}

/// Remembers what became of a link.
pub fn remember_link(db: &mut Db, row: &MergedLink) -> Result<(), Error> {
    diesel::insert_into(merged_links::table).values(row).execute(db)?;
    Ok(())
}

/// What a merge did to links; it is forgotten with this.
pub fn take_links(db: &mut Db, merge_id: &str) -> Result<Vec<MergedLink>, Error> {
    let of_merge = merged_links::table.filter(merged_links::merge_id.eq(merge_id));
    let rows = of_merge.load(db)?;
    diesel::delete(of_merge).execute(db)?;
    Ok(rows)
}

/// Deletes what was proposed about a record and never done.
pub fn forget_proposals(db: &mut Db, donor_id: &str) -> Result<(), Error> {
    let of_donor = merges::table.filter(merges::kept_id.eq(donor_id).or(merges::duplicate_id.eq(donor_id)));
    diesel::delete(of_donor.filter(merges::state.eq_any(["proposed", "refused"]))).execute(db)?;
    Ok(())
}
