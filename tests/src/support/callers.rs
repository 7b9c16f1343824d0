//! People and systems that sign in.

use super::gateway::Gateway;
use super::server::{Answer, Server};
use super::station::Station;
use super::wait::until;
use serde_json::{Value, json};
use std::cell::Cell;
use totp_rs::{Builder, Totp};

/// The password of every user of the tests.
pub const PASSWORD: &str = "correct horse battery";

/// An authenticator shows another code after so many seconds.
const STEP: u64 = 30;
/// A server looks at its clock so many seconds after a test, at most.
const LATE: u64 = 5;

/// Somebody who has signed in.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The access token.
    pub access: String,
    /// The refresh token; empty for systems.
    pub refresh: String,
}

impl Caller {
    /// The caller of a pair of tokens.
    #[track_caller]
    pub fn of(answer: Answer) -> Self {
        let pair = answer.with_status(200).json();
        assert_eq!(pair["token_type"], "Bearer");
        assert_eq!(pair["expires_in"], 600);
        Self {
            access: pair["access_token"].as_str().unwrap().to_owned(),
            refresh: pair["refresh_token"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// The session's id, as the access token says it.
    pub fn session(&self) -> String {
        let claims = self.access.split('.').nth(1).unwrap();
        let claims = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        claims["sid"].as_str().unwrap().to_owned()
    }
}

impl Server {
    /// A request with an access token, and JSON when there is a body.
    #[track_caller]
    pub fn call(&self, caller: &Caller, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {}", caller.access);
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.request(method, path, &headers, body.as_bytes())
    }

    /// GET with an access token.
    #[track_caller]
    pub fn read(&self, caller: &Caller, path: &str) -> Answer {
        self.call(caller, "GET", path, None)
    }

    /// POST of JSON with an access token.
    #[track_caller]
    pub fn send(&self, caller: &Caller, path: &str, body: Value) -> Answer {
        self.call(caller, "POST", path, Some(body))
    }

    /// POST of JSON without one.
    #[track_caller]
    pub fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.post(path, "application/json", body.to_string().as_bytes())
    }

    /// POST of JSON from an address: behind a proxy only.
    #[track_caller]
    pub fn post_from(&self, address: &str, path: &str, body: &Value) -> Answer {
        let headers = [("x-forwarded-for", address), ("content-type", "application/json")];
        self.request("POST", path, &headers, body.to_string().as_bytes())
    }

    /// Signs in with a code that the gateway delivers.
    #[track_caller]
    pub fn sign_in(&self, gateway: &Gateway, phone: &str) -> Caller {
        self.post_json("/v1/auth/otp", &json!({ "phone": phone })).with_status(202);
        let code = gateway.next_code(&international(phone));
        Caller::of(self.post_json("/v1/auth/token", &by_code(phone, &code)))
    }

    /// What a refresh token buys.
    #[track_caller]
    pub fn refresh(&self, token: &str) -> Answer {
        self.post_json("/v1/auth/token", &json!({ "grant_type": "refresh_token", "refresh_token": token }))
    }
}

/// The body by which a code signs in.
pub fn by_code(phone: &str, code: &str) -> Value {
    json!({ "grant_type": "otp", "phone": phone, "code": code, "device": "a test's telephone" })
}

/// A mainland number as gateways see it.
pub fn international(phone: &str) -> String {
    format!("+86{phone}")
}

/// A user of the station or of a hospital, with an authenticator at hand.
pub struct User {
    /// The user's id.
    pub id: String,
    /// What the user signs in with.
    pub user_name: String,
    totp: Totp,
    next_step: Cell<u64>,
}

impl User {
    /// A code that the authenticator has not shown yet. A server takes those of one step before and after its own:
    /// three can be had at once, but two near a step's end.
    pub fn totp_code(&self) -> String {
        let oldest = (seconds() + LATE) / STEP - 1;
        let step = self.next_step.get().max(oldest);
        until("the next code", || step <= seconds() / STEP + 1);
        self.next_step.set(step + 1);
        self.totp.generate(step * STEP).to_string()
    }

    /// The body by which the user signs in.
    pub fn login(&self, password: &str, code: &str) -> Value {
        json!({
            "grant_type": "password", "user_name": self.user_name, "password": password, "totp": code,
            "device": "a test's screen",
        })
    }

    /// Signs in.
    #[track_caller]
    pub fn sign_in(&self, server: &Server) -> Caller {
        Caller::of(server.post_json("/v1/auth/token", &self.login(PASSWORD, &self.totp_code())))
    }
}

impl Station {
    /// Settings with which a server sends its messages to a gateway and believes `X-Forwarded-For`.
    pub fn serve_through(&self, gateway: &Gateway, more: &[(&str, &str)]) -> Server {
        let settings = gateway.settings();
        let mut settings: Vec<(&str, &str)> =
            settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        settings.push(("REXUE_LIMITS_BEHIND_PROXY", "true"));
        settings.extend(more);
        self.serve_with(&settings)
    }

    /// Enters a hospital.
    pub fn hospital(&self, code: &str) {
        self.rexue(["hospitals", "enter", code, "测试医院"]).well();
    }

    /// A user who was invited on the station's machine and has accepted.
    #[track_caller]
    pub fn user(&self, server: &Server, role: &str, hospital: Option<&str>) -> User {
        let user_name = format!("{role}{}", hospital.unwrap_or_default()).to_ascii_lowercase();
        let mut arguments = vec!["users", "invite", &user_name, "--name", "测试", "--role", role];
        arguments.extend(hospital.iter().flat_map(|code| ["--hospital", code]));
        let invited = self.rexue(arguments).well().json();
        accept(server, &user_name, &invited)
    }
}

/// Accepts an invitation.
#[track_caller]
pub fn accept(server: &Server, user_name: &str, invited: &Value) -> User {
    let invitation = invited["invitation"].as_str().unwrap();
    let welcome = server
        .post_json("/v1/auth/invitations/open", &json!({ "invitation": invitation }))
        .with_status(200)
        .json();
    assert_eq!(welcome["user_name"], user_name);
    let secret =
        data_encoding::BASE32_NOPAD.decode(welcome["totp_secret"].as_str().unwrap().as_bytes()).unwrap();
    let secret: [u8; 20] = secret.try_into().unwrap();
    let user = User {
        id: invited["user_id"].as_str().unwrap().to_owned(),
        user_name: user_name.to_owned(),
        totp: Builder::new().with_secret(secret).build_noncompliant(),
        next_step: Cell::new(0),
    };
    let accepted = json!({ "invitation": invitation, "password": PASSWORD, "totp": user.totp_code() });
    server.post_json("/v1/auth/invitations/accept", &accepted).with_status(204);
    user
}

fn seconds() -> u64 {
    u64::try_from(super::now().timestamp()).unwrap()
}
