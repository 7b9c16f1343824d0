//! Yes, no or another time by a link, without signing in.

use super::Context;
use super::soonest::{self, FoundSlot};
use crate::domain::donation::Product;
use crate::error::{Error, Kind};
use crate::links;
use crate::store::appointments::{self, Visit};
use crate::store::donors;

/// Other times that are offered.
const OTHER_TIMES: usize = 6;
/// How far other places may be, metres.
const WITHIN_METRES: f64 = 30_000.0;

/// An appointment that a link opens.
pub struct Opened {
    /// The appointment and its site.
    pub visit: Visit,
    /// Other places that its donor could have.
    pub others: Vec<FoundSlot>,
}

/// The appointment that `key` opens, unless it has changed since the link was written.
///
/// # Errors
/// `link_unknown`; `link_used`.
pub async fn open(context: &Context, key: &str) -> Result<Visit, Error> {
    let opened = links::appointment::open(context.vault.link_secret(), key)
        .ok_or_else(|| Error::new(Kind::NotFound, "link_unknown", "There is no such link."))?;
    let visit = context.pool.read(move |db| {
        let visit = appointments::visit(db, &opened.appointment_id)?;
        Ok(visit.filter(|visit| visit.appointment.sequence == opened.version))
    });
    let visit = visit.await?.filter(|visit| ["held", "booked"].contains(&visit.appointment.state.as_str()));
    visit.ok_or_else(used)
}

/// A link works once.
pub fn used() -> Error {
    Error::conflict("link_used", "This link was used already, or the appointment has changed since.")
}

/// The appointment, with other places near it.
///
/// # Errors
/// As [`open`].
pub async fn look(context: &Context, key: &str) -> Result<Opened, Error> {
    let visit = open(context, key).await?;
    let donor_id = visit.appointment.donor_id.clone();
    let record = context.pool.read(move |db| donors::by_ids(db, &[donor_id])).await?.pop();
    let product = Product::from_word(&visit.appointment.product);
    let (Some(record), Some(product)) = (record, product) else { return Err(used()) };
    let wish = soonest::Wish {
        account_id: visit.appointment.account_id.clone(),
        donor_no: Some(record.donor_no),
        product,
        near: Some(visit.site.place()),
        within_m: WITHIN_METRES,
        from: None,
        limit: OTHER_TIMES + 1,
    };
    // Whose record the account does not see any more gets no other places; the answer to the link says why.
    let found = soonest::find(context, wish).await.map(|found| found.places).unwrap_or_default();
    let others = found.into_iter().filter(|place| place.slot.id != visit.appointment.slot_id);
    Ok(Opened { others: others.take(OTHER_TIMES).collect(), visit })
}
