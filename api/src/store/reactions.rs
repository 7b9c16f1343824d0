//! Adverse reactions, and that somebody asked how the donor is.

use super::connection::Db;
use super::schema::{donors, reactions};
use crate::chance::Chance;
use crate::error::Error;
use crate::vault::{Field, Vault};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;
use zeroize::Zeroizing;

/// A reaction as the table holds one.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = reactions, treat_none_as_default_value = false)]
pub struct ReactionRow {
    /// UUIDv7.
    pub id: String,
    /// The donor.
    pub donor_id: String,
    /// The donation that it followed.
    pub donation_no: String,
    /// `mild`, `moderate` or `severe`.
    pub severity: String,
    note_sealed: Vec<u8>,
    data_key_id: String,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// Who wrote it down.
    pub user_id: String,
    /// The day on which somebody is to ask, Asia/Shanghai.
    pub follow_up_on: NaiveDate,
    /// UTC.
    pub followed_up_at: Option<NaiveDateTime>,
    /// Who asked.
    pub followed_up_by: Option<String>,
    /// `recovered` or `referred`.
    pub outcome: Option<String>,
}

/// A reaction to be written down.
pub struct NewReaction {
    /// The donor.
    pub donor_id: String,
    /// The donation that it followed.
    pub donation_no: String,
    /// `mild`, `moderate` or `severe`.
    pub severity: &'static str,
    /// What happened: sealed.
    pub note: String,
    /// Who writes it down.
    pub user_id: String,
    /// The day on which somebody is to ask, Asia/Shanghai.
    pub follow_up_on: NaiveDate,
}

impl ReactionRow {
    /// The row of a new reaction.
    ///
    /// # Errors
    /// `internal` when the note cannot be sealed.
    pub fn seal(
        reaction: NewReaction,
        vault: &Vault,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<Self, Error> {
        let id = chance.id(now);
        Ok(Self {
            note_sealed: vault.seal(Field::ReactionNote, &id, &reaction.note, chance)?,
            data_key_id: vault.current_key().to_owned(),
            donor_id: reaction.donor_id,
            donation_no: reaction.donation_no,
            severity: reaction.severity.to_owned(),
            created_at: now.naive_utc(),
            user_id: reaction.user_id,
            follow_up_on: reaction.follow_up_on,
            followed_up_at: None,
            followed_up_by: None,
            outcome: None,
            id,
        })
    }

    /// What happened.
    ///
    /// # Errors
    /// `internal` when it does not open.
    pub fn note(&self, vault: &Vault) -> Result<Zeroizing<String>, Error> {
        vault.open(&self.data_key_id, Field::ReactionNote, &self.id, &self.note_sealed)
    }
}

/// Writes a new reaction.
pub fn insert(db: &mut Db, row: &ReactionRow) -> Result<(), Error> {
    diesel::insert_into(reactions::table).values(row).execute(db)?;
    Ok(())
}

/// Reactions after which nobody has asked yet, by the day on which somebody is to.
pub fn open(db: &mut Db, limit: i64) -> Result<Vec<ReactionRow>, Error> {
    Ok(reactions::table
        .filter(reactions::followed_up_at.is_null())
        .order((reactions::follow_up_on.asc(), reactions::id.asc()))
        .limit(limit)
        .load(db)?)
}

/// The reaction with this id.
pub fn by_id(db: &mut Db, id: &str) -> Result<Option<ReactionRow>, Error> {
    Ok(reactions::table.find(id).first(db).optional()?)
}

/// All reactions of these donors, the oldest first.
pub fn of_donors(db: &mut Db, donor_ids: &[&str]) -> Result<Vec<ReactionRow>, Error> {
    Ok(reactions::table.filter(reactions::donor_id.eq_any(donor_ids)).order(reactions::id.asc()).load(db)?)
}

/// Of these donors, those who had a reaction, also under a record that was merged into theirs.
pub fn donors_with(db: &mut Db, donor_ids: &[&str]) -> Result<Vec<String>, Error> {
    let rows: Vec<(String, Option<String>)> = reactions::table
        .inner_join(donors::table)
        .filter(donors::id.eq_any(donor_ids).or(donors::merged_into.eq_any(donor_ids)))
        .select((donors::id, donors::merged_into))
        .load(db)?;
    Ok(rows.into_iter().map(|(id, kept)| kept.unwrap_or(id)).collect())
}

/// Writes down that somebody asked; `false` when somebody had already, or there is no such reaction.
pub fn follow_up(
    db: &mut Db,
    id: &str,
    user_id: &str,
    outcome: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let open = reactions::table.find(id).filter(reactions::followed_up_at.is_null());
    let changed = diesel::update(open)
        .set((
            reactions::followed_up_at.eq(Some(now.naive_utc())),
            reactions::followed_up_by.eq(Some(user_id)),
            reactions::outcome.eq(Some(outcome)),
        ))
        .execute(db)?;
    Ok(changed == 1)
}
