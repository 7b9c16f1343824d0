//! What becomes of a place that is given back: its group's again, kept for those who wait, or everybody's.

use super::Request;
use crate::chance::Chance;
use crate::domain::booking::Place;
use crate::domain::waitlist::WaitingPolicy;
use crate::error::Error;
use crate::store::appointments::{AppointmentRow, Venue};
use crate::store::groups::{BlockRow, GroupRow};
use crate::store::schedule::SlotRow;
use crate::store::waitlist::KeptRow;
use crate::store::{Db, groups, waitlist};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A slot as the rules see it.
pub(super) fn place(slot: &SlotRow, venue: &Venue) -> Place {
    Place {
        starts_at: slot.starts_at.and_utc(),
        open: venue.state == "open",
        release_at: venue.release_at.and_utc(),
        capacity: slot.capacity,
        reserved: slot.reserved,
        held: slot.held,
        booked: slot.booked,
        kept: slot.kept,
    }
}

/// What freed places are decided on, and what came of it.
pub(super) struct Returns {
    waiting: WaitingPolicy,
    /// Slots that somebody waits for.
    waited_for: HashSet<String>,
    /// Places of groups, by group and slot.
    blocks: BTreeMap<(String, String), (GroupRow, BlockRow)>,
    touched_blocks: BTreeSet<(String, String)>,
    kept: Vec<KeptRow>,
}

impl Returns {
    /// Loads what is needed for these appointments and requests; the slots MUST be locked.
    pub fn load<'a>(
        db: &mut Db,
        requests: &[Request],
        appointments: impl Iterator<Item = &'a AppointmentRow>,
        slots: &[SlotRow],
        waiting: WaitingPolicy,
    ) -> Result<Self, Error> {
        let slot_ids: Vec<&str> = slots.iter().map(|slot| slot.id.as_str()).collect();
        let hashes: Vec<[u8; 32]> = requests.iter().filter_map(|request| request.wish.join_hash()).collect();
        let hashes: Vec<&[u8]> = hashes.iter().map(<[u8; 32]>::as_slice).collect();
        let (mut group_ids, mut leaves) = (BTreeSet::new(), false);
        for appointment in appointments {
            group_ids.extend(appointment.group_id.as_deref());
            leaves = true;
        }
        let group_ids: Vec<&str> = group_ids.into_iter().collect();
        let blocks = match group_ids.is_empty() && hashes.is_empty() {
            true => Vec::new(),
            false => groups::blocks(db, &group_ids, &hashes, &slot_ids)?,
        };
        let key = |block: &BlockRow| (block.group_id.clone(), block.slot_id.clone());
        Ok(Self {
            waiting,
            waited_for: if leaves { waitlist::waited_for(db, &slot_ids)? } else { HashSet::new() },
            blocks: blocks.into_iter().map(|(group, block)| (key(&block), (group, block))).collect(),
            touched_blocks: BTreeSet::new(),
            kept: Vec::new(),
        })
    }

    /// Takes the place of an appointment back from its slot.
    pub fn give_back(
        &mut self,
        slot: &mut SlotRow,
        venue: &Venue,
        appointment: &AppointmentRow,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) {
        let place = place(slot, venue);
        let was_booked = appointment.state != "held";
        *(if was_booked { &mut slot.booked } else { &mut slot.held }) -= 1;
        let key = appointment.group_id.as_ref().map(|group| (group.clone(), slot.id.clone()));
        let block = key.as_ref().and_then(|key| self.blocks.get_mut(key));
        if let (Some(key), Some((_, block))) = (&key, block.filter(|(group, _)| is_live(group, now))) {
            block.unused += 1;
            slot.kept += 1;
            self.touched_blocks.insert(key.clone());
            return;
        }
        let withheld = was_booked && !self.waiting.public_delay.is_zero();
        if place.open && place.is_full(now) && (withheld || self.waited_for.contains(&slot.id)) {
            slot.kept += 1;
            let [high, low] = chance.bytes();
            let public_at = self.waiting.public_at(place.starts_at, now, u16::from_be_bytes([high, low]));
            let id = chance.id(now);
            self.kept.push(KeptRow { id, slot_id: slot.id.clone(), public_at: public_at.naive_utc() });
        }
    }

    /// The group that is joined by this, when there is one, and whether it has a place in the slot.
    pub fn group(&self, join_hash: &[u8; 32], slot_id: &str, now: DateTime<Utc>) -> Option<(&str, bool)> {
        let mut joined = self.blocks.values().filter(|(group, _)| group.join_hash == join_hash);
        let (group, block) = joined.find(|(_, block)| block.slot_id == slot_id)?;
        Some((&group.id, block.unused > 0 && is_live(group, now)))
    }

    /// Takes one of a group's places, or gives one back that was not used after all.
    pub fn take(&mut self, slot: &mut SlotRow, group_id: &str, places: i64) {
        let key = (group_id.to_owned(), slot.id.clone());
        if let Some((_, block)) = self.blocks.get_mut(&key) {
            block.unused -= places;
            slot.kept -= places;
            self.touched_blocks.insert(key);
        }
    }

    /// Writes what came of it.
    pub fn save(&self, db: &mut Db) -> Result<(), Error> {
        waitlist::keep(db, &self.kept)?;
        let touched = self.touched_blocks.iter().filter_map(|key| self.blocks.get(key));
        groups::save_blocks(db, &touched.map(|(_, block)| block).collect::<Vec<_>>())
    }
}

fn is_live(group: &GroupRow, now: DateTime<Utc>) -> bool {
    group.closed_at.is_none() && now < group.returns_at.and_utc()
}

/// Takes the places of holds that are over back from locked slots; the holds, changed and not written yet.
pub(super) fn expire(
    mut over: Vec<AppointmentRow>,
    slots: &mut [SlotRow],
    venues: &HashMap<String, Venue>,
    returns: &mut Returns,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Vec<AppointmentRow> {
    for hold in &mut over {
        let slot = slots.iter_mut().find(|slot| slot.id == hold.slot_id);
        let slot_and_venue = slot.and_then(|slot| venues.get(&slot.session_id).map(|venue| (slot, venue)));
        if let Some((slot, venue)) = slot_and_venue {
            returns.give_back(slot, venue, hold, now, chance);
        }
        "expired".clone_into(&mut hold.state);
        hold.changed_at = now.naive_utc();
    }
    over
}
