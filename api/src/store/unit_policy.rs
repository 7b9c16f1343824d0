//! When donors are shown what became of a donation.

use super::connection::Db;
use super::schema::unit_policy;
use crate::domain::unit::Policy;
use crate::error::Error;
use chrono::TimeDelta;
use diesel::prelude::*;

/// The policy.
pub fn policy(db: &mut Db) -> Result<Policy, Error> {
    let (days, version): (i64, i64) =
        unit_policy::table.select((unit_policy::delay_days, unit_policy::version)).first(db)?;
    Ok(Policy { delay: TimeDelta::days(days), version })
}

/// Writes a policy over its version before; `false` when somebody else was faster.
pub fn change(db: &mut Db, policy: &Policy) -> Result<bool, Error> {
    let before = unit_policy::table.filter(unit_policy::version.eq(policy.version - 1));
    let changed = diesel::update(before)
        .set((unit_policy::delay_days.eq(policy.delay.num_days()), unit_policy::version.eq(policy.version)))
        .execute(db)?;
    Ok(changed == 1)
}
