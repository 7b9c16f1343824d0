//! The checker finds each kind of violation in histories and tables that are made up; in sound ones it finds none.

use super::*;
use crate::prove::history::Sent;
use chrono::TimeDelta;

/// So many seconds into the history.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
}

const SLOT: &str = "slot";
const OTHER: &str = "other slot";
/// The seconds that a hold lives.
const HOLD: i64 = 300;

fn hold() -> Asked {
    Asked::Hold { slot: SLOT.to_owned() }
}

fn book() -> Asked {
    Asked::Book { slot: SLOT.to_owned() }
}

fn confirm(id: &str) -> Asked {
    Asked::Confirm { appointment: id.to_owned() }
}

fn renew(id: &str) -> Asked {
    Asked::Renew { appointment: id.to_owned() }
}

fn cancel(id: &str) -> Asked {
    Asked::Cancel { appointment: id.to_owned() }
}

fn move_to(id: &str) -> Asked {
    Asked::Move { appointment: id.to_owned(), slot: OTHER.to_owned() }
}

/// Sent at a second and answered half a second later.
fn sent(donor_no: &str, key: &str, second: i64, asked: Asked, told: Told) -> Sent {
    let (from, until) = (at(second), at(second) + TimeDelta::milliseconds(500));
    Sent { donor_no: donor_no.to_owned(), key: key.to_owned(), asked, from, until, told }
}

fn refused(status: u16, code: &str) -> Told {
    Told::Refused { status, code: code.to_owned() }
}

/// What the server says when it has done a donor's request at a second.
fn done(donor_no: &str, id: &str, second: i64, asked: &Asked) -> Told {
    let state = asked.state_after();
    let end = (state == "held").then(|| at(second + HOLD));
    let slot = asked.slot().unwrap_or(SLOT).to_owned();
    let (id, donor_no) = (id.to_owned(), donor_no.to_owned());
    Told::Done(Appointment { id, state: state.to_owned(), slot, donor_no, hold_expires_at: end })
}

/// A station with two slots of one place, what was sent to it, and what became of it.
#[derive(Default)]
struct World {
    history: History,
    tables: Tables,
}

impl World {
    fn new() -> Self {
        let slot =
            |id: &str| Slot { id: id.to_owned(), capacity: 1, held: 0, booked: 0, kept: 0, kept_rows: 0 };
        let tables = Tables { slots: vec![slot(SLOT), slot(OTHER)], read_at: at(1_000), ..Tables::default() };
        Self { history: History::default(), tables }
    }

    /// Something that was asked for and done.
    fn done(mut self, donor_no: &str, id: &str, second: i64, asked: Asked) -> Self {
        let told = done(donor_no, id, second, &asked);
        let key = format!("{donor_no} {second}");
        self.history.sent.push(sent(donor_no, &key, second, asked, told));
        self
    }

    /// Something that was asked for and not answered.
    fn unanswered(mut self, donor_no: &str, second: i64, asked: Asked) -> Self {
        let key = format!("{donor_no} {second}");
        self.history.sent.push(sent(donor_no, &key, second, asked, Told::Nothing));
        self
    }

    fn sent(mut self, sent: Sent) -> Self {
        self.history.sent.push(sent);
        self
    }

    /// An appointment's row, after so many changes, with its lines in the trail; its slot counts it.
    fn row(mut self, donor_no: &str, id: &str, state: &str, sequence: i64, trail: &[&str]) -> Self {
        let slot = &mut self.tables.slots[0];
        match state {
            "held" => slot.held += 1,
            "booked" => slot.booked += 1,
            _ => {}
        }
        let is_hold = ["held", "expired"].contains(&state);
        self.tables.appointments.push(Row {
            id: id.to_owned(),
            slot: SLOT.to_owned(),
            donor_no: donor_no.to_owned(),
            product: "whole_blood".to_owned(),
            state: state.to_owned(),
            hold_expires_at: is_hold.then(|| at(1 + HOLD)),
            renewals: 0,
            sequence,
            created_at: at(1),
            changed_at: at(if state == "expired" { 2 + HOLD } else { 1 }),
        });
        let lines = trail.iter().map(|word| format!("appointment.{word}")).collect();
        self.tables.trail.insert(id.to_owned(), lines);
        self
    }

    fn changed(mut self, change: impl FnOnce(&mut Tables)) -> Self {
        change(&mut self.tables);
        self
    }

    /// The kinds of what is found, each once.
    fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> =
            check(&self.history, &self.tables).into_iter().map(|violation| violation.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

/// One donor who holds and confirms.
fn confirmed() -> World {
    World::new().done("A", "1", 1, hold()).done("A", "1", 2, confirm("1")).row(
        "A",
        "1",
        "booked",
        1,
        &["held", "booked"],
    )
}

#[test]
fn a_sound_history_has_no_violations() {
    assert_eq!(World::new().kinds(), []);
    assert_eq!(confirmed().kinds(), []);
    let expired = World::new().done("A", "1", 1, hold()).row("A", "1", "expired", 0, &["held"]);
    assert_eq!(expired.kinds(), []);
    let late = refused(409, "hold_expired");
    assert_eq!(expired.sent(sent("A", "late", 400, confirm("1"), late)).kinds(), []);
}

#[test]
fn what_got_no_answer_may_have_happened_or_not() {
    let asked = || World::new().unanswered("A", 1, book());
    assert_eq!(asked().kinds(), []);
    assert_eq!(asked().row("A", "1", "booked", 0, &["booked"]).kinds(), []);

    let cancelled = || World::new().done("A", "1", 1, book()).unanswered("A", 2, cancel("1"));
    assert_eq!(cancelled().row("A", "1", "booked", 0, &["booked"]).kinds(), []);
    assert_eq!(cancelled().row("A", "1", "cancelled", 1, &["booked", "cancelled"]).kinds(), []);
}

#[test]
fn but_never_both() {
    let twice = World::new().unanswered("A", 1, book()).row("A", "1", "cancelled", 0, &["booked"]).row(
        "A",
        "2",
        "booked",
        0,
        &["booked"],
    );
    assert!(twice.kinds().contains(&Kind::NobodyAsked));

    let retried = World::new().sent(sent("A", "k", 1, book(), Told::Nothing)).sent(sent(
        "A",
        "k",
        2,
        book(),
        done("A", "2", 2, &book()),
    ));
    let once = retried.row("A", "2", "booked", 0, &["booked"]);
    assert_eq!(once.kinds(), [], "a key that was tried again counts once");
    assert!(once.row("A", "1", "booked", 0, &["booked"]).kinds().contains(&Kind::NobodyAsked));
}

#[test]
fn more_places_than_there_are_are_found_at_the_end() {
    let two = World::new()
        .done("A", "1", 1, book())
        .done("B", "2", 2, book())
        .row("A", "1", "booked", 0, &["booked"])
        .row("B", "2", "booked", 0, &["booked"]);

    assert_eq!(two.kinds(), [Kind::OverCapacity]);
}

#[test]
fn and_on_the_way_although_the_end_looks_well() {
    let two = World::new()
        .done("A", "1", 1, book())
        .done("B", "2", 2, book())
        .done("A", "1", 3, cancel("1"))
        .row("A", "1", "cancelled", 1, &["booked", "cancelled"])
        .row("B", "2", "booked", 0, &["booked"]);
    assert_eq!(two.kinds(), [Kind::OverCapacity]);

    let twice = World::new()
        .done("A", "1", 1, book())
        .done("A", "2", 2, book())
        .done("A", "1", 3, cancel("1"))
        .row("A", "1", "cancelled", 1, &["booked", "cancelled"])
        .row("A", "2", "booked", 0, &["booked"])
        .changed(|tables| tables.slots[0].capacity = 2);
    assert_eq!(twice.kinds(), [Kind::TwoActive]);
}

#[test]
fn a_slot_that_counts_otherwise_than_its_appointments_is_found() {
    for change in [
        |slot: &mut Slot| slot.booked = 0,
        |slot: &mut Slot| slot.held = 1,
        |slot: &mut Slot| slot.booked = 2,
    ] {
        let wrong = confirmed().changed(|tables| {
            tables.slots[0].capacity = 9;
            change(&mut tables.slots[0]);
        });
        assert_eq!(wrong.kinds(), [Kind::WrongCount]);
    }
    let nowhere = confirmed().changed(|tables| drop(tables.slots.remove(0)));
    assert!(nowhere.kinds().contains(&Kind::WrongCount));
}

#[test]
fn two_active_appointments_of_one_donor_are_found() {
    let two = confirmed().unanswered("A", 3, hold()).row("A", "2", "held", 0, &["held"]).changed(|tables| {
        tables.slots[0].capacity = 2;
        tables.appointments[1].hold_expires_at = Some(at(2_000));
        tables.appointments[1].created_at = at(3);
    });

    assert_eq!(two.kinds(), [Kind::TwoActive]);
}

#[test]
fn a_confirmed_answer_that_is_not_in_the_database_is_found() {
    assert_eq!(World::new().done("A", "1", 1, book()).kinds(), [Kind::AnswerLost]);
    let anothers = World::new().done("A", "1", 1, book()).row("B", "1", "booked", 0, &["booked"]);
    assert!(anothers.kinds().contains(&Kind::AnswerLost));
}

#[test]
fn an_end_to_which_no_order_leads_is_found() {
    let ends: [(&str, i64, &[&str]); 4] = [
        ("held", 0, &["held"]),
        ("cancelled", 2, &["held", "booked", "cancelled"]),
        ("booked", 2, &["held", "booked", "moved"]),
        ("expired", 0, &["held"]),
    ];
    for (state, sequence, trail) in ends {
        let world = World::new()
            .done("A", "1", 1, hold())
            .done("A", "1", 2, confirm("1"))
            .row("A", "1", state, sequence, trail)
            .changed(|tables| tables.read_at = at(3));
        assert_eq!(world.kinds(), [Kind::WrongEnd], "confirmed, and {state}");
    }
}

#[test]
fn an_order_that_time_forbids_is_none() {
    let world = |cancelled: i64, moved: i64| {
        World::new()
            .done("A", "1", 1, book())
            .done("A", "1", cancelled, cancel("1"))
            .done("A", "1", moved, move_to("1"))
            .row("A", "1", "cancelled", 2, &["booked", "moved", "cancelled"])
            .changed(|tables| tables.appointments[0].slot = OTHER.to_owned())
    };

    assert_eq!(world(5, 3).kinds(), []);
    assert_eq!(world(3, 5).kinds(), [Kind::WrongEnd]);
}

#[test]
fn something_done_twice_is_found() {
    let renewed = World::new()
        .done("A", "1", 1, hold())
        .done("A", "1", 2, renew("1"))
        .row("A", "1", "held", 2, &["held"])
        .changed(|tables| {
            tables.read_at = at(3);
            tables.appointments[0].renewals = 2;
        });

    assert_eq!(renewed.kinds(), [Kind::WrongEnd]);
}

#[test]
fn two_answers_to_one_key_are_found() {
    let again = |told| confirmed().sent(sent("A", "A 2", 3, confirm("1"), told)).kinds();

    assert_eq!(again(done("A", "1", 2, &confirm("1"))), []);
    assert_eq!(again(Told::Nothing), []);
    assert_eq!(again(refused(409, "not_held")), [Kind::TwoAnswers]);
    let shared = confirmed().done("A", "1", 5, hold()).kinds();
    assert!(shared.contains(&Kind::TwoAnswers), "{shared:?}");
}

#[test]
fn a_key_that_is_taken_for_another_request_is_found() {
    let other = |told| confirmed().sent(sent("A", "A 2", 3, book(), told)).kinds();

    assert_eq!(other(refused(422, "key_reused")), []);
    assert_eq!(other(Told::Nothing), []);
    assert_eq!(other(refused(409, "slot_full")), [Kind::KeyTakenTwice]);
    assert_eq!(other(done("A", "1", 3, &book())), [Kind::KeyTakenTwice]);
}

#[test]
fn an_appointment_that_nobody_asked_for_is_found() {
    let row = |world: World| world.row("A", "1", "booked", 0, &["booked"]).kinds();

    assert_eq!(row(World::new()), [Kind::NobodyAsked]);
    assert_eq!(row(World::new().unanswered("B", 1, book())), [Kind::NobodyAsked], "another donor");
    assert_eq!(row(World::new().unanswered("A", 2, book())), [Kind::NobodyAsked], "asked for later");
    let elsewhere = Asked::Book { slot: OTHER.to_owned() };
    assert_eq!(row(World::new().unanswered("A", 1, elsewhere)), [Kind::NobodyAsked], "another slot");
    let full = World::new().sent(sent("A", "k", 1, book(), refused(409, "slot_full")));
    assert_eq!(row(full), [Kind::NobodyAsked], "refused");
}

#[test]
fn a_hold_that_is_taken_back_early_is_found() {
    let early = World::new()
        .done("A", "1", 1, hold())
        .row("A", "1", "expired", 0, &["held"])
        .changed(|tables| tables.appointments[0].changed_at = at(HOLD));

    assert_eq!(early.kinds(), [Kind::WrongTime]);
}

#[test]
fn a_hold_that_is_confirmed_when_it_is_over_is_found() {
    let mut over = confirmed();
    over.history.ends_of_holds.insert("1".to_owned(), at(1));
    assert_eq!(over.kinds(), [Kind::WrongTime]);

    let called_over = confirmed().sent(sent("A", "k", 3, confirm("1"), refused(409, "hold_expired")));
    assert_eq!(called_over.kinds(), [Kind::WrongTime]);
}

#[test]
fn a_hold_that_is_over_and_keeps_its_place_is_found() {
    let leaked = World::new().done("A", "1", 1, hold()).row("A", "1", "held", 0, &["held"]);

    assert_eq!(leaked.kinds(), [Kind::LeakedHold]);
}

#[test]
fn a_trail_that_tells_something_else_is_found() {
    for trail in [
        vec![],
        vec!["held"],
        vec!["booked"],
        vec!["held", "booked", "booked"],
        vec!["held", "booked", "cancelled"],
        vec!["held", "booked", "moved"],
    ] {
        let world = confirmed().changed(|tables| {
            let lines = trail.iter().map(|word| format!("appointment.{word}")).collect();
            tables.trail.insert("1".to_owned(), lines);
        });
        assert_eq!(world.kinds(), [Kind::WrongTrail], "{trail:?}");
    }
}

#[test]
fn an_answer_that_a_request_cannot_get_is_found() {
    for told in [
        refused(401, "expired_token"),
        refused(404, "unknown_appointment"),
        refused(409, "slot_full"),
        refused(429, "too_many_requests"),
        done("A", "1", 3, &hold()),
    ] {
        let world = confirmed().sent(sent("A", "k", 3, cancel("1"), told));
        assert!(world.kinds().contains(&Kind::StrangeAnswer));
    }
}
