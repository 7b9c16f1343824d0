//! Makes the station's keys, and publishes which are in use.

use crate::chance::Chance;
use crate::clock::unix_time;
use crate::domain::key_schedule::{self, ROLES, SNAPSHOT_DAYS};
use crate::error::Error;
use crate::keyring::KeyFolder;
use crate::store::{Db, statuses};
use crate::tokens;
use crate::vault::VaultKeys;
use certificates::{
    KeyRecord, KeyState, Keyset, KeysetClaims, Role, SecretKey, StalenessPolicy, UnixTime, VERIFIER_VERSION,
};
use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

/// What a snapshot says beside its keys.
#[derive(Debug, Clone)]
pub struct Publication {
    /// The issuer of certificates.
    pub issuer: String,
    /// The status lists that verifiers may fetch.
    pub status_list_uris: Vec<String>,
}

impl Publication {
    /// What a snapshot must say now. The next status list's address is published before the list exists, so
    /// that a list never fills up while the root key is away.
    ///
    /// # Errors
    /// Failures of the database.
    pub fn of(db: &mut Db, issuer: &str, public_url: &str) -> Result<Self, Error> {
        let mut status_list_uris = statuses::list_uris(db)?;
        status_list_uris.push(statuses::list_uri(public_url, &statuses::next_list_id(db)?));
        Ok(Self { issuer: issuer.to_owned(), status_list_uris })
    }
}

/// Makes all keys and publishes the first snapshot.
///
/// # Errors
/// `already_initialised`, or `cannot_write_keys`.
pub fn init(
    folder: &KeyFolder,
    publication: &Publication,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    if folder.is_initialised() {
        return Err(Error::conflict(
            "already_initialised",
            "There are keys here already; nothing was changed.",
        ));
    }
    folder.create()?;
    let vault = VaultKeys::generate(&now.format("%Y-%m").to_string(), chance);
    folder.write("vault.toml", vault.to_text()?.as_bytes())?;
    tokens::make(folder, chance)?;
    let root = SecretKey::generate(Role::Root, *Zeroizing::new(chance.bytes()));
    folder.write_secret(&root)?;
    publish_after(folder, &root, None, publication, unix_time(now), chance)
}

/// Publishes the next snapshot: the same keys, the new ones that the schedule asks for, without those that
/// are over.
///
/// # Errors
/// `root_key_away` when the root key was taken away; `bad_keys`; `cannot_write_keys`.
pub fn publish(
    folder: &KeyFolder,
    publication: &Publication,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let root = folder.root()?.ok_or_else(|| {
        Error::conflict(
            "root_key_away",
            "The root key is not in the folder of keys; bring it back to publish.",
        )
    })?;
    let before = folder.snapshot_whatever_its_age(&root)?;
    publish_after(folder, &root, Some(before.claims()), publication, unix_time(now), chance)
}

fn publish_after(
    folder: &KeyFolder,
    root: &SecretKey,
    before: Option<&KeysetClaims>,
    publication: &Publication,
    now: UnixTime,
    chance: &mut Chance,
) -> Result<(), Error> {
    let mut keys: Vec<KeyRecord> = before
        .map(|before| {
            before.keys.iter().filter(|record| !key_schedule::is_over(record, now)).cloned().collect()
        })
        .unwrap_or_default();
    for role in ROLES {
        for window in key_schedule::missing(&keys, role, now) {
            let key = SecretKey::generate(role, *Zeroizing::new(chance.bytes()));
            folder.write_secret(&key)?;
            keys.push(KeyRecord {
                issuer: publication.issuer.clone(),
                key: key.public().clone(),
                role,
                not_before: window.not_before,
                signs_until: window.signs_until,
                not_after: window.not_after,
                state: KeyState::Active,
            });
        }
    }
    let mut status_list_uris = before.map(|before| before.status_list_uris.clone()).unwrap_or_default();
    let fresh = publication.status_list_uris.iter().filter(|uri| !status_list_uris.contains(uri)).cloned();
    let fresh: Vec<String> = fresh.collect();
    status_list_uris.extend(fresh);
    let snapshot = KeysetClaims {
        issuer: publication.issuer.clone(),
        sequence: before.map_or(1, |before| before.sequence + 1),
        issued_at: now,
        expires_at: now.plus_days(SNAPSHOT_DAYS),
        keys,
        status_list_uris,
        minimum_verifier_version: VERIFIER_VERSION,
        staleness: StalenessPolicy::AcceptProvisionally,
    }
    .sign(root)
    .map_err(|failure| Error::invalid("bad_keys", failure.to_string()))?;
    folder.write("keyset.cwt", &snapshot)
}

/// Whether the snapshot should be published anew: it grows old, or lacks a status list.
pub fn is_due(keyset: &Keyset, publication: &Publication, now: DateTime<Utc>) -> bool {
    let claims = keyset.claims();
    key_schedule::should_renew(claims.issued_at, unix_time(now))
        || publication.status_list_uris.iter().any(|uri| !claims.status_list_uris.contains(uri))
}
