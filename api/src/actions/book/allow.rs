//! Whether a donor may have a place: the policy, and the rules for what was given and what is planned.

use super::Answer;
use super::decide::Desk;
use crate::actions::eligibility::planned;
use crate::clock::day_in_china;
use crate::domain::booking::NotBooked;
use crate::domain::donation::Product;
use crate::domain::eligibility::{Block, Cause, Facts, blocks};
use crate::domain::identity::Sex;
use crate::store::appointments::SeenDonor;
use chrono::TimeDelta;

impl Desk<'_> {
    /// Whether the donor may have a place in the slot now, apart from the appointment `except`: the rule pack that
    /// says so. One that is kept for them need not be free.
    pub(super) fn allows(
        &self,
        donor: &SeenDonor,
        slot: &str,
        except: Option<&str>,
        kept_for_them: bool,
    ) -> Result<String, Answer> {
        let place = self.slot(slot)?;
        match kept_for_them {
            true => place.takes_bookings(&self.facts.policy, self.now)?,
            false => place.offer(&self.facts.policy, self.now)?,
        }
        let missed = self.facts.missed.get(&donor.donor_id).map(Vec::as_slice).unwrap_or_default();
        let tomorrow = day_in_china(self.now + TimeDelta::days(1));
        if place.day() > tomorrow && self.facts.policy.limits(missed, self.now) {
            return Err(NotBooked::Limited.into());
        }
        let word = &self.facts.slots.get(slot).ok_or(NotBooked::UnknownSlot)?.product;
        let product = Product::from_word(word).ok_or(NotBooked::UnknownSlot)?;
        let planned = planned(self.facts.appointments.values(), &donor.donor_id);
        let in_the_way = planned
            .iter()
            .any(|planned| planned.product == product && Some(planned.appointment_id.as_str()) != except);
        if in_the_way {
            return Err(NotBooked::AlreadyBooked.into());
        }
        let pack = self.rules.on(place.day());
        let sex = Sex::from_word(&donor.sex).ok_or(NotBooked::UnknownDonor)?;
        let facts = self.facts.histories.facts(&donor.donor_id, donor.birth_date, sex);
        match blocks(pack, &Facts { planned, ..facts }, product, place.day()).as_slice() {
            [] => Ok(pack.id().to_owned()),
            blocks => Err(Answer::blocked(blocks)),
        }
    }
}

impl Answer {
    /// The refusal of a blocked day: when only what is planned stands in the way, it says so.
    fn blocked(blocks: &[Block]) -> Self {
        let plan = |block: &Block| match &block.because_of {
            Cause::Planned(_, day) => Some(Self::TooNear { rule: block.rule.clone(), planned_on: *day }),
            Cause::Birth(_) | Cause::Donation(..) | Cause::Deferral => None,
        };
        let plans: Option<Vec<Self>> = blocks.iter().map(plan).collect();
        plans.and_then(|plans| plans.into_iter().next()).unwrap_or_else(|| NotBooked::NotEligible.into())
    }
}
