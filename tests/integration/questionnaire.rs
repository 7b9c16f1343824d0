//! The questionnaire before a donation: filled in, submitted, and shown at the desk.

use chrono::{NaiveDate, TimeDelta};
use rexue::clock::day_in_china;
use serde_json::{Map, Value, json};
use std::sync::Barrier;
use tests::on_both;
use tests::support::{Caller, Gateway, Kind, Ran, Server, Station, now, repository};

const FORM: &str = "/v1/me/questionnaire";
const PASS: &str = "/v1/me/questionnaire/pass";

fn today() -> NaiveDate {
    day_in_china(now())
}

fn days_ago(days: i64) -> String {
    (today() - TimeDelta::days(days)).to_string()
}

fn ids(form: &Value) -> Vec<&str> {
    form["questions"].as_array().unwrap().iter().map(|question| question["id"].as_str().unwrap()).collect()
}

fn answers_of(form: &Value) -> Map<String, Value> {
    let questions = form["questions"].as_array().unwrap().iter();
    let answered = questions.filter(|question| question["answer"].is_string());
    answered
        .map(|question| (question["id"].as_str().unwrap().to_owned(), question["answer"].clone()))
        .collect()
}

/// The lines of the donor's access log that say what was done.
fn lines(server: &Server, donor: &Caller, action: &str) -> Vec<Value> {
    let log = server.read(donor, "/v1/me/access-log").with_status(200).json();
    log.as_array().unwrap().iter().filter(|line| line["action"] == action).cloned().collect()
}

/// A questionnaire whose only change is what it asks about transfusions, in force since 2020.
fn newer() -> String {
    let built_in = repository().join("api/questionnaires/gb18467-2011.toml");
    let text = std::fs::read_to_string(built_in).unwrap();
    text.replace("version = 1\n", "version = 2\n")
        .replace("valid_from = 2012-07-01", "valid_from = 2020-01-01")
        .replace("In the last year, were you given blood?", "Were you given blood in the last year?")
}

on_both! {
    fn who_has_nothing_to_tell_gets_a_pass_and_the_doctor_reads_the_answers(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let [donor, _] = station.two_donors(&server);
        let [operator, doctor] = ["operator", "doctor"].map(|role| station.user(&server, role, None).sign_in(&server));

        let blank = server.read(&donor, FORM).with_status(200);
        assert_eq!((blank.header("etag"), blank.header("content-language")), ("\"0\"", "zh-CN"));
        assert_eq!(blank.json()["questionnaire"], "gb18467-2011/1");
        assert_eq!((&blank.json()["complete"], &blank.json()["changed"]), (&json!(false), &json!(false)));
        assert_eq!(server.read(&donor, PASS).with_status(404).problem(), "no_pass");
        let tag = server.fill_in(&donor, "whole_blood", &[]);
        let submission = server.submit(&donor, &tag).with_status(201).json();
        assert_eq!(submission["outcome"], "no_known_reason");
        assert_eq!(submission["deferred_until"], Value::Null);
        assert_eq!(submission["pass"]["valid_on"], today().to_string());
        assert_eq!(server.read(&donor, PASS).with_status(200).json(), submission["pass"]);
        assert_eq!(server.read(&donor, FORM).header("etag"), "\"0\"", "the draft is over");

        let code = submission["pass"]["code"].as_str().unwrap();
        assert_eq!(code.len(), 8);
        let checked = json!({ "donor_no": "T0001", "outcome": "no_known_reason", "valid": true });
        for staff in [&operator, &doctor] {
            assert_eq!(server.read(staff, &format!("/v1/station/passes/{code}")).with_status(200).json(), checked);
        }
        let typed = format!("/v1/station/passes/{}", code.to_lowercase());
        assert_eq!(server.read(&operator, &typed).with_status(200).json(), checked);
        let list = "/v1/station/donors/T0001/questionnaires?purpose=donation";
        let list = server.read(&doctor, list).with_status(200).json();
        assert_eq!(list.as_array().unwrap().len(), 1);
        assert_eq!((&list[0]["id"], &list[0]["outcome"]), (&submission["id"], &json!("no_known_reason")));
        let path = format!("/v1/station/questionnaires/{}", submission["id"].as_str().unwrap());
        let opened = server.read(&doctor, &format!("{path}?purpose=follow_up&lang=en")).with_status(200).json();
        assert_eq!((&opened["donor_no"], &opened["questionnaire"]), (&json!("T0001"), &json!("gb18467-2011/1")));
        assert_eq!(opened["answers"][0], json!({
            "question": "dental_care", "text": "In the last three days, did you have dental care, such as scaling?",
            "answer": "no", "answer_text": "No",
        }));

        assert_eq!(lines(&server, &donor, "questionnaire.submitted")[0]["by"], "you");
        let read = lines(&server, &donor, "questionnaire.read");
        assert_eq!((&read[0]["by"], &read[0]["purpose"]), (&json!("doctor"), &json!("follow_up")));
        assert_eq!(lines(&server, &donor, "questionnaire.listed")[0]["purpose"], "donation");
        assert_eq!(lines(&server, &donor, "pass.checked").len(), 3);
    }

    fn questions_follow_from_sex_product_and_answers(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let [man, woman] = station.two_donors(&server);

        let (his, hers) = (server.read(&man, FORM).json(), server.read(&woman, FORM).json());
        assert!(!ids(&his).contains(&"period") && ids(&hers).contains(&"period"));
        assert!(!ids(&his).contains(&"aspirin") && !ids(&his).contains(&"cold_over_on"));
        let draft = |answers: Value| {
            json!({ "questionnaire": "gb18467-2011/1", "product": "apheresis_platelets", "answers": answers })
        };
        let ill = server.put_answers(&man, "\"0\"", &draft(json!({ "cold": "over" }))).with_status(200);
        let (tag, ill) = (ill.header("etag").to_owned(), ill.json());
        assert_eq!(ill["product"], "apheresis_platelets");
        assert!(ids(&ill).contains(&"aspirin") && ids(&ill).contains(&"cold_over_on"));
        let well = server.put_answers(&man, &tag, &draft(json!({ "cold": "no" }))).with_status(200).json();
        assert!(!ids(&well).contains(&"cold_over_on"));

        let cold = [("cold", "over"), ("cold_over_on", &*days_ago(2))];
        let waits = server.questionnaire(&man, "apheresis_platelets", &cold);
        assert_eq!(waits["outcome"], "possible_deferral");
        assert_eq!(waits["deferred_until"], days_ago(-5));
        assert_eq!((&waits["pass"], server.read(&man, PASS).status), (&Value::Null, 404));
        let asks = server.questionnaire(&woman, "whole_blood", &[("pregnant", "yes")]);
        assert_eq!((&asks["outcome"], &asks["deferred_until"]), (&json!("ask_the_doctor"), &Value::Null));
        let eligibility = server.read(&man, "/v1/me/eligibility").with_status(200).json();
        assert!(!eligibility.to_string().contains("deferral"), "the doctor decides at the door: {eligibility}");
    }

    fn what_does_not_fit_is_refused_by_name(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let [donor, _] = station.two_donors(&server);
        let tomorrow = days_ago(-1);
        let put = |answers: Value| {
            let draft = json!({ "questionnaire": "gb18467-2011/1", "answers": answers });
            server.put_answers(&donor, "\"0\"", &draft).with_status(422).problem()
        };

        assert_eq!(put(json!({ "headache": "no" })), "unknown_question");
        assert_eq!(put(json!({ "cold": "yes" })), "wrong_kind_of_answer");
        assert_eq!(put(json!({ "dental_care": "maybe" })), "wrong_kind_of_answer");
        assert_eq!(put(json!({ "cold": "no", "cold_over_on": days_ago(1) })), "question_not_asked");
        assert_eq!(put(json!({ "period": "no" })), "question_not_asked", "a man");
        assert_eq!(put(json!({ "aspirin": "no" })), "question_not_asked", "whole blood");
        assert_eq!(put(json!({ "cold": "over", "cold_over_on": tomorrow })), "in_the_future");
        assert_eq!(put(json!({ "cold": "over", "cold_over_on": "2026-02-30" })), "wrong_kind_of_answer");
        assert_eq!(put(json!({ "cold": true })), "malformed_body");
        assert_eq!(put(json!(["cold"])), "malformed_body");
        for malformed in [json!({}), json!([]), json!({ "questionnaire": 1, "answers": {} }), json!({ "answers": {} })] {
            assert_eq!(server.put_answers(&donor, "\"0\"", &malformed).with_status(422).problem(), "malformed_body");
        }
        let gold = json!({ "questionnaire": "gb18467-2011/1", "product": "gold", "answers": {} });
        assert_eq!(server.put_answers(&donor, "\"0\"", &gold).with_status(422).problem(), "unknown_product");
        let other = json!({ "questionnaire": "gb18467-2011/9", "answers": {} });
        assert_eq!(server.put_answers(&donor, "\"0\"", &other).with_status(409).problem(), "questionnaire_changed");
        let draft = json!({ "questionnaire": "gb18467-2011/1", "answers": {} });
        assert_eq!(server.put_answers(&donor, "\"7\"", &draft).with_status(412).problem(), "changed_meanwhile");
        let missing = server.call(&donor, "PUT", "/v1/me/questionnaire/answers", Some(draft));
        assert_eq!(missing.with_status(428).problem(), "if_match_missing");
        server.call(&donor, "POST", FORM, None).with_status(405);
        assert_eq!(station.count("questionnaire_drafts"), 0);

        assert_eq!(server.submit(&donor, "\"0\"").with_status(409).problem(), "questionnaire_incomplete");
        let tag = server.fill_in(&donor, "whole_blood", &[]);
        assert_eq!(server.submit(&donor, "\"0\"").with_status(412).problem(), "changed_meanwhile");
        assert_eq!(server.send(&donor, "/v1/me/questionnaire/submission", json!({})).status, 428);
        server.submit(&donor, &tag).with_status(201);
        assert_eq!(server.submit(&donor, &tag).with_status(412).problem(), "changed_meanwhile", "it is over");
        assert_ne!(server.fill_in(&donor, "whole_blood", &[]), tag, "what another screen shows is not this draft");
        assert_eq!(station.count("questionnaires"), 1);
    }

    fn of_two_screens_one_writes_the_draft(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let [donor, _] = station.two_donors(&server);
        let start = Barrier::new(6);
        let draft = json!({ "questionnaire": "gb18467-2011/1", "answers": { "cold": "no" } });

        let answers: Vec<u16> = std::thread::scope(|threads| {
            let put = || {
                start.wait();
                server.put_answers(&donor, "\"0\"", &draft).status
            };
            let running: Vec<_> = (0..6).map(|_| threads.spawn(put)).collect();
            running.into_iter().map(|screen| screen.join().unwrap()).collect()
        });

        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 412).count(), 5, "{answers:?}");
    }

    fn a_newer_questionnaire_of_the_same_day_takes_the_pass_back(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let [donor, _] = station.two_donors(&server);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        let first = server.questionnaire(&donor, "whole_blood", &[]);

        server.questionnaire(&donor, "whole_blood", &[("cold", "not_over")]);

        server.read(&donor, PASS).with_status(404);
        let path = format!("/v1/station/passes/{}", first["pass"]["code"].as_str().unwrap());
        server.read(&operator, &path).with_status(404);
    }

    fn a_newer_version_ends_drafts_and_keeps_what_has_not_changed(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let [donor, _] = station.two_donors(&server);
        let cold = [("cold", "over"), ("cold_over_on", "2026-01-05")];
        let tag = server.fill_in(&donor, "whole_blood", &cold);
        let before = answers_of(&server.read(&donor, FORM).json());
        std::fs::create_dir(station.path("questionnaires")).unwrap();
        station.file("questionnaires/newer.toml", newer());
        let folder = station.path("questionnaires").to_str().unwrap().to_owned();
        let server = station.serve_with(&[("REXUE_QUESTIONNAIRES_FOLDER", &folder)]);

        assert_eq!(server.submit(&donor, &tag).with_status(409).problem(), "questionnaire_changed");
        let old = json!({ "questionnaire": "gb18467-2011/1", "answers": before });
        assert_eq!(server.put_answers(&donor, &tag, &old).with_status(409).problem(), "questionnaire_changed");
        let form = server.read(&donor, FORM).with_status(200).json();
        assert_eq!((&form["questionnaire"], &form["changed"]), (&json!("gb18467-2011/2"), &json!(true)));
        let kept = answers_of(&form);
        assert_eq!(kept["cold_over_on"], "2026-01-05");
        assert_eq!(before.len() - kept.len(), 1);
        assert!(before.contains_key("transfusion") && !kept.contains_key("transfusion"));

        let submission = server.questionnaire(&donor, "whole_blood", &cold);
        assert_eq!(submission["outcome"], "no_known_reason");
        assert_eq!(station.texts("SELECT questionnaire AS text FROM questionnaires"), ["gb18467-2011/2"]);
    }
}

#[test]
fn a_questionnaire_is_checked_with_its_examples_before_it_is_used() {
    let station = Station::new(Kind::Sqlite);
    let folder = repository().join("api/questionnaires");
    let document = std::fs::read_to_string(folder.join("gb18467-2011.toml")).unwrap();
    let examples = folder.join("gb18467-2011.examples.toml");
    let check = |text: &str| {
        let document = station.file("questionnaire.toml", text);
        station.rexue(["questionnaires", "check", document.to_str().unwrap(), examples.to_str().unwrap()])
    };

    assert!(check(&document).well().out.contains("gb18467-2011/1: 39 of 39 examples"));
    let wrong = check(&document.replace("days = 5,", "days = 6,")).with_code(1);
    assert!(wrong.out.contains("aspirin matters to platelets"), "{}", wrong.out);
    let broken = check(&document.replace("{ cold = \"over\" }", "{ fever = \"over\" }")).with_code(2);
    assert!(broken.err.contains("unknown_question"), "{}", broken.err);
}

#[test]
fn a_station_s_own_questionnaire_is_listed_and_a_broken_one_stops_the_server() {
    let station = Station::new(Kind::Sqlite);
    std::fs::create_dir(station.path("questionnaires")).unwrap();
    station.file("questionnaires/newer.toml", newer());
    let run = |command: &str| {
        let mut command = station.command(command.split(' '));
        command.env("REXUE_QUESTIONNAIRES_FOLDER", station.path("questionnaires"));
        Ran::new(command.output().unwrap())
    };

    let listed = run("questionnaires list").well().out;
    station.file(
        "questionnaires/newer.toml",
        newer().replace("valid_from = 2020-01-01", "valid_from = 2012-07-01"),
    );
    let stopped = run("serve --port 0").with_code(2);

    let names: Vec<&str> = listed.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
    assert_eq!(names, ["gb18467-2011/1", "gb18467-2011/2"]);
    assert!(stopped.err.contains("bad_questionnaire") && stopped.err.contains("same_day"), "{}", stopped.err);
}
