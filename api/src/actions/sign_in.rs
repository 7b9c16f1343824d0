//! Donors sign in: by a one-time code, or by WeChat.

use super::Context;
use super::guess::{Guess, guess, locked_out};
use super::own_record::no_such_account;
use super::sessions::{self, SignedIn, Standing};
use crate::chance::Chance;
use crate::domain::personal::Phone;
use crate::error::{Error, Kind};
use crate::store::accounts::{self, AccountRow};
use crate::store::audit::{self, Actor, Entry};
use crate::store::outbox::{self, Letter, OutboxRow};
use crate::store::sessions as store;
use crate::store::sign_in_codes::{self, CodeRow};
use crate::store::{Db, lockouts, one_at_a_time};
use crate::tokens::Subject;
use crate::vault::Field;
use crate::wechat::OpenId;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use subtle::ConstantTimeEq;

/// How long a code holds.
pub const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// An account that was not used for so long shows no record any more until it is bound again.
const RESTS_AFTER: TimeDelta = TimeDelta::days(180);
/// How often one code may be guessed at.
const ATTEMPTS: i64 = 5;

/// Sends a one-time code to `phone`: in the outbox when this returns, on its way shortly after. Nothing tells
/// a known number from an unknown one.
///
/// # Errors
/// `sms_not_configured`; `locked_out` while wrong codes make the number wait.
pub async fn request_code(context: &Context, phone: Phone, language: &'static str) -> Result<(), Error> {
    if !context.channels.reaches_telephones() {
        return Err(Error::conflict(
            "sms_not_configured",
            "No way to send codes is configured: set sms.provider.",
        ));
    }
    let (vault, now) = (context.vault.clone(), context.clock.now());
    let written = context.pool.write(move |db| {
        let phone_index = vault.index(Field::AccountPhone, phone.reveal());
        if let Some(wait) = lockouts::of(db, &phone_index)?.and_then(|lockout| lockout.wait(now)) {
            return Err(locked_out(wait));
        }
        let mut chance = Chance::from_system()?;
        let code = format!("{:06}", chance.below(1_000_000));
        let expires_at = now + CODE_LIFETIME;
        let code_hash = vault.index(Field::SignInCode, &bound(&phone, &code));
        let row = CodeRow { phone_index, code_hash, attempts: 0, expires_at: expires_at.naive_utc() };
        sign_in_codes::replace(db, &row)?;
        let content = json!({ "code": code, "language": language }).to_string();
        let letter =
            Letter { kind: "sign_in_code", recipient: phone.reveal(), content: &content, expires_at };
        outbox::push(db, &[OutboxRow::letter(&letter, &vault, now, &mut chance)?])
    });
    written.await?;
    context.bell.notify_one();
    Ok(())
}

/// A code is bound to the number it was sent to.
fn bound(phone: &Phone, code: &str) -> String {
    format!("{}\0{code}", phone.reveal())
}

fn wrong_code() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "wrong_code",
        "The code is wrong, was used already or has expired. Ask for a new one.",
    )
}

/// Takes the code that was sent to `phone` as the proof that whoever shows it holds the telephone; a right one is used up.
fn prove_phone(
    context: &Context,
    db: &mut Db,
    phone: &Phone,
    code: &str,
    now: DateTime<Utc>,
) -> Result<Guess<()>, Error> {
    let phone_index = context.vault.index(Field::AccountPhone, phone.reveal());
    guess(db, &phone_index, now, |db| {
        let Some(row) = sign_in_codes::attempt(db, &phone_index, ATTEMPTS, now)? else { return Ok(None) };
        let guessed = context.vault.index(Field::SignInCode, &bound(phone, code));
        let right = bool::from(guessed.ct_eq(&row.code_hash)) && sign_in_codes::consume(db, &row)?;
        Ok(right.then_some(()))
    })
}

/// Signs in with the code that was sent to `phone`; who signs in for the first time gets an account.
///
/// # Errors
/// `wrong_code`, `locked_out`.
pub async fn by_code(
    context: &Context,
    phone: Phone,
    code: String,
    device: String,
) -> Result<SignedIn, Error> {
    let whole = context.clone();
    let outcome = context.pool.write(move |db| {
        let now = whole.clock.now();
        let mut chance = Chance::from_system()?;
        prove_phone(&whole, db, &phone, &code, now)?.and_then(|()| {
            let account = account_of_phone(&whole, db, &phone, &Actor::Nobody, now, &mut chance)?;
            rest_if_unused(db, &account, now, &mut chance)?;
            begin(&whole, db, &account, &device, now, &mut chance)
        })
    });
    outcome.await?.or_refuse(wrong_code)
}

fn begin(
    context: &Context,
    db: &mut Db,
    account: &AccountRow,
    device: &str,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<SignedIn, Error> {
    let subject = Subject::Account(account.id.clone());
    sessions::begin(context, db, subject, Standing::donor(), device, now, chance)
}

/// Lets an account that was not used for long rest: it shows no record until it is bound again. Telephone numbers
/// are given to somebody else after a while, and whoever gets one must not see who had it.
fn rest_if_unused(
    db: &mut Db,
    account: &AccountRow,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let used_at = store::last_use(db, &account.id)?.unwrap_or(account.created_at.and_utc());
    if now - used_at < RESTS_AFTER || accounts::donors_of(db, &account.id)?.is_empty() {
        return Ok(());
    }
    accounts::unlink_all(db, &account.id, now)?;
    accounts::clear_openid(db, &account.id)?;
    note(db, Actor::Job("sign-in"), "account.rested", &account.id, now, chance)
}

fn open_account(
    context: &Context,
    db: &mut Db,
    actor: &Actor,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<AccountRow, Error> {
    let account = AccountRow::new(&context.vault, now, chance);
    accounts::insert(db, &account)?;
    let actor = match actor {
        Actor::Nobody => Actor::Account(account.id.clone()),
        other => other.clone(),
    };
    note(db, actor, "account.opened", &account.id, now, chance)?;
    Ok(account)
}

fn note(
    db: &mut Db,
    actor: Actor,
    action: &'static str,
    account_id: &str,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let entry = Entry { actor, action, subject: account_id.to_owned(), detail: json!({}) };
    audit::append(db, [entry], now, chance)
}

/// The account that `phone` signs in to, opened by `actor` (whoever signs in, when that is nobody yet) when there is
/// none. It stays locked until the transaction ends.
///
/// # Errors
/// Failures of the database.
pub(super) fn account_of_phone(
    context: &Context,
    db: &mut Db,
    phone: &Phone,
    actor: &Actor,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<AccountRow, Error> {
    let index = context.vault.index(Field::AccountPhone, phone.reveal());
    one_at_a_time(db, &index)?;
    if let Some(account) = accounts::by_phone(db, &index)?
        && let Some(account) = accounts::lock(db, &account.id)?
    {
        return Ok(account);
    }
    let account = open_account(context, db, actor, now, chance)?;
    accounts::set_phone(db, &account, phone, &context.vault, chance)?;
    Ok(account)
}

/// Signs in with a mini-program's `js_code`, and the telephone number that its user shared, when they did.
///
/// # Errors
/// `wechat_code_refused`, `wechat_unavailable`, `wechat_not_configured`; `phone_in_use` when the number
/// belongs to an account that another WeChat user signs in to.
pub async fn by_wechat(
    context: &Context,
    js_code: &str,
    phone_code: Option<&str>,
    device: String,
) -> Result<SignedIn, Error> {
    let now = context.clock.now();
    let openid = context.wechat.code_to_session(js_code).await?;
    let phone = match phone_code {
        Some(code) => Some(context.wechat.phone_number(context.clock, code, &openid).await?),
        None => None,
    };
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let mut chance = Chance::from_system()?;
            let account = account_of_wechat(&whole, db, &openid, phone.as_ref(), now, &mut chance)?;
            let account = accounts::lock(db, &account.id)?.ok_or_else(no_such_account)?;
            begin(&whole, db, &account, &device, now, &mut chance)
        })
        .await
}

fn account_of_wechat(
    context: &Context,
    db: &mut Db,
    openid: &OpenId,
    phone: Option<&Phone>,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<AccountRow, Error> {
    let vault = &context.vault;
    let index = vault.index(Field::AccountOpenId, openid.reveal());
    // Whoever taps twice signs in twice, and has one account.
    one_at_a_time(db, &index)?;
    let known = accounts::by_openid(db, &index)?;
    let of_phone = match phone {
        Some(phone) => {
            let index = vault.index(Field::AccountPhone, phone.reveal());
            one_at_a_time(db, &index)?;
            accounts::by_phone(db, &index)?
        }
        None => None,
    };
    match (known, of_phone, phone) {
        (Some(account), Some(other), _) if account.id != other.id => Err(Error::conflict(
            "phone_in_use",
            "This telephone number signs in to another account. Sign in with it by code, or ask at a window.",
        )),
        (Some(account), None, Some(phone)) if !account.has_phone() => {
            accounts::set_phone(db, &account, phone, vault, chance)?;
            let actor = Actor::Account(account.id.clone());
            note(db, actor, "account.phone_set", &account.id, now, chance)?;
            Ok(account)
        }
        (Some(account), _, _) => Ok(account),
        (None, Some(account), _) if account.has_wechat() => Err(Error::conflict(
            "phone_in_use",
            "Another WeChat user signs in to the account of this telephone number.",
        )),
        (None, Some(account), _) => {
            accounts::set_openid(db, &account, openid.reveal(), vault, chance)?;
            let actor = Actor::Account(account.id.clone());
            note(db, actor, "account.wechat_attached", &account.id, now, chance)?;
            Ok(account)
        }
        (None, None, phone) => {
            let account = open_account(context, db, &Actor::Nobody, now, chance)?;
            accounts::set_openid(db, &account, openid.reveal(), vault, chance)?;
            if let Some(phone) = phone {
                accounts::set_phone(db, &account, phone, vault, chance)?;
            }
            Ok(account)
        }
    }
}
