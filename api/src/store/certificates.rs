//! Certificates: written before they are signed, and the questions asked of them.

use super::connection::{Db, insert_rows};
use super::donors::DonorRow;
use super::schema::{certificate_statuses, certificates, donor_totals, donors};
use super::totals::TotalsRow;
use crate::error::Error;
use ::certificates::{KeyId, token_text};
use chrono::NaiveDateTime;
use data_encoding::BASE64URL_NOPAD;
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Text};
use std::collections::HashMap;

/// A certificate as the table holds one. Its text is made of `payload`, `kid` and `signature` at any time.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = certificates, treat_none_as_default_value = false)]
pub struct CertificateRow {
    /// The certificate identifier of GB/T 36904.
    pub certificate_no: String,
    /// The 16 random bytes by which the token is known.
    pub cti: Vec<u8>,
    /// The donor's id.
    pub donor_id: String,
    /// The serial that all of a donor's certificates share.
    pub serial: String,
    /// 1 for the donor's first certificate; a higher one supersedes a lower one.
    pub version: i64,
    /// The status list that tells its status.
    pub status_list_id: String,
    /// Its place in that list.
    pub status_index: i64,
    /// The claims, canonical CBOR: what the signature covers.
    pub payload: Vec<u8>,
    /// The id of the signing key, base64url.
    pub kid: String,
    /// UTC.
    pub issued_at: NaiveDateTime,
    /// UTC.
    pub expires_at: NaiveDateTime,
    /// 64 bytes; missing while the certificate is written down but not signed.
    pub signature: Option<Vec<u8>>,
}

impl CertificateRow {
    /// The certificate's text, which the QR code holds.
    ///
    /// # Errors
    /// `not_signed_yet`; `internal` when the row holds what no code of ours wrote.
    pub fn token(&self) -> Result<String, Error> {
        let kid = BASE64URL_NOPAD.decode(self.kid.as_bytes()).map_err(Error::internal)?;
        let kid = KeyId(kid.try_into().map_err(|_| Error::internal("a key id of the wrong length"))?);
        let signature = self.signature.as_deref().ok_or_else(|| {
            Error::conflict("not_signed_yet", "The certificate is being issued; try again in a moment.")
        })?;
        let signature = signature.try_into().map_err(Error::internal)?;
        Ok(token_text(kid, &self.payload, signature))
    }
}

/// A donor who can have a certificate, and what it would certify.
pub type Candidate = (DonorRow, TotalsRow);

/// Up to `limit` donors with at least one donation whose ids follow `after`, in the order of ids.
pub fn candidates(db: &mut Db, after: &str, limit: i64) -> Result<Vec<Candidate>, Error> {
    Ok(donors::table
        .inner_join(donor_totals::table)
        .filter(donors::id.gt(after))
        .filter(donor_totals::donations.gt(0))
        .order(donors::id)
        .limit(limit)
        .load(db)?)
}

/// The donor with this number; `None` when there is none, or nothing was given yet.
pub fn candidate(db: &mut Db, donor_no: &str) -> Result<Option<Candidate>, Error> {
    Ok(donors::table
        .inner_join(donor_totals::table)
        .filter(donors::donor_no.eq(donor_no))
        .filter(donor_totals::donations.gt(0))
        .first(db)
        .optional()?)
}

/// The donor with this id; `None` when nothing was given yet.
pub fn candidate_by_id(db: &mut Db, donor_id: &str) -> Result<Option<Candidate>, Error> {
    Ok(donors::table
        .inner_join(donor_totals::table)
        .filter(donors::id.eq(donor_id))
        .filter(donor_totals::donations.gt(0))
        .first(db)
        .optional()?)
}

/// What is known of a donor's newest certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// Its identifier.
    pub certificate_no: String,
    /// The donor's serial.
    pub serial: String,
    /// Its version.
    pub version: i64,
    /// Its claims, canonical CBOR.
    pub payload: Vec<u8>,
    /// UTC.
    pub expires_at: NaiveDateTime,
}

/// The newest certificate of each of these donors that has one, by donor id.
pub fn latest(db: &mut Db, donor_ids: &[&str]) -> Result<HashMap<String, Latest>, Error> {
    type Row = (String, String, String, i64, Vec<u8>, NaiveDateTime);
    let rows: Vec<Row> = certificates::table
        .filter(certificates::donor_id.eq_any(donor_ids))
        .order(certificates::version)
        .select((
            certificates::donor_id,
            certificates::certificate_no,
            certificates::serial,
            certificates::version,
            certificates::payload,
            certificates::expires_at,
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(donor_id, certificate_no, serial, version, payload, expires_at)| {
            (donor_id, Latest { certificate_no, serial, version, payload, expires_at })
        })
        .collect())
}

/// Writes certificates that are not signed yet.
pub fn insert(db: &mut Db, rows: &[CertificateRow]) -> Result<(), Error> {
    insert_rows!(db, certificates::table, rows)
}

/// Up to `limit` certificates that are written down but not signed: what an interrupted run left.
pub fn unsigned(db: &mut Db, limit: i64) -> Result<Vec<CertificateRow>, Error> {
    Ok(certificates::table.filter(certificates::signature.is_null()).limit(limit).load(db)?)
}

/// Adds the signatures, by certificate identifier.
///
/// On PostgreSQL one statement for all of them: a round trip each would cost more than the signatures. diesel
/// has no words for it, and preparing it once a batch is nothing.
pub fn sign(db: &mut Db, signatures: &[(&str, &[u8])]) -> Result<(), Error> {
    match db {
        Db::Postgres(connection) => {
            let (numbers, signatures): (Vec<&str>, Vec<&[u8]>) = signatures.iter().copied().unzip();
            diesel::sql_query(
                "UPDATE certificates SET signature = signed.signature
                 FROM (SELECT unnest($1) AS certificate_no, unnest($2) AS signature) AS signed
                 WHERE certificates.certificate_no = signed.certificate_no",
            )
            .bind::<Array<Text>, _>(numbers)
            .bind::<Array<Binary>, _>(signatures)
            .execute(connection)?;
        }
        Db::Sqlite(connection) => {
            for (certificate_no, signature) in signatures {
                diesel::update(certificates::table.find(certificate_no))
                    .set(certificates::signature.eq(signature))
                    .execute(connection)?;
            }
        }
    }
    Ok(())
}

/// The certificate with this identifier.
pub fn by_number(db: &mut Db, certificate_no: &str) -> Result<Option<CertificateRow>, Error> {
    Ok(certificates::table.find(certificate_no).first(db).optional()?)
}

/// All certificates of a donor, the newest first.
pub fn of_donor(db: &mut Db, donor_id: &str) -> Result<Vec<CertificateRow>, Error> {
    Ok(certificates::table
        .filter(certificates::donor_id.eq(donor_id))
        .order(certificates::version.desc())
        .load(db)?)
}

/// A page of donors' newest signed certificates with the donors' numbers, by donor number: of `donor` only,
/// or of everybody.
pub fn newest(
    db: &mut Db,
    donor: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, CertificateRow)>, Error> {
    let newer = diesel::alias!(certificates as newer);
    let mut query = certificates::table.inner_join(donors::table).into_boxed();
    if let Some(donor) = donor {
        query = query.filter(donors::donor_no.eq(donor));
    }
    Ok(query
        .filter(donors::donor_no.gt(after))
        .filter(certificates::signature.is_not_null())
        .filter(diesel::dsl::not(diesel::dsl::exists(
            newer
                .filter(newer.field(certificates::donor_id).eq(certificates::donor_id))
                .filter(newer.field(certificates::signature).is_not_null())
                .filter(newer.field(certificates::version).gt(certificates::version)),
        )))
        .order(donors::donor_no)
        .limit(limit)
        .select((donors::donor_no, certificates::all_columns))
        .load(db)?)
}

/// What the database knows of a token right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The certificate's identifier.
    pub certificate_no: String,
    /// `revoked` or `suspended`; `None` when it is simply valid.
    pub status: Option<String>,
    /// Whether the donor has a newer certificate.
    pub superseded: bool,
}

/// The standing of each of these tokens that the database knows, by `cti`.
pub fn standings(db: &mut Db, ctis: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, Standing>, Error> {
    let newer = diesel::alias!(certificates as newer);
    let rows: Vec<(Vec<u8>, String, Option<String>, bool)> = certificates::table
        .left_join(certificate_statuses::table)
        .filter(certificates::cti.eq_any(ctis))
        .select((
            certificates::cti,
            certificates::certificate_no,
            certificate_statuses::status.nullable(),
            diesel::dsl::exists(
                newer
                    .filter(newer.field(certificates::donor_id).eq(certificates::donor_id))
                    .filter(newer.field(certificates::signature).is_not_null())
                    .filter(newer.field(certificates::version).gt(certificates::version)),
            ),
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(cti, certificate_no, status, superseded)| {
            (cti, Standing { certificate_no, status, superseded })
        })
        .collect())
}
