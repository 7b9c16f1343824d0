//! Users: the station's staff and the hospitals'.

use super::connection::{Db, on_each};
use super::schema::users;
use crate::domain::access::Role;
use crate::error::Error;
use crate::vault::{Field, Vault};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use zeroize::Zeroizing;

/// A user as the table holds one.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub struct UserRow {
    /// UUIDv7.
    pub id: String,
    /// What the user signs in with, in lower case.
    pub user_name: String,
    /// What colleagues see.
    pub display_name: String,
    role: String,
    /// The hospital, for its users.
    pub hospital_code: Option<String>,
    state: String,
    /// A PHC string.
    pub password_hash: Option<String>,
    totp_sealed: Option<Vec<u8>>,
    /// The last time step whose code was accepted.
    pub totp_last_step: i64,
    data_key_id: String,
    invitation_hash: Option<Vec<u8>>,
    /// UTC.
    pub invitation_expires_at: Option<NaiveDateTime>,
    /// UTC.
    pub created_at: NaiveDateTime,
}

/// What a new user is.
#[derive(Debug, Clone)]
pub struct NewUser<'a> {
    /// UUIDv7.
    pub id: &'a str,
    /// In lower case.
    pub user_name: &'a str,
    /// What colleagues see.
    pub display_name: &'a str,
    /// The role.
    pub role: Role,
    /// The hospital's code, for its users.
    pub hospital_code: Option<&'a str>,
    /// The vault's current key.
    pub data_key_id: &'a str,
}

impl UserRow {
    /// The role.
    ///
    /// # Errors
    /// `internal` when the row holds a word that no code of ours wrote.
    pub fn role(&self) -> Result<Role, Error> {
        Role::from_word(&self.role).ok_or_else(|| Error::internal("a user of a role that does not exist"))
    }

    /// `invited`, `active` or `disabled`.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// Whether the user may sign in.
    pub fn is_active(&self) -> bool {
        self.state == "active"
    }

    /// The secret of the user's one-time passwords.
    ///
    /// # Errors
    /// `internal` when it does not open.
    pub fn totp_secret(&self, vault: &Vault) -> Result<Option<Zeroizing<String>>, Error> {
        let open = |sealed| vault.open(&self.data_key_id, Field::UserTotp, &self.id, sealed);
        self.totp_sealed.as_deref().map(open).transpose()
    }
}

/// Writes a new user, invited and nothing more; `false` when the name is taken.
pub fn insert(db: &mut Db, user: &NewUser<'_>, now: DateTime<Utc>) -> Result<bool, Error> {
    let row = UserRow {
        id: user.id.to_owned(),
        user_name: user.user_name.to_owned(),
        display_name: user.display_name.to_owned(),
        role: user.role.as_str().to_owned(),
        hospital_code: user.hospital_code.map(str::to_owned),
        state: "invited".to_owned(),
        password_hash: None,
        totp_sealed: None,
        totp_last_step: 0,
        data_key_id: user.data_key_id.to_owned(),
        invitation_hash: None,
        invitation_expires_at: None,
        created_at: now.naive_utc(),
    };
    let inserted = on_each!(db, |connection| diesel::insert_into(users::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

/// The user with this id.
pub fn by_id(db: &mut Db, id: &str) -> Result<Option<UserRow>, Error> {
    Ok(users::table.find(id).first(db).optional()?)
}

/// The user with this name.
pub fn by_name(db: &mut Db, user_name: &str) -> Result<Option<UserRow>, Error> {
    Ok(users::table.filter(users::user_name.eq(user_name)).first(db).optional()?)
}

/// The user whom an invitation that still holds is for.
pub fn by_invitation(db: &mut Db, hash: &[u8], now: DateTime<Utc>) -> Result<Option<UserRow>, Error> {
    Ok(users::table
        .filter(users::invitation_hash.eq(hash))
        .filter(users::invitation_expires_at.gt(now.naive_utc()))
        .first(db)
        .optional()?)
}

/// Users, by name: all of the station and its hospitals, or one hospital's.
pub fn list(db: &mut Db, hospital_code: Option<&str>) -> Result<Vec<UserRow>, Error> {
    let all = users::table.order(users::user_name.asc()).into_boxed();
    Ok(match hospital_code {
        Some(code) => all.filter(users::hospital_code.eq(code)).load(db)?,
        None => all.load(db)?,
    })
}

/// Invites a user, for the first time or anew: password and one-time passwords of before are over.
pub fn invite(
    db: &mut Db,
    id: &str,
    invitation_hash: &[u8],
    totp_sealed: &[u8],
    data_key_id: &str,
    expires_at: DateTime<Utc>,
) -> Result<(), Error> {
    diesel::update(users::table.find(id))
        .set((
            users::state.eq("invited"),
            users::password_hash.eq(None::<String>),
            users::totp_sealed.eq(Some(totp_sealed)),
            users::data_key_id.eq(data_key_id),
            users::invitation_hash.eq(Some(invitation_hash)),
            users::invitation_expires_at.eq(Some(expires_at.naive_utc())),
        ))
        .execute(db)?;
    Ok(())
}

/// Makes an invited user active; `false` when the invitation was used meanwhile.
pub fn activate(
    db: &mut Db,
    id: &str,
    invitation_hash: &[u8],
    password_hash: &str,
    step: i64,
) -> Result<bool, Error> {
    let invited = users::table.find(id).filter(users::invitation_hash.eq(invitation_hash));
    let activated = diesel::update(invited)
        .set((
            users::state.eq("active"),
            users::password_hash.eq(Some(password_hash)),
            users::totp_last_step.eq(step),
            users::invitation_hash.eq(None::<Vec<u8>>),
            users::invitation_expires_at.eq(None::<NaiveDateTime>),
        ))
        .execute(db)?;
    Ok(activated == 1)
}

/// Notes that the code of a time step was accepted, of an active user who still has this password; `false` when that
/// is not so any more, or when this code, or a later one, was accepted before.
pub fn use_step(db: &mut Db, id: &str, password_hash: Option<&str>, step: i64) -> Result<bool, Error> {
    let before = users::table
        .find(id)
        .filter(users::state.eq("active"))
        .filter(users::password_hash.eq(password_hash))
        .filter(users::totp_last_step.lt(step));
    Ok(diesel::update(before).set(users::totp_last_step.eq(step)).execute(db)? == 1)
}

/// Disables a user; `false` when there was nothing to disable.
pub fn disable(db: &mut Db, id: &str) -> Result<bool, Error> {
    let able = users::table.find(id).filter(users::state.ne("disabled"));
    let disabled = diesel::update(able)
        .set((
            users::state.eq("disabled"),
            users::password_hash.eq(None::<String>),
            users::invitation_hash.eq(None::<Vec<u8>>),
        ))
        .execute(db)?;
    Ok(disabled == 1)
}
