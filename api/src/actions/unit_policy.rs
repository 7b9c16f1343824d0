//! When donors are shown what became of a donation.

use super::Context;
use crate::chance::Chance;
use crate::domain::unit::Policy;
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::unit_policy as store;
use serde_json::json;

/// Puts a policy in the place of its version before.
///
/// # Errors
/// `out_of_range`, by the name of what it settles; `changed_meanwhile`.
pub async fn change(context: &Context, policy: Policy) -> Result<(), Error> {
    policy.check()?;
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            if !store::change(db, &policy)? {
                return Err(Error::changed_meanwhile());
            }
            let detail = json!({ "version": policy.version, "delay_days": policy.delay.num_days() });
            let subject = "unit_policy".to_owned();
            let entry = Entry { actor: whole.actor.clone(), action: "unit_policy.changed", subject, detail };
            audit::append(db, [entry], whole.clock.now(), &mut Chance::from_system()?)
        })
        .await
}
