//! What a donor may ask of the station: a copy, the trail of who looked, consents taken back, erasure.

use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Caller, Gateway, Kind, Person, Server, Station, Town, now};

/// Somebody signs in with WeChat and shares the number: as often as a test likes, unlike by SMS.
fn sign_in(server: &Server, gateway: &Gateway, phone: &str) -> Caller {
    gateway.wechat_user("js code", &format!("o{phone}"));
    gateway.wechat_phone("phone code", phone);
    let body = json!({
        "grant_type": "wechat", "js_code": "js code", "phone_code": "phone code", "device": "张三的手机",
    });
    Caller::of(server.post_json("/v1/auth/token", &body))
}

/// The `n`th person of a town signs in and binds the record.
fn bound(server: &Server, gateway: &Gateway, n: usize) -> Caller {
    let person = Person::number(n);
    let caller = sign_in(server, gateway, &person.phone);
    let donation_no = format!("419924{:07}", 2 * n - 1);
    let proof = json!({ "id_number": person.id_number, "donation_no": donation_no });
    server.send(&caller, "/v1/me/donor", proof).with_status(200);
    caller
}

/// `relative` sees the record of `donor` from now on.
fn share(server: &Server, donor: &Caller, relative: &Caller) {
    let code = server.send(donor, "/v1/me/sharing-codes", json!({})).with_status(201).json()["code"].clone();
    server.send(relative, "/v1/me/family", json!({ "code": code })).with_status(201);
}

fn consent(server: &Server, donor: &Caller, purpose: &str, version: &str) {
    let given = json!({ "purpose": purpose, "text_version": version, "given_from": "mini_program" });
    server.send(donor, "/v1/me/consents", given).with_status(201);
}

fn search(server: &Server, staff: &Caller, mut by: Value) -> Value {
    by["purpose"] = json!("enquiry");
    server.send(staff, "/v1/station/donors/search", by).with_status(200).json()
}

/// The lines of a trail that say what was done.
fn lines<'a>(log: &'a Value, action: &'a str) -> Vec<&'a Value> {
    log.as_array().unwrap().iter().filter(|line| line["action"] == action).collect()
}

/// A donor with everything that the station can hold of one: T0001, who sees T0002 and is seen by T0003.
fn everything_of_a_donor(station: &Station, server: &Server, gateway: &Gateway) -> Caller {
    station.import(&Town::of(3));
    station.issue("T0001");
    let [donor, seen, seeing] = [1, 2, 3].map(|n| bound(server, gateway, n));
    share(server, &seen, &donor);
    share(server, &donor, &seeing);
    server.read(&seeing, "/v1/donors/T0001/donations").with_status(200);
    consent(server, &donor, "service", "2026-1");
    consent(server, &donor, "news", "2026-1");
    server.call(&donor, "DELETE", "/v1/me/consents/news", None).with_status(204);
    let doctor = station.user(server, "doctor", None).sign_in(server);
    search(server, &doctor, json!({ "donor_no": "T0001" }));
    donor
}

on_both! {
    fn an_export_holds_everything_of_a_donor_and_nothing_of_relatives(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let donor = everything_of_a_donor(station, &server, &gateway);
        let person = Person::number(1);

        let answer = server.read(&donor, "/v1/me/export").with_status(200);
        let export = answer.json();

        assert_eq!(export["account"]["phone"], format!("+86{}", person.phone));
        assert_eq!(export["account"]["wechat"], true);
        assert_eq!(export["donor"], json!({
            "donor_no": "T0001", "name": person.name, "id_type": "resident_id", "id_number": person.id_number,
            "phone": format!("+86{}", person.phone), "email": person.email, "sex": "M",
            "birth_date": person.birth_date, "abo": "O", "rh": "+",
        }));
        let given: Vec<_> = export["donations"].as_array().unwrap().iter()
            .map(|donation| (donation["donation_no"].as_str().unwrap(), donation["volume_ml"].as_u64().unwrap()))
            .collect();
        assert_eq!(given, [("4199240000001", 200), ("4199240000002", 400)]);
        assert_eq!(export["donations"][0]["collected_at"], "2024-03-05T01:30:00Z");
        assert_eq!(export["certificates"][0]["certificate_no"], station.certificate_no("T0001"));
        let consents = export["consents"].as_array().unwrap();
        assert_eq!(consents.len(), 2);
        assert!(consents.iter().all(|consent| consent["address"] == "127.0.0.1"));
        assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
        assert_eq!(export["sessions"][0]["device"], "张三的手机");
        assert_eq!(export["relatives"], json!(["T0002"]));
        assert_eq!(export["access_log"], server.read(&donor, "/v1/me/access-log").with_status(200).json());
        for relative in [2, 3].map(Person::number) {
            for theirs in [&relative.name, &relative.id_number, &relative.phone, &relative.email] {
                assert!(!answer.text().contains(theirs.as_str()), "{theirs}");
            }
        }
        let unknown = server.read(&donor, "/v1/me/export?format=pdf").with_status(422);
        assert_eq!(unknown.problem(), "unknown_format");
    }

    fn an_export_to_be_read_says_the_same_in_chinese(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let donor = everything_of_a_donor(station, &server, &gateway);
        let person = Person::number(1);

        let answer = server.read(&donor, "/v1/me/export?format=text").with_status(200);
        let text = answer.text();

        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        let phone = format!("+86{}", person.phone);
        let certificate_no = station.certificate_no("T0001");
        let today = (now() + chrono::TimeDelta::hours(8)).date_naive().to_string();
        for fact in [
            phone.as_str(), "微信登录：是", "献血者 T0001", &person.name, &person.id_number, "居民身份证", "性别：男",
            &person.birth_date, &person.email, "血型：O +", "献血记录 2 条", "2024-03-05 4199240000001 全血 200 ml",
            "2025-03-06 4199240000002 全血 400 ml", "电子献血证 1 张", &certificate_no, "同意记录 2 条",
            "服务条款与隐私政策 2026-1 版", "小程序", "127.0.0.1", "撤回", "登录设备 1 台", "张三的手机",
            "代管亲属：T0002", "医生", "查找献血者", "咨询", "亲属", "查看记录", &today,
        ] {
            assert!(text.contains(fact), "{fact} in\n{text}");
        }
        for code in ["whole_blood", "donated", "resident_id", "mini_program", "donor.found", "enquiry", "doctor"] {
            assert!(!text.contains(code), "{code} in\n{text}");
        }
        let export = server.read(&donor, "/v1/me/export").json();
        for line in export["access_log"].as_array().unwrap() {
            assert!(text.contains(line["reference"].as_str().unwrap()), "{line} in\n{text}");
        }
    }

    fn the_access_log_says_who_looked_when_and_why(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let began = now();
        let donor = everything_of_a_donor(station, &server, &gateway);
        let reviewer = station.user(&server, "reviewer", None).sign_in(&server);
        let by = json!({ "phone": Person::number(1).phone, "purpose": "complaint" });
        server.send(&reviewer, "/v1/station/donors/search", by).with_status(200);

        let log = server.read(&donor, "/v1/me/access-log").with_status(200).json();

        let found: Vec<_> = lines(&log, "donor.found").iter()
            .map(|line| (line["by"].as_str().unwrap(), line["purpose"].as_str().unwrap())).collect();
        assert_eq!(found, [("reviewer", "complaint"), ("doctor", "enquiry")], "the newest first");
        let viewed = lines(&log, "donor.viewed");
        assert_eq!((viewed.len(), &viewed[0]["by"], &viewed[0]["purpose"]), (1, &json!("relative"), &json!("family")));
        assert_eq!(lines(&log, "donor.bound")[0]["by"], "you");
        for line in log.as_array().unwrap() {
            let at: chrono::DateTime<chrono::Utc> = line["at"].as_str().unwrap().parse().unwrap();
            assert!(began <= at && at <= now(), "{line}");
            let reference = line["reference"].as_str().unwrap();
            assert_eq!(station.number(&format!("SELECT count(*) AS number FROM audit WHERE id = '{reference}'")), 1);
        }
    }

    fn a_consent_is_replaced_by_a_newer_one_and_withdrawn(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let donor = sign_in(&server, &gateway, &Person::number(1).phone);
        let other = sign_in(&server, &gateway, &Person::number(2).phone);
        let withdraw = |purpose: &str| server.call(&donor, "DELETE", &format!("/v1/me/consents/{purpose}"), None);
        let open = || {
            let list = server.read(&donor, "/v1/me/consents").with_status(200).json();
            let given = list.as_array().unwrap().iter().filter(|consent| consent["withdrawn_at"].is_null());
            given.map(|consent| format!("{} {}", consent["purpose"], consent["text_version"])).collect::<Vec<_>>()
        };

        consent(&server, &donor, "service", "1");
        consent(&server, &donor, "appeals", "1");
        consent(&server, &donor, "service", "2");
        assert_eq!(open(), ["\"appeals\" \"1\"", "\"service\" \"2\""]);
        withdraw("service").with_status(204);

        assert_eq!(open(), ["\"appeals\" \"1\""]);
        assert_eq!(withdraw("service").with_status(404).problem(), "not_found");
        assert_eq!(withdraw("everything").with_status(422).problem(), "unknown_purpose");
        assert_eq!(server.read(&donor, "/v1/me/consents").json().as_array().unwrap().len(), 3);
        assert_eq!(server.read(&other, "/v1/me/consents").json(), json!([]));
    }

    fn nothing_is_erased_before_it_is_confirmed(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let donor = sign_in(&server, &gateway, &Person::number(1).phone);

        for (body, code) in [
            (json!({ "confirm": false }), "not_confirmed"),
            (json!({}), "malformed_body"),
            (json!({ "confirm": "true" }), "malformed_body"),
        ] {
            assert_eq!(server.send(&donor, "/v1/me/erasure", body).with_status(422).problem(), code);
        }

        server.read(&donor, "/v1/me").with_status(200);
    }

    fn an_erased_account_is_gone_and_the_record_of_donations_stays(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let donor = everything_of_a_donor(station, &server, &gateway);
        let second = sign_in(&server, &gateway, &Person::number(1).phone);
        let before = [station.count("donors"), station.count("donations"), station.count("certificates")];

        let erased = server.send(&donor, "/v1/me/erasure", json!({ "confirm": true })).with_status(200).json();

        assert!(erased["kept"].to_string().contains("at least 10 years"), "{erased}");
        for caller in [&donor, &second] {
            assert_eq!(server.read(caller, "/v1/me").with_status(401).problem(), "session_ended");
            assert_eq!(server.refresh(&caller.refresh).with_status(401).problem(), "invalid_refresh_token");
        }
        assert_eq!([station.count("donors"), station.count("donations"), station.count("certificates")], before);
        // Who was allowed to see it by the donor's own word sees it no more.
        let seeing = sign_in(&server, &gateway, &Person::number(3).phone);
        assert_eq!(server.read(&seeing, "/v1/donors/T0001/donations").with_status(404).problem(), "not_found");
        let fresh = server.sign_in(&gateway, &Person::number(1).phone);
        let me = server.read(&fresh, "/v1/me").with_status(200).json();
        assert_eq!((&me["donors"], &me["wechat"]), (&json!([]), &json!(false)));
        assert_eq!(server.read(&fresh, "/v1/me/consents").json(), json!([]));
        let proof = json!({ "id_number": Person::number(1).id_number, "donation_no": "4199240000001" });
        server.send(&fresh, "/v1/me/donor", proof).with_status(200);
    }

    fn of_somebody_who_only_registered_nothing_stays(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let person = Person { name: "欧阳消失".to_owned(), ..Person::number(5) };
        let donor = sign_in(&server, &gateway, &person.phone);
        let registration = json!({ "name": person.name, "id_number": person.id_number, "email": person.email });
        server.send(&donor, "/v1/me/registration", registration).with_status(201);
        assert_eq!(station.count("donors"), 1);

        let erased = server.send(&donor, "/v1/me/erasure", json!({ "confirm": true })).with_status(200).json();

        assert!(!erased["kept"].to_string().contains("10 years"), "{erased}");
        assert_eq!(station.count("donors"), 0);
        if station.kind() == Kind::Sqlite {
            // Not even in pages that the database does not use any more.
            let everything = crate::privacy::everything_in(station, Kind::Sqlite);
            assert!(!everything.contains(&person.name), "{}", person.name);
        }
    }

    fn staff_look_a_donor_up_by_every_key_and_say_why(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        station.import(&Town::of(3));
        let person = Person::number(1);
        let other_phone = Person::number(900).phone;
        let donor = sign_in(&server, &gateway, &other_phone);
        let proof = json!({ "id_number": person.id_number, "donation_no": "4199240000001" });
        server.send(&donor, "/v1/me/donor", proof).with_status(200);
        let operator = station.user(&server, "operator", None).sign_in(&server);

        for by in [
            json!({ "donor_no": "T0001" }),
            json!({ "phone": person.phone }),
            json!({ "phone": format!("+86 {}", person.phone) }),
            json!({ "phone": other_phone }),
            json!({ "id_number": person.id_number }),
            json!({ "id_number": format!(" {} ", person.id_number.to_ascii_lowercase()) }),
            json!({ "name": person.name, "birth_date": person.birth_date }),
        ] {
            let found = search(&server, &operator, by.clone());
            assert_eq!(found.as_array().unwrap().len(), 1, "{by}");
            assert_eq!(found[0]["donor_no"], "T0001", "{by}");
            assert_eq!(found[0]["id_last_four"], person.id_number[14..], "{by}");
            assert_eq!(found[0]["phone"], "+86170****0001", "{by}");
            assert_eq!((&found[0]["whole_blood_ml"], &found[0]["donations"]), (&json!(600), &json!(2)), "{by}");
            assert!(!found.to_string().contains(&person.id_number) && !found.to_string().contains(&person.email));
        }
        for nobody in [
            json!({ "donor_no": "T9999" }),
            json!({ "phone": Person::number(901).phone }),
            json!({ "id_number": Person::number(901).id_number }),
            json!({ "name": person.name, "birth_date": Person::number(2).birth_date }),
        ] {
            assert_eq!(search(&server, &operator, nobody.clone()), json!([]), "{nobody}");
        }
        let found = "SELECT count(*) AS number FROM audit WHERE action = 'donor.found'";
        assert_eq!(station.number(found), 7 + 4, "a search that found nobody leaves its trace too");
        assert_eq!(lines(&server.read(&donor, "/v1/me/access-log").json(), "donor.found").len(), 7);
    }

    fn staff_who_do_not_say_why_or_whom_see_nobody(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        station.import(&Town::of(1));
        let operator = station.user(&server, "operator", None).sign_in(&server);
        let donor = sign_in(&server, &gateway, &Person::number(2).phone);
        let search = |by| server.send(&operator, "/v1/station/donors/search", by).with_status(422).problem();

        assert_eq!(search(json!({ "donor_no": "T0001" })), "purpose_missing");
        assert_eq!(search(json!({ "donor_no": "T0001", "purpose": "" })), "purpose_missing");
        assert_eq!(search(json!({ "donor_no": "T0001", "purpose": "curiosity" })), "purpose_missing");
        assert_eq!(search(json!({ "purpose": "enquiry" })), "one_key_needed");
        assert_eq!(search(json!({ "purpose": "enquiry", "name": Person::number(1).name })), "one_key_needed");
        let two = json!({ "purpose": "enquiry", "donor_no": "T0001", "phone": Person::number(1).phone });
        assert_eq!(search(two), "one_key_needed");
        let by = json!({ "donor_no": "T0001", "purpose": "enquiry" });
        let refused = server.send(&donor, "/v1/station/donors/search", by).with_status(403);
        assert_eq!(refused.problem(), "not_allowed");
        assert_eq!(station.number("SELECT count(*) AS number FROM audit WHERE action = 'donor.found'"), 0);
    }
}
