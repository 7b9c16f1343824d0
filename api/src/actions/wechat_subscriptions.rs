//! Which messages somebody takes by WeChat, and how many more of them.

use super::Context;
use super::own_record::no_such_account;
use crate::chance::Chance;
use crate::domain::idempotency::{Key, Unanswered};
use crate::domain::subscriptions::{MOST, agreed};
use crate::error::Error;
use crate::store::audit::{self, Entry};
use crate::store::idempotency_keys::{self, AnswerRow};
use crate::store::wechat_subscriptions as store;
use crate::store::{Db, accounts, message_preferences};
use notifications::Language;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;

/// What the mini-program may ask somebody for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Subscriptions {
    /// The templates for `wx.requestSubscribeMessage`; none when the station sends nothing by WeChat.
    templates: Vec<Subscription>,
    /// Consents to one template that are kept at most.
    most: i64,
}

/// A subscribe message (订阅消息).
#[derive(Debug, Serialize, ToSchema)]
pub struct Subscription {
    /// WeChat's id of the template.
    template_id: String,
    /// The kinds of message that it says: `reminder`, `appointment_booked`, …
    kinds: Vec<&'static str>,
    /// Messages that are still taken: one for each time that the person agreed.
    remaining: i64,
}

/// The templates in the account's language, with what is left of each.
///
/// # Errors
/// Failures of the database.
pub async fn show(context: &Context, account_id: String) -> Result<Subscriptions, Error> {
    let whole = context.clone();
    context.pool.read(move |db| subscriptions(&whole, db, &account_id)).await
}

fn subscriptions(context: &Context, db: &mut Db, account_id: &str) -> Result<Subscriptions, Error> {
    let language = match message_preferences::of_account(db, account_id)?.language.as_str() {
        "en" => Language::English,
        _ => Language::Chinese,
    };
    let left: HashMap<String, i64> =
        store::of_account(db, account_id)?.into_iter().map(|row| (row.template_id, row.remaining)).collect();
    let templates = context.channels.subscribe_messages(language).into_iter();
    let templates = templates.map(|(id, kinds)| Subscription {
        template_id: id.to_owned(),
        kinds,
        remaining: left.get(id).copied().unwrap_or(0),
    });
    Ok(Subscriptions { templates: templates.collect(), most: MOST })
}

/// Writes down what somebody answered WeChat's question: one more message for each template that they agreed to, at most
/// [`MOST`]. The same key with the same answers adds nothing the second time.
///
/// # Errors
/// `unknown_template`, `unknown_answer`; `no_wechat` when WeChat does not sign in to the account; `key_reused`.
pub async fn answer(
    context: &Context,
    account_id: String,
    answers: BTreeMap<String, String>,
    key: Option<Key>,
) -> Result<Subscriptions, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let channels = &whole.channels;
            let known = [Language::Chinese, Language::English].map(|one| channels.subscribe_messages(one));
            let agreed = agreed(&answers, |id| known.iter().any(|templates| templates.contains_key(id)))?;
            let account = accounts::lock(db, &account_id)?.ok_or_else(no_such_account)?;
            if !account.has_wechat() {
                return Err(Error::conflict(
                    "no_wechat",
                    "Sign in with WeChat first: messages go to whoever does.",
                ));
            }
            if said_before(db, key.as_ref())? {
                return subscriptions(&whole, db, &account_id);
            }
            if let Some(key) = key {
                let row = AnswerRow {
                    key_hash: key.key_hash.to_vec(),
                    request_hash: key.request_hash.to_vec(),
                    answer: String::new(),
                    created_at: now.naive_utc(),
                };
                idempotency_keys::keep(db, &[row])?;
            }
            let mut added = Vec::new();
            for template in agreed {
                if store::add(db, &account_id, template, MOST, now)? {
                    added.push(template);
                }
            }
            let entry = (!added.is_empty()).then(|| Entry {
                actor: whole.actor.clone(),
                action: "wechat.subscribed",
                subject: account_id.clone(),
                detail: json!({ "templates": added }),
            });
            let shown = subscriptions(&whole, db, &account_id)?;
            audit::append(db, entry, now, &mut Chance::from_system()?)?;
            Ok(shown)
        })
        .await
}

/// Whether this was said with this key before; the account is locked, so nobody says it at the same time.
fn said_before(db: &mut Db, key: Option<&Key>) -> Result<bool, Error> {
    let Some(key) = key else { return Ok(false) };
    match idempotency_keys::answers(db, &[&key.key_hash])?.pop() {
        None => Ok(false),
        Some(row) if row.request_hash == key.request_hash => Ok(true),
        Some(_) => Err(Unanswered::KeyReused.into()),
    }
}
