//! Donors sign in with WeChat.

use serde_json::{Value, json};
use tests::on_both;
use tests::support::{Answer, Behaviour, Caller, Gateway, Person, Server};

fn sign_in(server: &Server, js_code: &str, phone_code: Option<&str>) -> Answer {
    let mut body = json!({ "grant_type": "wechat", "js_code": js_code, "device": "a test's telephone" });
    if let Some(phone_code) = phone_code {
        body["phone_code"] = json!(phone_code);
    }
    server.post_json("/v1/auth/token", &body)
}

/// The account's id, as the account itself says it.
fn account(server: &Server, caller: &Caller) -> Value {
    server.read(caller, "/v1/me/export").with_status(200).json()["account"]["id"].clone()
}

on_both! {
    fn a_new_wechat_user_gets_an_account_and_the_same_one_the_next_time(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        for (js_code, openid) in [("one", "oSomebody"), ("two", "oSomebody"), ("three", "oSomebody_else")] {
            gateway.wechat_user(js_code, openid);
        }

        let first = Caller::of(sign_in(&server, "one", None));
        let again = Caller::of(sign_in(&server, "two", None));
        let other = Caller::of(sign_in(&server, "three", None));

        let me = server.read(&first, "/v1/me").with_status(200).json();
        assert_eq!((&me["wechat"], &me["phone"], &me["donors"]), (&json!(true), &json!(null), &json!([])));
        assert_eq!(account(&server, &first), account(&server, &again));
        assert_ne!(account(&server, &first), account(&server, &other));
        assert_eq!(server.read(&again, "/v1/me/sessions").json().as_array().unwrap().len(), 2);
        assert_eq!(station.count("accounts"), 2);
    }

    fn a_shared_number_signs_in_to_the_account_too(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let phone = Person::number(1).phone;
        gateway.wechat_user("one", "oSomebody");
        gateway.wechat_user("two", "oSomebody");
        gateway.wechat_phone("number", &phone);

        let without = Caller::of(sign_in(&server, "one", None));
        let shared = Caller::of(sign_in(&server, "two", Some("number")));
        let by_code = server.sign_in(&gateway, &phone);

        for caller in [&shared, &by_code] {
            assert_eq!(account(&server, caller), account(&server, &without));
        }
        let me = server.read(&without, "/v1/me").with_status(200).json();
        assert_eq!((&me["wechat"], &me["phone"]), (&json!(true), &json!("+86170****0001")));
    }

    fn a_number_shared_at_the_first_sign_in_is_the_account_s(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let phone = Person::number(1).phone;
        gateway.wechat_user("one", "oSomebody");
        gateway.wechat_phone("number", &phone);

        let caller = Caller::of(sign_in(&server, "one", Some("number")));

        assert_eq!(account(&server, &caller), account(&server, &server.sign_in(&gateway, &phone)));
        assert_eq!(station.count("accounts"), 1);
    }

    fn wechat_is_attached_to_the_account_of_the_shared_number(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let phone = Person::number(1).phone;
        let by_code = server.sign_in(&gateway, &phone);
        assert_eq!(server.read(&by_code, "/v1/me").json()["wechat"], false);
        gateway.wechat_user("one", "oSomebody");
        gateway.wechat_phone("number", &phone);
        gateway.wechat_user("two", "oSomebody");

        let shared = Caller::of(sign_in(&server, "one", Some("number")));
        let without = Caller::of(sign_in(&server, "two", None));

        for caller in [&shared, &without] {
            assert_eq!(account(&server, caller), account(&server, &by_code));
        }
        assert_eq!(server.read(&by_code, "/v1/me").json()["wechat"], true);
        assert_eq!(station.count("accounts"), 1);
    }

    fn a_number_of_another_account_is_not_taken_from_it(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let phone = Person::number(1).phone;
        let owner = server.sign_in(&gateway, &phone);
        gateway.wechat_user("one", "oSomebody");
        let somebody = Caller::of(sign_in(&server, "one", None));
        gateway.wechat_user("two", "oSomebody");
        gateway.wechat_phone("number", &phone);

        let refused = sign_in(&server, "two", Some("number")).with_status(409);

        assert_eq!(refused.problem(), "phone_in_use");
        assert_eq!(server.read(&somebody, "/v1/me").json()["phone"], json!(null));
        assert_eq!(server.read(&owner, "/v1/me").json()["wechat"], false);
    }

    fn a_second_wechat_user_does_not_get_into_the_account_of_a_number(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let phone = Person::number(1).phone;
        gateway.wechat_user("one", "oSomebody");
        gateway.wechat_phone("number", &phone);
        Caller::of(sign_in(&server, "one", Some("number")));
        gateway.wechat_user("two", "oSomebody_else");
        gateway.wechat_phone("number again", &phone);

        let refused = sign_in(&server, "two", Some("number again")).with_status(409);

        assert_eq!(refused.problem(), "phone_in_use");
        assert_eq!(station.count("accounts"), 1);
    }

    fn an_account_keeps_the_number_it_has(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        gateway.wechat_user("one", "oSomebody");
        gateway.wechat_phone("first number", &Person::number(1).phone);
        gateway.wechat_user("two", "oSomebody");
        gateway.wechat_phone("second number", &Person::number(2).phone);

        Caller::of(sign_in(&server, "one", Some("first number")));
        let caller = Caller::of(sign_in(&server, "two", Some("second number")));

        assert_eq!(server.read(&caller, "/v1/me").json()["phone"], "+86170****0001");
    }

    fn a_code_of_wechat_is_good_for_once(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        for js_code in ["one", "two"] {
            gateway.wechat_user(js_code, "oSomebody");
        }
        gateway.wechat_phone("number", &Person::number(1).phone);
        Caller::of(sign_in(&server, "one", Some("number")));

        for (js_code, phone_code) in [("one", None), ("two", Some("number")), ("unknown", None), ("", None)] {
            let refused = sign_in(&server, js_code, phone_code).with_status(422);
            assert_eq!(refused.problem(), "wechat_code_refused", "{js_code} {phone_code:?}");
        }
        assert_eq!(station.count("accounts"), 1);
    }

    fn while_wechat_is_down_a_code_by_sms_signs_in(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[("REXUE_WECHAT_TIMEOUT_SECONDS", "1")]);
        let phone = Person::number(1).phone;

        for behaviour in
            [Behaviour::Status(502), Behaviour::Hang, Behaviour::Huge, Behaviour::HalfClosed, Behaviour::Errcode(-1)]
        {
            gateway.wechat_user("one", "oSomebody");
            gateway.will_answer(behaviour);
            let unavailable = sign_in(&server, "one", None).with_status(503);
            assert_eq!(unavailable.problem(), "wechat_unavailable", "{behaviour:?}");
        }
        // WeChat is still down, and the SMS gateway is not.
        let caller = server.sign_in(&gateway, &phone);
        server.read(&caller, "/v1/me").with_status(200);

        gateway.will_answer(Behaviour::Well);
        gateway.wechat_user("two", "oSomebody");
        Caller::of(sign_in(&server, "two", None));
    }

    fn whoever_asks_wechat_too_often_is_told_to_wait(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        gateway.will_answer(Behaviour::Errcode(45011));

        let refused = sign_in(&server, "one", None).with_status(429);

        assert_eq!((refused.problem().as_str(), refused.header("retry-after")), ("wechat_unavailable", "60"));
    }

    fn a_station_without_a_mini_program_says_so(station) {
        let server = station.serve();

        let refused = sign_in(&server, "one", None).with_status(409);

        assert_eq!(refused.problem(), "wechat_not_configured");
    }
}
