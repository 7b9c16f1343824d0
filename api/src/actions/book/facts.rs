//! Everything that a batch of requests is decided on, loaded with one query a kind.

use super::giving_back::{Returns, expire};
use super::{Answer, PlaceWish, Request, Wish, join_hash};
use crate::actions::eligibility::Histories;
use crate::chance::{Chance, is_id};
use crate::domain::booking::Policy;
use crate::error::Error;
use crate::store::appointments::{self as store, AppointmentRow, SeenDonor, Venue};
use crate::store::schedule::SlotRow;
use crate::store::{Db, booking_policy, idempotency_keys, plans};
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What a batch is decided on.
pub(super) struct Facts {
    pub policy: Policy,
    /// Answers given before, by key.
    pub answers: HashMap<Vec<u8>, (Vec<u8>, Answer)>,
    pub donors: Vec<SeenDonor>,
    pub histories: Histories,
    /// When donors did not come.
    pub missed: HashMap<String, Vec<DateTime<Utc>>>,
    /// Active appointments of the donors, and those that requests name; by id.
    pub appointments: HashMap<String, AppointmentRow>,
    pub slots: HashMap<String, SlotRow>,
    pub venues: HashMap<String, Venue>,
    /// Holds that were over: they are written with the batch.
    pub expired: Vec<AppointmentRow>,
    pub returns: Returns,
}

impl Facts {
    pub fn load(
        db: &mut Db,
        requests: &[Request],
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<Self, Error> {
        let keys: Vec<&[u8]> =
            requests.iter().filter_map(|request| Some(request.key.as_ref()?.key_hash.as_slice())).collect();
        let answers = idempotency_keys::answers(db, &keys)?
            .into_iter()
            .map(|row| Ok((row.key_hash.clone(), (row.request_hash.clone(), Answer::read(&row)?))))
            .collect::<Result<_, Error>>()?;
        let accounts: BTreeSet<&str> = requests.iter().map(|request| request.account_id.as_str()).collect();
        let donors = store::donors_of_accounts(db, &accounts.into_iter().collect::<Vec<_>>())?;
        let ids: BTreeSet<&str> = donors.iter().map(|donor| donor.donor_id.as_str()).collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        plans::wait_for(db, &wishing(requests, &donors))?;
        let histories = Histories::load(db, &ids)?;
        let named: BTreeSet<&str> =
            requests.iter().filter_map(|request| request.wish.appointment()).collect();
        let mut appointments = store::lock(db, &named.into_iter().collect::<Vec<_>>())?;
        appointments.extend(store::active_of(db, &ids)?);
        let wanted = requests.iter().filter_map(|request| request.wish.slot());
        let slot_ids: BTreeSet<&str> =
            wanted.chain(appointments.iter().map(|appointment| appointment.slot_id.as_str())).collect();
        let mut slots = store::lock_slots(db, &slot_ids.into_iter().collect::<Vec<_>>())?;
        let over = overdue(db, &slots, now)?;
        let venues = venues_of(db, &slots)?;
        let policy = booking_policy::policy(db)?;
        let leaving: HashSet<&str> = requests.iter().filter_map(|request| request.wish.leaves()).collect();
        let given_up = appointments.iter().filter(|row| leaving.contains(row.id.as_str()));
        let mut returns = Returns::load(db, requests, given_up.chain(&over), &slots, policy.waiting)?;
        let expired = expire(over, &mut slots, &venues, &mut returns, now, chance);
        let mut appointments: HashMap<String, AppointmentRow> =
            appointments.into_iter().map(|appointment| (appointment.id.clone(), appointment)).collect();
        for appointment in &expired {
            appointments.insert(appointment.id.clone(), appointment.clone());
        }
        let missed = booking_policy::missed(db, &ids, now - policy.no_show_span)?;
        Ok(Self {
            policy,
            missed,
            answers,
            donors,
            histories,
            appointments,
            slots: slots.into_iter().map(|slot| (slot.id.clone(), slot)).collect(),
            venues,
            expired,
            returns,
        })
    }
}

/// The donors who may get a place that they did not have, each once and in the order of their ids.
fn wishing<'a>(requests: &[Request], donors: &'a [SeenDonor]) -> Vec<&'a str> {
    let wishes = requests.iter().filter(|request| request.wish.slot().is_some());
    let accounts: HashSet<&str> = wishes.map(|request| request.account_id.as_str()).collect();
    let wishing = donors.iter().filter(|donor| accounts.contains(donor.account_id.as_str()));
    wishing.map(|donor| donor.donor_id.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The holds on locked slots that are over.
pub(super) fn overdue(
    db: &mut Db,
    slots: &[SlotRow],
    now: DateTime<Utc>,
) -> Result<Vec<AppointmentRow>, Error> {
    let with_holds: Vec<&str> =
        slots.iter().filter(|slot| slot.held > 0).map(|slot| slot.id.as_str()).collect();
    if with_holds.is_empty() { Ok(Vec::new()) } else { store::expired_on(db, &with_holds, now) }
}

/// Where these slots are, by session.
pub(super) fn venues_of(db: &mut Db, slots: &[SlotRow]) -> Result<HashMap<String, Venue>, Error> {
    let sessions: BTreeSet<&str> = slots.iter().map(|slot| slot.session_id.as_str()).collect();
    let venues = store::venues(db, &sessions.into_iter().collect::<Vec<_>>())?;
    Ok(venues.into_iter().map(|venue| (venue.session_id.clone(), venue)).collect())
}

impl Wish {
    /// The slot that is wished for, when it can be one.
    pub(super) fn slot(&self) -> Option<&str> {
        match self {
            Self::Hold(PlaceWish { slot, .. })
            | Self::Book(PlaceWish { slot, .. })
            | Self::Move { slot, .. } => Some(slot.as_str()).filter(|slot| is_id(slot)),
            Self::Confirm { .. } | Self::Renew { .. } | Self::WillCome { .. } | Self::Cancel { .. } => None,
        }
    }

    /// The appointment that it is about.
    pub(super) fn appointment(&self) -> Option<&str> {
        match self {
            Self::Confirm { appointment }
            | Self::Renew { appointment }
            | Self::WillCome { appointment }
            | Self::Cancel { appointment }
            | Self::Move { appointment, .. } => Some(appointment),
            Self::Hold(_) | Self::Book(_) => None,
        }
    }

    /// The appointment whose place it gives back.
    fn leaves(&self) -> Option<&str> {
        match self {
            Self::Cancel { appointment } | Self::Move { appointment, .. } => Some(appointment),
            _ => None,
        }
    }

    /// What the group is known by whose place is wished for.
    pub(super) fn join_hash(&self) -> Option<[u8; 32]> {
        match self {
            Self::Hold(place) | Self::Book(place) => place.group.as_deref().map(join_hash),
            _ => None,
        }
    }
}
