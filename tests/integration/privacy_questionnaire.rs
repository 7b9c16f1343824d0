//! Whose eyes answers are for, and how long they are kept.

use crate::privacy::everything_in;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Caller, Gateway, now, until};

const FORM: &str = "/v1/me/questionnaire";
const PASS: &str = "/v1/me/questionnaire/pass";

/// How many questions of a form are answered.
fn answered(form: &Value) -> usize {
    let questions = form["questions"].as_array().unwrap();
    questions.iter().filter(|question| question["answer"].is_string()).count()
}

on_both! {
    fn nothing_is_asked_without_consent_and_what_no_donation_used_goes_with_it(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let stranger = server.sign_in(&gateway, "17005550900");
        server.consent_to_health_data(&stranger);
        assert_eq!(server.read(&stranger, FORM).with_status(409).problem(), "no_record");
        let [donor, other] = station.two_donors(&server);
        let withdraw = || server.call(&donor, "DELETE", "/v1/me/consents/health_data", None).with_status(204);
        server.questionnaire(&donor, "whole_blood", &[]);
        server.questionnaire(&other, "whole_blood", &[]);
        server.fill_in(&donor, "whole_blood", &[]);
        assert_eq!((station.count("questionnaires"), station.count("questionnaire_drafts")), (2, 1));

        withdraw();

        assert_eq!((station.count("questionnaires"), station.count("questionnaire_drafts")), (1, 0));
        for path in [FORM, PASS] {
            assert_eq!(server.read(&donor, path).with_status(409).problem(), "consent_missing");
        }
        assert_eq!(server.put_answers(&donor, "\"0\"", &json!({ "questionnaire": "x", "answers": {} })).problem(), "consent_missing");
        assert_eq!(server.submit(&donor, "\"0\"").with_status(409).problem(), "consent_missing");
        server.read(&other, PASS).with_status(200);

        server.consent_to_health_data(&donor);
        server.questionnaire(&donor, "whole_blood", &[]);
        station.execute(&format!("UPDATE donations SET collected_at = '{}'", now().naive_utc())).unwrap();
        withdraw();
        assert_eq!(station.count("questionnaires"), 2, "a donation of the day used it");
    }

    fn a_pass_shown_at_the_desk_keeps_its_questionnaire(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let [donor, other] = station.two_donors(&server);
        let operator = station.user(&server, "operator", None).sign_in(&server);
        let code = |caller: &Caller| {
            let submission = server.questionnaire(caller, "whole_blood", &[]);
            format!("/v1/station/passes/{}", submission["pass"]["code"].as_str().unwrap())
        };
        let (his, hers) = (code(&donor), code(&other));

        server.read(&operator, &his).with_status(200);
        station.execute("UPDATE questionnaires SET pass_day = '2020-01-01' WHERE shown_at IS NULL").unwrap();
        let late = server.read(&operator, &hers).with_status(200).json();
        assert_eq!((&late["donor_no"], &late["valid"]), (&json!("T0002"), &json!(false)));
        server.read(&other, PASS).with_status(404);
        for caller in [&donor, &other] {
            server.call(caller, "DELETE", "/v1/me/consents/health_data", None).with_status(204);
        }

        assert_eq!(station.count("questionnaires"), 1);
        assert_eq!(server.read(&operator, &hers).with_status(404).problem(), "not_found");
    }

    fn answers_are_for_their_donor_and_the_doctor(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let [donor, relative] = station.two_donors(&server);
        let shared = server.send(&donor, "/v1/me/sharing-codes", json!({})).with_status(201).json();
        server.send(&relative, "/v1/me/family", json!({ "code": shared["code"] })).with_status(201);
        let submission = server.questionnaire(&donor, "whole_blood", &[("transfusion", "yes"), ("transfusion_on", "1987-06-05")]);
        let id = submission["id"].as_str().unwrap();
        let (list, one) = (
            "/v1/station/donors/T0001/questionnaires?purpose=enquiry",
            format!("/v1/station/questionnaires/{id}?purpose=enquiry"),
        );
        let pass = format!("/v1/station/passes/{}", submission["pass"]["code"].as_str().unwrap());

        assert_eq!(answered(&server.read(&relative, FORM).json()), 0);
        server.read(&relative, PASS).with_status(404);
        assert!(!server.read(&relative, "/v1/me/export").with_status(200).text().contains("1987-06-05"));
        station.hospital("H1");
        for (role, hospital) in [("operator", None), ("reviewer", None), ("admin", None), ("auditor", None), ("desk", Some("H1"))] {
            let staff = station.user(&server, role, hospital).sign_in(&server);
            for path in [list, &one] {
                assert_eq!(server.read(&staff, path).with_status(403).problem(), "not_allowed", "{role} {path}");
            }
            let allowed = if role == "operator" { 200 } else { 403 };
            assert!(!server.read(&staff, &pass).with_status(allowed).text().contains("1987-06-05"));
        }
        for caller in [&donor, &relative] {
            for path in [list, &one, &pass] {
                server.read(caller, path).with_status(403);
            }
        }
        let doctor = station.user(&server, "doctor", None).sign_in(&server);
        for path in ["/v1/station/donors/T0001/questionnaires", &format!("/v1/station/questionnaires/{id}")] {
            for purpose in ["", "?purpose=", "?purpose=curiosity"] {
                let refused = server.read(&doctor, &format!("{path}{purpose}")).with_status(422);
                assert_eq!(refused.problem(), "purpose_missing");
            }
        }
        server.read(&doctor, "/v1/station/donors/T9999/questionnaires?purpose=enquiry").with_status(404);
        server.read(&doctor, "/v1/station/questionnaires/none?purpose=enquiry").with_status(404);
        server.read(&doctor, "/v1/station/passes/AAAAAAAA").with_status(404);
        assert_eq!(station.number("SELECT count(*) AS number FROM audit WHERE subject = 'nobody'"), 1);
        let opened = server.read(&doctor, &one).with_status(200);
        assert!(opened.text().contains("1987-06-05"));
        // Two records of one person: what was submitted under either is found.
        station.execute(
            "UPDATE donors SET merged_into = (SELECT id FROM (SELECT * FROM donors) AS kept WHERE kept.donor_no = 'T0002')
             WHERE donor_no = 'T0001'",
        ).unwrap();
        let merged = server.read(&doctor, "/v1/station/donors/T0002/questionnaires?purpose=enquiry").json();
        assert_eq!(merged[0]["id"], id);
        assert_eq!(server.read(&doctor, &one).json()["donor_no"], "T0002");
    }

    fn no_answer_rests_in_clear_or_is_said_in_a_log(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[("REXUE_LOG_FILTER", "debug,rexue=trace")]);
        let [donor, other] = station.two_donors(&server);
        let doctor = station.user(&server, "doctor", None).sign_in(&server);
        let answers = [("tattoo_or_needle_stick", "yes"), ("tattoo_or_needle_stick_on", "1987-06-05"), ("drug_injection", "yes")];
        let submission = server.questionnaire(&donor, "whole_blood", &answers);
        server.fill_in(&other, "whole_blood", &answers);
        let wrong = json!({ "questionnaire": "gb18467-2011/1", "answers": { "tattoo_or_needle_stick_on": "1987-06-05", "drug_injection": "yes" } });
        server.put_answers(&donor, "\"0\"", &wrong).with_status(422);
        let path = format!("/v1/station/questionnaires/{}?purpose=donation", submission["id"].as_str().unwrap());
        let read = server.read(&doctor, &path).with_status(200);

        let everything = everything_in(station, station.kind());
        let metrics = server.get("/metrics");
        let (_, log) = server.stop();

        assert!(everything.contains("gb18467-2011/1") && log.contains("answered"), "it was looked at");
        for secret in ["1987-06-05", "tattoo", "drug_injection"] {
            assert!(read.text().contains(secret), "{secret}");
            assert!(!everything.contains(secret), "{secret} in the database");
            assert!(!log.contains(secret), "{secret} in the log");
            assert!(!metrics.text().contains(secret), "{secret} in the metrics");
        }
    }

    fn a_copy_holds_the_answers_and_erasure_takes_them_away(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let [donor, other] = station.two_donors(&server);
        server.questionnaire(&donor, "whole_blood", &[("transfusion", "yes"), ("transfusion_on", "1987-06-05")]);
        server.fill_in(&donor, "apheresis_platelets", &[("aspirin", "yes"), ("aspirin_on", "1987-06-06")]);
        server.questionnaire(&other, "whole_blood", &[]);

        let export = server.read(&donor, "/v1/me/export").with_status(200).json();
        let text = server.read(&donor, "/v1/me/export?format=text").with_status(200);

        let [draft, submitted] = export["questionnaires"].as_array().unwrap().as_slice() else { panic!("{export}") };
        assert_eq!((&draft["submitted_at"], &draft["product"]), (&Value::Null, &json!("apheresis_platelets")));
        assert!(draft["answers"].to_string().contains("1987-06-06"));
        assert_eq!(submitted["outcome"], "no_known_reason");
        assert!(submitted["answers"].to_string().contains("1987-06-05"));
        for fact in ["健康征询 2 份", "尚未提交", "未发现不宜献血的情况", "最近一年内是否输过血？ 是", "1987-06-05"] {
            assert!(text.text().contains(fact), "{fact} in\n{}", text.text());
        }

        server.send(&donor, "/v1/me/erasure", json!({ "confirm": true })).with_status(200);

        assert_eq!((station.count("questionnaires"), station.count("questionnaire_drafts")), (1, 0));
    }

    fn drafts_are_forgotten_after_thirty_days(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let [donor, other] = station.two_donors(&server);
        server.fill_in(&donor, "whole_blood", &[]);
        server.fill_in(&other, "whole_blood", &[]);
        let before = |days: i64| (now() - TimeDelta::days(days)).naive_utc();
        let age = |donor_no: &str, days: i64| {
            let donor = format!("(SELECT id FROM donors WHERE donor_no = '{donor_no}')");
            let aged = format!("UPDATE questionnaire_drafts SET changed_at = '{}' WHERE donor_id = {donor}", before(days));
            station.execute(&aged).unwrap();
        };
        age("T0001", 31);
        age("T0002", 29);

        // The worker's first round begins with the server.
        let next = station.serve();

        until("the old draft is forgotten", || station.count("questionnaire_drafts") == 1);
        assert_eq!(answered(&next.read(&donor, FORM).json()), 0);
        assert!(answered(&next.read(&other, FORM).json()) > 10);
    }
}
