//! Serves those who wait: settles the offers that were answered, offers kept places, and gives back what nobody wants.

use super::rule_pack;
use crate::actions::Context;
use crate::actions::eligibility::{Histories, planned};
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::booking::Policy;
use crate::domain::donation::Product;
use crate::domain::waitlist::{Moment, Waiting};
use crate::error::Error;
use crate::store::appointments::{self, AppointmentRow, SeenDonor, Venue};
use crate::store::audit::{self, Actor, Entry};
use crate::store::outbox::{self, Notice, OutboxRow};
use crate::store::schedule::SlotRow;
use crate::store::waitlist::{self as store, EntryRow};
use crate::store::{Db, booking_policy, message_policy, plans};
use chrono::{DateTime, Utc};
use serde_json::json;

/// Slots in one round, and offers that are settled in one transaction.
const BATCH: i64 = 200;
/// People who are looked at for one slot.
const LOOKED_AT: i64 = 50;

/// One round: how many places were offered.
///
/// # Errors
/// Failures of the database.
pub async fn serve(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    let answered = context.pool.read(|db| store::answered_offers(db, BATCH)).await?;
    if !answered.is_empty() {
        context.pool.write(move |db| settle(db, answered, now)).await?;
    }
    let (mut offered, mut last) = (0, String::new());
    loop {
        let after = last.clone();
        let slots = context.pool.read(move |db| store::slots_with_kept(db, &after, BATCH)).await?;
        let Some(newest) = slots.last() else { break };
        last.clone_from(newest);
        for slot_id in slots {
            let whole = context.clone();
            offered += context.pool.write(move |db| serve_slot(&whole, db, &slot_id)).await?;
        }
    }
    if offered > 0 {
        context.bell.notify_one();
    }
    Ok(offered)
}

/// Ends what waits for days that are over: how many entries.
///
/// # Errors
/// Failures of the database.
pub async fn end_past(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    context.pool.write(move |db| store::end_past(db, day_in_china(now), now)).await
}

/// Who confirmed has a place; who did not passed an offer over, and waits on unless it was the last.
fn settle(db: &mut Db, answered: Vec<(EntryRow, String)>, now: DateTime<Utc>) -> Result<(), Error> {
    let limit = booking_policy::policy(db)?.waiting.passed_over;
    for (entry, appointment_state) in answered {
        let passed_over = entry.passed_over + 1;
        let (state, passed_over) = match appointment_state.as_str() {
            "expired" | "cancelled" if passed_over >= limit => (Waiting::Ended, passed_over),
            "expired" | "cancelled" => (Waiting::Waiting, passed_over),
            _ => (Waiting::Placed, entry.passed_over),
        };
        store::set_state(db, &entry.id, &["offered"], state.as_str(), passed_over, now)?;
    }
    Ok(())
}

fn serve_slot(context: &Context, db: &mut Db, slot_id: &str) -> Result<usize, Error> {
    let now = context.clock.now();
    let Some(mut slot) = appointments::lock_slots(db, &[slot_id])?.pop() else { return Ok(0) };
    let Some(venue) = appointments::venues(db, &[&slot.session_id])?.pop() else { return Ok(0) };
    let (policy, quiet) = (booking_policy::policy(db)?, message_policy::quiet_hours(db)?);
    let starts_at = slot.starts_at.and_utc();
    let moment = match venue.state.as_str() {
        "open" => policy.waiting.moment(starts_at, starts_at - policy.notice, quiet, now),
        _ => Moment::TooLate,
    };
    let mut line = match moment {
        Moment::TooLate => Line::default(),
        Moment::Offer(_) | Moment::Wait => Line::load(context, db, &slot, &venue, now)?,
    };
    let (mut chance, mut offers, mut released) = (Chance::from_system()?, Vec::new(), Vec::new());
    for kept in store::kept_on(db, slot_id)? {
        let offer = match moment {
            Moment::Offer(until) => line.offer(db, &slot, &policy, until, now, &mut chance)?,
            Moment::Wait | Moment::TooLate => None,
        };
        match offer {
            Some(offer) => {
                (slot.held, slot.kept) = (slot.held + 1, slot.kept - 1);
                offers.push(offer);
                released.push(kept.id);
            }
            None if line.is_empty() && kept.public_at.and_utc() <= now => {
                slot.kept -= 1;
                released.push(kept.id);
            }
            None => {}
        }
    }
    store::release(db, &released.iter().map(String::as_str).collect::<Vec<_>>())?;
    appointments::save_slots(db, &[&slot])?;
    tell(db, &offers, now, &mut chance)?;
    Ok(offers.len())
}

/// Those who wait for a slot, were not asked before, may give on its day, and have no appointment: in the order in which they
/// are served.
#[derive(Default)]
struct Line(std::collections::VecDeque<(EntryRow, String)>);

impl Line {
    fn load(
        context: &Context,
        db: &mut Db,
        slot: &SlotRow,
        venue: &Venue,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let day = day_in_china(slot.starts_at.and_utc());
        let waiting = store::waiting_for(db, &venue.site_code, &slot.product, day, LOOKED_AT)?;
        let Some(product) = Product::from_word(&slot.product).filter(|_| !waiting.is_empty()) else {
            return Ok(Self::default());
        };
        let donor_ids: Vec<&str> = waiting.iter().map(|entry| entry.donor_id.as_str()).collect();
        let account_ids: Vec<&str> = waiting.iter().map(|entry| entry.account_id.as_str()).collect();
        let donors = appointments::donors_of_accounts(db, &account_ids)?;
        let histories = Histories::load(db, &donor_ids)?;
        let free = plans::free(db, &donor_ids)?;
        let active = appointments::active_of(db, &donor_ids)?;
        let entry_ids: Vec<&str> = waiting.iter().map(|entry| entry.id.as_str()).collect();
        let asked_before = store::asked_before(db, &entry_ids, &slot.id)?;
        let mut line = Self::default();
        for entry in waiting {
            // For whom somebody books at this moment is asked the next time.
            if asked_before.contains(&entry.id) || !free.contains(&entry.donor_id) {
                continue;
            }
            let seen =
                |donor: &&SeenDonor| donor.account_id == entry.account_id && donor.donor_id == entry.donor_id;
            let Some(donor) = donors.iter().find(seen) else {
                // The account sees the record no longer.
                store::set_state(db, &entry.id, &["waiting"], "ended", entry.passed_over, now)?;
                continue;
            };
            let own =
                active.iter().find(|row| row.donor_id == entry.donor_id && row.product == entry.product);
            match own.map(|row| row.state.as_str()) {
                // They are about to book by themselves.
                Some("held") => continue,
                Some(_) => {
                    store::set_state(db, &entry.id, &["waiting"], "placed", entry.passed_over, now)?;
                    continue;
                }
                None => {}
            }
            let planned = planned(&active, &donor.donor_id);
            if let Some(pack) = rule_pack(&context.rules, &histories, &planned, donor, product, day) {
                line.0.push_back((entry, pack));
            }
        }
        Ok(line)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Holds a place for the first who can be asked.
    fn offer(
        &mut self,
        db: &mut Db,
        slot: &SlotRow,
        policy: &Policy,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<Option<AppointmentRow>, Error> {
        while let Some((entry, rule_pack)) = self.0.pop_front() {
            let offer = AppointmentRow {
                id: chance.id(now),
                slot_id: slot.id.clone(),
                donor_id: entry.donor_id.clone(),
                account_id: entry.account_id.clone(),
                product: slot.product.clone(),
                starts_at: slot.starts_at,
                state: "held".to_owned(),
                hold_expires_at: Some(until.naive_utc()),
                // It is held long enough: no renewal on top.
                renewals: policy.renewals,
                rule_pack,
                sequence: 0,
                reminded: -1,
                will_come: false,
                replaces: None,
                waitlist_id: Some(entry.id.clone()),
                group_id: None,
                created_at: now.naive_utc(),
                changed_at: now.naive_utc(),
            };
            if store::offer(db, &entry, &offer.id, now)? {
                if appointments::insert(db, std::slice::from_ref(&offer))?.is_empty() {
                    // Somebody booked for them at this moment.
                    store::set_state(db, &entry.id, &["offered"], "placed", entry.passed_over, now)?;
                    continue;
                }
                return Ok(Some(offer));
            }
        }
        Ok(None)
    }
}

fn tell(
    db: &mut Db,
    offers: &[AppointmentRow],
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let (mut messages, mut entries) = (Vec::new(), Vec::new());
    for offer in offers {
        let expires_at = offer.hold_expires_at.unwrap_or(offer.starts_at).and_utc();
        let notice = Notice {
            kind: "place_offered",
            account_id: &offer.account_id,
            subject: &offer.id,
            version: offer.sequence,
            due_at: now,
            expires_at,
        };
        messages.push(OutboxRow::notice(&notice, now, chance));
        let detail = json!({ "entry": offer.waitlist_id });
        entries.push(Entry {
            actor: Actor::Job("waitlist"),
            action: "waitlist.offered",
            subject: offer.id.clone(),
            detail,
        });
    }
    outbox::push(db, &messages)?;
    audit::append(db, entries, now, chance)
}
