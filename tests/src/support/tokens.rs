//! Tokens as they should be, and as they should not.

use super::station::Station;
use chrono::{DateTime, Utc};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use rexue::domain::access::Role;
use rexue::keyring::KeyFolder;
use rexue::tokens::{Principal, Subject, Tokens};
use serde_json::Value;
use sha2::Sha256;

/// The station's name in tokens, when nothing else is configured.
const ISSUER: &str = "xue.example";

/// What `header` and `claims` are before they are signed.
fn body(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

/// A JWT signed with Ed25519.
pub fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let body = body(header, claims);
    let signature = key.sign(body.as_bytes()).to_bytes();
    format!("{body}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// A JWT with the HMAC-SHA-256 of a secret that is none.
pub fn authenticated(secret: &[u8], header: &Value, claims: &Value) -> String {
    let body = body(header, claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(body.as_bytes());
    format!("{body}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

/// A JWT with an empty signature.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.", body(header, claims))
}

/// Header and claims of a JWT.
pub fn parts(token: &str) -> [Value; 2] {
    let mut parts = token.split('.').map(|part| BASE64URL_NOPAD.decode(part.as_bytes()).unwrap());
    [(); 2].map(|()| serde_json::from_slice(&parts.next().unwrap()).unwrap())
}

impl Station {
    /// An admin's access token, signed with the station's own key, that ends at an instant.
    pub fn admin_token(&self, ends: DateTime<Utc>) -> String {
        let tokens = Tokens::open(&KeyFolder::in_data(&self.path("")), ISSUER).unwrap();
        let principal = Principal {
            subject: Subject::User("01890000-0000-7000-8000-000000000000".to_owned()),
            role: Role::Admin,
            hospital: None,
            session: "01890000-0000-7000-8000-000000000001".to_owned(),
            expires_at: ends.timestamp(),
        };
        tokens.sign(&principal, ends - rexue::tokens::LIFETIME).unwrap()
    }

    /// The key that signs access tokens.
    pub fn access_key(&self) -> SigningKey {
        let text = std::fs::read_to_string(self.path("keys/access.toml")).unwrap();
        let current = quoted(&text, "current");
        let seed = BASE64.decode(quoted(&text, current).as_bytes()).unwrap();
        SigningKey::from_bytes(&seed.try_into().unwrap())
    }
}

/// The text that a line of TOML gives a name.
fn quoted<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
    line.unwrap().trim_matches('"')
}
