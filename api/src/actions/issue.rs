//! Issues certificates: decides what one certifies, writes it down, signs it, writes the signature.
//!
//! ```text
//! transaction 1   take places in a status list · write claims without a signature · audit the batch
//!                 sign: only what was checked can be signed, only what was written down is signed
//! transaction 2   write the signatures · audit each certificate
//! ```
//! What an interrupted run left unsigned is signed first by the next run: Ed25519 gives the same signature.

use super::Context;
use crate::chance::Chance;
use crate::clock::unix_time;
use crate::domain::certificate::{self, Subject};
use crate::domain::identity::last_four;
use crate::error::Error;
use crate::keyring::Keys;
use crate::store::audit::{self, Entry};
use crate::store::certificates::{self as store, Candidate, CertificateRow, Latest};
use crate::store::statuses::{self, StatusListRow};
use crate::store::{Db, one_at_a_time};
use certificates::{CertificateId, CertificateNumber, CheckedClaims, IndexShuffle, StatusReference};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::sync::mpsc::sync_channel;

/// Certificates in one pair of transactions.
const BATCH: i64 = 1_000;

/// Whose certificates are issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Everybody who has donated.
    All,
    /// Who has no certificate yet, has donated since, or whose certificate ends within 30 days.
    Changed,
    /// The donor with this number.
    Donor(String),
}

/// Issues certificates; each supersedes the donor's earlier one. Returns how many were issued; `on_batch`
/// is told of each batch.
///
/// # Errors
/// `nothing_to_certify` for a single donor who is unknown or has given nothing; `key_not_valid` when the
/// signing key's time is over; failures of the database. Batches before it stay issued.
pub fn issue(context: &Context, selection: &Selection, on_batch: &mut dyn FnMut(u64)) -> Result<u64, Error> {
    let issuing =
        Issuing { context, keys: context.keyring.keys(), changed_only: *selection == Selection::Changed };
    issuing.sign_what_was_left()?;
    if let Selection::Donor(donor_no) = selection {
        let candidate = context.pool.read_blocking(|db| store::candidate(db, donor_no))?;
        let candidate = candidate.ok_or_else(|| {
            Error::new(
                crate::error::Kind::NotFound,
                "nothing_to_certify",
                "There is no donor with this number, or nothing was given yet.",
            )
        })?;
        return issuing.batch(vec![candidate]);
    }
    issuing.everybody(on_batch)
}

/// Issues a donor's certificate in the transaction of what changed their totals. Returns its identifier; `None` when it
/// cannot be issued now: `rexue certificates issue --changed` does so later, and the donation is not lost for it.
///
/// The signature is made before the commit, and dies with the transaction if that fails.
///
/// # Errors
/// Failures of the database.
pub(super) fn issue_in(
    context: &Context,
    db: &mut Db,
    donor_id: &str,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<Option<String>, Error> {
    let issuing = Issuing { context, keys: context.keyring.keys(), changed_only: false };
    let Some(candidate) = store::candidate_by_id(db, donor_id)? else { return Ok(None) };
    let rows = match issuing.prepare(db, vec![candidate], now, chance) {
        Ok(rows) => rows,
        Err(error) if error.code == "key_not_valid" => {
            tracing::warn!("the signing key's time is over: a donation has no new certificate yet");
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let signatures = issuing.signatures(&rows)?;
    issuing.write_signatures(db, &rows, &signatures, now, chance)?;
    Ok(rows.into_iter().next().map(|row| row.certificate_no))
}

struct Issuing<'a> {
    context: &'a Context,
    keys: std::sync::Arc<Keys>,
    changed_only: bool,
}

impl Issuing<'_> {
    /// One thread writes claims down, the other signs what is written: neither waits for the other's work.
    fn everybody(&self, on_batch: &mut dyn FnMut(u64)) -> Result<u64, Error> {
        std::thread::scope(|threads| {
            let (sender, receiver) = sync_channel::<Vec<CertificateRow>>(1);
            let signing = threads.spawn(move || receiver.iter().try_for_each(|rows| self.sign(&rows)));
            let mut issued = 0;
            let mut after = String::new();
            loop {
                let page = self.context.pool.read_blocking(|db| store::candidates(db, &after, BATCH))?;
                let Some((last, _)) = page.last() else { break };
                after.clone_from(&last.id);
                let rows = self.write_down(page)?;
                let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
                if sender.send(rows).is_err() {
                    break;
                }
                issued += count;
                on_batch(count);
            }
            drop(sender);
            let signed = signing.join().map_err(|_| Error::internal("the signing thread ended early"))?;
            signed.map(|()| issued)
        })
    }

    fn write_down(&self, candidates: Vec<Candidate>) -> Result<Vec<CertificateRow>, Error> {
        let now = self.context.clock.now();
        let mut chance = Chance::from_system()?;
        self.context.pool.write_blocking(|db| self.prepare(db, candidates, now, &mut chance))
    }

    fn batch(&self, candidates: Vec<Candidate>) -> Result<u64, Error> {
        let prepared = self.write_down(candidates)?;
        self.sign(&prepared)?;
        Ok(u64::try_from(prepared.len()).unwrap_or(u64::MAX))
    }

    fn prepare(
        &self,
        db: &mut Db,
        candidates: Vec<Candidate>,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<Vec<CertificateRow>, Error> {
        one_at_a_time(db, b"certificates are prepared")?;
        let ids: Vec<&str> = candidates.iter().map(|(donor, _)| donor.id.as_str()).collect();
        let latest = store::latest(db, &ids)?;
        let mut wanted = Vec::with_capacity(candidates.len());
        for candidate in &candidates {
            let before = latest.get(&candidate.0.id);
            if !self.changed_only || self.is_changed(candidate, before, now)? {
                wanted.push((candidate, before));
            }
        }
        let mut places = self.take_places(db, wanted.len(), chance)?.into_iter();
        let mut rows = Vec::with_capacity(wanted.len());
        for ((candidate, before), place) in wanted.into_iter().zip(&mut places) {
            rows.push(self.row(candidate, before, place, now, chance)?);
        }
        store::insert(db, &rows)?;
        let numbers: Vec<&str> = rows.iter().map(|row| row.certificate_no.as_str()).collect();
        let prepared = Entry {
            actor: self.context.actor.clone(),
            action: "certificates.prepared",
            subject: self.keys.certificate.kid().to_string(),
            detail: json!({ "certificates": numbers }),
        };
        audit::append(db, [prepared], now, chance)?;
        Ok(rows)
    }

    fn is_changed(
        &self,
        candidate: &Candidate,
        before: Option<&Latest>,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let Some(before) = before else { return Ok(true) };
        let said = CheckedClaims::from_payload(&before.payload).map_err(Error::internal)?;
        let totals = certificate::certified(&candidate.1.totals()?, self.context.station.formula()?);
        let expires_at = said.claims().expires_at;
        Ok(said.claims().totals != totals || certificate::ends_soon(expires_at, unix_time(now)))
    }

    fn row(
        &self,
        (donor, totals): &Candidate,
        before: Option<&Latest>,
        place: Place,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<CertificateRow, Error> {
        let station = &self.context.station;
        let id = CertificateId::from_bytes(chance.bytes());
        let document = donor.id_number(&self.context.vault)?;
        let subject =
            Subject { name: &donor.name, birth_date: donor.birth_date, last_four: last_four(&document) };
        let terms = certificate::Terms {
            issuer: &station.issuer,
            days: station.certificate_days,
            formula: station.formula()?,
        };
        let status = StatusReference { uri: place.uri, index: place.index };
        let claims = certificate::claims(subject, &totals.totals()?, terms, id, status, unix_time(now))
            .map_err(|failure| Error::internal(format_args!("claims of a certificate: {failure}")))?;
        let (issued_at, expires_at) = (claims.claims().issued_at, claims.claims().expires_at);
        let key = self.keys.keyset.claims().key(self.keys.certificate.kid());
        key.ok_or_else(|| Error::internal("the signing key is not in the keyset"))?
            .may_sign(issued_at, expires_at)
            .map_err(|_| {
                Error::conflict("key_not_valid", "The signing key's time is over: run `rexue keys publish`.")
            })?;
        let serial = before.map_or_else(|| new_serial(chance), |before| before.serial.clone());
        let version = before.map_or(1, |before| before.version + 1);
        let number = CertificateNumber::new(
            &station.certificate_type,
            &station.certificate_issuer,
            &serial,
            u16::try_from(version).map_err(Error::internal)?,
        )
        .map_err(Error::internal)?;
        Ok(CertificateRow {
            certificate_no: number.to_string(),
            cti: id.as_bytes().to_vec(),
            donor_id: donor.id.clone(),
            serial,
            version,
            status_list_id: place.list_id,
            status_index: i64::try_from(place.index).map_err(Error::internal)?,
            payload: claims.payload().to_vec(),
            kid: self.keys.certificate.kid().to_string(),
            issued_at: instant(issued_at)?,
            expires_at: instant(expires_at)?,
            signature: None,
        })
    }

    fn sign(&self, rows: &[CertificateRow]) -> Result<(), Error> {
        let signatures = self.signatures(rows)?;
        let now = self.context.clock.now();
        self.context.pool.write_blocking(|db| {
            self.write_signatures(db, rows, &signatures, now, &mut Chance::from_system()?)
        })
    }

    /// Signs what is written down. The claims are checked once more on their way from the database, since
    /// only checked claims can be signed.
    fn signatures(&self, rows: &[CertificateRow]) -> Result<Vec<Vec<u8>>, Error> {
        let sign = |row: &CertificateRow| {
            let claims = CheckedClaims::from_payload(&row.payload).map_err(Error::internal)?;
            let signature = self.keys.certificate.sign_certificate(&claims).map_err(Error::internal)?;
            Ok(signature.as_slice().to_vec())
        };
        rows.iter().map(sign).collect()
    }

    fn write_signatures(
        &self,
        db: &mut Db,
        rows: &[CertificateRow],
        signatures: &[Vec<u8>],
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<(), Error> {
        let signed: Vec<(&str, &[u8])> = rows
            .iter()
            .zip(signatures)
            .map(|(row, signature)| (row.certificate_no.as_str(), signature.as_slice()))
            .collect();
        store::sign(db, &signed)?;
        audit::append(db, rows.iter().map(|row| self.issued(row)), now, chance)
    }

    fn sign_what_was_left(&self) -> Result<(), Error> {
        loop {
            let rows = self.context.pool.read_blocking(|db| store::unsigned(db, BATCH))?;
            if rows.is_empty() {
                return Ok(());
            }
            self.sign(&rows)?;
        }
    }

    fn issued(&self, row: &CertificateRow) -> Entry {
        let detail = match row.version {
            1 => json!({}),
            version => json!({ "supersedes_version": version - 1 }),
        };
        Entry {
            actor: self.context.actor.clone(),
            action: "certificate.issued",
            subject: row.certificate_no.clone(),
            detail,
        }
    }

    /// Takes `count` places, in as many lists as it needs.
    fn take_places(&self, db: &mut Db, count: usize, chance: &mut Chance) -> Result<Vec<Place>, Error> {
        let mut places = Vec::with_capacity(count);
        while places.len() < count {
            let list = match statuses::open_list(db, &self.context.public_url)? {
                Some(list) => list,
                None => self.new_list(db, chance)?,
            };
            let missing = i64::try_from(count - places.len()).map_err(Error::internal)?;
            let wanted = missing.min(list.size - list.taken);
            if let Some(first) = statuses::take_places(db, &list.id, wanted)? {
                places.extend(self.places(&list, first, wanted)?);
            }
        }
        Ok(places)
    }

    fn places(&self, list: &StatusListRow, first: i64, count: i64) -> Result<Vec<Place>, Error> {
        let seed: [u8; 32] = list.seed.as_slice().try_into().map_err(Error::internal)?;
        let shuffle = IndexShuffle::new(&seed, u64::try_from(list.size).map_err(Error::internal)?);
        let uri = list.uri();
        (first..first + count)
            .map(|ordinal| {
                let ordinal = u64::try_from(ordinal).map_err(Error::internal)?;
                let index =
                    shuffle.index(ordinal).ok_or_else(|| Error::internal("a place beyond its list"))?;
                Ok(Place { list_id: list.id.clone(), uri: uri.clone(), index })
            })
            .collect()
    }

    fn new_list(&self, db: &mut Db, chance: &mut Chance) -> Result<StatusListRow, Error> {
        let row = StatusListRow {
            id: statuses::next_list_id(db)?,
            base_url: self.context.public_url.to_string(),
            seed: chance.bytes::<32>().to_vec(),
            size: i64::from(self.context.station.status_list_size),
            taken: 0,
            version: 1,
        };
        statuses::insert_list(db, &row)?;
        Ok(row)
    }
}

/// A certificate's place in a status list.
struct Place {
    list_id: String,
    uri: String,
    index: u64,
}

/// Eighty random bits in base 32: a certificate's number says nothing about its neighbours and cannot be guessed.
fn new_serial(chance: &mut Chance) -> String {
    data_encoding::BASE32_NOPAD.encode(&chance.bytes::<10>())
}

fn instant(time: certificates::UnixTime) -> Result<chrono::NaiveDateTime, Error> {
    let instant =
        DateTime::from_timestamp(time.0, 0).ok_or_else(|| Error::internal("an instant out of range"))?;
    Ok(instant.naive_utc())
}
