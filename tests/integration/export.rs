//! What the door, the schedule and the teams know of a donor is in the donor's own copy, and in nobody else's.

use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Caller, Donor, Person, Server, Station, Town, now};

/// What only the owner's copy may say: the site, the team, the deferral's rule, what happened, what was measured.
const CANARIES: [&str; 5] = ["金丝雀站点", "金丝雀队", "canary.rule", "金丝雀晕厥", "143"];

/// Somebody with everything, and a relative who sees the record.
fn everything(station: &Station, server: &Server) -> [Caller; 2] {
    station.import(&Town::of(40));
    let crowd = station.crowd(&[Person::number(30).no, Person::number(31).no]);
    let [owner, relative]: [Donor; 2] = crowd.try_into().unwrap_or_else(|_| panic!("one for each"));
    let (owner, relative) = (owner.caller, relative.caller);
    let [operator, doctor] =
        ["operator", "doctor"].map(|role| station.user(server, role, None).sign_in(server));
    let code = server.send(&owner, "/v1/me/sharing-codes", json!({})).with_status(201).json()["code"].clone();
    server.send(&relative, "/v1/me/family", json!({ "code": code })).with_status(201);

    let team =
        server.send(&operator, "/v1/station/teams", json!({ "name": "金丝雀队" })).with_status(201).json();
    let path = |prefix: &str, what: &str| format!("{prefix}/teams/{}/{what}", team["id"].as_str().unwrap());
    let agreed = json!({ "consent": true, "text_version": "2026-7" });
    server.send(&owner, &path("/v1/me", "membership"), agreed).with_status(204);
    let needed = json!({
        "groups": [{ "abo": "O", "rhd": "+" }], "product": "whole_blood", "needed": 1,
        "closes_at": now() + chrono::TimeDelta::hours(1),
    });
    let call_up = server.send(&operator, &path("/v1/station", "call-ups"), needed).with_status(201).json();
    let answer = format!("/v1/me/call-ups/{}/answer", call_up["id"].as_str().unwrap());
    server.call(&owner, "PUT", &answer, Some(json!({ "coming": false }))).with_status(204);
    server.call(&owner, "DELETE", &path("/v1/me", "membership"), None).with_status(204);

    let slot = station.slots("whole_blood", 3, 1, 1).remove(0);
    station.execute("UPDATE sites SET name = '金丝雀站点'").unwrap();
    server.send(&owner, "/v1/appointments", json!({ "slot": slot })).with_status(201);
    let session =
        station.texts(&format!("SELECT session_id AS text FROM slots WHERE id = '{slot}'")).remove(0);
    let today = rexue::clock::day_in_china(now());
    station
        .execute(&format!("UPDATE collection_sessions SET day = '{today}' WHERE id = '{session}'"))
        .unwrap();
    let visits = format!("/v1/station/sessions/{session}/visits");
    let visit = server.send(&operator, &visits, json!({ "code": "T0030" })).with_status(201).json();
    let at = |what: &str| format!("/v1/station/visits/{}/{what}", visit["id"].as_str().unwrap());
    let measured = json!({
        "haemoglobin_g_per_l": 143, "systolic_mmhg": 121, "diastolic_mmhg": 81, "pulse_per_minute": 71, "weight_kg": 77,
    });
    server.send(&operator, &at("screening"), measured).with_status(200);
    server.send(&doctor, &at("deferral"), json!({ "rule": "canary.rule" })).with_status(201);
    let note = json!({ "severity": "mild", "note": "金丝雀晕厥" });
    server.send(&doctor, "/v1/station/donations/4199240000059/reactions", note).with_status(201);
    [owner, relative]
}

on_both! {
    fn a_donor_s_copy_holds_what_happened_and_nobody_else_s_does(station) {
        let server = station.serve();
        let [owner, relative] = everything(station, &server);
        let read = |caller: &Caller, path: &str| server.read(caller, path).with_status(200);

        let export = read(&owner, "/v1/me/export").json();
        let text = read(&owner, "/v1/me/export?format=text");
        let theirs = read(&relative, "/v1/me/export");
        let their_text = read(&relative, "/v1/me/export?format=text");

        let appointment = &export["appointments"][0];
        assert_eq!((&appointment["place"], &appointment["state"]), (&json!("金丝雀站点"), &json!("deferred")));
        let visit = &export["visits"][0];
        let screening = &visit["screenings"][0];
        assert_eq!((&visit["state"], &screening["passed"]), (&json!("deferred"), &json!(true)));
        assert_eq!((&screening["measured"]["haemoglobin_g_per_l"], &screening["measured"]["weight_kg"]), (&json!(143), &json!(77)));
        let deferral = &export["deferrals"][0];
        assert_eq!((&deferral["rule"], &deferral["until"]), (&json!("canary.rule"), &Value::Null));
        let reaction = &export["reactions"][0];
        assert_eq!((&reaction["donation_no"], &reaction["note"]), (&json!("4199240000059"), &json!("金丝雀晕厥")));
        let team = &export["teams"][0];
        assert_eq!((&team["team"], &team["text_version"]), (&json!("金丝雀队"), &json!("2026-7")));
        assert!(team["left_at"].is_string());
        assert_eq!(export["call_ups"][0]["answer"], "withdrawn");
        for fact in CANARIES.into_iter().chain([
            "预约 1 次", "到站 1 次", "全血：暂缓献血", "合格：血红蛋白 143 g/L，血压 121/81 mmHg，脉搏 71 次/分，体重 77 kg",
            "canary.rule，长期", "4199240000059 轻度：金丝雀晕厥", "金丝雀队 2026-7 版", "退出", "金丝雀队 全血：已退出",
            "加入应急献血队", "献血前检查",
        ]) {
            assert!(text.text().contains(fact), "{fact} in\n{}", text.text());
        }
        assert_eq!(theirs.json()["relatives"], json!(["T0030"]));
        for section in ["appointments", "visits", "deferrals", "reactions", "teams", "call_ups"] {
            assert_eq!(theirs.json()[section], json!([]), "{section}");
        }
        let log = server.log();
        for canary in &CANARIES[..4] {
            for elsewhere in [theirs.text(), their_text.text(), &log] {
                assert!(!elsewhere.contains(canary), "{canary}");
            }
        }
    }

    fn a_copy_holds_what_happened_under_a_record_that_was_merged_into_the_own(station) {
        let server = station.serve();
        let [owner, _] = everything(station, &server);
        let reviewer = station.user(&server, "reviewer", None).sign_in(&server);
        let admin = station.user(&server, "admin", None).sign_in(&server);
        let merge = json!({ "kept": "T0032", "duplicate": "T0030", "reason": "a test" });
        let merge = server.send(&reviewer, "/v1/station/merges", merge).with_status(201).json();
        let decision = format!("/v1/station/merges/{}/decision", merge["id"].as_str().unwrap());
        server.send(&admin, &decision, json!({ "approve": true })).with_status(204);

        let copy = server.read(&owner, "/v1/me/export").with_status(200);

        assert_eq!(copy.json()["donor"]["donor_no"], "T0032");
        for canary in CANARIES {
            assert!(copy.text().contains(canary), "{canary}");
        }
    }
}
