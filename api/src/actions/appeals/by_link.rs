//! A place for an appeal by the link in its message, without signing in, until it is over.

use super::with_appointment;
use crate::actions::Context;
use crate::actions::book::PlaceWish;
use crate::actions::soonest::{self, FoundSlot};
use crate::domain::appeals::Stage;
use crate::domain::donation::Product;
use crate::error::{Error, Kind};
use crate::links;
use crate::store::appeals::{self as store, AppealRow, RecipientRow};
use crate::store::donors::{self, DonorRow};
use crate::store::schedule::{self, SiteRow};

/// Places that are offered.
const PLACES: usize = 8;
/// How far sites may be that are not named, metres: anywhere.
const ANYWHERE: f64 = f64::MAX;

/// What a link offers.
pub struct Offered {
    /// Who is asked.
    pub account_id: String,
    donor_no: String,
    /// The soonest places at the appeal's sites, before it is over.
    pub places: Vec<FoundSlot>,
}

impl Offered {
    /// The wish for one of the places.
    ///
    /// # Errors
    /// `slot_full` when it is none of them, or not any more.
    pub fn wish(&self, slot: String) -> Result<PlaceWish, Error> {
        let is_offered = self.places.iter().any(|place| place.slot.id == slot);
        let gone = || Error::conflict("slot_full", "This place is taken by now: choose another.");
        let donor_no = Some(self.donor_no.clone());
        is_offered.then_some(PlaceWish { slot, donor_no, group: None }).ok_or_else(gone)
    }
}

/// What the link's appeal offers to whom it asked.
///
/// # Errors
/// `link_unknown`; `appeal_closed`; `already_booked`.
pub async fn look(context: &Context, key: &str) -> Result<Offered, Error> {
    let recipient_id = links::appeal::open(context.vault.link_secret(), key).ok_or_else(unknown)?;
    let now = context.clock.now();
    let asked = context.pool.read(move |db| {
        let Some((recipient, appeal)) = store::asked(db, &recipient_id)? else { return Ok(None) };
        let booked = with_appointment(db, &[&recipient.donor_id], Some(&appeal.product), now)?;
        let record = donors::by_ids(db, std::slice::from_ref(&recipient.donor_id))?.pop();
        let site = appeal.site_code.as_deref().map(|code| schedule::site(db, code)).transpose()?.flatten();
        Ok(record.map(|record| Asked { recipient, appeal, record, site, booked: !booked.is_empty() }))
    });
    let asked = asked.await?.ok_or_else(unknown)?;
    if asked.booked {
        return Err(Error::conflict("already_booked", "A place is held or booked for you already."));
    }
    if asked.appeal.standing(0).stage(now) != Stage::Open {
        return Err(Error::conflict("appeal_closed", "This appeal is over: thank you."));
    }
    asked.offered(context).await
}

fn unknown() -> Error {
    Error::new(Kind::NotFound, "link_unknown", "There is no such link.")
}

struct Asked {
    recipient: RecipientRow,
    appeal: AppealRow,
    record: DonorRow,
    site: Option<SiteRow>,
    booked: bool,
}

impl Asked {
    async fn offered(self, context: &Context) -> Result<Offered, Error> {
        let Self { recipient, appeal, record, site, .. } = self;
        let product = Product::from_word(&appeal.product)
            .ok_or_else(|| Error::internal("an appeal for a product that does not exist"))?;
        let within_km = u32::try_from(appeal.within_km).map_err(Error::internal)?;
        let wish = soonest::Wish {
            account_id: recipient.account_id.clone(),
            donor_no: Some(record.donor_no.clone()),
            product,
            within_m: if site.is_some() { f64::from(within_km) * 1_000.0 } else { ANYWHERE },
            near: site.as_ref().map(SiteRow::place),
            from: None,
            limit: PLACES,
        };
        // Who does not see the record any more has no such link.
        let found = soonest::find(context, wish).await.map_err(|error| match error.code {
            "not_found" | "no_record" => unknown(),
            _ => error,
        })?;
        let in_time = |place: &FoundSlot| place.slot.starts_at <= appeal.closes_at;
        Ok(Offered {
            account_id: recipient.account_id,
            donor_no: record.donor_no,
            places: found.places.into_iter().filter(in_time).collect(),
        })
    }
}
