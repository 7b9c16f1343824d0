//! Donors and users sign in, refresh, and sign out.

use serde_json::json;
use tests::on_both;
use tests::support::{Behaviour, Caller, Gateway, PASSWORD, Person, Town, by_code, international};

on_both! {
    fn a_donor_signs_in_by_code_binds_the_record_and_sees_it(station) {
        let gateway = Gateway::start();
        station.import(&Town::of(2));
        let server = station.serve_through(&gateway, &[]);
        let person = Person::number(1);

        let caller = server.sign_in(&gateway, &person.phone);
        let before = server.read(&caller, "/v1/me").with_status(200).json();
        let proof = json!({ "id_number": person.id_number, "donation_no": "4199240000001" });
        let bound = server.send(&caller, "/v1/me/donor", proof).with_status(200).json();
        let after = server.read(&caller, "/v1/me").with_status(200).json();

        assert_eq!(before["donors"], json!([]));
        assert_eq!(before["phone"], "+86170****0001");
        assert_eq!(bound["donor_no"], "T0001");
        assert_eq!(after["donors"][0]["donor_no"], "T0001");
        assert_eq!(after["donors"][0]["whole_blood_ml"], 600);
        assert_eq!(after["donors"][0]["donations"], 2);
    }

    fn a_code_is_good_for_once_and_wrong_ones_are_counted_whatever_is_asked_for(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let phone = Person::number(3).phone;
        server.post_json("/v1/auth/otp", &json!({ "phone": phone })).with_status(202);
        let code = gateway.next_code(&international(&phone));
        Caller::of(server.post_json("/v1/auth/token", &by_code(&phone, &code)));

        let replayed = server.post_json("/v1/auth/token", &by_code(&phone, &code)).with_status(401);
        assert_eq!(replayed.problem(), "wrong_code");
        for _ in 0..4 {
            let wrong = server.post_json("/v1/auth/token", &by_code(&phone, "12345x"));
            assert_eq!(wrong.with_status(401).problem(), "wrong_code");
        }
        let locked = server.post_json("/v1/auth/token", &by_code(&phone, &code)).with_status(429);

        assert_eq!(locked.problem(), "locked_out");
        let seconds: u64 = locked.header("retry-after").parse().unwrap();
        assert!((50..=61).contains(&seconds), "{seconds}");
    }

    fn whoever_asks_for_a_code_does_not_wait_for_the_gateway(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[("REXUE_SMS_TIMEOUT_SECONDS", "3600")]);
        gateway.will_answer(Behaviour::Hang);

        let promised = server.post_json("/v1/auth/otp", &json!({ "phone": Person::number(5).phone }));

        let promised = promised.with_status(202);
        assert_eq!(promised.header("ratelimit-policy"), "\"otp-phone\";q=1;w=60");
        assert_eq!(promised.header("ratelimit"), "\"otp-phone\";r=0;t=60");
        let waiting = "SELECT count(*) AS number FROM outbox WHERE state IN ('queued', 'sending')";
        assert_eq!(station.number(waiting), 1);
    }

    fn a_replayed_refresh_token_ends_the_session(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let first = server.sign_in(&gateway, &Person::number(4).phone);
        let second = Caller::of(server.refresh(&first.refresh));
        server.read(&second, "/v1/me").with_status(200);

        let replayed = server.refresh(&first.refresh).with_status(401);

        assert_eq!(replayed.problem(), "invalid_refresh_token");
        assert_eq!(server.refresh(&second.refresh).with_status(401).problem(), "invalid_refresh_token");
        assert_eq!(server.read(&second, "/v1/me").with_status(401).problem(), "session_ended");
    }

    fn signing_out_ends_one_session_or_all(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let admin = station.user(&server, "admin", None);
        let [one, other] = [admin.sign_in(&server), admin.sign_in(&server)];
        let sessions = server.read(&one, "/v1/me/sessions").with_status(200).json();
        assert_eq!(sessions.as_array().unwrap().len(), 2);
        assert!(sessions.as_array().unwrap().iter().all(|session| session["device"] == "a test's screen"));

        let path = format!("/v1/me/sessions/{}", other.session());
        server.call(&one, "DELETE", &path, None).with_status(204);
        assert_eq!(server.read(&other, "/v1/users").with_status(401).problem(), "session_ended");
        server.call(&one, "DELETE", &path, None).with_status(404);
        let everywhere = server.send(&one, "/v1/auth/sign-out-everywhere", json!({})).with_status(200).json();

        assert_eq!(everywhere["sessions_ended"], 1);
        assert_eq!(server.read(&one, "/v1/users").with_status(401).problem(), "session_ended");
        assert_eq!(server.refresh(&one.refresh).with_status(401).problem(), "invalid_refresh_token");
    }

    fn a_user_needs_password_and_authenticator_and_nobody_learns_which_was_wrong(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let doctor = station.user(&server, "doctor", None);
        let code = doctor.totp_code();
        let token = |body| server.post_json("/v1/auth/token", &body);

        let wrong_password = token(doctor.login("wrong horse battery", &code)).with_status(401);
        let wrong_code = token(doctor.login(PASSWORD, "000000")).with_status(401);
        let mut nobody = doctor.login(PASSWORD, &code);
        nobody["user_name"] = json!("nobody");
        let unknown = token(nobody).with_status(401);
        let caller = Caller::of(token(doctor.login(PASSWORD, &code)));
        let same_code_again = token(doctor.login(PASSWORD, &code)).with_status(401);

        assert_eq!(wrong_password.text(), wrong_code.text());
        assert_eq!(wrong_password.text(), unknown.text());
        assert_eq!(same_code_again.problem(), "wrong_credentials");
        server.read(&caller, "/v1/me/sessions").with_status(200);
    }

    fn a_disabled_user_is_out_at_once(station) {
        let gateway = Gateway::start();
        let server = station.serve_through(&gateway, &[]);
        let admin = station.user(&server, "admin", None).sign_in(&server);
        let operator = station.user(&server, "operator", None);
        let caller = operator.sign_in(&server);
        server.read(&caller, "/v1/station/merges").with_status(200);

        server.call(&admin, "DELETE", &format!("/v1/users/{}", operator.id), None).with_status(204);

        assert_eq!(server.read(&caller, "/v1/station/merges").with_status(401).problem(), "session_ended");
        let login = operator.login(PASSWORD, &operator.totp_code());
        assert_eq!(server.post_json("/v1/auth/token", &login).with_status(401).problem(), "wrong_credentials");
        assert_eq!(server.refresh(&caller.refresh).with_status(401).problem(), "invalid_refresh_token");
    }
}
