//! Other places for those whose session was cancelled.

use crate::actions::Context;
use crate::actions::eligibility::{Histories, planned};
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::booking::Policy;
use crate::domain::donation::Product;
use crate::domain::eligibility::{Facts, blocks};
use crate::domain::identity::Sex;
use crate::error::Error;
use crate::store::Db;
use crate::store::appointments::{self, AppointmentRow};
use crate::store::donors::{self, DonorRow};
use crate::store::free_slots::{self, FreeSlot, Search};
use crate::store::schedule::{self, SessionRow, SlotRow};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// How far another place may be, metres.
const WITHIN_METRES: f64 = 30_000.0;
/// Slots that are looked at for each donor: some are full by the time that they are locked.
const LOOKED_AT: usize = 3;
/// Slots of one product that are locked at most.
const MOST: usize = 300;

/// Free slots near the session, the soonest first, and what is known of the donors.
pub(super) struct Offers {
    free: Vec<FreeSlot>,
    histories: Histories,
    active: Vec<AppointmentRow>,
    donors: HashMap<String, DonorRow>,
    rules: Arc<crate::domain::eligibility::RulePacks>,
}

impl Offers {
    /// Looks for places for everybody who has booked.
    pub fn search(
        context: &Context,
        db: &mut Db,
        session: &SessionRow,
        appointments: &[AppointmentRow],
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let booked: Vec<&AppointmentRow> =
            appointments.iter().filter(|appointment| appointment.state == "booked").collect();
        let ids: Vec<String> = booked.iter().map(|appointment| appointment.donor_id.clone()).collect();
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        let codes = sites_near(db, &session.site_code)?;
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        let products: BTreeSet<&str> =
            booked.iter().map(|appointment| appointment.product.as_str()).collect();
        let mut free = Vec::new();
        for product in products {
            let search = Search {
                product,
                time: session.opens_at.and_utc().max(now + policy.notice + TimeDelta::hours(1))
                    ..now + policy.window,
                site_codes: &codes,
                limit: i64::try_from((booked.len() * LOOKED_AT).min(MOST)).map_err(Error::internal)?,
            };
            free.extend(free_slots::earliest(db, &search, now)?);
        }
        free.retain(|found| found.slot.session_id != session.id);
        Ok(Self {
            free,
            histories: Histories::load(db, &names)?,
            active: appointments::active_of(db, &names)?,
            donors: donors::by_ids(db, &ids)?.into_iter().map(|donor| (donor.id.clone(), donor)).collect(),
            rules: Arc::clone(&context.rules),
        })
    }

    /// The slots that may be taken from: they MUST be locked before that.
    pub fn slot_ids(&self) -> Vec<String> {
        self.free.iter().map(|found| found.slot.id.clone()).collect()
    }

    /// Holds a place in the soonest slot that has one, on a day on which the donor may give.
    pub fn take(
        &mut self,
        slots: &mut [SlotRow],
        lost: &AppointmentRow,
        policy: &Policy,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<Option<AppointmentRow>, Error> {
        for found in &self.free {
            let Some(slot) = slots.iter_mut().find(|slot| slot.id == found.slot.id) else { continue };
            let locked = FreeSlot { slot: slot.clone(), ..found.clone() };
            if slot.product != lost.product || locked.free(now) == 0 {
                continue;
            }
            let Some(rule_pack) = self.allows(&lost.donor_id, slot)? else { continue };
            slot.held += 1;
            let expires = (now + policy.rebooking_hold).naive_utc().min(slot.starts_at);
            return Ok(Some(AppointmentRow {
                id: chance.id(now),
                slot_id: slot.id.clone(),
                starts_at: slot.starts_at,
                state: "held".to_owned(),
                hold_expires_at: Some(expires),
                // It was held long enough: no renewal on top.
                renewals: policy.renewals,
                rule_pack,
                sequence: 0,
                reminded: -1,
                will_come: false,
                replaces: Some(lost.id.clone()),
                waitlist_id: None,
                group_id: None,
                created_at: now.naive_utc(),
                changed_at: now.naive_utc(),
                ..lost.clone()
            }));
        }
        Ok(None)
    }

    fn allows(&self, donor_id: &str, slot: &SlotRow) -> Result<Option<String>, Error> {
        let Some(donor) = self.donors.get(donor_id) else { return Ok(None) };
        let sex = Sex::from_word(&donor.sex).ok_or_else(|| Error::internal("a sex that does not exist"))?;
        let Some(product) = Product::from_word(&slot.product) else { return Ok(None) };
        let day = day_in_china(slot.starts_at.and_utc());
        let pack = self.rules.on(day);
        let facts = self.histories.facts(donor_id, donor.birth_date, sex);
        let facts = Facts { planned: planned(&self.active, donor_id), ..facts };
        Ok(blocks(pack, &facts, product, day).is_empty().then(|| pack.id().to_owned()))
    }
}

fn sites_near(db: &mut Db, site_code: &str) -> Result<Vec<String>, Error> {
    let sites = schedule::all_sites(db)?;
    let Some(here) = sites.iter().find(|site| site.code == site_code).map(|site| site.place()) else {
        return Ok(Vec::new());
    };
    let near = sites.into_iter().filter(|site| !site.closed && here.metres_to(site.place()) <= WITHIN_METRES);
    Ok(near.map(|site| site.code).collect())
}
