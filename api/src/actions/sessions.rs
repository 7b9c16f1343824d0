//! Sessions: begun by a sign-in, prolonged by refresh tokens that are good for once, ended by their owner.

use super::Context;
use crate::chance::Chance;
use crate::domain::access::Role;
use crate::domain::personal::is_invisible;
use crate::domain::session::ends_at;
use crate::error::{Error, Kind};
use crate::store::audit::{self, Actor, Entry};
use crate::store::sessions::{self as store, SessionRow};
use crate::store::{Db, accounts, users};
use crate::tokens::{LIFETIME, Principal, Subject};
use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use sha2::{Digest, Sha256};

/// The longest name of a device that is kept, characters.
const LONGEST_DEVICE: usize = 64;

/// What somebody who signs in gets.
#[derive(Debug)]
pub struct SignedIn {
    /// Opens doors for ten minutes.
    pub access_token: String,
    /// Buys the next pair, once; systems get none.
    pub refresh_token: Option<String>,
    /// Who was signed in.
    pub principal: Principal,
}

/// In which role somebody acts, and for which hospital.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The role.
    pub role: Role,
    /// The hospital's code, for its users and systems.
    pub hospital: Option<String>,
}

impl Standing {
    /// A donor's.
    pub fn donor() -> Self {
        Self { role: Role::Donor, hospital: None }
    }

    /// A user's.
    ///
    /// # Errors
    /// `internal` when the row holds a role that no code of ours wrote.
    pub fn of_user(user: &users::UserRow) -> Result<Self, Error> {
        Ok(Self { role: user.role()?, hospital: user.hospital_code.clone() })
    }
}

/// Begins a session.
///
/// # Errors
/// Failures of the database.
pub fn begin(
    context: &Context,
    db: &mut Db,
    subject: Subject,
    standing: Standing,
    device: &str,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<SignedIn, Error> {
    let session = SessionRow {
        id: chance.id(now),
        subject_kind: subject.kind().to_owned(),
        subject_id: subject.id().to_owned(),
        device: tidy(device),
        created_at: now.naive_utc(),
        last_used_at: now.naive_utc(),
        expires_at: ends_at(standing.role, now, now).naive_utc(),
        ended_at: None,
        ended_because: None,
    };
    store::insert(db, &session)?;
    let entry = Entry {
        actor: Actor::from(&subject),
        action: "session.begun",
        subject: session.id.clone(),
        detail: json!({ "role": standing.role.as_str() }),
    };
    audit::append(db, [entry], now, chance)?;
    hand_out(context, db, subject, standing, &session.id, now, chance)
}

impl From<&Subject> for Actor {
    /// Whom the audit trail names.
    fn from(subject: &Subject) -> Self {
        match subject {
            Subject::Account(id) => Self::Account(id.clone()),
            Subject::User(id) => Self::User(id.clone()),
            Subject::Client(id) => Self::Client(id.clone()),
        }
    }
}

fn hand_out(
    context: &Context,
    db: &mut Db,
    subject: Subject,
    Standing { role, hospital }: Standing,
    session: &str,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<SignedIn, Error> {
    let refresh_token = match role {
        Role::System => None,
        _ => {
            let token = BASE64URL_NOPAD.encode(&chance.bytes::<32>());
            store::insert_refresh_token(db, &hash(&token), session)?;
            Some(token)
        }
    };
    let expires_at = (now + LIFETIME).timestamp();
    let principal = Principal { subject, role, hospital, session: session.to_owned(), expires_at };
    Ok(SignedIn { access_token: context.tokens.sign(&principal, now)?, refresh_token, principal })
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// A device's name without what would disturb a list of them.
fn tidy(device: &str) -> String {
    let visible = device.chars().filter(|character| !is_invisible(*character));
    visible.take(LONGEST_DEVICE).collect::<String>().trim().to_owned()
}

/// Takes a refresh token and gives the next pair. A token that was used before ends the session: either its
/// owner or somebody else holds a copy, and nobody can tell which (RFC 9700 §4.14.2).
///
/// # Errors
/// `invalid_refresh_token`: unknown, used, or of a session that is over.
pub async fn refresh(context: &Context, token: &str) -> Result<SignedIn, Error> {
    let (whole, hash) = (context.clone(), hash(token));
    let next = ending(context, move |db| refresh_in(&whole, db, &hash)).await?;
    next.ok_or_else(refused)
}

/// The next pair, if there is one; and the session that a replay ended: it is over, for thief and owner alike.
fn refresh_in(context: &Context, db: &mut Db, hash: &[u8]) -> Result<(Option<SignedIn>, Vec<String>), Error> {
    let now = context.clock.now();
    let mut chance = Chance::from_system()?;
    let Some(session) = store::of_refresh_token(db, hash)? else { return Ok((None, Vec::new())) };
    let subject = Subject::of(&session.subject_kind, &session.subject_id)
        .ok_or_else(|| Error::internal("a session of a kind that does not exist"))?;
    if session.ended_at.is_some() || session.expires_at.and_utc() <= now {
        return Ok((None, Vec::new()));
    }
    if !store::use_refresh_token(db, hash, now)? {
        store::end(db, &session.id, &session.subject_id, "refresh_token_replayed", now)?;
        let entry = Entry {
            actor: Actor::from(&subject),
            action: "session.refresh_token_replayed",
            subject: session.id.clone(),
            detail: json!({}),
        };
        audit::append(db, [entry], now, &mut chance)?;
        return Ok((None, vec![session.id]));
    }
    let Some(standing) = standing_of(db, &subject)? else { return Ok((None, Vec::new())) };
    let expires_at = ends_at(standing.role, session.created_at.and_utc(), now);
    store::extend(db, &session.id, now, expires_at)?;
    let next = hand_out(context, db, subject, standing, &session.id, now, &mut chance)?;
    Ok((Some(next), Vec::new()))
}

/// What somebody may act as today; `None` when the account was erased or the user disabled.
fn standing_of(db: &mut Db, subject: &Subject) -> Result<Option<Standing>, Error> {
    match subject {
        Subject::Account(id) => Ok(accounts::by_id(db, id)?.map(|_| Standing::donor())),
        Subject::User(id) => {
            let user = users::by_id(db, id)?.filter(users::UserRow::is_active);
            user.map(|user| Standing::of_user(&user)).transpose()
        }
        Subject::Client(_) => Ok(None),
    }
}

fn refused() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "invalid_refresh_token",
        "This refresh token is not valid, or not any more. Sign in again.",
    )
}

/// Ends one of somebody's own sessions.
///
/// # Errors
/// `not_found`: there is no such session, it is over, or it is somebody else's.
pub async fn end(context: &Context, subject: &Subject, session: &str) -> Result<(), Error> {
    let (now, owner, id) = (context.clock.now(), subject.clone(), session.to_owned());
    ending(context, move |db| {
        if !store::end(db, &id, owner.id(), "signed_out", now)? {
            return Err(Error::not_found("There is no such session."));
        }
        let entry = Entry {
            actor: Actor::from(&owner),
            action: "session.ended",
            subject: id.clone(),
            detail: json!({ "because": "signed_out" }),
        };
        audit::append(db, [entry], now, &mut Chance::from_system()?)?;
        Ok(((), vec![id]))
    })
    .await
}

/// Runs `work`, which says what sessions it ended, in a transaction, and tells all nodes of them after the commit.
/// Both are a task of their own: a client who hangs up in between must not leave a door open.
///
/// # Errors
/// What `work` returns, after a rollback.
pub(super) async fn ending<T, F>(context: &Context, work: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnOnce(&mut Db) -> Result<(T, Vec<String>), Error> + Send + 'static,
{
    let context = context.clone();
    let task = tokio::spawn(async move {
        let (value, ended) = context.pool.write(work).await?;
        for session in &ended {
            context.forget_session(session).await;
        }
        Ok(value)
    });
    task.await.map_err(Error::internal)?
}

/// Ends all sessions of somebody, in the transaction of what makes it necessary: for `ending`, their ids.
///
/// # Errors
/// Failures of the database.
pub fn end_all(
    db: &mut Db,
    actor: Actor,
    subject_id: &str,
    because: &'static str,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<Vec<String>, Error> {
    let ended = store::end_all(db, subject_id, because, now)?;
    let entries = ended.iter().map(|session| Entry {
        actor: actor.clone(),
        action: "session.ended",
        subject: session.clone(),
        detail: json!({ "because": because }),
    });
    audit::append(db, entries, now, chance)?;
    Ok(ended)
}

/// Signs somebody out everywhere: how many sessions were open.
///
/// # Errors
/// Failures of the database.
pub async fn sign_out_everywhere(context: &Context, subject: &Subject) -> Result<usize, Error> {
    let (now, owner) = (context.clock.now(), subject.clone());
    ending(context, move |db| {
        let (actor, mut chance) = (Actor::from(&owner), Chance::from_system()?);
        let ended = end_all(db, actor, owner.id(), "signed_out_everywhere", now, &mut chance)?;
        Ok((ended.len(), ended))
    })
    .await
}
