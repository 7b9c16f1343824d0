//! The keyring: the folder of signing keys, and which of them are in use.
//!
//! ```text
//! keys/root.pem                 the root key; may be taken away and kept offline between publications
//! keys/root.pub                 its public half, base64url: what verifiers pin
//! keys/certificate-<kid>.pem    PKCS#8, mode 0600
//! keys/status-<kid>.pem
//! keys/keyset.cwt               the published snapshot, signed by the root
//! keys/vault.toml               the keys of personal data (vault.rs)
//! ```

use crate::clock::unix_time;
use crate::error::Error;
use certificates::{KeyId, KeyRecord, KeyState, Keyset, PublicKey, Role, SecretKey};
use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

/// The keys in use, as of one snapshot.
#[derive(Debug)]
pub struct Keys {
    /// The published snapshot, opened.
    pub keyset: Keyset,
    /// The published snapshot, as it is served.
    pub snapshot: Vec<u8>,
    /// The trusted public keys as a JWK Set.
    pub jwks: String,
    /// The trusted public keys as a COSE_KeySet.
    pub cose_keys: Vec<u8>,
    /// The root that verifiers pin.
    pub root: PublicKey,
    /// Signs certificates.
    pub certificate: SecretKey,
    /// Signs status lists.
    pub status: SecretKey,
}

/// The folder of keys, and what was read of it last.
pub struct Keyring {
    folder: KeyFolder,
    keys: RwLock<Arc<Keys>>,
}

impl Keyring {
    /// Reads the keys in `folder` that are in use at `now`.
    ///
    /// # Errors
    /// `no_keys` (run `rexue keys init`), or `bad_keys` when a file cannot be used.
    pub fn open(folder: KeyFolder, now: DateTime<Utc>) -> Result<Self, Error> {
        let keys = RwLock::new(Arc::new(folder.read(now)?));
        Ok(Self { folder, keys })
    }

    /// The keys in use.
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The folder.
    pub fn folder(&self) -> &KeyFolder {
        &self.folder
    }

    /// Reads the folder again.
    ///
    /// # Errors
    /// As [`Keyring::open`]; the keys stay what they were.
    pub fn reload(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let keys = Arc::new(self.folder.read(now)?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }
}

/// The folder of keys.
#[derive(Debug, Clone)]
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// The folder `keys` in the data folder.
    pub fn in_data(data: &Path) -> Self {
        Self(data.join("keys"))
    }

    /// Whether keys were made here already.
    pub fn is_initialised(&self) -> bool {
        self.0.join("keyset.cwt").exists()
    }

    /// Creates the folder, for its owner only.
    ///
    /// # Errors
    /// `cannot_write_keys`.
    pub fn create(&self) -> Result<(), Error> {
        std::fs::create_dir_all(&self.0).map_err(|failure| cannot_write(&failure))?;
        std::fs::set_permissions(&self.0, std::fs::Permissions::from_mode(0o700))
            .map_err(|failure| cannot_write(&failure))
    }

    fn read(&self, now: DateTime<Utc>) -> Result<Keys, Error> {
        let snapshot = std::fs::read(self.0.join("keyset.cwt")).map_err(|failure| no_keys(&failure))?;
        let root = self.root_public()?;
        let now = unix_time(now);
        let keyset = Keyset::open(&snapshot, &root, now, None).map_err(|refusal| match refusal.as_str() {
            "expired" => bad_keys("the keyset snapshot has expired: run `rexue keys publish`"),
            reason => bad_keys(format!("the keyset snapshot is not valid: {reason}")),
        })?;
        let in_use = |role| {
            let may_sign = |record: &&KeyRecord| {
                record.role == role && record.state == KeyState::Active && record.vouches_at(now).is_ok()
            };
            let newest = keyset.claims().keys.iter().filter(may_sign).max_by_key(|record| record.not_before);
            let record = newest.ok_or_else(|| {
                bad_keys(format!("no {} key may sign now: run `rexue keys publish`", role_name(role)))
            })?;
            self.secret(role, record.key.kid())
        };
        Ok(Keys {
            certificate: in_use(Role::Certificate)?,
            status: in_use(Role::Status)?,
            jwks: keyset.jwks_json(),
            cose_keys: keyset.cose_key_set(),
            root,
            keyset,
            snapshot,
        })
    }

    /// The published snapshot, opened at the instant of its issue: for the one who renews it.
    ///
    /// # Errors
    /// `no_keys`, or `bad_keys`.
    pub fn snapshot_whatever_its_age(&self, root: &SecretKey) -> Result<Keyset, Error> {
        let snapshot = std::fs::read(self.0.join("keyset.cwt")).map_err(|failure| no_keys(&failure))?;
        Keyset::open_at_its_issue(&snapshot, root.public())
            .map_err(|refusal| bad_keys(format!("the keyset snapshot is not valid: {}", refusal.as_str())))
    }

    /// The public half of the root key.
    ///
    /// # Errors
    /// `no_keys`, or `bad_keys`.
    pub fn root_public(&self) -> Result<PublicKey, Error> {
        let text = std::fs::read_to_string(self.0.join("root.pub")).map_err(|failure| no_keys(&failure))?;
        parse_public(&text)
    }

    /// The root key; `None` when it was taken away.
    ///
    /// # Errors
    /// `bad_keys`.
    pub fn root(&self) -> Result<Option<SecretKey>, Error> {
        let path = self.0.join("root.pem");
        if path.exists() { self.read_secret(Role::Root, &path).map(Some) } else { Ok(None) }
    }

    fn secret(&self, role: Role, kid: KeyId) -> Result<SecretKey, Error> {
        self.read_secret(role, &self.secret_path(role, kid))
    }

    fn read_secret(&self, role: Role, path: &Path) -> Result<SecretKey, Error> {
        let pem = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|failure| {
            bad_keys(format!("a {} key that is in use cannot be read", role_name(role))).because(failure)
        })?;
        let mode = std::fs::metadata(path).map(|file| file.permissions().mode()).unwrap_or(0);
        if mode & 0o077 != 0 {
            return Err(bad_keys("a private key can be read by others: chmod 600 it"));
        }
        SecretKey::from_pkcs8_pem(role, &pem).map_err(|failure| bad_keys(failure.to_string()))
    }

    /// Writes a new private key (mode 0600); of the root also its public half.
    ///
    /// # Errors
    /// `cannot_write_keys`.
    pub fn write_secret(&self, key: &SecretKey) -> Result<(), Error> {
        if key.role() == Role::Root {
            let text = BASE64URL_NOPAD.encode(key.public().as_bytes()) + "\n";
            self.write("root.pub", text.as_bytes())?;
        }
        let path = self.secret_path(key.role(), key.kid());
        let mut file = private().create_new(true).open(&path).map_err(|failure| cannot_write(&failure))?;
        write_all(&mut file, key.to_pkcs8_pem().as_bytes())
    }

    /// Writes `name` whole or not at all.
    ///
    /// # Errors
    /// `cannot_write_keys`.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let draft = self.0.join(format!(".{name}.new"));
        let mut file =
            private().create(true).truncate(true).open(&draft).map_err(|failure| cannot_write(&failure))?;
        write_all(&mut file, bytes)?;
        std::fs::rename(&draft, self.0.join(name)).map_err(|failure| cannot_write(&failure))
    }

    /// Writes `name` whole, unless it is there already.
    ///
    /// # Errors
    /// `cannot_write_keys`.
    pub fn write_new(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let draft = self.0.join(format!(".{name}.{}", std::process::id()));
        let mut file =
            private().create(true).truncate(true).open(&draft).map_err(|failure| cannot_write(&failure))?;
        write_all(&mut file, bytes)?;
        let linked = std::fs::hard_link(&draft, self.0.join(name));
        std::fs::remove_file(&draft).map_err(|failure| cannot_write(&failure))?;
        match linked {
            Err(failure) if failure.kind() != ErrorKind::AlreadyExists => Err(cannot_write(&failure)),
            _ => Ok(()),
        }
    }

    /// The text of the file `name`; `None` when there is none.
    ///
    /// # Errors
    /// `bad_keys`.
    pub fn text(&self, name: &str) -> Result<Option<Zeroizing<String>>, Error> {
        match std::fs::read_to_string(self.0.join(name)) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(failure) if failure.kind() == ErrorKind::NotFound => Ok(None),
            Err(failure) => Err(bad_keys("a file of keys cannot be read").because(failure)),
        }
    }

    fn secret_path(&self, role: Role, kid: KeyId) -> PathBuf {
        self.0.join(match role {
            Role::Root => "root.pem".to_owned(),
            Role::Certificate | Role::Status => format!("{}-{}.pem", role_name(role), kid.hex()),
        })
    }
}

/// Reads a public key: 32 bytes in base64url.
///
/// # Errors
/// `bad_keys`.
pub fn parse_public(text: &str) -> Result<PublicKey, Error> {
    let bytes = BASE64URL_NOPAD.decode(text.trim().as_bytes()).ok();
    let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
    let bytes = bytes.ok_or_else(|| bad_keys("a public key is 32 bytes in base64url"))?;
    PublicKey::from_bytes(bytes).map_err(|failure| bad_keys(failure.to_string()))
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Root => "root",
        Role::Certificate => "certificate",
        Role::Status => "status",
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

fn write_all(file: &mut File, bytes: &[u8]) -> Result<(), Error> {
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|failure| cannot_write(&failure))
}

fn no_keys(failure: &std::io::Error) -> Error {
    Error::invalid("no_keys", "There are no keys here yet: run `rexue keys init`.").because(failure)
}

fn bad_keys(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::invalid("bad_keys", message)
}

fn cannot_write(failure: &std::io::Error) -> Error {
    Error::invalid("cannot_write_keys", "The folder of keys cannot be written.").because(failure)
}
