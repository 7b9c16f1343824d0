//! Canaries: what an account, its person and a member of staff are known by goes through all that accounts can do, and
//! is in no log, no metric and no problem, and not in clear in the database.

use crate::privacy::everything_in;
use serde_json::{Value, json};
use std::cell::RefCell;
use tests::on_both;
use tests::support::{
    Answer, Behaviour, Caller, Gateway, PASSWORD, Person, Server, Town, accept, by_code, international, until,
};

const OPENID: &str = "oOpenId_of-the-canary";
const JS_CODE: &str = "js-code-of-the-canary";
const PHONE_CODE: &str = "phone-code-of-the-canary";
const ADDRESS: &str = "2001:db8::ca:9a51";
const WRONG_PASSWORD: &str = "wrong password of the canary";

/// The server, and what it said that everybody may read: problems and metrics.
struct Listener<'a> {
    server: &'a Server,
    said: RefCell<String>,
}

impl Listener<'_> {
    fn heard(&self, answer: Answer) -> Answer {
        if answer.header("content-type") == "application/problem+json" {
            self.said.borrow_mut().push_str(answer.text());
        }
        answer
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.heard(self.server.post_from(ADDRESS, path, body))
    }

    fn token(&self, body: &Value) -> Answer {
        self.post("/v1/auth/token", body)
    }

    fn call(&self, caller: &Caller, method: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", caller.access);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("x-forwarded-for", ADDRESS),
        ];
        self.heard(self.server.request(method, path, &headers, body.to_string().as_bytes()))
    }

    fn send(&self, caller: &Caller, path: &str, body: &Value) -> Answer {
        self.call(caller, "POST", path, body)
    }

    fn refused(&self, answer: Answer) {
        assert!((400..500).contains(&answer.status), "{} {}", answer.status, answer.text());
    }
}

fn wechat(js_code: &str, phone_code: &str) -> Value {
    json!({ "grant_type": "wechat", "js_code": js_code, "phone_code": phone_code })
}

/// Whether a text holds a secret; one of six digits as a word, because a time has six digits too.
fn holds(text: &str, secret: &str) -> bool {
    let part_of_more = |character: char| character.is_ascii_alphanumeric() || character == '.';
    text.match_indices(secret).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + secret.len()..].chars().next());
        secret.len() > 6 || !before.is_some_and(part_of_more) && !after.is_some_and(part_of_more)
    })
}

#[track_caller]
fn assert_free_of(what: &str, text: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(!secret.is_empty(), "{secrets:?}");
        if let Some(line) = text.lines().find(|line| holds(line, secret)) {
            panic!("{secret} in {what}: {line}");
        }
    }
}

/// As it stands in an address.
fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

on_both! {
    fn nothing_of_an_account_is_said_or_rests_in_clear(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(2));
        station.hospital("H1");
        let server = station.serve_through(&gateway, &[("REXUE_LOG_FILTER", "debug,rexue=trace")]);
        let listener = Listener { server: &server, said: RefCell::default() };
        let person = Person { name: "欧阳金丝雀".to_owned(), ..Person::number(7) };
        let Person { name, phone, id_number, email, .. } = &person;
        // What is in no log, metric or problem; and what does not rest in clear either: names and donor numbers do.
        let mut secrets: Vec<String> =
            [phone, id_number, email, OPENID, JS_CODE, PHONE_CODE, ADDRESS, WRONG_PASSWORD, PASSWORD]
                .map(str::to_owned)
                .into();
        let ask_for_code = || listener.post("/v1/auth/otp", &json!({ "phone": phone }));

        // Nobody has signed in yet.
        for wrong in [
            json!({ "phone": format!("{phone}{phone}") }),
            json!({ "phone": phone.parse::<u64>().unwrap() }),
            json!({ "phone": phone, "language": email }),
            json!({ "phone": phone, (id_number.as_str()): email }),
        ] {
            listener.refused(listener.post("/v1/auth/otp", &wrong));
        }
        for wrong in [
            json!({ "grant_type": id_number }),
            json!({ "grant_type": "otp", "phone": email, "code": id_number }),
            json!({ "grant_type": "otp", "phone": phone, "code": [id_number] }),
            json!({ "grant_type": "refresh_token", "refresh_token": id_number }),
            json!({ "grant_type": "client_credentials", "client_id": id_number, "client_secret": email }),
            json!({ "grant_type": "client_credentials", "client_assertion": phone, "client_assertion_type": email }),
            json!({ "grant_type": "password", "user_name": phone, "password": WRONG_PASSWORD, "totp": id_number }),
        ] {
            listener.refused(listener.token(&wrong));
        }
        let form = format!("grant_type=otp&phone={phone}&code={id_number}&{email}={phone}");
        for media_type in ["application/x-www-form-urlencoded", "application/json", &format!("text/{id_number}")] {
            let path = format!("/v1/auth/token?access_token={id_number}&{phone}={}", percent_encoded(name));
            listener.refused(listener.heard(server.post(&path, media_type, form.as_bytes())));
        }
        for bearer in [phone, email, id_number] {
            let bearer = Caller { access: bearer.clone(), refresh: String::new() };
            listener.refused(listener.call(&bearer, "GET", "/v1/me", &json!(phone)));
        }

        // The donor signs in by code, refreshes, and somebody replays the token.
        ask_for_code().with_status(202);
        let code = gateway.next_code(&international(phone));
        listener.refused(ask_for_code());
        listener.refused(listener.token(&by_code(phone, id_number)));
        let first = Caller::of(listener.token(&by_code(phone, &code)));
        listener.refused(listener.token(&by_code(phone, &code)));
        let second = Caller::of(listener.heard(server.refresh(&first.refresh)));
        listener.refused(listener.heard(server.refresh(&first.refresh)));
        listener.refused(listener.call(&second, "GET", "/v1/me", &json!({})));
        secrets.extend([code, first.access, first.refresh, second.access, second.refresh]);

        // The donor signs in with WeChat, which quotes what it was asked, and an SMS gateway that does so too.
        gateway.will_answer(Behaviour::Status(500));
        listener.token(&wechat(JS_CODE, PHONE_CODE)).with_status(503);
        let other_phone = Person::number(8).phone;
        listener.post("/v1/auth/otp", &json!({ "phone": other_phone })).with_status(202);
        secrets.push(other_phone);
        until("a failed message is logged", || server.log().contains("a message was not sent"));
        gateway.will_answer(Behaviour::Well);
        listener.refused(listener.token(&wechat(JS_CODE, PHONE_CODE)));
        gateway.wechat_user(JS_CODE, OPENID);
        gateway.wechat_phone(PHONE_CODE, phone);
        let donor = Caller::of(listener.token(&wechat(JS_CODE, PHONE_CODE)));
        listener.refused(listener.token(&wechat(JS_CODE, PHONE_CODE)));
        secrets.extend([donor.access.clone(), donor.refresh.clone()]);

        // Binding fails in all sorts of ways; the donor registers.
        for wrong in [
            json!({ "id_number": id_number, "donation_no": "4199240000001" }),
            json!({ "id_number": format!("{}0", &id_number[..17]), "donation_no": phone }),
            json!({ "id_type": email, "id_number": id_number, "donation_no": phone }),
            json!({ "id_number": id_number, "donation_no": [phone] }),
        ] {
            listener.refused(listener.send(&donor, "/v1/me/donor", &wrong));
        }
        for wrong in [
            json!({ "name": name, "id_number": id_number, "birth_date": "1900-01-01" }),
            json!({ "name": name, "id_number": id_number, "birth_date": phone }),
            json!({ "name": name, "id_number": id_number, "sex": phone }),
            json!({ "name": name, "id_number": id_number, "email": phone }),
            json!({ "name": format!("{name}\u{202e}{phone}"), "id_number": id_number }),
        ] {
            listener.refused(listener.send(&donor, "/v1/me/registration", &wrong));
        }
        let registration = json!({ "name": name, "id_number": id_number, "email": email });
        listener.send(&donor, "/v1/me/registration", &registration).with_status(201);

        // Staff are invited, sign in, and look the donor up by every key.
        let invited = station.rexue(["users", "invite", "canary", "--name", "测试", "--role", "operator"]).well();
        let said_by_commands = invited.err.clone();
        let invited = invited.json();
        let invitation = invited["invitation"].as_str().unwrap().to_owned();
        listener.refused(listener.post("/v1/auth/invitations/open", &json!({ "invitation": id_number })));
        let welcome = server.post_json("/v1/auth/invitations/open", &json!({ "invitation": invitation })).json();
        let totp_secret = welcome["totp_secret"].as_str().unwrap().to_owned();
        for (password, totp) in [(PASSWORD, phone.as_str()), ("canary", "000000"), (WRONG_PASSWORD, id_number)] {
            let wrong = json!({ "invitation": invitation, "password": password, "totp": totp });
            listener.refused(listener.post("/v1/auth/invitations/accept", &wrong));
        }
        let operator = accept(&server, "canary", &invited);
        let accepted = json!({ "invitation": invitation, "password": PASSWORD, "totp": "000000" });
        listener.refused(listener.post("/v1/auth/invitations/accept", &accepted));
        listener.refused(listener.token(&operator.login(WRONG_PASSWORD, "000000")));
        let totp = operator.totp_code();
        let staff = Caller::of(listener.token(&operator.login(PASSWORD, &totp)));
        secrets.extend([invitation, totp_secret, totp, staff.access.clone(), staff.refresh.clone()]);
        let search = |by: Value| listener.send(&staff, "/v1/station/donors/search", &by);
        for by in [
            json!({ "purpose": "enquiry", "phone": phone }),
            json!({ "purpose": "enquiry", "id_number": id_number }),
            json!({ "purpose": "enquiry", "name": name, "birth_date": person.birth_date }),
        ] {
            assert_eq!(search(by).with_status(200).json().as_array().unwrap().len(), 1);
        }
        for wrong in [
            json!({ "purpose": phone, "phone": phone }),
            json!({ "purpose": "enquiry", "phone": id_number, "name": name }),
            json!({ "purpose": "enquiry", "phone": email }),
            json!({ "purpose": "enquiry", "donor_no": email }),
            json!({ "purpose": "enquiry", "name": format!("{name}\u{200b}"), "birth_date": person.birth_date }),
            json!({ "purpose": "enquiry", "name": name, "birth_date": id_number }),
        ] {
            listener.refused(search(wrong));
        }
        let at_the_window = json!({ "phone": phone, "document_seen": true });
        for path in [format!("/v1/station/donors/{id_number}"), format!("/v1/station/donors/{}", percent_encoded(name))] {
            listener.refused(listener.call(&staff, "PUT", &format!("{path}/sign-in-phone"), &at_the_window));
            listener.refused(listener.send(&staff, &format!("{path}/managers"), &at_the_window));
        }
        let window = listener.call(&staff, "PUT", "/v1/station/donors/T0001/sign-in-phone", &at_the_window);
        assert_eq!(window.with_status(409).problem(), "phone_in_use");

        // A hospital's system has a key.
        let admin = station.user(&server, "admin", None).sign_in(&server);
        let client = json!({ "name": "收费系统" });
        let client = listener.send(&admin, "/v1/hospitals/H1/clients", &client).with_status(201).json();
        let credentials = |key: &Value| json!({
            "grant_type": "client_credentials", "client_id": client["client_id"], "client_secret": key,
        });
        let system = Caller::of(listener.token(&credentials(&client["api_key"])));
        listener.refused(listener.token(&credentials(&json!(id_number))));
        secrets.extend([client["api_key"].as_str().unwrap().to_owned(), system.access, admin.access, admin.refresh]);

        // Consent, family, export.
        let consent = json!({ "purpose": "service", "text_version": "1", "given_from": "browser" });
        listener.send(&donor, "/v1/me/consents", &consent).with_status(201);
        for member in ["purpose", "text_version", "given_from"] {
            let mut wrong = consent.clone();
            wrong[member] = json!(format!("{email} {phone}"));
            listener.refused(listener.send(&donor, "/v1/me/consents", &wrong));
        }
        listener.refused(listener.call(&donor, "DELETE", &format!("/v1/me/consents/{id_number}"), &json!({})));
        let shared = listener.send(&donor, "/v1/me/sharing-codes", &json!({})).with_status(201).json();
        secrets.push(shared["code"].as_str().unwrap().to_owned());
        listener.refused(listener.send(&donor, "/v1/me/family", &json!({ "code": phone })));
        for format in ["", "?format=text"] {
            let export = listener.call(&donor, "GET", &format!("/v1/me/export{format}"), &json!({}));
            let export = export.with_status(200);
            for own in [phone, id_number, email, name, ADDRESS] {
                assert!(export.text().contains(own), "{own}");
            }
        }
        listener.refused(listener.call(&donor, "GET", &format!("/v1/me/export?format={id_number}"), &json!({})));

        // At its fullest, the database holds nothing in clear.
        assert_free_of("the database", &everything_in(station, station.kind()), &secrets);

        let erased = listener.send(&donor, "/v1/me/erasure", &json!({ "confirm": true })).with_status(200);
        listener.refused(listener.call(&donor, "GET", "/v1/me", &json!({})));
        assert_free_of("the database", &everything_in(station, station.kind()), &secrets);

        secrets.extend([name.clone(), percent_encoded(name)]);
        let metrics = server.get("/metrics").with_status(200);
        assert_free_of("an erasure's answer", erased.text(), &secrets);
        assert_free_of("metrics", metrics.text(), &secrets);
        assert_free_of("problems", &listener.said.take(), &secrets);
        assert_free_of("what commands said", &said_by_commands, &secrets);
        let (_, log) = server.stop();
        assert!(log.contains("DEBUG") && log.contains("answered"), "{log}");
        assert_free_of("the log", &log, &secrets);
    }
}
