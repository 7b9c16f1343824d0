//! What is planned counts like a donation on its day: a second product needs its time before it and after it.

use rexue::actions::book::{self, PlaceWish, Request, Wish};
use rexue::chance::Chance;
use rexue::clock::day_in_china;
use rexue::{config, rules};
use serde_json::{Value, json};
use std::sync::Barrier;
use tests::on_both;
use tests::support::{Answer, Donor, Person, Server, Station, Town, now, until};

const BLOOD: &str = "whole_blood";
const PLATELETS: &str = "apheresis_platelets";

/// People of a town who may give.
fn crowd(station: &Station, count: usize) -> Vec<Donor> {
    station.import(&Town::of(60));
    let numbers: Vec<String> = (30..30 + count).map(|number| Person::number(number).no).collect();
    station.crowd(&numbers)
}

fn slot(station: &Station, product: &str, days: i64) -> String {
    station.slots(product, days, 1, 3).remove(0)
}

fn book(server: &Server, donor: &Donor, slot: &str) -> Answer {
    server.send(&donor.caller, "/v1/appointments", json!({ "slot": slot }))
}

fn change(server: &Server, donor: &Donor, booked: &Value, change: &str, body: Value) -> Answer {
    let path = format!("/v1/appointments/{}/{change}", booked["id"].as_str().unwrap());
    server.send(&donor.caller, &path, body)
}

/// The day of an appointment, Asia/Shanghai.
fn day(appointment: &Value) -> String {
    let starts_at: chrono::DateTime<chrono::Utc> =
        appointment["starts_at"].as_str().unwrap().parse().unwrap();
    day_in_china(starts_at).to_string()
}

#[track_caller]
fn assert_too_near(answer: Answer, rule: &str, planned: &Value) {
    let answer = answer.with_status(409);
    assert_eq!(answer.problem(), "not_eligible");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(rule) && detail.contains(&day(planned)), "{detail}");
}

fn eligibility(server: &Server, donor: &Donor, product: &str) -> Value {
    let all = server.read(&donor.caller, "/v1/me/eligibility").with_status(200).json();
    all.as_array().unwrap().iter().find(|one| one["product"] == product).unwrap().clone()
}

on_both! {
    fn a_second_product_keeps_its_time_before_and_after_what_is_booked(station) {
        let donor = &crowd(station, 1)[0];
        station.execute("UPDATE booking_policy SET window_days = 90").unwrap();
        let [before, soon_after, far_before] = [8, 12, 2].map(|days| slot(station, PLATELETS, days));
        let [blood, later] = [10, 40].map(|days| slot(station, BLOOD, days));
        let server = station.serve();

        let booked = book(&server, donor, &blood).with_status(201).json();
        assert_too_near(book(&server, donor, &before), "interval.apheresis_platelets.whole_blood", &booked);
        assert_too_near(book(&server, donor, &soon_after), "interval.whole_blood.apheresis_platelets", &booked);
        let hold = server.send(&donor.caller, "/v1/holds", json!({ "slot": before }));
        assert_too_near(hold, "interval.apheresis_platelets.whole_blood", &booked);

        let moved = change(&server, donor, &booked, "move", json!({ "slot": later })).with_status(200).json();
        let platelets = book(&server, donor, &far_before).with_status(201).json();
        let back = change(&server, donor, &moved, "move", json!({ "slot": blood }));
        assert_too_near(back, "interval.apheresis_platelets.whole_blood", &platelets);

        change(&server, donor, &platelets, "cancellation", json!({})).with_status(200);
        change(&server, donor, &moved, "move", json!({ "slot": blood })).with_status(200);
    }

    fn a_refusal_because_of_a_plan_is_told_again_with_its_reason(station) {
        let donor = &crowd(station, 1)[0];
        let (blood, platelets) = (slot(station, BLOOD, 10), slot(station, PLATELETS, 8));
        let server = station.serve();
        let booked = book(&server, donor, &blood).with_status(201).json();
        let ask = || {
            let bearer = format!("Bearer {}", donor.caller.access);
            let headers = [
                ("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", "a"),
            ];
            server.request("POST", "/v1/appointments", &headers, json!({ "slot": platelets }).to_string().as_bytes())
        };

        let refused = ask();
        change(&server, donor, &booked, "cancellation", json!({})).with_status(200);

        assert_eq!(refused.body, ask().body);
        assert_too_near(refused, "interval.apheresis_platelets.whole_blood", &booked);
        book(&server, donor, &platelets).with_status(201);
    }

    fn eligibility_names_the_appointment_that_is_in_the_way(station) {
        let donor = &crowd(station, 1)[0];
        let blood = slot(station, BLOOD, 10);
        let server = station.serve();
        let before = eligibility(&server, donor, PLATELETS);

        let booked = book(&server, donor, &blood).with_status(201).json();

        let platelets = eligibility(&server, donor, PLATELETS);
        assert_eq!((&before["eligible"], &platelets["eligible"]), (&json!(true), &json!(false)));
        let block = &platelets["blocks"][0];
        assert_eq!(block["rule"], "interval.apheresis_platelets.whole_blood");
        assert_eq!((&block["appointment"], &block["because_of"]), (&booked["id"], &json!(day(&booked))));
        assert_eq!(block["donation_no"], json!(null));
        assert!(platelets["first_day"].as_str().unwrap() > day(&booked).as_str(), "{platelets}");
        assert_eq!(eligibility(&server, donor, BLOOD)["eligible"], json!(true), "it can be moved");
    }

    fn a_freed_place_is_not_offered_too_near_to_what_is_booked(station) {
        let donors = crowd(station, 3);
        let (blood, platelets) = (slot(station, BLOOD, 10), station.slots(PLATELETS, 5, 1, 1).remove(0));
        let server = station.serve();
        let taken = book(&server, &donors[0], &platelets).with_status(201).json();
        let place = station.texts(&format!(
            "SELECT site_code || ' ' || CAST(day AS TEXT) AS text FROM slots JOIN collection_sessions s ON s.id = session_id WHERE slots.id = '{platelets}'"
        ));
        let (site, on) = place[0].split_once(' ').unwrap();
        let wish = json!({ "product": PLATELETS, "site": site, "first_day": on, "last_day": on });
        let join = |donor: &Donor| server.send(&donor.caller, "/v1/me/waitlist", wish.clone());
        for donor in &donors[1..] {
            join(donor).with_status(201);
        }
        let state = |donor: &Donor| {
            let account = &donor.account_id;
            station.texts(&format!("SELECT state AS text FROM waitlist WHERE account_id = '{account}'")).remove(0)
        };

        book(&server, &donors[1], &blood).with_status(201);
        change(&server, &donors[0], &taken, "cancellation", json!({})).with_status(200);

        until("the second in the line is offered it", || state(&donors[2]) == "offered");
        assert_eq!(state(&donors[1]), "waiting");
        let blood = book(&server, &donors[0], &blood).with_status(201).json();
        assert_eq!(join(&donors[0]).with_status(409).problem(), "not_eligible", "{blood}");
    }

    fn a_batch_with_two_products_comes_to_what_its_requests_come_to_one_by_one(station) {
        let donors = crowd(station, 6);
        let packs = rules::open(&config::Rules::default()).unwrap();
        let pool = station.pool();
        let mut outcomes = Vec::new();
        for together in [true, false] {
            let slots: Vec<String> =
                [(BLOOD, 2), (PLATELETS, 3), (BLOOD, 6), (PLATELETS, 9)].map(|(product, days)| slot(station, product, days)).into();
            let mut draws = Chance::from_seed(11);
            let mut below = |limit: u32| usize::try_from(draws.below(limit)).unwrap();
            let requests: Vec<Request> = (0..40)
                .map(|_| {
                    let slot = slots[below(4)].clone();
                    let place = PlaceWish { slot, donor_no: None, group: None };
                    let wish = if below(2) == 0 { Wish::Hold(place) } else { Wish::Book(place) };
                    Request { account_id: donors[below(6)].account_id.clone(), wish, key: None, at_version: None }
                })
                .collect();
            let run = |requests: &[Request]| pool.write_blocking(|db| book::run(&packs, now(), db, requests)).unwrap();
            let said = match together {
                true => run(&requests),
                false => requests.iter().map(|request| run(std::slice::from_ref(request)).remove(0)).collect(),
            };
            let words = said.iter().map(|outcome| match outcome {
                Ok(_) => "given".to_owned(),
                Err(error) => format!("{}: {}", error.code, error.message),
            });
            outcomes.push(words.collect::<Vec<_>>());
            station.execute("DELETE FROM appointments").unwrap();
        }

        let too_near = outcomes[0].iter().filter(|word| word.contains("too near")).count();
        let given = outcomes[0].iter().filter(|word| *word == "given").count();
        assert!(too_near > 5 && given == 6, "{:?}", outcomes[0]);
        assert_eq!(outcomes[0], outcomes[1]);
    }

    fn of_two_products_booked_at_once_on_two_nodes_one_is_had(station) {
        let donors = crowd(station, 8);
        let slots = [(BLOOD, 6), (PLATELETS, 8)].map(|(product, days)| station.slots(product, days, 1, 8).remove(0));
        let nodes = [station.serve(), station.serve()];

        for donor in &donors {
            let start = Barrier::new(2);
            let ask = |number: usize| {
                start.wait();
                book(&nodes[number], donor, &slots[number]).status
            };
            let ask = &ask;
            let statuses: Vec<u16> = std::thread::scope(|scope| {
                let both = [0, 1].map(|number| scope.spawn(move || ask(number)));
                both.map(|one| one.join().unwrap()).into()
            });
            assert!(statuses == [201, 409] || statuses == [409, 201], "{statuses:?}");
        }

        assert_eq!(station.number("SELECT CAST(sum(held + booked) AS BIGINT) AS number FROM slots"), 8);
    }
}
