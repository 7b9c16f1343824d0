//! One transaction at a time plans for a donor: two products need a time between them, and no index knows it.

use super::connection::{Db, advisory_number};
use super::together::{Values, column};
use crate::error::Error;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::collections::{BTreeMap, HashSet};

/// Waits until nobody else plans for these donors; nobody does until the transaction ends. Before anything else is locked, so
/// that nobody waits in a circle. SQLite has one writer anyway.
pub fn wait_for(db: &mut Db, donor_ids: &[&str]) -> Result<(), Error> {
    if let Db::Postgres(connection) = db
        && !donor_ids.is_empty()
    {
        // In one order for all: that of the numbers.
        let numbers = numbers(donor_ids)?.into_keys();
        let lock = "SELECT pg_advisory_xact_lock(number) FROM unnest(";
        Values::<_, _, BigInt>::new(lock, vec![column::<BigInt, _>(numbers)], ") AS number")
            .execute(connection)?;
    }
    Ok(())
}

/// Those of these donors for whom nobody else plans at this moment; nobody does until the transaction ends. It never waits.
pub fn free(db: &mut Db, donor_ids: &[&str]) -> Result<HashSet<String>, Error> {
    let Db::Postgres(connection) = db else {
        return Ok(donor_ids.iter().map(|id| (*id).to_owned()).collect());
    };
    let numbers = numbers(donor_ids)?;
    let lock = Values::<_, _, BigInt>::new(
        "SELECT number FROM unnest(",
        vec![column::<BigInt, _>(numbers.keys().copied())],
        ") AS number WHERE pg_try_advisory_xact_lock(number)",
    );
    let free: Vec<i64> = lock.load(connection)?;
    Ok(free.iter().filter_map(|number| numbers.get(number)).flatten().map(|id| (*id).to_owned()).collect())
}

fn numbers<'a>(donor_ids: &[&'a str]) -> Result<BTreeMap<i64, Vec<&'a str>>, Error> {
    let mut numbers: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    for id in donor_ids {
        numbers.entry(advisory_number(format!("plans\0{id}").as_bytes())?).or_default().push(id);
    }
    Ok(numbers)
}
