//! Places are held, booked, moved and cancelled; nobody is ever double-booked.

use chrono::TimeDelta;
use rexue::actions::book::{self, PlaceWish, Request, Wish};
use rexue::config;
use rexue::domain::idempotency::Key;
use rexue::rules;
use rexue::store::appointments;
use serde_json::{Value, json};
use std::sync::Barrier;
use tests::on_both;
use tests::support::{Answer, Donor, Kind, Person, Server, Station, Town, now, until};

/// People of a town who may give: born between 1975 and 1999.
fn grown_up(station: &Station, count: usize) -> Vec<Donor> {
    let town = Town { people: (1..=999).map(Person::number).filter(may_give).take(count).collect() };
    station.import(&town);
    let numbers: Vec<String> = town.people.iter().map(|person| person.no.clone()).collect();
    assert_eq!(numbers.len(), count, "the town is too small");
    station.crowd(&numbers)
}

fn may_give(person: &Person) -> bool {
    let year: i32 = person.birth_date[..4].parse().unwrap();
    (1975..2000).contains(&year)
}

fn post(server: &Server, donor: &Donor, path: &str, body: Value, key: &str) -> Answer {
    let bearer = format!("Bearer {}", donor.caller.access);
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", key)];
    server.request("POST", path, &headers, body.to_string().as_bytes())
}

fn places(station: &Station, slot: &str) -> (i64, i64) {
    let count =
        |column: &str| station.number(&format!("SELECT {column} AS number FROM slots WHERE id = '{slot}'"));
    (count("held"), count("booked"))
}

on_both! {
    fn a_place_is_held_confirmed_moved_and_cancelled(station) {
        let donors = grown_up(station, 2);
        let [first, second] = station.slots("whole_blood", 2, 2, 1).try_into().unwrap();
        station.execute("UPDATE booking_policy SET public_delay_minutes = 0").unwrap();
        let server = station.serve();
        let (one, other) = (&donors[0].caller, &donors[1].caller);

        let held = server.send(one, "/v1/holds", json!({ "slot": first })).with_status(201);
        let path = held.header("location").to_owned();
        let held = held.json();
        assert_eq!((&held["state"], &held["donor_no"]), (&json!("held"), &json!(donors[0].donor_no)));
        assert_eq!(places(station, &first), (1, 0));
        let full = server.send(other, "/v1/appointments", json!({ "slot": first })).with_status(409);
        assert_eq!(full.problem(), "slot_full");
        let foreign = server.send(other, &format!("{path}/confirmation"), json!({})).with_status(404);
        assert_eq!(foreign.problem(), "unknown_appointment", "somebody else's hold looks like none");
        server.send(one, &format!("{path}/renewal"), json!({})).with_status(200);
        let twice = server.send(one, &format!("{path}/renewal"), json!({})).with_status(409);
        assert_eq!(twice.problem(), "renewed_already");

        let booked = server.send(one, &format!("{path}/confirmation"), json!({})).with_status(200).json();
        assert_eq!((&booked["state"], &booked["hold_expires_at"]), (&json!("booked"), &Value::Null));
        assert_eq!(places(station, &first), (0, 1));
        let again = server.send(one, "/v1/holds", json!({ "slot": second })).with_status(409);
        assert_eq!(again.problem(), "already_booked");
        let moved = server.send(one, &format!("{path}/move"), json!({ "slot": second })).with_status(200).json();
        assert_eq!((&moved["id"], &moved["slot"]), (&booked["id"], &json!(second)));
        assert_eq!((places(station, &first), places(station, &second)), ((0, 0), (0, 1)));
        assert_eq!(server.read(one, &path).with_status(200).json(), moved);
        server.read(other, &path).with_status(404);

        server.send(one, &format!("{path}/cancellation"), json!({})).with_status(200);
        let over = server.send(one, &format!("{path}/cancellation"), json!({})).with_status(409);
        assert_eq!(over.problem(), "not_active");
        assert_eq!(places(station, &second), (0, 0));
        server.send(other, "/v1/appointments", json!({ "slot": second })).with_status(201);
        let sequence = station.number("SELECT max(sequence) AS number FROM appointments");
        assert_eq!(sequence, 4, "renewed, confirmed, moved, cancelled");
    }

    fn what_cannot_be_booked_is_refused_by_name(station) {
        let donors = grown_up(station, 2);
        let slot = station.slots("whole_blood", 2, 1, 5).remove(0);
        let far = station.slots("whole_blood", 20, 1, 5).remove(0);
        let paused = station.slots("whole_blood", 3, 1, 5).remove(0);
        let past = station.slots("whole_blood", 4, 1, 5).remove(0);
        station.execute(&format!(
            "UPDATE collection_sessions SET state = 'paused' WHERE id = (SELECT session_id FROM slots WHERE id = '{paused}');
             UPDATE slots SET starts_at = '2020-01-01 01:00:00' WHERE id = '{past}'"
        )).unwrap();
        let server = station.serve();
        let refused = |body: Value, status: u16| {
            server.send(&donors[0].caller, "/v1/appointments", body).with_status(status).problem()
        };

        assert_eq!(refused(json!({ "slot": "none" }), 404), "unknown_slot");
        assert_eq!(refused(json!({ "slot": far }), 409), "too_far_ahead");
        assert_eq!(refused(json!({ "slot": paused }), 409), "session_closed");
        assert_eq!(refused(json!({ "slot": past }), 409), "too_late");
        assert_eq!(refused(json!({ "slot": slot, "donor_no": donors[1].donor_no }), 404), "unknown_donor");
        assert_eq!(refused(json!({ "slot": 7 }), 422), "malformed_body");
        let donated = format!("UPDATE donations SET collected_at = '{}'", now().naive_utc());
        station.execute(&donated).unwrap();
        assert_eq!(refused(json!({ "slot": slot }), 409), "not_eligible");
        assert_eq!(places(station, &slot), (0, 0));
    }

    fn a_request_that_comes_twice_is_done_once(station) {
        let donors = grown_up(station, 1);
        let slots = station.slots("whole_blood", 2, 2, 5);
        let server = station.serve();
        let body = json!({ "slot": slots[0] });

        let first = post(&server, &donors[0], "/v1/appointments", body.clone(), "k1").with_status(201).json();
        let second = post(&server, &donors[0], "/v1/appointments", body.clone(), "k1").with_status(201).json();
        let other = post(&server, &donors[0], "/v1/appointments", json!({ "slot": slots[1] }), "k1");
        let refused = post(&server, &donors[0], "/v1/appointments", body.clone(), "k2").with_status(409).problem();
        let cancel = format!("/v1/appointments/{}/cancellation", first["id"].as_str().unwrap());
        post(&server, &donors[0], &cancel, json!({}), "k3").with_status(200);
        let refused_again = post(&server, &donors[0], "/v1/appointments", body, "k2").with_status(409).problem();

        assert_eq!(first, second);
        assert_eq!(other.with_status(422).problem(), "key_reused");
        assert_eq!((refused.as_str(), refused_again.as_str()), ("already_booked", "already_booked"), "the first answer");
        assert_eq!(station.count("appointments"), 1);
    }

    fn a_hold_that_is_over_is_nobody_s_place(station) {
        let donors = grown_up(station, 2);
        let slot = station.slots("whole_blood", 2, 1, 1).remove(0);
        let server = station.serve();
        let held = server.send(&donors[0].caller, "/v1/holds", json!({ "slot": slot })).with_status(201).json();
        station.execute("UPDATE appointments SET hold_expires_at = '2020-01-01 00:00:00'").unwrap();

        server.send(&donors[1].caller, "/v1/appointments", json!({ "slot": slot })).with_status(201);
        let path = format!("/v1/appointments/{}/confirmation", held["id"].as_str().unwrap());
        let late = server.send(&donors[0].caller, &path, json!({})).with_status(409);

        assert_eq!(late.problem(), "hold_expired");
        assert_eq!(places(station, &slot), (0, 1));
    }

    fn whoever_erases_the_account_frees_the_place(station) {
        let donors = grown_up(station, 1);
        let slot = station.slots("whole_blood", 2, 1, 1).remove(0);
        let server = station.serve();
        server.send(&donors[0].caller, "/v1/appointments", json!({ "slot": slot })).with_status(201);
        assert_eq!(places(station, &slot), (0, 1));

        server.send(&donors[0].caller, "/v1/me/erasure", json!({ "confirm": true })).with_status(200);

        assert_eq!(places(station, &slot), (0, 0));
    }

    fn the_last_place_has_one_winner(station) {
        let donors = grown_up(station, 40);
        let slots = station.slots("whole_blood", 2, 10, 1);
        let servers = [station.serve(), station.serve()];
        for (round, slot) in slots.iter().enumerate() {
            let racers = &donors[round * 4..round * 4 + 4];
            let start = Barrier::new(racers.len());
            let answers: Vec<u16> = std::thread::scope(|threads| {
                let race = |(place, donor): (usize, &Donor)| {
                    let (server, start, body) = (&servers[place % 2], &start, json!({ "slot": slot }));
                    let caller = donor.caller.clone();
                    threads.spawn(move || {
                        start.wait();
                        server.send(&caller, "/v1/appointments", body).status
                    })
                };
                let running: Vec<_> = racers.iter().enumerate().map(race).collect();
                running.into_iter().map(|racer| racer.join().unwrap()).collect()
            });

            assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
            assert_eq!(answers.iter().filter(|status| **status == 409).count(), 3, "{answers:?}");
            assert_eq!(places(station, slot), (0, 1));
        }
    }

    fn two_telephones_of_one_donor_get_one_appointment(station) {
        let donors = grown_up(station, 1);
        let slots = station.slots("whole_blood", 2, 8, 5);
        let servers = [station.serve(), station.serve()];

        let answers: Vec<u16> = std::thread::scope(|threads| {
            let book = |(place, slot): (usize, &String)| {
                let (server, body, caller) = (&servers[place % 2], json!({ "slot": slot }), donors[0].caller.clone());
                threads.spawn(move || server.send(&caller, "/v1/appointments", body).status)
            };
            let running: Vec<_> = slots.iter().enumerate().map(book).collect();
            running.into_iter().map(|booking| booking.join().unwrap()).collect()
        });

        assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|status| [201, 409].contains(status)), "{answers:?}");
        assert_eq!(station.number("SELECT CAST(sum(held + booked) AS BIGINT) AS number FROM slots"), 1);
    }

    fn a_batch_comes_to_what_the_same_requests_come_to_one_by_one(station) {
        let donors = grown_up(station, 12);
        let packs = rules::open(&config::Rules::default()).unwrap();
        let pool = station.pool();
        let mut chance = rexue::chance::Chance::from_seed(4);
        let mut outcomes = Vec::new();
        for together in [true, false] {
            let slots = station.slots("whole_blood", 2, 3, 2);
            let mut draws = rexue::chance::Chance::from_seed(7);
            let requests: Vec<Request> = (0..60)
                .map(|_| {
                    let mut below = |limit: usize| usize::try_from(draws.below(u32::try_from(limit).unwrap())).unwrap();
                    let slot = slots[below(3)].clone();
                    let wish = match below(2) {
                        0 => Wish::Hold(PlaceWish { slot, donor_no: None, group: None }),
                        _ => Wish::Book(PlaceWish { slot, donor_no: None, group: None }),
                    };
                    let account_id = donors[below(12)].account_id.clone();
                    let key = (below(3) == 0).then(|| {
                        let number = u8::try_from(below(8)).unwrap();
                        Key { key_hash: [number + if together { 0 } else { 100 }; 32], request_hash: [number; 32] }
                    });
                    Request { account_id, wish, key, at_version: None }
                })
                .collect();
            let said = match together {
                true => pool.write_blocking(|db| book::run(&packs, now(), db, &requests)).unwrap(),
                false => requests
                    .iter()
                    .map(|request| {
                        let alone = std::slice::from_ref(request);
                        pool.write_blocking(|db| book::run(&packs, now(), db, alone)).unwrap().remove(0)
                    })
                    .collect(),
            };
            let words: Vec<&str> =
                said.iter().map(|outcome| outcome.as_ref().map_or_else(|error| error.code, |_| "given")).collect();
            let taken: Vec<(i64, i64)> = slots.iter().map(|slot| places(station, slot)).collect();
            outcomes.push((words.join(" "), taken));
            station.execute("DELETE FROM appointments").unwrap();
            let _ = chance.below(2);
        }

        assert!(outcomes[0].0.contains("given") && outcomes[0].0.contains("slot_full"), "{:?}", outcomes[0]);
        assert!(outcomes[0].0.contains("already_booked"), "{:?}", outcomes[0]);
        assert_eq!(outcomes[0], outcomes[1]);
        station.rexue(["audit", "verify"]).well();
    }
}

/// The owner's transaction has the hold and wants the slot; who has the slot must not want the hold.
#[test]
fn a_hold_that_ends_while_its_owner_confirms_it_keeps_nobody_waiting() {
    let station = Station::new(Kind::Postgres);
    let donors = grown_up(&station, 2);
    let slot = station.slots("whole_blood", 2, 1, 1).remove(0);
    let server = station.serve();
    let held = server.send(&donors[0].caller, "/v1/holds", json!({ "slot": slot })).with_status(201).json();
    // Not over yet, so that the server's own round leaves it alone.
    let over = now() + TimeDelta::seconds(3);
    let over_at = over.naive_utc();
    station.execute(&format!("UPDATE appointments SET hold_expires_at = '{over_at}'")).unwrap();
    let book = || server.send(&donors[1].caller, "/v1/appointments", json!({ "slot": slot }));

    let swept = station.pool().write_blocking(|db| {
        appointments::lock(db, &[held["id"].as_str().unwrap()])?;
        until("the end of the hold", || now() > over);
        assert_eq!(book().with_status(409).problem(), "slot_full");
        station.pool().write_blocking(|db| book::sweep(db, now()))
    });

    assert_eq!(swept.unwrap(), 1, "the slot was looked at");
    assert_eq!(places(&station, &slot), (1, 0));
    book().with_status(201);
    assert_eq!(places(&station, &slot), (0, 1));
}
