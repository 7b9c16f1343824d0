//! Writes what was decided, each kind of row with one statement where the database can.

use super::decide::Desk;
use super::{Answer, Request};
use crate::chance::Chance;
use crate::domain::booking::NotBooked;
use crate::error::Error;
use crate::store::appointments::{self as store, AppointmentRow};
use crate::store::idempotency_keys::{self, AnswerRow};
use crate::store::outbox::{self, Notice, OutboxRow};
use crate::store::{Db, audit};
use std::collections::HashSet;

impl Desk<'_> {
    /// Writes what was decided. Who was given a place although another transaction had just given the donor one
    /// elsewhere is refused here.
    pub fn save(
        mut self,
        db: &mut Db,
        requests: &[Request],
        mut answers: Vec<Answer>,
        chance: &mut Chance,
    ) -> Result<Vec<Answer>, Error> {
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
            if let Some(group_id) = &row.group_id {
                self.take_from_group(&row.slot_id, group_id, -1);
            }
            for answer in &mut answers {
                if matches!(answer, Answer::Given(given) if given.id == row.id) {
                    *answer = NotBooked::AlreadyBooked.into();
                }
            }
        }
        let slots: Vec<_> = self.touched_slots.iter().filter_map(|id| self.facts.slots.get(id)).collect();
        store::save_slots(db, &slots)?;
        self.facts.returns.save(db)?;
        self.keep_answers(db, requests, &answers)?;
        self.events.retain(|event| event.only_if.as_ref().is_none_or(|id| written.contains(id)));
        outbox::push(db, &self.notices(chance))?;
        let entries = self.events.into_iter().map(|event| event.entry);
        audit::append(db, entries, self.now, chance)?;
        Ok(answers)
    }

    fn notices(&self, chance: &mut Chance) -> Vec<OutboxRow> {
        let planned = self.events.iter().filter_map(|event| event.notice.as_ref());
        let rows = planned.filter_map(|notice| {
            let appointment = self.facts.appointments.get(&notice.appointment_id)?;
            let notice = Notice {
                kind: notice.kind,
                account_id: &appointment.account_id,
                subject: &appointment.id,
                version: notice.version,
                due_at: self.now,
                expires_at: appointment.starts_at.and_utc(),
            };
            Some(OutboxRow::notice(&notice, self.now, chance))
        });
        rows.collect()
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
        // In one order on all nodes, so that two with the same keys do not wait in a circle.
        rows.sort_by(|one, other| one.key_hash.cmp(&other.key_hash));
        idempotency_keys::keep(db, &rows)
    }
}
