//! Donors' accounts, and whose records they see.

use super::connection::Db;
use super::schema::{account_donors, accounts, donors};
use super::wechat_subscriptions;
use crate::chance::Chance;
use crate::domain::personal::Phone;
use crate::error::Error;
use crate::vault::{Field, Vault};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use zeroize::Zeroizing;

/// An account as the table holds one.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false)]
pub struct AccountRow {
    /// UUIDv7.
    pub id: String,
    phone_sealed: Option<Vec<u8>>,
    phone_index: Option<Vec<u8>>,
    openid_sealed: Option<Vec<u8>>,
    openid_index: Option<Vec<u8>>,
    data_key_id: String,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC: when its owner had it erased.
    pub erased_at: Option<NaiveDateTime>,
}

impl AccountRow {
    /// A new account, by which nobody can sign in yet.
    pub fn new(vault: &Vault, now: DateTime<Utc>, chance: &mut Chance) -> Self {
        Self {
            id: chance.id(now),
            phone_sealed: None,
            phone_index: None,
            openid_sealed: None,
            openid_index: None,
            data_key_id: vault.current_key().to_owned(),
            created_at: now.naive_utc(),
            erased_at: None,
        }
    }

    /// The telephone number in clear.
    ///
    /// # Errors
    /// `internal` when it does not open.
    pub fn phone(&self, vault: &Vault) -> Result<Option<Zeroizing<String>>, Error> {
        let open = |sealed| vault.open(&self.data_key_id, Field::AccountPhone, &self.id, sealed);
        self.phone_sealed.as_deref().map(open).transpose()
    }

    /// The WeChat user's OpenID in clear.
    ///
    /// # Errors
    /// `internal` when it does not open.
    pub fn openid(&self, vault: &Vault) -> Result<Option<Zeroizing<String>>, Error> {
        let open = |sealed| vault.open(&self.data_key_id, Field::AccountOpenId, &self.id, sealed);
        self.openid_sealed.as_deref().map(open).transpose()
    }

    /// Whether WeChat signs in to it.
    pub fn has_wechat(&self) -> bool {
        self.openid_index.is_some()
    }

    /// Whether a telephone number signs in to it.
    pub fn has_phone(&self) -> bool {
        self.phone_index.is_some()
    }
}

/// Writes a new account.
pub fn insert(db: &mut Db, row: &AccountRow) -> Result<(), Error> {
    diesel::insert_into(accounts::table).values(row).execute(db)?;
    Ok(())
}

/// The account with this id, unless it was erased.
pub fn by_id(db: &mut Db, id: &str) -> Result<Option<AccountRow>, Error> {
    Ok(accounts::table.find(id).filter(accounts::erased_at.is_null()).first(db).optional()?)
}

/// The account with this id, unless it was erased; nobody else changes it until the transaction ends. Whoever begins
/// a session of it, links a record to it or erases it takes this lock. What refers to it can be written meanwhile: whoever books has
/// locked more by then, and would wait in a circle.
pub fn lock(db: &mut Db, id: &str) -> Result<Option<AccountRow>, Error> {
    let there = accounts::table.find(id).filter(accounts::erased_at.is_null());
    Ok(match db {
        Db::Postgres(connection) => there.for_no_key_update().first(connection).optional()?,
        Db::Sqlite(connection) => there.first(connection).optional()?,
    })
}

/// Takes the telephone number away: it does not sign in any more.
pub fn clear_phone(db: &mut Db, id: &str) -> Result<(), Error> {
    let nothing: Option<Vec<u8>> = None;
    diesel::update(accounts::table.find(id))
        .set((accounts::phone_sealed.eq(&nothing), accounts::phone_index.eq(&nothing)))
        .execute(db)?;
    Ok(())
}

/// Takes the WeChat user away: WeChat does not sign in any more, and what it was told to take goes, too.
pub fn clear_openid(db: &mut Db, id: &str) -> Result<(), Error> {
    let nothing: Option<Vec<u8>> = None;
    diesel::update(accounts::table.find(id))
        .set((accounts::openid_sealed.eq(&nothing), accounts::openid_index.eq(&nothing)))
        .execute(db)?;
    wechat_subscriptions::forget(db, id)
}

/// The account of a telephone number's index.
pub fn by_phone(db: &mut Db, phone_index: &[u8]) -> Result<Option<AccountRow>, Error> {
    Ok(accounts::table.filter(accounts::phone_index.eq(phone_index)).first(db).optional()?)
}

/// The account of a WeChat openid's index.
pub fn by_openid(db: &mut Db, openid_index: &[u8]) -> Result<Option<AccountRow>, Error> {
    Ok(accounts::table.filter(accounts::openid_index.eq(openid_index)).first(db).optional()?)
}

/// Makes `phone` the telephone number that signs in to the account.
pub fn set_phone(
    db: &mut Db,
    account: &AccountRow,
    phone: &Phone,
    vault: &Vault,
    chance: &mut Chance,
) -> Result<(), Error> {
    // Both values of a row are sealed under its one key.
    let sealed =
        vault.seal_under(&account.data_key_id, Field::AccountPhone, &account.id, phone.reveal(), chance)?;
    diesel::update(accounts::table.find(&account.id))
        .set((
            accounts::phone_sealed.eq(Some(sealed)),
            accounts::phone_index.eq(Some(vault.index(Field::AccountPhone, phone.reveal()))),
        ))
        .execute(db)?;
    Ok(())
}

/// Makes `openid` the WeChat user who signs in to the account.
pub fn set_openid(
    db: &mut Db,
    account: &AccountRow,
    openid: &str,
    vault: &Vault,
    chance: &mut Chance,
) -> Result<(), Error> {
    let sealed = vault.seal_under(&account.data_key_id, Field::AccountOpenId, &account.id, openid, chance)?;
    diesel::update(accounts::table.find(&account.id))
        .set((
            accounts::openid_sealed.eq(Some(sealed)),
            accounts::openid_index.eq(Some(vault.index(Field::AccountOpenId, openid))),
        ))
        .execute(db)?;
    Ok(())
}

/// Takes away everything by which the account's owner can be known or can sign in.
pub fn erase(db: &mut Db, id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let nothing: Option<Vec<u8>> = None;
    diesel::update(accounts::table.find(id))
        .set((
            accounts::phone_sealed.eq(&nothing),
            accounts::phone_index.eq(&nothing),
            accounts::openid_sealed.eq(&nothing),
            accounts::openid_index.eq(&nothing),
            accounts::erased_at.eq(Some(now.naive_utc())),
        ))
        .execute(db)?;
    wechat_subscriptions::forget(db, id)
}

/// That an account sees a donor's record.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = account_donors, treat_none_as_default_value = false)]
pub struct LinkRow {
    /// UUIDv7.
    pub id: String,
    /// The account.
    pub account_id: String,
    /// The donor.
    pub donor_id: String,
    /// `self` or `family`.
    pub relation: String,
    /// What showed that it is right.
    pub proof: String,
    /// UTC.
    pub since: NaiveDateTime,
    /// UTC.
    pub ended_at: Option<NaiveDateTime>,
}

impl LinkRow {
    /// The row of a new link.
    pub fn new(
        account_id: &str,
        donor_id: &str,
        relation: &str,
        proof: &str,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Self {
        Self {
            id: chance.id(now),
            account_id: account_id.to_owned(),
            donor_id: donor_id.to_owned(),
            relation: relation.to_owned(),
            proof: proof.to_owned(),
            since: now.naive_utc(),
            ended_at: None,
        }
    }
}

/// Writes a new link.
pub fn link(db: &mut Db, row: &LinkRow) -> Result<(), Error> {
    diesel::insert_into(account_donors::table).values(row).execute(db)?;
    Ok(())
}

/// A donor whom an account sees.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct LinkedDonor {
    /// The link.
    pub link: LinkRow,
    /// The donor's number.
    pub donor_no: String,
    /// The donor's full name.
    pub name: String,
}

/// The donors whom an account sees, its own person first.
pub fn donors_of(db: &mut Db, account_id: &str) -> Result<Vec<LinkedDonor>, Error> {
    Ok(account_donors::table
        .inner_join(donors::table)
        .filter(account_donors::account_id.eq(account_id))
        .filter(account_donors::ended_at.is_null())
        .order((account_donors::relation.desc(), account_donors::since.asc()))
        .select((account_donors::all_columns, donors::donor_no, donors::name))
        .load(db)?)
}

/// The links to a donor's record.
pub fn links_to(db: &mut Db, donor_id: &str) -> Result<Vec<LinkRow>, Error> {
    Ok(account_donors::table
        .filter(account_donors::donor_id.eq(donor_id))
        .filter(account_donors::ended_at.is_null())
        .order(account_donors::since.asc())
        .load(db)?)
}

/// Ends a link; `false` when it has ended already.
pub fn unlink(db: &mut Db, id: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let open = account_donors::table.find(id).filter(account_donors::ended_at.is_null());
    Ok(diesel::update(open).set(account_donors::ended_at.eq(Some(now.naive_utc()))).execute(db)? == 1)
}

/// Deletes the links to a donor's record: before the record itself goes.
pub fn forget_links_to(db: &mut Db, donor_id: &str) -> Result<(), Error> {
    diesel::delete(account_donors::table.filter(account_donors::donor_id.eq(donor_id))).execute(db)?;
    Ok(())
}

/// Ends all of an account's links.
pub fn unlink_all(db: &mut Db, account_id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let open = account_donors::table
        .filter(account_donors::account_id.eq(account_id))
        .filter(account_donors::ended_at.is_null());
    diesel::update(open).set(account_donors::ended_at.eq(Some(now.naive_utc()))).execute(db)?;
    Ok(())
}

/// Opens a link again that was ended.
pub fn relink(db: &mut Db, id: &str) -> Result<(), Error> {
    diesel::update(account_donors::table.find(id))
        .set(account_donors::ended_at.eq(None::<NaiveDateTime>))
        .execute(db)?;
    Ok(())
}

/// The link with this id.
pub fn link_by_id(db: &mut Db, id: &str) -> Result<Option<LinkRow>, Error> {
    Ok(account_donors::table.find(id).first(db).optional()?)
}
