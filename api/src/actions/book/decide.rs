//! Serves requests one after the other on loaded facts, and saves what came of them.

use super::facts::Facts;
use super::giving_back::place;
use super::{Answer, Appointment, PlaceWish, Request, Wish, join_hash};
use crate::chance::Chance;
use crate::domain::booking::{NotBooked, Place, may_change};
use crate::domain::eligibility::RulePacks;
use crate::store::appointments::{AppointmentRow, SeenDonor};
use crate::store::audit::{Actor, Entry};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Where requests are served.
pub(super) struct Desk<'a> {
    pub(super) facts: Facts,
    pub(super) rules: &'a RulePacks,
    pub(super) now: DateTime<Utc>,
    /// Ids of new appointments, by the donor, so that all nodes write them in one order.
    pub(super) created: BTreeMap<(String, String), String>,
    pub(super) changed: BTreeSet<String>,
    pub(super) touched_slots: BTreeSet<String>,
    pub(super) events: Vec<Event>,
    /// Keys that were not known before.
    pub(super) fresh: HashSet<[u8; 32]>,
}

/// Something that happened, for the trail and perhaps for the donor.
pub(super) struct Event {
    pub entry: Entry,
    /// The new appointment without which it did not happen.
    pub only_if: Option<String>,
    pub notice: Option<PlannedNotice>,
}

/// A message about an appointment as it was left.
pub(super) struct PlannedNotice {
    pub kind: &'static str,
    pub appointment_id: String,
    pub version: i64,
}

impl<'a> Desk<'a> {
    pub fn new(facts: Facts, rules: &'a RulePacks, now: DateTime<Utc>) -> Self {
        let mut desk = Self {
            rules,
            now,
            created: BTreeMap::new(),
            changed: facts.expired.iter().map(|hold| hold.id.clone()).collect(),
            touched_slots: facts.expired.iter().map(|hold| hold.slot_id.clone()).collect(),
            events: Vec::new(),
            fresh: HashSet::new(),
            facts,
        };
        desk.facts.expired.clear();
        desk
    }

    /// One request's answer; the first one that its key got, when there is one.
    pub fn serve(&mut self, request: &Request, chance: &mut Chance) -> Answer {
        let known = request.key.as_ref().and_then(|key| {
            let (request_hash, answer) = self.facts.answers.get(key.key_hash.as_slice())?;
            Some(match request_hash.as_slice() == key.request_hash.as_slice() {
                true => answer.clone(),
                false => NotBooked::KeyReused.into(),
            })
        });
        if let Some(answer) = known {
            return answer;
        }
        let answer = match self.grant(request, chance) {
            Ok(id) => self.view(&id).map_or_else(Answer::from, |view| Answer::Given(Box::new(view))),
            Err(refusal) => refusal,
        };
        if let Some(key) = &request.key {
            let kept = (key.request_hash.to_vec(), answer.clone());
            self.facts.answers.insert(key.key_hash.to_vec(), kept);
            self.fresh.insert(key.key_hash);
        }
        answer
    }

    fn grant(&mut self, request: &Request, chance: &mut Chance) -> Result<String, Answer> {
        match &request.wish {
            Wish::Hold(place) => self.take(request, place, true, chance),
            Wish::Book(place) => self.take(request, place, false, chance),
            Wish::Confirm { appointment } => Ok(self.confirm(request, appointment)?),
            Wish::Renew { appointment } => Ok(self.renew(request, appointment)?),
            Wish::WillCome { appointment } => Ok(self.will_come(request, appointment)?),
            Wish::Cancel { appointment } => Ok(self.cancel(request, appointment, chance)?),
            Wish::Move { appointment, slot } => self.move_to(request, appointment, slot, chance),
        }
    }

    fn take(
        &mut self,
        request: &Request,
        PlaceWish { slot, donor_no, group }: &PlaceWish,
        hold: bool,
        chance: &mut Chance,
    ) -> Result<String, Answer> {
        let donor = self.donor(&request.account_id, donor_no.as_deref())?.clone();
        let product = self.facts.slots.get(slot).ok_or(NotBooked::UnknownSlot)?.product.clone();
        let group_id = group.as_deref().map(|code| self.group(code, slot)).transpose()?;
        let rule_pack = self.allows(&donor, slot, None, group_id.is_some())?;
        let expires = hold.then(|| (self.now + self.facts.policy.hold).naive_utc());
        let row = AppointmentRow {
            id: chance.id(self.now),
            slot_id: slot.clone(),
            donor_id: donor.donor_id.clone(),
            account_id: request.account_id.clone(),
            product: product.clone(),
            starts_at: self.slot(slot)?.starts_at.naive_utc(),
            state: if hold { "held" } else { "booked" }.to_owned(),
            hold_expires_at: expires,
            renewals: 0,
            rule_pack,
            sequence: 0,
            reminded: -1,
            will_come: false,
            replaces: None,
            waitlist_id: None,
            group_id: group_id.clone(),
            created_at: self.now.naive_utc(),
            changed_at: self.now.naive_utc(),
        };
        self.count(slot, hold, 1);
        if let Some(group_id) = &group_id {
            self.take_from_group(slot, group_id, 1);
        }
        let id = row.id.clone();
        self.created.insert((donor.donor_id, product), id.clone());
        self.note(
            request,
            if hold { "appointment.held" } else { "appointment.booked" },
            &id,
            Some(id.clone()),
        );
        self.facts.appointments.insert(id.clone(), row);
        if !hold {
            self.tell("appointment_booked", &id);
        }
        Ok(id)
    }

    fn confirm(&mut self, request: &Request, id: &str) -> Result<String, NotBooked> {
        let held = self.own(request, id)?.clone();
        match held.state.as_str() {
            "held" => {}
            "expired" => return Err(NotBooked::HoldExpired),
            _ => return Err(NotBooked::NotHeld),
        }
        self.count(&held.slot_id, true, -1);
        self.count(&held.slot_id, false, 1);
        self.change(id, |row| {
            "booked".clone_into(&mut row.state);
            row.hold_expires_at = None;
        });
        self.note(request, "appointment.booked", id, None);
        self.tell("appointment_booked", id);
        Ok(id.to_owned())
    }

    fn renew(&mut self, request: &Request, id: &str) -> Result<String, NotBooked> {
        let held = self.own(request, id)?;
        match held.state.as_str() {
            "held" if held.renewals < self.facts.policy.renewals => {}
            "held" => return Err(NotBooked::RenewedAlready),
            "expired" => return Err(NotBooked::HoldExpired),
            _ => return Err(NotBooked::NotHeld),
        }
        let until = (self.now + self.facts.policy.hold).naive_utc();
        self.change(id, |row| {
            row.hold_expires_at = Some(until);
            row.renewals += 1;
        });
        Ok(id.to_owned())
    }

    fn will_come(&mut self, request: &Request, id: &str) -> Result<String, NotBooked> {
        match self.own(request, id)?.state.as_str() {
            "booked" => {}
            _ => return Err(NotBooked::NotActive),
        }
        self.change(id, |row| row.will_come = true);
        self.note(request, "appointment.will_come", id, None);
        Ok(id.to_owned())
    }

    fn cancel(&mut self, request: &Request, id: &str, chance: &mut Chance) -> Result<String, NotBooked> {
        let row = self.own(request, id)?.clone();
        let held = match row.state.as_str() {
            "held" => true,
            "booked" => false,
            _ => return Err(NotBooked::NotActive),
        };
        if !held {
            may_change(row.starts_at.and_utc(), &self.facts.policy, self.now)?;
        }
        self.give_back(&row, chance);
        self.change(id, |row| {
            "cancelled".clone_into(&mut row.state);
            row.hold_expires_at = None;
        });
        self.note(request, "appointment.cancelled", id, None);
        if !held {
            self.tell("appointment_cancelled", id);
        }
        Ok(id.to_owned())
    }

    /// The appointment keeps its id, so that its calendar entry moves with it.
    fn move_to(
        &mut self,
        request: &Request,
        id: &str,
        slot: &str,
        chance: &mut Chance,
    ) -> Result<String, Answer> {
        let row = self.own(request, id)?.clone();
        if row.state != "booked" {
            return Err(NotBooked::NotActive.into());
        }
        may_change(row.starts_at.and_utc(), &self.facts.policy, self.now)?;
        let donor = self.facts.donors.iter().find(|donor| donor.donor_id == row.donor_id);
        let donor = donor.ok_or(NotBooked::UnknownDonor)?.clone();
        let wanted = self.facts.slots.get(slot).ok_or(NotBooked::UnknownSlot)?;
        if wanted.product != row.product {
            return Err(NotBooked::UnknownSlot.into());
        }
        let rule_pack = self.allows(&donor, slot, Some(id), false)?;
        let starts_at = self.slot(slot)?.starts_at.naive_utc();
        self.count(slot, false, 1);
        self.give_back(&row, chance);
        self.change(id, |row| {
            slot.clone_into(&mut row.slot_id);
            row.starts_at = starts_at;
            row.rule_pack = rule_pack;
            row.will_come = false;
            row.group_id = None;
        });
        self.note(request, "appointment.moved", id, None);
        self.tell("appointment_moved", id);
        Ok(id.to_owned())
    }

    fn donor(&self, account_id: &str, donor_no: Option<&str>) -> Result<&SeenDonor, NotBooked> {
        let mut seen = self.facts.donors.iter().filter(|donor| donor.account_id == account_id);
        let found = match donor_no {
            Some(number) => seen.find(|donor| donor.donor_no == number),
            None => seen.find(|donor| donor.relation == "self"),
        };
        found.ok_or(NotBooked::UnknownDonor)
    }

    /// An appointment that the caller made, or of a donor whom they see.
    fn own(&self, request: &Request, id: &str) -> Result<&AppointmentRow, NotBooked> {
        let row = self.facts.appointments.get(id).ok_or(NotBooked::UnknownAppointment)?;
        if request.at_version.is_some_and(|version| version != row.sequence) {
            return Err(NotBooked::ChangedMeanwhile);
        }
        let sees = self
            .facts
            .donors
            .iter()
            .any(|donor| donor.account_id == request.account_id && donor.donor_id == row.donor_id);
        if sees { Ok(row) } else { Err(NotBooked::UnknownAppointment) }
    }

    pub(super) fn slot(&self, id: &str) -> Result<Place, NotBooked> {
        let slot = self.facts.slots.get(id).ok_or(NotBooked::UnknownSlot)?;
        let venue = self.facts.venues.get(&slot.session_id).ok_or(NotBooked::UnknownSlot)?;
        Ok(place(slot, venue))
    }

    fn group(&self, code: &str, slot: &str) -> Result<String, NotBooked> {
        match self.facts.returns.group(&join_hash(code), slot, self.now) {
            None => Err(NotBooked::UnknownGroup),
            Some((_, false)) => Err(NotBooked::GroupFull),
            Some((id, true)) => Ok(id.to_owned()),
        }
    }

    pub(super) fn take_from_group(&mut self, slot: &str, group_id: &str, places: i64) {
        if let Some(row) = self.facts.slots.get_mut(slot) {
            self.facts.returns.take(row, group_id, places);
        }
    }

    fn give_back(&mut self, row: &AppointmentRow, chance: &mut Chance) {
        let Some(slot) = self.facts.slots.get_mut(&row.slot_id) else { return };
        let Some(venue) = self.facts.venues.get(&slot.session_id) else { return };
        self.facts.returns.give_back(slot, venue, row, self.now, chance);
        self.touched_slots.insert(row.slot_id.clone());
    }

    pub(super) fn count(&mut self, slot: &str, held: bool, places: i64) {
        if let Some(row) = self.facts.slots.get_mut(slot) {
            let counter = if held { &mut row.held } else { &mut row.booked };
            *counter += places;
            self.touched_slots.insert(slot.to_owned());
        }
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut AppointmentRow)) {
        if let Some(row) = self.facts.appointments.get_mut(id) {
            change(row);
            row.sequence += 1;
            row.changed_at = self.now.naive_utc();
            self.changed.insert(id.to_owned());
        }
    }

    /// A line for the trail; `only_if` names the new appointment without which there is none.
    fn note(&mut self, request: &Request, action: &'static str, subject: &str, only_if: Option<String>) {
        let entry = Entry {
            actor: Actor::Account(request.account_id.clone()),
            action,
            subject: subject.to_owned(),
            detail: json!({}),
        };
        self.events.push(Event { entry, only_if, notice: None });
    }

    /// What was noted last is told, too.
    fn tell(&mut self, kind: &'static str, id: &str) {
        let version = self.facts.appointments.get(id).map_or(0, |row| row.sequence);
        if let Some(event) = self.events.last_mut() {
            event.notice = Some(PlannedNotice { kind, appointment_id: id.to_owned(), version });
        }
    }

    fn view(&self, id: &str) -> Result<Appointment, NotBooked> {
        let row = self.facts.appointments.get(id).ok_or(NotBooked::UnknownAppointment)?;
        let slot = self.facts.slots.get(&row.slot_id).ok_or(NotBooked::UnknownSlot)?;
        let venue = self.facts.venues.get(&slot.session_id).ok_or(NotBooked::UnknownSlot)?;
        let donor = self.facts.donors.iter().find(|donor| donor.donor_id == row.donor_id);
        let donor = donor.ok_or(NotBooked::UnknownDonor)?;
        Ok(Appointment::of(row, &donor.donor_no, venue))
    }
}
