//! Emergency teams: who agreed is asked when their blood group is needed, and nobody else.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::on_both;
use tests::support::{
    Answer, Caller, Donor, Gateway, PUBLIC_URL, Person, Server, Station, Town, international, now, until,
};

/// A town in which everybody has group O+, but for those who are named with theirs.
fn town(station: &Station, others: &[(usize, &str)]) {
    let town = Town::of(40);
    let mut donors = town.donors();
    for (number, group) in others {
        let row = Person::number(*number).row();
        donors = donors.replace(&row, &row.replace(",O,+", group));
    }
    station.import_text(donors, town.donations());
}

fn donors<const N: usize>(station: &Station, numbers: [usize; N]) -> [Donor; N] {
    let crowd = station.crowd(&numbers.map(|number| Person::number(number).no));
    crowd.try_into().unwrap_or_else(|_| panic!("one for each"))
}

fn staff(station: &Station, server: &Server, role: &str) -> Caller {
    station.user(server, role, None).sign_in(server)
}

fn team(server: &Server, staff: &Caller) -> String {
    let made = server.send(staff, "/v1/station/teams", json!({ "name": "应急一队" })).with_status(201).json();
    made["id"].as_str().unwrap().to_owned()
}

fn join(server: &Server, donor: &Caller, team: &str) -> Answer {
    let agreed = json!({ "consent": true, "text_version": "2026-1" });
    server.send(donor, &format!("/v1/me/teams/{team}/membership"), agreed)
}

fn wanted(groups: &[(&str, &str)], needed: u32) -> Value {
    let groups: Vec<Value> = groups.iter().map(|(abo, rhd)| json!({ "abo": abo, "rhd": rhd })).collect();
    json!({ "groups": groups, "product": "whole_blood", "needed": needed, "closes_at": now() + TimeDelta::hours(6) })
}

fn call(server: &Server, staff: &Caller, team: &str, body: Value) -> Value {
    server.send(staff, &format!("/v1/station/teams/{team}/call-ups"), body).with_status(201).json()
}

/// A team of these donors, called up for so many of group O+: the team and the call-up.
fn called(server: &Server, staff: &Caller, members: &[&Caller], needed: u32) -> (String, String) {
    let team = team(server, staff);
    for member in members {
        join(server, member, &team).with_status(204);
    }
    let made = call(server, staff, &team, wanted(&[("O", "+")], needed));
    assert_eq!(made["asked"], members.len());
    (team, made["id"].as_str().unwrap().to_owned())
}

fn answer(server: &Server, donor: &Caller, call_up: &str, coming: bool) -> Answer {
    let said = Some(json!({ "coming": coming }));
    server.call(donor, "PUT", &format!("/v1/me/call-ups/{call_up}/answer"), said)
}

fn asked(server: &Server, donor: &Caller) -> Value {
    server.read(donor, "/v1/me/call-ups").with_status(200).json()
}

fn coming(server: &Server, staff: &Caller, call_up: &str) -> Value {
    server.read(staff, &format!("/v1/station/call-ups/{call_up}/coming")).with_status(200).json()
}

fn listed(server: &Server, staff: &Caller, team: &str) -> Value {
    server.read(staff, &format!("/v1/station/teams/{team}/call-ups")).with_status(200).json()[0].clone()
}

fn messages(station: &Station, state: &str) -> i64 {
    station.number(&format!(
        "SELECT count(*) AS number FROM outbox WHERE kind = 'call_up' AND state = '{state}'"
    ))
}

fn traces(station: &Station, action: &str) -> i64 {
    station.number(&format!("SELECT count(*) AS number FROM audit WHERE action = '{action}'"))
}

fn members(station: &Station) -> i64 {
    station.number("SELECT count(*) AS number FROM team_members WHERE left_at IS NULL")
}

on_both! {
    fn to_join_needs_consent_and_a_known_blood_group(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        town(station, &[(31, ",,")]);
        let operator = staff(station, &server, "operator");
        let [donor, unknown] = donors(station, [30, 31]);
        let stranger = server.sign_in(&gateway, &Person::number(900).phone);
        let team = team(&server, &operator);
        let path = format!("/v1/me/teams/{team}/membership");

        for (body, code) in [
            (json!({ "text_version": "1" }), "consent_missing"),
            (json!({ "consent": false, "text_version": "1" }), "consent_missing"),
            (json!({ "consent": true, "text_version": "第一版" }), "not_a_text_version"),
            (json!({ "consent": "true", "text_version": "1" }), "malformed_body"),
        ] {
            assert_eq!(server.send(&donor.caller, &path, body).with_status(422).problem(), code);
        }
        assert_eq!(join(&server, &unknown.caller, &team).with_status(409).problem(), "blood_group_unknown");
        assert_eq!(join(&server, &stranger, &team).with_status(409).problem(), "no_record");
        assert_eq!(join(&server, &donor.caller, "none").with_status(404).problem(), "not_found");
        assert_eq!(station.count("team_members"), 0);
        join(&server, &donor.caller, &team).with_status(204);
        join(&server, &donor.caller, &team).with_status(204);

        assert_eq!((station.count("team_members"), traces(station, "team.joined")), (1, 1));
        let mine = server.read(&donor.caller, "/v1/me/teams").with_status(200).json();
        assert_eq!((&mine[0]["name"], &mine[0]["text_version"]), (&json!("应急一队"), &json!("2026-1")));
        let others = server.read(&stranger, "/v1/me/teams").with_status(200).json();
        assert_eq!((&others[0]["id"], &others[0]["joined_at"]), (&json!(team), &json!(null)));
        let known = server.read(&operator, "/v1/station/teams").with_status(200).json();
        assert_eq!((&known[0]["members"], &known[0]["version"]), (&json!(1), &json!(1)));
    }

    fn only_members_of_the_group_who_may_give_are_asked_and_hear_of_it(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        town(station, &[(32, ",A,-"), (38, ",O,-")]);
        let operator = staff(station, &server, "operator");
        let person = Person::number(30);
        let called = server.sign_in(&gateway, &person.phone);
        let proof = json!({ "id_number": person.id_number, "donation_no": "4199240000059" });
        server.send(&called, "/v1/me/donor", proof).with_status(200);
        let [other_group, deferred, booked, no_member, gone, compatible] = donors(station, [32, 33, 34, 35, 36, 38]);
        let team = team(&server, &operator);
        for member in [&called, &other_group.caller, &deferred.caller, &booked.caller, &gone.caller, &compatible.caller] {
            join(&server, member, &team).with_status(204);
        }
        server.call(&gone.caller, "DELETE", &format!("/v1/me/teams/{team}/membership"), None).with_status(204);
        station.execute(
            "INSERT INTO deferrals (id, donor_id, rule, created_at, user_id)
             SELECT 'd', id, 'doctor', '2026-01-01 00:00:00', 'nobody' FROM donors WHERE donor_no = 'T0033'"
        ).unwrap();
        let slot = station.slots("whole_blood", 5, 1, 3).remove(0);
        server.send(&booked.caller, "/v1/appointments", json!({ "slot": slot })).with_status(201);

        let made = call(&server, &operator, &team, wanted(&[("O", "+"), ("O", "+")], 2));

        assert_eq!(made["asked"], 1);
        let left_out = json!({
            "no_record": 0, "other_group": 2, "called_already": 0, "has_appointment": 1, "not_eligible": 1,
        });
        assert_eq!(made["left_out"], left_out);
        let text = gateway.next_message(&international(&person.phone));
        assert!(text.contains("应急献血队") && text.contains(PUBLIC_URL), "{text}");
        assert!(!text.contains('型') && !text.contains("O+"), "{text}");
        let own = asked(&server, &called);
        assert_eq!((&own[0]["id"], &own[0]["answer"], &own[0]["place"]), (&made["id"], &json!("asked"), &json!(null)));
        assert!(!own.to_string().contains("abo"));
        let id = made["id"].as_str().unwrap();
        for nobody in [&other_group, &deferred, &booked, &no_member, &gone, &compatible] {
            assert_eq!(asked(&server, &nobody.caller), json!([]));
            let foreign = answer(&server, &nobody.caller, id, true).with_status(404);
            assert_eq!(foreign.body, answer(&server, &nobody.caller, "none", true).with_status(404).body);
        }
        let again = call(&server, &operator, &team, wanted(&[("A", "-"), ("O", "+")], 2));
        assert_eq!((&again["asked"], &again["left_out"]["called_already"]), (&json!(1), &json!(1)));
        assert_eq!(asked(&server, &other_group.caller)[0]["id"], again["id"]);
        let log = server.read(&called, "/v1/me/access-log").with_status(200).text().to_owned();
        assert!(log.contains("call_up.asked") && log.contains("team.joined"), "{log}");
        assert_eq!(traces(station, "call_up.opened"), 2);
        station.rexue(["audit", "verify"]).well();
    }

    fn it_stops_when_enough_come_and_goes_on_when_one_steps_back(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        town(station, &[]);
        let (operator, doctor) = (staff(station, &server, "operator"), staff(station, &server, "doctor"));
        let [first, second, third] = donors(station, [30, 31, 32]);
        let callers = [&first.caller, &second.caller, &third.caller];
        let (team, id) = called(&server, &operator, &callers, 1);
        // Nobody of the crowd has a telephone. Then it is as if the messages were still to leave.
        until("all were tried", || messages(station, "failed") == 3);
        station.execute("UPDATE outbox SET state = 'queued', due_at = '2100-01-01 00:00:00' WHERE kind = 'call_up'").unwrap();

        answer(&server, &first.caller, &id, true).with_status(204);
        assert_eq!(messages(station, "superseded"), 3);
        let now = listed(&server, &operator, &team);
        assert_eq!((&now["state"], &now["asked"], &now["coming"]), (&json!("met"), &json!(3), &json!(1)));
        assert_eq!(answer(&server, &second.caller, &id, true).with_status(409).problem(), "enough_are_coming");
        answer(&server, &second.caller, &id, false).with_status(204);
        assert_eq!(asked(&server, &third.caller)[0]["enough_are_coming"], true);
        assert_eq!(asked(&server, &first.caller)[0]["enough_are_coming"], false);

        answer(&server, &first.caller, &id, false).with_status(204);
        until("who has not answered is asked once more", || messages(station, "failed") == 1);
        assert_eq!(messages(station, "superseded"), 2);
        assert_eq!(listed(&server, &operator, &team)["state"], "open");
        answer(&server, &second.caller, &id, true).with_status(204);
        answer(&server, &second.caller, &id, true).with_status(204);
        assert_eq!((traces(station, "call_up.met"), traces(station, "call_up.reopened")), (2, 1));

        let list = coming(&server, &doctor, &id);
        assert_eq!((list.as_array().unwrap().len(), &list[0]["donor_no"]), (1, &json!("T0031")));
        let name = Person::number(31).name;
        assert!(list[0]["masked_name"].as_str().unwrap().ends_with('*') && !list.to_string().contains(&name));
        let log = server.read(&second.caller, "/v1/me/access-log").with_status(200).json();
        let viewed: Vec<&Value> = log.as_array().unwrap().iter().filter(|line| line["action"] == "call_up.viewed").collect();
        assert_eq!((viewed.len(), &viewed[0]["by"], &viewed[0]["purpose"]), (1, &json!("doctor"), &json!("donation")));

        let closure = format!("/v1/station/call-ups/{id}/closure");
        server.send(&operator, &closure, json!({})).with_status(204);
        assert_eq!(server.send(&operator, &closure, json!({})).with_status(409).problem(), "call_up_closed");
        assert_eq!(answer(&server, &second.caller, &id, false).with_status(409).problem(), "call_up_closed");
        assert_eq!(asked(&server, &second.caller), json!([]));
        assert_eq!(coming(&server, &operator, &id).as_array().unwrap().len(), 1, "the door still waits");
        station.rexue(["audit", "verify"]).well();
    }

    fn two_never_take_the_last_place_that_is_needed(station) {
        let server = station.serve();
        town(station, &[]);
        let operator = staff(station, &server, "operator");
        let crowd: [Donor; 8] = donors(station, [30, 31, 32, 33, 34, 35, 36, 37]);
        let callers: Vec<&Caller> = crowd.iter().map(|donor| &donor.caller).collect();
        let (team, id) = called(&server, &operator, &callers, 3);

        let statuses: Vec<u16> = std::thread::scope(|threads| {
            let said: Vec<_> =
                callers.iter().map(|caller| threads.spawn(|| answer(&server, caller, &id, true).status)).collect();
            said.into_iter().map(|one| one.join().unwrap()).collect()
        });

        let count = |status: u16| statuses.iter().filter(|one| **one == status).count();
        assert_eq!((count(204), count(409)), (3, 5), "{statuses:?}");
        let now = listed(&server, &operator, &team);
        assert_eq!((&now["state"], &now["coming"]), (&json!("met"), &json!(3)));
    }

    fn who_leaves_is_neither_waited_for_nor_called(station) {
        let server = station.serve();
        town(station, &[]);
        let operator = staff(station, &server, "operator");
        let [leaves, recalls, erases, stays] = donors(station, [30, 31, 32, 33]);
        let callers = [&leaves.caller, &recalls.caller, &erases.caller, &stays.caller];
        let (team, id) = called(&server, &operator, &callers, 4);
        for caller in callers {
            answer(&server, caller, &id, true).with_status(204);
        }
        let membership = format!("/v1/me/teams/{team}/membership");
        let appeals = json!({ "purpose": "appeals", "text_version": "1", "given_from": "browser" });
        server.send(&recalls.caller, "/v1/me/consents", appeals).with_status(201);

        server.call(&leaves.caller, "DELETE", &membership, None).with_status(204);
        server.call(&recalls.caller, "DELETE", "/v1/me/consents/appeals", None).with_status(204);
        server.send(&erases.caller, "/v1/me/erasure", json!({ "confirm": true })).with_status(200);

        let list = coming(&server, &operator, &id);
        assert_eq!((list.as_array().unwrap().len(), &list[0]["donor_no"]), (1, &json!("T0033")));
        let now = listed(&server, &operator, &team);
        assert_eq!((&now["state"], &now["coming"], &now["withdrawn"]), (&json!("open"), &json!(1), &json!(3)));
        assert_eq!((members(station), traces(station, "team.left"), traces(station, "call_up.reopened")), (1, 3, 1));
        for gone in [&leaves, &recalls] {
            assert_eq!(asked(&server, &gone.caller), json!([]));
            answer(&server, &gone.caller, &id, true).with_status(404);
            server.call(&gone.caller, "DELETE", &membership, None).with_status(404);
        }
        let again = call(&server, &operator, &team, wanted(&[("O", "+")], 1));
        assert_eq!((&again["asked"], &again["left_out"]["called_already"]), (&json!(0), &json!(1)));
        join(&server, &leaves.caller, &team).with_status(204);
        assert_eq!((station.count("team_members"), members(station)), (5, 2), "the old consent is remembered");
        station.rexue(["audit", "verify"]).well();
    }

    fn of_a_merged_record_the_one_that_stays_is_called(station) {
        let server = station.serve();
        town(station, &[(31, ",A,+")]);
        let (operator, reviewer) = (staff(station, &server, "operator"), staff(station, &server, "reviewer"));
        let [donor] = donors(station, [30]);
        let team = team(&server, &operator);
        join(&server, &donor.caller, &team).with_status(204);
        let merge = json!({ "kept": "T0031", "duplicate": "T0030", "reason": "a test" });
        let merge = server.send(&operator, "/v1/station/merges", merge).with_status(201).json();
        let decision = format!("/v1/station/merges/{}/decision", merge["id"].as_str().unwrap());
        server.send(&reviewer, &decision, json!({ "approve": true })).with_status(204);

        let of_duplicate = call(&server, &operator, &team, wanted(&[("O", "+")], 1));
        let of_kept = call(&server, &operator, &team, wanted(&[("A", "+")], 1));

        assert_eq!((&of_duplicate["asked"], &of_kept["asked"]), (&json!(0), &json!(1)));
        let id = of_kept["id"].as_str().unwrap();
        answer(&server, &donor.caller, id, true).with_status(204);
        assert_eq!(coming(&server, &operator, id)[0]["donor_no"], "T0031");
        // The account is not that person's any more: nobody knows whether whoever has it now agreed.
        station.execute("UPDATE account_donors SET ended_at = since WHERE relation = 'self'").unwrap();
        let unbound = call(&server, &operator, &team, wanted(&[("A", "+")], 1));
        assert_eq!((&unbound["asked"], &unbound["left_out"]["no_record"]), (&json!(0), &json!(1)));
    }

    fn a_closed_team_calls_nobody(station) {
        let server = station.serve();
        town(station, &[]);
        let operator = staff(station, &server, "operator");
        let [donor] = donors(station, [30]);
        let (team, id) = called(&server, &operator, &[&donor.caller], 2);
        answer(&server, &donor.caller, &id, true).with_status(204);
        let closure = format!("/v1/station/teams/{team}/closure");
        let bearer = format!("Bearer {}", operator.access);
        let close = |tag: &str| server.request("POST", &closure, &[("authorization", &bearer), ("if-match", tag)], b"");

        server.send(&operator, &closure, json!({})).with_status(428);
        assert_eq!(close("\"7\"").with_status(412).problem(), "changed_meanwhile");
        close("\"1\"").with_status(204);
        assert_eq!(close("\"2\"").with_status(409).problem(), "team_closed");

        assert_eq!((members(station), asked(&server, &donor.caller)), (0, json!([])));
        assert_eq!(listed(&server, &operator, &team)["state"], "closed");
        assert_eq!(coming(&server, &operator, &id).as_array().unwrap().len(), 1);
        assert_eq!(join(&server, &donor.caller, &team).with_status(409).problem(), "team_closed");
        let path = format!("/v1/station/teams/{team}/call-ups");
        let refused = server.send(&operator, &path, wanted(&[("O", "+")], 1)).with_status(409);
        assert_eq!(refused.problem(), "team_closed");
        assert_eq!(server.read(&donor.caller, "/v1/me/teams").with_status(200).json(), json!([]));
    }

    fn a_call_up_names_groups_a_number_a_time_and_perhaps_a_place(station) {
        let server = station.serve();
        town(station, &[]);
        let operator = staff(station, &server, "operator");
        let [donor] = donors(station, [30]);
        let team = team(&server, &operator);
        join(&server, &donor.caller, &team).with_status(204);
        let path = format!("/v1/station/teams/{team}/call-ups");
        let slot = station.slots("whole_blood", 3, 1, 1).remove(0);
        let session = station.texts(&format!("SELECT session_id AS text FROM slots WHERE id = '{slot}'")).remove(0);
        let with = |member: &str, value: Value| {
            let mut body = wanted(&[("O", "+")], 1);
            body[member] = value;
            body
        };

        for (body, code) in [
            (wanted(&[], 1), "no_group"),
            (wanted(&[("O", "")], 1), "unknown_group"),
            (wanted(&[("C", "+")], 1), "unknown_group"),
            (wanted(&[("O", "+")], 0), "out_of_range"),
            (with("closes_at", json!(now() - TimeDelta::minutes(1))), "in_the_past"),
            (with("closes_at", json!(now() + TimeDelta::days(8))), "too_far"),
            (with("product", json!("plasma")), "unknown_product"),
            (with("session", json!("none")), "unknown_session"),
            (with("note", json!("")), "missing"),
            (with("hospital", json!("A")), "malformed_body"),
        ] {
            assert_eq!(server.send(&operator, &path, body).with_status(422).problem(), code);
        }
        server.send(&operator, "/v1/station/teams/none/call-ups", wanted(&[("O", "+")], 1)).with_status(404);
        assert_eq!(station.count("call_ups"), 0);
        let mut placed = with("session", json!(session));
        placed["note"] = json!("请早到");
        let made = call(&server, &operator, &team, placed);

        let own = asked(&server, &donor.caller);
        assert_eq!((&own[0]["id"], &own[0]["place"]["name"]), (&made["id"], &json!("测试")));
        assert!(!own.to_string().contains("请早到"), "that is for colleagues");
        assert_eq!(listed(&server, &operator, &team)["note"], "请早到");
        station.execute("UPDATE collection_sessions SET state = 'cancelled'").unwrap();
        let refused = server.send(&operator, &path, with("session", json!(session))).with_status(409);
        assert_eq!(refused.problem(), "session_cancelled");
    }
}
