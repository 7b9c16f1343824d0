//! What one client does with its donors: holds, confirms, books, renews, moves, cancels, and tries again.

use super::caller::{Caller, Owner, Patience};
use super::history::{Appointment, Asked, Sent, Told};
use rexue::chance::Chance;

/// A donor, as far as the client knows.
struct Known {
    owner: Owner,
    appointment: Option<Taken>,
    /// Something was asked for, and no answer came.
    unsure: bool,
}

/// A place that a donor has.
#[derive(Clone)]
struct Taken {
    id: String,
    held: bool,
}

impl Taken {
    fn new(shown: &Appointment) -> Self {
        Self { id: shown.id.clone(), held: shown.state == "held" }
    }
}

/// A client with donors of its own.
pub(super) struct Client<'a> {
    caller: Caller<'a>,
    slots: &'a [String],
    donors: Vec<Known>,
    chance: Chance,
    name: String,
    keys: usize,
    /// Everything that it sent.
    pub sent: Vec<Sent>,
}

impl<'a> Client<'a> {
    pub fn new(
        caller: Caller<'a>,
        owners: &[Owner],
        slots: &'a [String],
        name: String,
        chance: Chance,
    ) -> Self {
        let known = |owner: &Owner| Known { owner: owner.clone(), appointment: None, unsure: false };
        let donors = owners.iter().map(known).collect();
        Self { caller, slots, donors, chance, name, keys: 0, sent: Vec::new() }
    }

    /// One donor tries to get a place, in one of the ways in which people do.
    pub fn attempt(&mut self) {
        let donor = self.below(self.donors.len());
        self.learn(donor);
        self.change_mind(donor);
        let slot = self.any_slot();
        match self.below(20) {
            0 => self.two_telephones(donor, slot),
            1 => self.tap_twice(donor, slot),
            2..11 => self.ask(donor, Asked::Book { slot }),
            _ => self.hold(donor, slot),
        }
    }

    fn hold(&mut self, donor: usize, slot: String) {
        self.ask(donor, Asked::Hold { slot });
        let Some(Taken { id, held: true, .. }) = self.donors[donor].appointment.clone() else { return };
        if self.below(5) == 0 {
            self.ask(donor, Asked::Renew { appointment: id.clone() });
        }
        match self.below(10) {
            0 => {}
            1 => self.ask(donor, Asked::Cancel { appointment: id }),
            _ => self.ask(donor, Asked::Confirm { appointment: id }),
        }
    }

    /// Who has a place may give it back, or want another one; some forget that they have one.
    fn change_mind(&mut self, donor: usize) {
        let Some(Taken { id, held, .. }) = self.donors[donor].appointment.clone() else { return };
        match self.below(4) {
            0 | 1 => self.ask(donor, Asked::Cancel { appointment: id }),
            2 if held => self.ask(donor, Asked::Confirm { appointment: id }),
            2 => {
                let slot = self.any_slot();
                self.ask(donor, Asked::Move { appointment: id, slot });
            }
            _ => {}
        }
    }

    /// Who does not know looks.
    fn learn(&mut self, donor: usize) {
        if self.donors[donor].unsure
            && let Some(shown) = self.caller.look(&self.donors[donor].owner, 0)
        {
            self.donors[donor].appointment = shown.first().map(Taken::new);
            self.donors[donor].unsure = false;
        }
    }

    /// The same donor asks for two places at once, at two servers.
    fn two_telephones(&mut self, donor: usize, slot: String) {
        let other = Asked::Hold { slot: self.any_slot() };
        let (one_key, other_key) = (self.key(), self.key());
        self.at_once(donor, (&Asked::Book { slot }, &one_key), (&other, &other_key));
    }

    /// The same request is sent twice at once, to two servers.
    fn tap_twice(&mut self, donor: usize, slot: String) {
        let (asked, key) = (Asked::Book { slot }, self.key());
        self.at_once(donor, (&asked, &key), (&asked, &key));
    }

    fn at_once(&mut self, donor: usize, one: (&Asked, &str), other: (&Asked, &str)) {
        let owner = &self.donors[donor].owner;
        let caller = &self.caller;
        let both = std::thread::scope(|threads| {
            let first = threads.spawn(|| caller.ask(owner, one.1, one.0, 0, Patience::Asks));
            let second = caller.ask(owner, other.1, other.0, 1, Patience::Asks);
            [first.join().unwrap(), second]
        });
        for sendings in both {
            self.note(donor, sendings);
        }
    }

    fn ask(&mut self, donor: usize, asked: Asked) {
        let key = self.key();
        let patience = if self.below(8) == 0 { Patience::GivesUp } else { Patience::Asks };
        let wanted = self.below(2);
        let sendings = self.caller.ask(&self.donors[donor].owner, &key, &asked, wanted, patience);
        let answered = sendings.last().is_some_and(|sent| sent.told != Told::Nothing);
        self.note(donor, sendings);
        if answered && self.below(30) == 0 {
            self.ask_again(donor, &key, &asked);
        }
    }

    /// The key of an answered request comes once more: with the same request, or with another one.
    fn ask_again(&mut self, donor: usize, key: &str, asked: &Asked) {
        let again = match self.below(2) {
            0 => asked.clone(),
            _ => Asked::Book { slot: self.any_slot() },
        };
        let (wanted, owner) = (self.below(2), &self.donors[donor].owner);
        let sendings = self.caller.ask(owner, key, &again, wanted, Patience::Asks);
        self.sent.extend(sendings);
    }

    /// Writes down what was sent, and learns from the answer.
    fn note(&mut self, donor: usize, sendings: Vec<Sent>) {
        let known = &mut self.donors[donor];
        match sendings.last().map(|sent| &sent.told) {
            Some(Told::Done(it)) if it.state == "cancelled" => known.appointment = None,
            Some(Told::Done(it)) => {
                known.appointment = Some(Taken::new(it));
            }
            Some(Told::Refused { code, .. }) if code == "slot_full" => {}
            Some(Told::Refused { .. } | Told::Nothing) | None => known.unsure = true,
        }
        self.sent.extend(sendings);
    }

    fn any_slot(&mut self) -> String {
        let place = self.below(self.slots.len());
        self.slots[place].clone()
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("{}-{}", self.name, self.keys)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.chance.below(u32::try_from(limit).unwrap())).unwrap()
    }
}
