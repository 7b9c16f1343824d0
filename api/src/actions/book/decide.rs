//! Serves requests one after the other on loaded facts, and saves what came of them.

use super::facts::Facts;
use super::{Answer, Appointment, Request, Wish};
use crate::chance::Chance;
use crate::domain::booking::{NotBooked, Place, may_change};
use crate::domain::donation::Product;
use crate::domain::eligibility::{self, RulePacks, blocks};
use crate::domain::identity::Sex;
use crate::error::Error;
use crate::store::Db;
use crate::store::appointments::{self as store, AnswerRow, AppointmentRow, SeenDonor};
use crate::store::audit::{Actor, Entry};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Where requests are served.
pub(super) struct Desk<'a> {
    facts: Facts,
    rules: &'a RulePacks,
    now: DateTime<Utc>,
    /// Ids of new appointments, by the donor, so that all nodes write them in one order.
    created: BTreeMap<(String, String), String>,
    changed: BTreeSet<String>,
    touched_slots: BTreeSet<String>,
    entries: Vec<(Option<String>, Entry)>,
    /// Keys that were not known before.
    fresh: HashSet<[u8; 32]>,
}

impl<'a> Desk<'a> {
    pub fn new(facts: Facts, rules: &'a RulePacks, now: DateTime<Utc>) -> Self {
        let mut desk = Self {
            rules,
            now,
            created: BTreeMap::new(),
            changed: facts.expired.iter().map(|hold| hold.id.clone()).collect(),
            touched_slots: facts.expired.iter().map(|hold| hold.slot_id.clone()).collect(),
            entries: Vec::new(),
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
                false => Answer::Refused(NotBooked::KeyReused.as_str().to_owned()),
            })
        });
        if let Some(answer) = known {
            return answer;
        }
        let answer = match self.grant(request, chance) {
            Ok(id) => self.view(&id).map_or_else(refused, |view| Answer::Given(Box::new(view))),
            Err(refusal) => refused(refusal),
        };
        if let Some(key) = &request.key {
            let kept = (key.request_hash.to_vec(), answer.clone());
            self.facts.answers.insert(key.key_hash.to_vec(), kept);
            self.fresh.insert(key.key_hash);
        }
        answer
    }

    fn grant(&mut self, request: &Request, chance: &mut Chance) -> Result<String, NotBooked> {
        match &request.wish {
            Wish::Hold { slot, donor_no } => self.take(request, slot, donor_no.as_deref(), true, chance),
            Wish::Book { slot, donor_no } => self.take(request, slot, donor_no.as_deref(), false, chance),
            Wish::Confirm { appointment } => self.confirm(request, appointment),
            Wish::Renew { appointment } => self.renew(request, appointment),
            Wish::Cancel { appointment } => self.cancel(request, appointment),
            Wish::Move { appointment, slot } => self.move_to(request, appointment, slot),
        }
    }

    fn take(
        &mut self,
        request: &Request,
        slot: &str,
        donor_no: Option<&str>,
        hold: bool,
        chance: &mut Chance,
    ) -> Result<String, NotBooked> {
        let donor = self.donor(&request.account_id, donor_no)?.clone();
        let product = self.facts.slots.get(slot).ok_or(NotBooked::UnknownSlot)?.product.clone();
        let rule_pack = self.allows(&donor, slot, None)?;
        let expires = hold.then(|| (self.now + self.facts.policy.hold).naive_utc());
        let row = AppointmentRow {
            id: chance.id(self.now),
            slot_id: slot.to_owned(),
            donor_id: donor.donor_id.clone(),
            account_id: request.account_id.clone(),
            product: product.clone(),
            starts_at: self.slot(slot)?.starts_at.naive_utc(),
            state: if hold { "held" } else { "booked" }.to_owned(),
            hold_expires_at: expires,
            renewals: 0,
            rule_pack,
            sequence: 0,
            created_at: self.now.naive_utc(),
            changed_at: self.now.naive_utc(),
        };
        self.count(slot, hold, 1);
        let id = row.id.clone();
        self.created.insert((donor.donor_id, product), id.clone());
        self.note(
            request,
            if hold { "appointment.held" } else { "appointment.booked" },
            &id,
            Some(id.clone()),
        );
        self.facts.appointments.insert(id.clone(), row);
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

    fn cancel(&mut self, request: &Request, id: &str) -> Result<String, NotBooked> {
        let row = self.own(request, id)?.clone();
        let held = match row.state.as_str() {
            "held" => true,
            "booked" => false,
            _ => return Err(NotBooked::NotActive),
        };
        if !held {
            may_change(row.starts_at.and_utc(), &self.facts.policy, self.now)?;
        }
        self.count(&row.slot_id, held, -1);
        self.change(id, |row| {
            "cancelled".clone_into(&mut row.state);
            row.hold_expires_at = None;
        });
        self.note(request, "appointment.cancelled", id, None);
        Ok(id.to_owned())
    }

    /// The appointment keeps its id, so that its calendar entry moves with it.
    fn move_to(&mut self, request: &Request, id: &str, slot: &str) -> Result<String, NotBooked> {
        let row = self.own(request, id)?.clone();
        if row.state != "booked" {
            return Err(NotBooked::NotActive);
        }
        may_change(row.starts_at.and_utc(), &self.facts.policy, self.now)?;
        let donor = self.facts.donors.iter().find(|donor| donor.donor_id == row.donor_id);
        let donor = donor.ok_or(NotBooked::UnknownDonor)?.clone();
        let wanted = self.facts.slots.get(slot).ok_or(NotBooked::UnknownSlot)?;
        if wanted.product != row.product {
            return Err(NotBooked::UnknownSlot);
        }
        let rule_pack = self.allows(&donor, slot, Some(id))?;
        let starts_at = self.slot(slot)?.starts_at.naive_utc();
        self.count(slot, false, 1);
        self.count(&row.slot_id, false, -1);
        self.change(id, |row| {
            slot.clone_into(&mut row.slot_id);
            row.starts_at = starts_at;
            row.rule_pack = rule_pack;
        });
        self.note(request, "appointment.moved", id, None);
        Ok(id.to_owned())
    }

    /// Whether the donor may have a place in the slot now, apart from the appointment `except`: the rule pack that
    /// says so.
    fn allows(&self, donor: &SeenDonor, slot: &str, except: Option<&str>) -> Result<String, NotBooked> {
        let place = self.slot(slot)?;
        place.offer(&self.facts.policy, self.now)?;
        let word = &self.facts.slots.get(slot).ok_or(NotBooked::UnknownSlot)?.product;
        let product = Product::from_word(word).ok_or(NotBooked::UnknownSlot)?;
        let in_the_way = self.facts.appointments.values().any(|row| {
            row.donor_id == donor.donor_id
                && row.product == *word
                && Some(row.id.as_str()) != except
                && ["held", "booked", "checked_in"].contains(&row.state.as_str())
        });
        if in_the_way {
            return Err(NotBooked::AlreadyBooked);
        }
        let pack = self.rules.on(place.day());
        let facts = eligibility::Facts {
            birth_date: donor.birth_date,
            sex: Sex::from_word(&donor.sex).ok_or(NotBooked::UnknownDonor)?,
            history: self.facts.history.get(&donor.donor_id).cloned().unwrap_or_default(),
            deferrals: Vec::new(),
            had_reaction: false,
        };
        match blocks(pack, &facts, product, place.day()).is_empty() {
            true => Ok(pack.id().to_owned()),
            false => Err(NotBooked::NotEligible),
        }
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
        let sees = self
            .facts
            .donors
            .iter()
            .any(|donor| donor.account_id == request.account_id && donor.donor_id == row.donor_id);
        if sees { Ok(row) } else { Err(NotBooked::UnknownAppointment) }
    }

    fn slot(&self, id: &str) -> Result<Place, NotBooked> {
        let slot = self.facts.slots.get(id).ok_or(NotBooked::UnknownSlot)?;
        let venue = self.facts.venues.get(&slot.session_id).ok_or(NotBooked::UnknownSlot)?;
        Ok(Place {
            starts_at: slot.starts_at.and_utc(),
            open: venue.state == "open",
            release_at: venue.release_at.and_utc(),
            capacity: slot.capacity,
            reserved: slot.reserved,
            held: slot.held,
            booked: slot.booked,
        })
    }

    fn count(&mut self, slot: &str, held: bool, places: i64) {
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
        self.entries.push((only_if, entry));
    }

    fn view(&self, id: &str) -> Result<Appointment, NotBooked> {
        let row = self.facts.appointments.get(id).ok_or(NotBooked::UnknownAppointment)?;
        let slot = self.facts.slots.get(&row.slot_id).ok_or(NotBooked::UnknownSlot)?;
        let venue = self.facts.venues.get(&slot.session_id).ok_or(NotBooked::UnknownSlot)?;
        let donor = self.facts.donors.iter().find(|donor| donor.donor_id == row.donor_id);
        Ok(Appointment {
            id: row.id.clone(),
            state: row.state.clone(),
            donor_no: donor.ok_or(NotBooked::UnknownDonor)?.donor_no.clone(),
            product: row.product.clone(),
            slot: row.slot_id.clone(),
            starts_at: row.starts_at.and_utc(),
            hold_expires_at: row.hold_expires_at.map(|at| at.and_utc()),
            site: venue.site_code.clone(),
            name: venue.name.clone(),
            address: venue.address.clone(),
        })
    }

    /// Writes what was decided. Who was given a place although another transaction had just given the donor one
    /// elsewhere is refused here.
    pub fn save(
        mut self,
        db: &mut Db,
        requests: &[Request],
        mut answers: Vec<Answer>,
    ) -> Result<(Vec<Answer>, Vec<Entry>), Error> {
        // A hold that was over may stand in the way of its donor's new one until it is written.
        let created: HashSet<String> = self.created.values().cloned().collect();
        let changed: Vec<&AppointmentRow> = self
            .changed
            .iter()
            .filter(|id| !created.contains(*id))
            .filter_map(|id| self.facts.appointments.get(id))
            .collect();
        store::change(db, &changed)?;
        let rows: Vec<AppointmentRow> =
            self.created.values().filter_map(|id| self.facts.appointments.get(id).cloned()).collect();
        let written: HashSet<String> = store::insert(db, &rows)?.into_iter().collect();
        for row in rows.iter().filter(|row| !written.contains(&row.id)) {
            match row.state.as_str() {
                "held" => self.count(&row.slot_id, true, -1),
                "booked" => self.count(&row.slot_id, false, -1),
                _ => {}
            }
            for answer in &mut answers {
                if matches!(answer, Answer::Given(given) if given.id == row.id) {
                    *answer = refused(NotBooked::AlreadyBooked);
                }
            }
        }
        let slots: Vec<_> = self.touched_slots.iter().filter_map(|id| self.facts.slots.get(id)).collect();
        store::save_slots(db, &slots)?;
        self.keep_answers(db, requests, &answers)?;
        let entries = self
            .entries
            .into_iter()
            .filter(|(only_if, _)| only_if.as_ref().is_none_or(|id| written.contains(id)));
        let entries = entries.map(|(_, entry)| entry).collect();
        Ok((answers, entries))
    }

    /// Of requests with the same key, the first.
    fn keep_answers(&mut self, db: &mut Db, requests: &[Request], answers: &[Answer]) -> Result<(), Error> {
        let mut rows = Vec::new();
        for (request, answer) in requests.iter().zip(answers) {
            if let Some(key) = request.key.as_ref().filter(|key| self.fresh.remove(&key.key_hash)) {
                rows.push(AnswerRow {
                    key_hash: key.key_hash.to_vec(),
                    request_hash: key.request_hash.to_vec(),
                    answer: serde_json::to_string(answer).map_err(Error::internal)?,
                    created_at: self.now.naive_utc(),
                });
            }
        }
        store::keep_answers(db, &rows)
    }
}

fn refused(refusal: NotBooked) -> Answer {
    Answer::Refused(refusal.as_str().to_owned())
}
