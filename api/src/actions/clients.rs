//! Hospitals' systems: registered with a key of theirs or given one of ours, signed in, revoked.

use super::Context;
use super::sessions::{self, SignedIn, Standing};
use crate::chance::{Chance, is_id};
use crate::domain::access::Role;
use crate::domain::personal::is_invisible;
use crate::domain::refusal::Refusal;
use crate::error::{Error, Kind};
use crate::jwt;
use crate::store::Db;
use crate::store::audit::{self, Entry};
use crate::store::hospitals::{self as store, ClientRow};
use crate::tokens::Subject;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The longest time that an assertion may hold: RFC 7523 §3 leaves it to us.
const LONGEST_ASSERTION: TimeDelta = TimeDelta::minutes(5);
/// The one `client_assertion_type` (RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What our API keys begin with, so that a search for leaked ones finds them.
const KEY_PREFIX: &str = "rxk_";

/// A new system.
#[derive(Debug)]
pub struct Registered {
    /// The `client_id`.
    pub client_id: String,
    /// The API key, shown once; none for a system with a key of its own.
    pub api_key: Option<String>,
}

/// Registers a system of a hospital: with its own Ed25519 key, or with an API key that we make.
///
/// # Errors
/// `not_found` when there is no such hospital; `bad_public_key`; `name_missing`.
pub async fn register(
    context: &Context,
    hospital_code: String,
    name: String,
    public_key: Option<String>,
) -> Result<Registered, Error> {
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(is_invisible) {
        return Err(Error::invalid("name_missing", "A system needs a name of at most 64 characters."));
    }
    let public_key = public_key.map(|text| parse_public_key(&text)).transpose()?;
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let mut chance = Chance::from_system()?;
            if store::by_code(db, &hospital_code)?.is_none() {
                return Err(Error::not_found("There is no such hospital."));
            }
            let api_key = public_key
                .is_none()
                .then(|| format!("{KEY_PREFIX}{}", BASE64URL_NOPAD.encode(&chance.bytes::<32>())));
            let row = ClientRow {
                id: chance.id(now),
                hospital_code,
                name,
                public_key,
                key_hash: api_key.as_deref().map(|key| hash(key).to_vec()),
                created_at: now.naive_utc(),
                revoked_at: None,
            };
            store::insert_client(db, &row)?;
            let entry = Entry {
                actor: whole.actor.clone(),
                action: "client.registered",
                subject: row.id.clone(),
                detail: json!({ "hospital": row.hospital_code, "own_key": row.public_key.is_some() }),
            };
            audit::append(db, [entry], now, &mut chance)?;
            Ok(Registered { client_id: row.id, api_key })
        })
        .await
}

fn parse_public_key(text: &str) -> Result<Vec<u8>, Refusal> {
    let bytes = BASE64URL_NOPAD.decode(text.trim().as_bytes()).ok();
    let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
    let usable =
        bytes.filter(|bytes| ed25519_dalek::VerifyingKey::from_bytes(bytes).is_ok_and(|key| !key.is_weak()));
    usable.map(|bytes| bytes.to_vec()).ok_or_else(|| {
        Refusal::new(
            "public_key",
            "bad_public_key",
            "A public key is the 32 bytes of an Ed25519 key in base64url.",
        )
    })
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// Revokes a system of a hospital; its sessions end.
///
/// # Errors
/// `not_found`.
pub async fn revoke(context: &Context, hospital_code: String, client_id: String) -> Result<(), Error> {
    let whole = context.clone();
    sessions::ending(context, move |db| {
        let now = whole.clock.now();
        let mut chance = Chance::from_system()?;
        if !store::revoke_client(db, &hospital_code, &client_id, now)? {
            return Err(Error::not_found("There is no such system."));
        }
        let entry = Entry {
            actor: whole.actor.clone(),
            action: "client.revoked",
            subject: client_id.clone(),
            detail: json!({ "hospital": hospital_code }),
        };
        audit::append(db, [entry], now, &mut chance)?;
        let actor = whole.actor.clone();
        let ended = sessions::end_all(db, actor, &client_id, "client_revoked", now, &mut chance)?;
        Ok(((), ended))
    })
    .await
}

/// How a system shows which one it is.
pub enum Credential {
    /// By the API key that it was given.
    ApiKey {
        /// The `client_id`.
        client_id: String,
        /// The key.
        key: String,
    },
    /// By an assertion that it signed (RFC 7523, `private_key_jwt`).
    Assertion {
        /// The `client_id`, when it is said beside the assertion; MUST be the assertion's (RFC 7521 §4.2).
        client_id: Option<String>,
        /// The assertion.
        assertion: String,
    },
}

impl Credential {
    /// The one credential among the members of a request.
    ///
    /// # Errors
    /// `invalid_client` when there is none, or more than one.
    pub fn of(
        client_id: Option<String>,
        client_secret: Option<String>,
        assertion_type: Option<String>,
        assertion: Option<String>,
    ) -> Result<Self, Error> {
        match (client_id, client_secret, assertion_type.as_deref(), assertion) {
            (Some(client_id), Some(key), None, None) => Ok(Self::ApiKey { client_id, key }),
            (client_id, None, Some(ASSERTION_TYPE), Some(assertion)) => {
                Ok(Self::Assertion { client_id, assertion })
            }
            _ => Err(invalid_client()),
        }
    }
}

#[derive(Deserialize)]
struct AssertionClaims {
    iss: String,
    sub: String,
    exp: i64,
    jti: String,
}

/// Signs a system in.
///
/// # Errors
/// `invalid_client`: unknown, revoked, a wrong key, or an assertion that is forged, over, used before, for
/// somebody else or for too long.
pub async fn sign_in(context: &Context, credential: Credential) -> Result<SignedIn, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let client = match &credential {
                Credential::ApiKey { client_id, key } => {
                    let client = known(db, client_id)?;
                    let right = client.key_hash.as_deref().is_some_and(|known| hash(key).ct_eq(known).into());
                    if !right {
                        return Err(invalid_client());
                    }
                    client
                }
                Credential::Assertion { client_id, assertion } => {
                    let said: AssertionClaims = jsonwebtoken::dangerous::insecure_decode_claims(assertion)
                        .map_err(|_| invalid_client())?;
                    if client_id.as_ref().is_some_and(|client_id| *client_id != said.sub) {
                        return Err(invalid_client());
                    }
                    let client = known(db, &said.sub)?;
                    let claims = check(&whole, &client, assertion, now).ok_or_else(invalid_client)?;
                    let ends = DateTime::from_timestamp(claims.exp, 0).ok_or_else(invalid_client)?;
                    let id: [u8; 32] = Sha256::digest(format!("{}\0{}", client.id, claims.jti)).into();
                    if !store::use_assertion(db, &id, ends)? {
                        return Err(invalid_client());
                    }
                    client
                }
            };
            let standing = Standing { role: Role::System, hospital: Some(client.hospital_code) };
            let mut chance = Chance::from_system()?;
            sessions::begin(&whole, db, Subject::Client(client.id), standing, &client.name, now, &mut chance)
        })
        .await
}

fn known(db: &mut Db, client_id: &str) -> Result<ClientRow, Error> {
    let client = if is_id(client_id) { store::client(db, client_id)? } else { None };
    client.ok_or_else(invalid_client)
}

/// What a client's own key vouches for.
fn check(
    context: &Context,
    client: &ClientRow,
    assertion: &str,
    now: DateTime<Utc>,
) -> Option<AssertionClaims> {
    jwt::install();
    let key = DecodingKey::from_ed_der(client.public_key.as_deref()?);
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&[format!("{}/v1/auth/token", context.public_url)]);
    rules.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    rules.validate_exp = false;
    let claims = jsonwebtoken::decode::<AssertionClaims>(assertion, &key, &rules).ok()?.claims;
    let ours = claims.iss == client.id && claims.sub == client.id;
    let in_time = claims.exp > now.timestamp() && claims.exp <= (now + LONGEST_ASSERTION).timestamp();
    let named = (1..=128).contains(&claims.jti.len());
    (ours && in_time && named).then_some(claims)
}

fn invalid_client() -> Error {
    Error::new(Kind::Unauthenticated, "invalid_client", "The client's credentials are not accepted.")
}
