//! What is planned counts like a donation on its day: before it and after it.

use super::{Block, Cause, RulePack};
use crate::domain::donation::Product;
use chrono::NaiveDate;

/// A donation that is to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The appointment's id.
    pub appointment_id: String,
    /// What.
    pub product: Product,
    /// Its day, Asia/Shanghai.
    pub day: NaiveDate,
}

/// The intervals between what is planned of other products and a donation on `day`, whichever of the two is earlier; by the
/// pack of `day`.
pub(super) fn intervals(
    pack: &RulePack,
    planned: &[Planned],
    product: Product,
    day: NaiveDate,
) -> impl Iterator<Item = Block> {
    let others = planned.iter().filter(move |planned| planned.product != product);
    others.filter_map(move |planned| {
        let is_before = planned.day <= day;
        let (from, to) = if is_before { (planned.product, product) } else { (product, planned.product) };
        let interval = pack.interval(from, to)?;
        let over = interval.after(planned.day.min(day));
        (planned.day.max(day) < over).then(|| Block {
            rule: format!("interval.{from}.{to}"),
            clause: interval.clause.clone(),
            because_of: Cause::Planned(planned.appointment_id.clone(), planned.day),
            // From the planned day on, the interval from there is what counts.
            until: Some(if is_before { over } else { planned.day }),
        })
    })
}
