//! Consents: what, to which text, when, from where, until when.

use super::connection::Db;
use super::schema::consents;
use crate::error::Error;
use crate::vault::{Field, Vault};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use zeroize::Zeroizing;

/// A consent as the table holds one.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = consents, treat_none_as_default_value = false)]
pub struct ConsentRow {
    /// UUIDv7.
    pub id: String,
    /// Whose it is.
    pub account_id: String,
    /// To what.
    pub purpose: String,
    /// The version of the text that was shown.
    pub text_version: String,
    /// UTC.
    pub given_at: NaiveDateTime,
    /// Where.
    pub given_from: String,
    /// The address it came from, sealed.
    pub address_sealed: Vec<u8>,
    /// The vault's key of the address.
    pub data_key_id: String,
    /// UTC.
    pub withdrawn_at: Option<NaiveDateTime>,
}

impl ConsentRow {
    /// The address it came from.
    ///
    /// # Errors
    /// `internal` when it does not open.
    pub fn address(&self, vault: &Vault) -> Result<Zeroizing<String>, Error> {
        vault.open(&self.data_key_id, Field::ConsentAddress, &self.id, &self.address_sealed)
    }
}

/// Writes a consent.
pub fn insert(db: &mut Db, row: &ConsentRow) -> Result<(), Error> {
    diesel::insert_into(consents::table).values(row).execute(db)?;
    Ok(())
}

/// All consents of an account, withdrawn ones too, in the order of time.
pub fn of_account(db: &mut Db, account_id: &str) -> Result<Vec<ConsentRow>, Error> {
    Ok(consents::table.filter(consents::account_id.eq(account_id)).order(consents::id.asc()).load(db)?)
}

/// Whether an account's consent to a purpose stands.
pub fn is_given(db: &mut Db, account_id: &str, purpose: &str) -> Result<bool, Error> {
    let given = consents::table
        .filter(consents::account_id.eq(account_id))
        .filter(consents::purpose.eq(purpose))
        .filter(consents::withdrawn_at.is_null());
    Ok(diesel::select(diesel::dsl::exists(given)).get_result(db)?)
}

/// Withdraws the consent to a purpose; `false` when there is none.
pub fn withdraw(db: &mut Db, account_id: &str, purpose: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let given = consents::table
        .filter(consents::account_id.eq(account_id))
        .filter(consents::purpose.eq(purpose))
        .filter(consents::withdrawn_at.is_null());
    Ok(diesel::update(given).set(consents::withdrawn_at.eq(Some(now.naive_utc()))).execute(db)? > 0)
}

/// Withdraws all consents of an account.
pub fn withdraw_all(db: &mut Db, account_id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let given =
        consents::table.filter(consents::account_id.eq(account_id)).filter(consents::withdrawn_at.is_null());
    diesel::update(given).set(consents::withdrawn_at.eq(Some(now.naive_utc()))).execute(db)?;
    Ok(())
}
