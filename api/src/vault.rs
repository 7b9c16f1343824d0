//! The vault: seals personal data at rest, and makes the keyed indexes by which it is found again.
//!
//! XChaCha20-Poly1305 with a random 24-byte nonce for each value; the column and the record's number are
//! authenticated with it, so that a sealed value moved to another row or column does not open. A look-up
//! goes by HMAC-SHA-256 of the value under a key of its own, truncated to 128 bits: without that key the
//! index of an identity number cannot be searched through.

use crate::chance::Chance;
use crate::error::Error;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use data_encoding::BASE64;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const NONCE: usize = 24;
const INDEX: usize = 16;

/// A sealed column: part of what is authenticated, and of what is indexed.
#[derive(Debug, Clone, Copy)]
pub enum Field {
    /// `donors.id_number`.
    IdNumber,
    /// `donors.phone`.
    Phone,
    /// `donors.email`.
    Email,
    /// `accounts.phone`.
    AccountPhone,
    /// `accounts.openid`.
    AccountOpenId,
    /// `users.totp`.
    UserTotp,
    /// `consents.address`.
    ConsentAddress,
    /// `outbox.recipient`.
    OutboxRecipient,
    /// `outbox.content`.
    OutboxContent,
    /// `questionnaire_drafts.answers`.
    QuestionnaireDraft,
    /// `questionnaires.answers`.
    QuestionnaireAnswers,
    /// `questionnaires.pass`: only ever indexed.
    DeskPass,
    /// `sign_in_codes.code`: only ever indexed.
    SignInCode,
    /// `sharing_codes.code`: only ever indexed.
    SharingCode,
    /// `calendar_feeds.token`: only ever indexed.
    CalendarFeed,
    /// `screenings.measured`.
    ScreeningMeasured,
    /// `reactions.note`.
    ReactionNote,
    /// `idempotency_keys.sealed`.
    KeptAnswer,
    /// `lockouts.subject`, of a user name: only ever indexed.
    UserName,
    /// An identity number in a limit's key: only ever indexed.
    LimitKey,
}

impl Field {
    fn label(self) -> &'static str {
        match self {
            Self::IdNumber => "donors.id_number",
            Self::Phone => "donors.phone",
            Self::Email => "donors.email",
            Self::AccountPhone => "accounts.phone",
            Self::AccountOpenId => "accounts.openid",
            Self::UserTotp => "users.totp",
            Self::ConsentAddress => "consents.address",
            Self::OutboxRecipient => "outbox.recipient",
            Self::OutboxContent => "outbox.content",
            Self::QuestionnaireDraft => "questionnaire_drafts.answers",
            Self::QuestionnaireAnswers => "questionnaires.answers",
            Self::DeskPass => "questionnaires.pass",
            Self::SignInCode => "sign_in_codes.code",
            Self::SharingCode => "sharing_codes.code",
            Self::CalendarFeed => "calendar_feeds.token",
            Self::ScreeningMeasured => "screenings.measured",
            Self::ReactionNote => "reactions.note",
            Self::KeptAnswer => "idempotency_keys.sealed",
            Self::UserName => "lockouts.user_name",
            Self::LimitKey => "limits.key",
        }
    }
}

/// The vault's keys as their file holds them: TOML, keys in base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultKeys {
    /// The id of the key that seals; the others still open.
    current: String,
    /// The key of the look-up indexes. It does not rotate with the others.
    index: String,
    /// The key of capability links.
    links: String,
    /// Sealing keys by id, 32 bytes each.
    keys: BTreeMap<String, String>,
}

impl VaultKeys {
    /// New keys; `id` names the sealing key (the month of its making, say).
    pub fn generate(id: &str, chance: &mut Chance) -> Self {
        let mut key = || BASE64.encode(&*Zeroizing::new(chance.bytes::<32>()));
        Self {
            current: id.to_owned(),
            index: key(),
            links: key(),
            keys: BTreeMap::from([(id.to_owned(), key())]),
        }
    }

    /// Adds a sealing key and makes it the current one; values sealed before stay readable.
    #[must_use]
    pub fn rotated(mut self, id: &str, chance: &mut Chance) -> Self {
        self.keys.insert(id.to_owned(), BASE64.encode(&*Zeroizing::new(chance.bytes::<32>())));
        self.current = id.to_owned();
        self
    }

    /// The file's text.
    ///
    /// # Errors
    /// `internal` when it cannot be written as TOML.
    pub fn to_text(&self) -> Result<Zeroizing<String>, Error> {
        let table = self
            .keys
            .iter()
            .fold(String::new(), |table, (id, key)| table + &format!("\"{id}\" = \"{key}\"\n"));
        Ok(Zeroizing::new(format!(
            "current = \"{}\"\nindex = \"{}\"\nlinks = \"{}\"\n\n[keys]\n{table}",
            self.current, self.index, self.links
        )))
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// `bad_vault_keys`, without a word of the text.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|_| bad_keys("it is not the TOML that `rexue keys init` writes"))
    }
}

/// Seals and opens personal data.
pub struct Vault {
    current: String,
    keys: BTreeMap<String, XChaCha20Poly1305>,
    index: Hmac<Sha256>,
    links: Zeroizing<[u8; 32]>,
}

impl Vault {
    /// A vault with these keys.
    ///
    /// # Errors
    /// `bad_vault_keys` when a key is not 32 bytes of base64, or the current one is missing.
    pub fn new(keys: &VaultKeys) -> Result<Self, Error> {
        let ciphers = keys
            .keys
            .iter()
            .map(|(id, key)| Ok((id.clone(), XChaCha20Poly1305::new(&Key::from(*decode(key)?)))))
            .collect::<Result<BTreeMap<_, _>, Error>>()?;
        if !ciphers.contains_key(&keys.current) {
            return Err(bad_keys("the current key is not among the keys"));
        }
        let index = <Hmac<Sha256> as KeyInit>::new_from_slice(decode(&keys.index)?.as_slice())
            .map_err(|_| bad_keys("the index key cannot be used"))?;
        Ok(Self { current: keys.current.clone(), keys: ciphers, index, links: decode(&keys.links)? })
    }

    /// The id of the key that seals now; stored beside what it sealed.
    pub fn current_key(&self) -> &str {
        &self.current
    }

    /// The secret of capability links.
    pub fn link_secret(&self) -> &[u8; 32] {
        &self.links
    }

    /// Seals `value` for `field` of the record numbered `record`: nonce, ciphertext and tag.
    ///
    /// # Errors
    /// `internal`, only when the cipher refuses (values of more than 256 GiB).
    pub fn seal(
        &self,
        field: Field,
        record: &str,
        value: &str,
        chance: &mut Chance,
    ) -> Result<Vec<u8>, Error> {
        self.seal_under(&self.current, field, record, value, chance)
    }

    /// [`Vault::seal`] under the key `key_id`: a row whose values are sealed one after the other has one key.
    ///
    /// # Errors
    /// As [`Vault::seal`]; `bad_vault_keys` when the key is not in the vault.
    pub fn seal_under(
        &self,
        key_id: &str,
        field: Field,
        record: &str,
        value: &str,
        chance: &mut Chance,
    ) -> Result<Vec<u8>, Error> {
        let cipher = self.keys.get(key_id).ok_or_else(|| bad_keys("a key is missing"))?;
        let nonce: [u8; NONCE] = chance.bytes();
        let bound = bound_to(field, record);
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: value.as_bytes(), aad: bound.as_bytes() })
            .map_err(|_| Error::internal("a value could not be sealed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Vault::seal`] sealed under the key `key_id`.
    ///
    /// # Errors
    /// `internal` when the key is not in the vault, or the value was changed, moved or cut.
    pub fn open(
        &self,
        key_id: &str,
        field: Field,
        record: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<String>, Error> {
        let broken = |what: &str| Error::internal(format_args!("{}: {what}", field.label()));
        let cipher =
            self.keys.get(key_id).ok_or_else(|| broken("sealed under a key that is not in the vault"))?;
        let (nonce, ciphertext) =
            sealed.split_first_chunk::<NONCE>().ok_or_else(|| broken("too short to be a sealed value"))?;
        let bound = bound_to(field, record);
        let opened = cipher
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: bound.as_bytes() })
            .map_err(|_| broken("does not open: changed, moved, or sealed under another key"))?;
        String::from_utf8(opened).map(Zeroizing::new).map_err(|_| broken("is not text"))
    }

    /// The look-up index of a value: equal values of one field have equal indexes.
    pub fn index(&self, field: Field, value: &str) -> Vec<u8> {
        let mut keyed = self.index.clone();
        keyed.update(field.label().as_bytes());
        keyed.update(&[0]);
        keyed.update(value.as_bytes());
        keyed.finalize().into_bytes().into_iter().take(INDEX).collect()
    }
}

fn bound_to(field: Field, record: &str) -> String {
    format!("{}\0{record}", field.label())
}

fn decode(key: &str) -> Result<Zeroizing<[u8; 32]>, Error> {
    let bytes = Zeroizing::new(BASE64.decode(key.as_bytes()).map_err(|_| bad_keys("a key is not base64"))?);
    bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| bad_keys("a key is not 32 bytes long"))
}

fn bad_keys(why: &str) -> Error {
    Error::invalid("bad_vault_keys", "The vault's key file cannot be used.").because(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(seed: u64) -> (Vault, Chance) {
        let mut chance = Chance::from_seed(seed);
        let keys = VaultKeys::generate("2026-11", &mut chance);
        let keys = VaultKeys::from_text(&keys.to_text().unwrap()).unwrap();
        (Vault::new(&keys).unwrap(), chance)
    }

    #[test]
    fn what_was_sealed_opens_in_its_own_place_only() {
        let (vault, mut chance) = vault(1);
        let sealed = vault.seal(Field::Phone, "D1", "+8617000000001", &mut chance).unwrap();

        assert_eq!(*vault.open("2026-11", Field::Phone, "D1", &sealed).unwrap(), "+8617000000001");
        assert!(vault.open("2026-11", Field::Phone, "D2", &sealed).is_err());
        assert!(vault.open("2026-11", Field::Email, "D1", &sealed).is_err());
        assert!(vault.open("2025-11", Field::Phone, "D1", &sealed).is_err());
        assert!(vault.open("2026-11", Field::Phone, "D1", &sealed[..30]).is_err());
    }

    #[test]
    fn a_rotated_vault_still_opens_what_the_old_key_sealed() {
        let mut chance = Chance::from_seed(2);
        let keys = VaultKeys::generate("old", &mut chance);
        let sealed = Vault::new(&keys).unwrap().seal(Field::Email, "D1", "a@b.cn", &mut chance).unwrap();

        let vault = Vault::new(&keys.rotated("new", &mut chance)).unwrap();

        assert_eq!(vault.current_key(), "new");
        assert_eq!(*vault.open("old", Field::Email, "D1", &sealed).unwrap(), "a@b.cn");
    }

    #[test]
    fn equal_values_have_equal_indexes_under_one_key_only() {
        let (one, mut chance) = vault(3);
        let (other, _) = vault(4);

        assert_eq!(one.index(Field::Phone, "1"), one.index(Field::Phone, "1"));
        assert_ne!(one.index(Field::Phone, "1"), one.index(Field::Email, "1"));
        assert_ne!(one.index(Field::Phone, "1"), other.index(Field::Phone, "1"));
        let sealed = [(); 2].map(|()| one.seal(Field::Phone, "D1", "1", &mut chance).unwrap());
        assert_ne!(sealed[0], sealed[1]);
    }
}
