//! Access tokens: short JWTs (RFC 9068, EdDSA) that say who calls, checked once and then remembered.
//!
//! The key that signs them is the station's own and for nothing else. It lives beside the other keys, in
//! `keys/access.toml`; nodes of one station share the file.

use crate::chance::Chance;
use crate::domain::access::Role;
use crate::error::{Error, Kind};
use crate::jwt;
use crate::keyring::KeyFolder;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// How long a token opens doors. A session that ends is known to other nodes by the cache; should the cache
/// lose that, this is how long it lasts at most.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// How far the clocks of two nodes may be apart.
const SLOW_CLOCK: TimeDelta = TimeDelta::minutes(1);
/// The `typ` of access tokens (RFC 9068 §2.1).
pub const TYPE: &str = "at+jwt";
/// The `aud` of access tokens: this API.
pub const AUDIENCE: &str = "rexue-api";
/// The file of the keys.
const FILE: &str = "access.toml";
/// Checked tokens remembered, the least used leave first.
const REMEMBERED: usize = 65_536;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The account, user or client.
    pub subject: Subject,
    /// In which role.
    pub role: Role,
    /// The hospital that a desk, its admin or its system belongs to.
    pub hospital: Option<String>,
    /// The session.
    pub session: String,
    /// When the token ends, Unix seconds.
    pub expires_at: i64,
}

/// The record behind a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A donor's account.
    Account(String),
    /// A user of the station or of a hospital.
    User(String),
    /// A hospital's system.
    Client(String),
}

impl Subject {
    /// The kind's word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::User(_) => "user",
            Self::Client(_) => "client",
        }
    }

    /// The record's id.
    pub fn id(&self) -> &str {
        match self {
            Self::Account(id) | Self::User(id) | Self::Client(id) => id,
        }
    }

    /// The subject of a kind's word and an id.
    pub fn of(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "account" => Some(Self::Account(id.to_owned())),
            "user" => Some(Self::User(id.to_owned())),
            "client" => Some(Self::Client(id.to_owned())),
            _ => None,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    sid: String,
    role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hospital: Option<String>,
}

/// The keys as their file holds them: TOML, seeds in base64.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    current: String,
    /// When the key before the current one stopped signing, Unix seconds; 0 when there was none.
    #[serde(default)]
    rotated_at: i64,
    keys: BTreeMap<String, String>,
}

struct Verifier {
    kid: String,
    key: DecodingKey,
    /// No token of it can be good after this, Unix seconds; none for the current key.
    until: Option<i64>,
}

/// Signs and checks access tokens.
pub struct Tokens {
    issuer: String,
    header: Header,
    signer: EncodingKey,
    verifiers: Vec<Verifier>,
    checked: Cache<[u8; 32], Arc<Principal>>,
}

impl Tokens {
    /// Reads the keys. A station from before there were any gets one.
    ///
    /// # Errors
    /// `bad_keys`, `cannot_write_keys`.
    pub fn open(folder: &KeyFolder, issuer: &str) -> Result<Self, Error> {
        let text = match folder.text(FILE)? {
            Some(text) => text,
            None => make(folder, &mut Chance::from_system()?)?,
        };
        Self::new(&parse(&text)?, issuer)
    }

    fn new(file: &KeyFile, issuer: &str) -> Result<Self, Error> {
        jwt::install();
        let seeds = file.keys.iter().map(|(kid, seed)| Ok((kid.as_str(), decode(seed)?)));
        let seeds = seeds.collect::<Result<BTreeMap<_, _>, Error>>()?;
        let current =
            seeds.get(file.current.as_str()).ok_or_else(|| bad_keys("the current access key is missing"))?;
        let verifiers = seeds.iter().map(|(kid, seed)| {
            let public = SigningKey::from_bytes(seed).verifying_key();
            let until = (*kid != file.current).then_some(file.rotated_at + LIFETIME.num_seconds());
            Verifier { kid: (*kid).to_owned(), key: DecodingKey::from_ed_der(public.as_bytes()), until }
        });
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(file.current.clone());
        Ok(Self {
            issuer: issuer.to_owned(),
            header,
            signer: EncodingKey::from_ed_der(current.as_slice()),
            verifiers: verifiers.collect(),
            checked: Cache::new(REMEMBERED),
        })
    }

    /// A token for `principal`, whose `expires_at` it ends at.
    ///
    /// # Errors
    /// `internal` when it cannot be signed.
    pub fn sign(&self, principal: &Principal, now: DateTime<Utc>) -> Result<String, Error> {
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: format!("{}:{}", principal.subject.kind(), principal.subject.id()),
            aud: AUDIENCE.to_owned(),
            iat: now.timestamp(),
            exp: principal.expires_at,
            sid: principal.session.clone(),
            role: principal.role.as_str().to_owned(),
            hospital: principal.hospital.clone(),
        };
        jsonwebtoken::encode(&self.header, &claims, &self.signer).map_err(Error::internal)
    }

    /// Who calls with this token.
    ///
    /// A token's signature is checked once; after that its hash is looked up, and only its end is checked.
    ///
    /// # Errors
    /// `invalid_token`: of another algorithm, type, key, issuer or audience, changed, or no token at all.
    /// `expired_token`.
    pub fn check(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Principal>, Error> {
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let principal = match self.checked.get(&hash) {
            Some(principal) => principal,
            None => {
                let principal = Arc::new(self.read(token, now).ok_or_else(invalid)?);
                self.checked.insert(hash, Arc::clone(&principal));
                principal
            }
        };
        if now.timestamp() < principal.expires_at { Ok(principal) } else { Err(expired()) }
    }

    fn read(&self, token: &str, now: DateTime<Utc>) -> Option<Principal> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) || header.alg != Algorithm::EdDSA {
            return None;
        }
        let verifier = self.verifiers.iter().find(|verifier| header.kid.as_deref() == Some(&verifier.kid))?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &verifier.key, &rules).ok()?.claims;
        // Nothing of ours lives longer, and a key that was taken back signs nothing new.
        let longest = (now + LIFETIME + SLOW_CLOCK).timestamp();
        if claims.exp > verifier.until.unwrap_or(longest).min(longest) {
            return None;
        }
        let (kind, id) = claims.sub.split_once(':')?;
        Some(Principal {
            subject: Subject::of(kind, id)?,
            role: Role::from_word(&claims.role)?,
            hospital: claims.hospital,
            session: claims.sid,
            expires_at: claims.exp,
        })
    }
}

/// Makes the first key.
///
/// # Errors
/// `cannot_write_keys`.
pub fn make(folder: &KeyFolder, chance: &mut Chance) -> Result<Zeroizing<String>, Error> {
    let file = KeyFile { current: String::new(), rotated_at: 0, keys: BTreeMap::new() };
    // Of nodes that start together, the first makes the key of all.
    folder.write_new(FILE, text_of(&file.with_new_key(chance)).as_bytes())?;
    folder.text(FILE)?.ok_or_else(|| bad_keys("the new access key is gone"))
}

/// Makes a new key the current one; tokens signed before `now` are honoured until they end.
///
/// # Errors
/// `bad_keys`, `cannot_write_keys`.
pub fn rotate(folder: &KeyFolder, now: DateTime<Utc>, chance: &mut Chance) -> Result<(), Error> {
    let text = folder.text(FILE)?.ok_or_else(|| bad_keys("there is no access key yet"))?;
    let mut file = parse(&text)?;
    // Only the last key can have signed a token that is not over yet.
    let current = file.current.clone();
    file.keys.retain(|kid, _| *kid == current);
    file.rotated_at = now.timestamp();
    folder.write(FILE, text_of(&file.with_new_key(chance)).as_bytes())
}

impl KeyFile {
    fn with_new_key(mut self, chance: &mut Chance) -> Self {
        let seed = Zeroizing::new(chance.bytes::<32>());
        let public = SigningKey::from_bytes(&seed).verifying_key();
        let thumbprint: [u8; 32] = Sha256::digest(public.as_bytes()).into();
        self.current =
            thumbprint.first_chunk::<8>().map(|kid| BASE64URL_NOPAD.encode(kid)).unwrap_or_default();
        self.keys.insert(self.current.clone(), BASE64.encode(seed.as_slice()));
        self
    }
}

fn text_of(file: &KeyFile) -> Zeroizing<String> {
    let table =
        file.keys.iter().fold(String::new(), |table, (kid, seed)| table + &format!("{kid} = \"{seed}\"\n"));
    let KeyFile { current, rotated_at, .. } = file;
    Zeroizing::new(format!("current = \"{current}\"\nrotated_at = {rotated_at}\n\n[keys]\n{table}"))
}

fn parse(text: &str) -> Result<KeyFile, Error> {
    toml::from_str(text).map_err(|_| bad_keys("access.toml is not what rexue writes"))
}

fn decode(seed: &str) -> Result<Zeroizing<[u8; 32]>, Error> {
    let bytes = BASE64.decode(seed.as_bytes()).map(Zeroizing::new);
    let bytes = bytes.ok().and_then(|bytes| bytes.as_slice().try_into().ok());
    bytes.map(Zeroizing::new).ok_or_else(|| bad_keys("an access key is not 32 bytes of base64"))
}

fn bad_keys(why: &'static str) -> Error {
    Error::invalid("bad_keys", "The keys of access tokens cannot be used.").because(why)
}

fn invalid() -> Error {
    Error::new(Kind::Unauthenticated, "invalid_token", "This access token is not one of ours. Sign in again.")
}

fn expired() -> Error {
    Error::new(Kind::Unauthenticated, "expired_token", "The access token has expired. Refresh it.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_764_000_000, 0).unwrap()
    }

    fn keys(seed: u64) -> KeyFile {
        let file = KeyFile { current: String::new(), rotated_at: 0, keys: BTreeMap::new() };
        file.with_new_key(&mut Chance::from_seed(seed))
    }

    fn tokens(seed: u64) -> Tokens {
        Tokens::new(&keys(seed), "xue.example").unwrap()
    }

    fn principal() -> Principal {
        Principal {
            subject: Subject::Account("a".to_owned()),
            role: Role::Donor,
            hospital: None,
            session: "s".to_owned(),
            expires_at: (now() + LIFETIME).timestamp(),
        }
    }

    fn code(tokens: &Tokens, token: &str, at: DateTime<Utc>) -> &'static str {
        tokens.check(token, at).map_or_else(|error| error.code, |_| "accepted")
    }

    /// A token whose header and claims are the true ones but for these members.
    fn forged(tokens: &Tokens, header: &Value, claims: &Value, key: &EncodingKey) -> String {
        let token = tokens.sign(&principal(), now()).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let changed = |part: &str, changes: &Value| {
            let mut value: Value =
                serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap();
            for (name, change) in changes.as_object().unwrap() {
                value[name] = change.clone();
            }
            BASE64URL_NOPAD.encode(value.to_string().as_bytes())
        };
        let body = format!("{}.{}", changed(parts[0], header), changed(parts[1], claims));
        let algorithm = match header["alg"].as_str() {
            Some("HS256") => Algorithm::HS256,
            _ => Algorithm::EdDSA,
        };
        let signature = jsonwebtoken::crypto::sign(body.as_bytes(), key, algorithm).unwrap();
        format!("{body}.{signature}")
    }

    #[test]
    fn a_token_says_who_calls_until_it_ends() {
        let tokens = tokens(1);
        let token = tokens.sign(&principal(), now()).unwrap();

        assert_eq!(*tokens.check(&token, now()).unwrap(), principal());
        assert_eq!(*tokens.check(&token, now()).unwrap(), principal(), "from memory");
        assert_eq!(code(&tokens, &token, now() + LIFETIME), "expired_token");
    }

    #[test]
    fn a_token_that_lives_longer_than_any_of_ours_is_refused() {
        let tokens = tokens(1);
        let eternal = Principal { expires_at: (now() + LIFETIME * 10).timestamp(), ..principal() };

        assert_eq!(code(&tokens, &tokens.sign(&eternal, now()).unwrap(), now()), "invalid_token");
    }

    #[test]
    fn whatever_is_not_exactly_ours_is_refused() {
        let (ours, other) = (tokens(1), tokens(2));
        let public = ours.verifiers[0].key.try_get_as_bytes().unwrap().to_vec();
        let with_public_key = EncodingKey::from_secret(&public);
        let token = ours.sign(&principal(), now()).unwrap();
        let (body, signature) = token.rsplit_once('.').unwrap();
        let none = forged(&ours, &json!({}), &json!({}), &ours.signer);
        let none = none.rsplit_once('.').unwrap().0.to_owned();
        let alg_none = BASE64URL_NOPAD.encode(br#"{"alg":"none","typ":"at+jwt"}"#);

        let attempts = [
            other.sign(&principal(), now()).unwrap(),
            forged(&ours, &json!({"alg": "HS256"}), &json!({}), &with_public_key),
            forged(&ours, &json!({"typ": "JWT"}), &json!({}), &ours.signer),
            forged(&ours, &json!({"kid": "other"}), &json!({}), &ours.signer),
            forged(&ours, &json!({"kid": null}), &json!({}), &ours.signer),
            forged(&ours, &json!({}), &json!({"aud": "certificate-qr"}), &ours.signer),
            forged(&ours, &json!({}), &json!({"iss": "elsewhere.example"}), &ours.signer),
            forged(&ours, &json!({}), &json!({"role": "emperor"}), &ours.signer),
            forged(&ours, &json!({}), &json!({"sub": "nobody"}), &ours.signer),
            forged(&ours, &json!({}), &json!({"role": "admin"}), &other.signer),
            format!("{none}."),
            format!("{alg_none}.{}.", body.split('.').nth(1).unwrap()),
            format!("{body}."),
            format!("{body}.{}", signature.to_lowercase()),
            String::new(),
            "a.b.c".to_owned(),
        ];

        for attempt in attempts {
            assert_eq!(code(&ours, &attempt, now()), "invalid_token", "{attempt}");
        }
        assert_eq!(code(&ours, &forged(&ours, &json!({}), &json!({}), &ours.signer), now()), "accepted");
    }

    #[test]
    fn after_a_rotation_the_last_tokens_are_honoured_and_older_keys_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = KeyFolder::in_data(folder.path());
        folder.create().unwrap();
        let mut chance = Chance::from_seed(3);
        let open = || Tokens::open(&folder, "xue.example").unwrap();
        let before = open();
        let first = before.sign(&principal(), now()).unwrap();

        rotate(&folder, now(), &mut chance).unwrap();
        let second = open().sign(&principal(), now()).unwrap();
        assert_eq!(code(&open(), &first, now()), "accepted");
        let later = Principal { expires_at: (now() + LIFETIME).timestamp() + 1, ..principal() };
        let stolen = before.sign(&later, now()).unwrap();
        assert_eq!(code(&open(), &stolen, now()), "invalid_token", "the old key signs nothing new");

        rotate(&folder, now(), &mut chance).unwrap();
        assert_eq!(code(&open(), &first, now()), "invalid_token");
        assert_eq!(code(&open(), &second, now()), "accepted");
    }
}
