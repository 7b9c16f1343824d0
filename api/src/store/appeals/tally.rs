//! What became of those whom an appeal drew.

use super::AppealRow;
use crate::domain::appeals::Lot;
use crate::error::Error;
use crate::store::connection::Db;
use crate::store::schema::{appeal_recipients, appointments, donations};
use chrono::TimeDelta;
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// States of an appointment that was kept, or still can be.
const BOOKED: [&str; 3] = ["booked", "checked_in", "donated"];

/// What became of those whom an appeal drew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    drawn: HashMap<Lot, u32>,
    booked: HashMap<Lot, u32>,
    donated: HashMap<Lot, u32>,
}

impl Tally {
    /// How many had this lot.
    pub fn drawn(&self, lot: Lot) -> u32 {
        self.drawn.get(&lot).copied().unwrap_or(0)
    }

    /// How many of them have booked since, for the product and before the appeal is over.
    pub fn booked(&self, lot: Lot) -> u32 {
        self.booked.get(&lot).copied().unwrap_or(0)
    }

    /// How many of them have given the product since, until a day after the appeal.
    pub fn donated(&self, lot: Lot) -> u32 {
        self.donated.get(&lot).copied().unwrap_or(0)
    }
}

/// What became of those whom these appeals drew, by appeal.
pub fn tallies(db: &mut Db, rows: &[&AppealRow]) -> Result<HashMap<String, Tally>, Error> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut tallies: HashMap<String, Tally> = HashMap::new();
    let recipients = appeal_recipients::table.filter(appeal_recipients::appeal_id.eq_any(&ids));
    let drawn: Vec<(String, String, bool, i64)> = recipients
        .group_by((appeal_recipients::appeal_id, appeal_recipients::state, appeal_recipients::reached))
        .select((
            appeal_recipients::appeal_id,
            appeal_recipients::state,
            appeal_recipients::reached,
            diesel::dsl::count_star(),
        ))
        .load(db)?;
    for (appeal, state, reached, count) in drawn {
        let count = u32::try_from(count).map_err(Error::internal)?;
        *tallies.entry(appeal).or_default().drawn.entry(lot(&state, reached)?).or_insert(0) += count;
    }
    for row in rows {
        let tally = tallies.entry(row.id.clone()).or_default();
        tally.booked = count(&booked(db, row)?)?;
        tally.donated = count(&donated(db, row)?)?;
    }
    Ok(tallies)
}

/// A recipient, the lot as it is written down, and whether they were reached.
type Drawn = (String, String, bool);

fn count(rows: &[Drawn]) -> Result<HashMap<Lot, u32>, Error> {
    let mut counts = HashMap::new();
    for (_, state, reached) in rows {
        *counts.entry(lot(state, *reached)?).or_insert(0) += 1;
    }
    Ok(counts)
}

fn lot(state: &str, reached: bool) -> Result<Lot, Error> {
    Lot::of(state, reached).ok_or_else(|| Error::internal("a lot that does not exist"))
}

/// Who of an appeal's recipients has booked since, with their lots.
fn booked(db: &mut Db, row: &AppealRow) -> Result<Vec<Drawn>, Error> {
    let of_donor = appointments::donor_id.eq(appeal_recipients::donor_id);
    Ok(appeal_recipients::table
        .inner_join(appointments::table.on(of_donor))
        .filter(appeal_recipients::appeal_id.eq(&row.id))
        .filter(appointments::product.eq(&row.product))
        .filter(appointments::created_at.ge(appeal_recipients::drawn_at))
        .filter(appointments::starts_at.le(row.closes_at))
        .filter(appointments::state.eq_any(BOOKED))
        .select((appeal_recipients::id, appeal_recipients::state, appeal_recipients::reached))
        .distinct()
        .load(db)?)
}

/// The recipients of an appeal who have booked since.
pub fn booked_since(db: &mut Db, row: &AppealRow) -> Result<HashSet<String>, Error> {
    Ok(booked(db, row)?.into_iter().map(|(id, ..)| id).collect())
}

/// Who of an appeal's recipients has given since, with their lots.
fn donated(db: &mut Db, row: &AppealRow) -> Result<Vec<Drawn>, Error> {
    let of_donor = donations::donor_id.eq(appeal_recipients::donor_id);
    Ok(appeal_recipients::table
        .inner_join(donations::table.on(of_donor))
        .filter(appeal_recipients::appeal_id.eq(&row.id))
        .filter(donations::product.eq(&row.product))
        .filter(donations::outcome.eq("donated"))
        .filter(donations::collected_at.ge(appeal_recipients::drawn_at))
        .filter(donations::collected_at.le(row.closes_at + TimeDelta::days(1)))
        .select((appeal_recipients::id, appeal_recipients::state, appeal_recipients::reached))
        .distinct()
        .load(db)?)
}
