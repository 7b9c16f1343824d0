//! Users of the station and of hospitals: invited, signed in with password and one-time password, disabled.

use super::Context;
use super::guess::{guess, locked_out};
use super::sessions::{self, SignedIn, Standing};
use crate::chance::Chance;
use crate::domain::access::Role;
use crate::domain::hospital::HospitalCode;
use crate::domain::password::Password;
use crate::domain::personal::PersonName;
use crate::domain::totp;
use crate::domain::user_name::UserName;
use crate::error::{Error, Kind};
use crate::store::audit::{self, Entry};
use crate::store::users::{self as store, NewUser, UserRow};
use crate::store::{Db, hospitals, lockouts};
use crate::tokens::{Principal, Subject};
use crate::vault::Field;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use sha2::{Digest, Sha256};

/// How long an invitation holds.
const INVITATION_LIFETIME: TimeDelta = TimeDelta::days(7);

/// Who invites and disables: in which role, and for a hospital's users of which hospital.
#[derive(Debug, Clone)]
pub struct Manager {
    /// The role.
    pub role: Role,
    /// The hospital whose users are managed, and no others; none for the station's admin.
    pub hospital: Option<String>,
}

impl Manager {
    /// Whoever runs the program on the station's machine.
    pub fn on_the_machine() -> Self {
        Self { role: Role::Admin, hospital: None }
    }

    /// A caller.
    pub fn calling(principal: &Principal) -> Self {
        Self { role: principal.role, hospital: principal.hospital.clone() }
    }

    fn manages(&self, user: &UserRow) -> bool {
        !self.role.belongs_to_a_hospital() || (self.hospital.is_some() && self.hospital == user.hospital_code)
    }
}

/// Who is to be invited.
pub struct NewInvitation {
    /// What the user signs in with.
    pub user_name: UserName,
    /// What colleagues see.
    pub display_name: PersonName,
    /// The role.
    pub role: Role,
    /// The hospital, for its users.
    pub hospital: Option<HospitalCode>,
}

/// An invitation, shown once.
#[derive(Debug)]
pub struct Invitation {
    /// The user's id.
    pub user_id: String,
    /// What the invited person enters.
    pub code: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Invites a new user.
///
/// # Errors
/// `role_not_yours_to_give`, `hospital_missing`, `hospital_not_for_this_role`, `unknown_hospital`, `user_name_taken`.
pub async fn invite(context: &Context, manager: Manager, wanted: NewInvitation) -> Result<Invitation, Error> {
    if !manager.role.may_invite(wanted.role) {
        return Err(Error::new(
            Kind::Forbidden,
            "role_not_yours_to_give",
            "You may not invite users of this role.",
        ));
    }
    let whole = context.clone();
    context.pool.write(move |db| invite_in(&whole, db, &manager, &wanted)).await
}

fn invite_in(
    context: &Context,
    db: &mut Db,
    manager: &Manager,
    wanted: &NewInvitation,
) -> Result<Invitation, Error> {
    let now = context.clock.now();
    let mut chance = Chance::from_system()?;
    let named = wanted.hospital.as_ref().map(HospitalCode::as_str).or(manager.hospital.as_deref());
    let hospital_code = match (wanted.role.of_hospital(), named) {
        (Some(true), None) => {
            return Err(Error::invalid("hospital_missing", "A hospital's user needs the hospital's code."));
        }
        (Some(true), Some(code)) => Some(code),
        (_, Some(_)) => {
            return Err(Error::invalid(
                "hospital_not_for_this_role",
                "The station's users have no hospital.",
            ));
        }
        (_, None) => None,
    };
    let foreign = manager.hospital.is_some() && manager.hospital.as_deref() != hospital_code;
    if let Some(code) = hospital_code
        && (foreign || hospitals::by_code(db, code)?.is_none())
    {
        return Err(Error::new(Kind::NotFound, "unknown_hospital", "There is no hospital with this code."));
    }
    let id = chance.id(now);
    let user = NewUser {
        id: &id,
        user_name: wanted.user_name.as_str(),
        display_name: wanted.display_name.reveal(),
        role: wanted.role,
        hospital_code,
        data_key_id: context.vault.current_key(),
    };
    if !store::insert(db, &user, now)? {
        return Err(Error::conflict("user_name_taken", "There is a user of this name already."));
    }
    hand_out(
        context,
        db,
        &id,
        json!({ "role": wanted.role.as_str(), "hospital": hospital_code }),
        now,
        &mut chance,
    )
}

/// Makes an invitation for a user who is written down already; what came before it is over.
fn hand_out(
    context: &Context,
    db: &mut Db,
    user_id: &str,
    detail: serde_json::Value,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<Invitation, Error> {
    let code = BASE64URL_NOPAD.encode(&chance.bytes::<24>());
    let secret = totp::Secret::new(chance.bytes());
    let key = context.vault.current_key();
    let sealed = context.vault.seal(Field::UserTotp, user_id, &secret.base32(), chance)?;
    let expires_at = now + INVITATION_LIFETIME;
    store::invite(db, user_id, &hash(&code), &sealed, key, expires_at)?;
    let entry =
        Entry { actor: context.actor.clone(), action: "user.invited", subject: user_id.to_owned(), detail };
    audit::append(db, [entry], now, chance)?;
    Ok(Invitation { user_id: user_id.to_owned(), code, expires_at })
}

fn hash(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

fn managed(db: &mut Db, manager: &Manager, user_id: &str) -> Result<UserRow, Error> {
    let user = store::by_id(db, user_id)?.filter(|user| manager.manages(user));
    user.ok_or_else(|| Error::not_found("There is no such user."))
}

/// Invites a user anew, who lost the password or the authenticator, or was disabled. All sessions end.
///
/// # Errors
/// `not_found`; `role_not_yours_to_give`.
pub async fn invite_again(context: &Context, manager: Manager, user_id: String) -> Result<Invitation, Error> {
    let whole = context.clone();
    sessions::ending(context, move |db| {
        let now = whole.clock.now();
        let mut chance = Chance::from_system()?;
        let user = managed(db, &manager, &user_id)?;
        if !manager.role.may_invite(user.role()?) {
            return Err(Error::new(
                Kind::Forbidden,
                "role_not_yours_to_give",
                "You may not invite users of this role.",
            ));
        }
        let actor = whole.actor.clone();
        let detail = json!({ "again": true });
        // From here on no sign-in with the old password comes through.
        let invitation = hand_out(&whole, db, &user.id, detail, now, &mut chance)?;
        let ended = sessions::end_all(db, actor, &user.id, "invited_again", now, &mut chance)?;
        Ok((invitation, ended))
    })
    .await
}

/// Disables a user. All sessions end.
///
/// # Errors
/// `not_found`; `already_disabled`.
pub async fn disable(context: &Context, manager: Manager, user_id: String) -> Result<(), Error> {
    let whole = context.clone();
    sessions::ending(context, move |db| {
        let now = whole.clock.now();
        let mut chance = Chance::from_system()?;
        let user = managed(db, &manager, &user_id)?;
        if !manager.role.may_invite(user.role()?) {
            return Err(Error::not_found("There is no such user."));
        }
        if !store::disable(db, &user.id)? {
            return Err(Error::conflict("already_disabled", "The user is disabled already."));
        }
        let actor = whole.actor.clone();
        let entry = Entry {
            actor: actor.clone(),
            action: "user.disabled",
            subject: user.id.clone(),
            detail: json!({}),
        };
        audit::append(db, [entry], now, &mut chance)?;
        let ended = sessions::end_all(db, actor, &user.id, "user_disabled", now, &mut chance)?;
        Ok(((), ended))
    })
    .await
}

/// What an invited person sees.
#[derive(Debug)]
pub struct Welcome {
    /// What the user signs in with.
    pub user_name: String,
    /// For the authenticator, to type.
    pub totp_secret: String,
    /// For the authenticator, to scan.
    pub otpauth_uri: String,
}

/// Looks at an invitation.
///
/// # Errors
/// `invalid_invitation`: unknown, used, or over.
pub async fn open_invitation(context: &Context, code: &str) -> Result<Welcome, Error> {
    let (user, secret) = invited(context, code).await?;
    Ok(Welcome {
        otpauth_uri: secret.otpauth_uri(&context.station.issuer, &user.user_name),
        totp_secret: secret.base32(),
        user_name: user.user_name,
    })
}

async fn invited(context: &Context, code: &str) -> Result<(UserRow, totp::Secret), Error> {
    let (hash, now) = (hash(code), context.clock.now());
    let user = context.pool.read(move |db| store::by_invitation(db, &hash, now)).await?;
    let user = user.ok_or_else(invalid_invitation)?;
    let secret = secret_of(context, &user)?.ok_or_else(invalid_invitation)?;
    Ok((user, secret))
}

fn secret_of(context: &Context, user: &UserRow) -> Result<Option<totp::Secret>, Error> {
    let sealed = user.totp_secret(&context.vault)?;
    Ok(sealed.and_then(|text| totp::Secret::from_base32(&text)))
}

fn invalid_invitation() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "invalid_invitation",
        "This invitation is not valid, or not any more. Ask for a new one.",
    )
}

/// Accepts an invitation: the password is set, and the authenticator shows that it has the secret.
///
/// # Errors
/// `invalid_invitation`; `wrong_totp`; the refusals of `domain/password.rs`.
pub async fn accept(context: &Context, code: &str, password: &str, one_time: &str) -> Result<(), Error> {
    let (user, secret) = invited(context, code).await?;
    let password = Password::parse(password, &user.user_name)?;
    let now = context.clock.now();
    let step = secret.matching_step(one_time, now).ok_or_else(|| {
        Error::invalid("wrong_totp", "The authenticator's code is wrong. Is the device's clock right?")
    })?;
    let password_hash = context.passwords.hash(password, Chance::from_system()?.bytes()).await?;
    let hash = hash(code);
    let accepted = context.pool.write(move |db| {
        if !store::activate(db, &user.id, &hash, &password_hash, step)? {
            return Err(invalid_invitation());
        }
        let entry = Entry {
            actor: crate::store::audit::Actor::User(user.id.clone()),
            action: "user.activated",
            subject: user.id,
            detail: json!({}),
        };
        audit::append(db, [entry], now, &mut Chance::from_system()?)
    });
    accepted.await
}

/// How a user signs in.
pub struct Login {
    /// The user's name.
    pub user_name: String,
    /// The password.
    pub password: String,
    /// What the authenticator shows.
    pub totp: String,
    /// What the device calls itself.
    pub device: String,
}

/// Signs a user in. An unknown name costs as much as a known one, and gets the same answer.
///
/// # Errors
/// `wrong_credentials`, `locked_out`.
pub async fn sign_in(context: &Context, login: Login) -> Result<SignedIn, Error> {
    // What cannot be a name is nobody's, and costs as much.
    let name = UserName::parse(&login.user_name).map(|name| name.as_str().to_owned()).unwrap_or_default();
    let subject = context.vault.index(Field::UserName, &name);
    let (key, now) = (subject.clone(), context.clock.now());
    let (user, lockout) =
        context.pool.read(move |db| Ok((store::by_name(db, &name)?, lockouts::of(db, &key)?))).await?;
    if let Some(wait) = lockout.and_then(|lockout| lockout.wait(now)) {
        return Err(locked_out(wait));
    }
    let stored = user.as_ref().filter(|user| user.is_active()).and_then(|user| user.password_hash.clone());
    let known = context.passwords.verify(stored, login.password).await?;
    let user = user.filter(|_| known);
    let whole = context.clone();
    let outcome = context.pool.write(move |db| {
        let known = guess(db, &subject, now, |db| {
            let Some(user) = &user else { return Ok(None) };
            let step = secret_of(&whole, user)?.and_then(|secret| secret.matching_step(&login.totp, now));
            let Some(step) = step else { return Ok(None) };
            Ok(store::use_step(db, &user.id, user.password_hash.as_deref(), step)?.then(|| user.clone()))
        })?;
        known.and_then(|user| {
            let (standing, mut chance) = (Standing::of_user(&user)?, Chance::from_system()?);
            let caller = Subject::User(user.id);
            sessions::begin(&whole, db, caller, standing, &login.device, now, &mut chance)
        })
    });
    outcome.await?.or_refuse(|| {
        Error::new(
            Kind::Unauthenticated,
            "wrong_credentials",
            "The user name, the password or the authenticator's code is wrong.",
        )
    })
}
