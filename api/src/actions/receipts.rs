//! What providers tell of messages that they took, and what people answer.

use super::Context;
use super::deliver::{TOLD_OF, apply_failure, refuse};
use crate::chance::Chance;
use crate::domain::consent::Purpose;
use crate::error::Error;
use crate::store::audit::{self, Actor, Entry};
use crate::store::message_preferences as preferences;
use crate::store::outbox::{self, OutboxRow, ReceiptRow};
use crate::store::{Db, accounts, consents};
use crate::vault::Field;
use chrono::{DateTime, Utc};
use notifications::opt_out::{self, OptOut};
use notifications::receipt::{DeliveryState, Inbound, Outcome, PhoneNumber, Receipt};
use serde_json::json;

/// Takes receipts: how many spoke of a message of ours. What is known already changes nothing.
///
/// # Errors
/// Failures of the database: then the provider tells again.
pub async fn take(context: &Context, receipts: Vec<Receipt>) -> Result<usize, Error> {
    let whole = context.clone();
    let taken = context.pool.write(move |db| {
        let (now, mut chance) = (whole.clock.now(), Chance::from_system()?);
        let mut taken = 0;
        for receipt in &receipts {
            if let Some(row) = message_of(&whole, db, receipt)? {
                apply(db, row, receipt, now, &mut chance)?;
                taken += 1;
            }
        }
        Ok(taken)
    });
    let taken = taken.await?;
    context.bell.notify_one();
    Ok(taken)
}

/// A message by our own id, or by the provider's number or our id together with the telephone: providers sign nothing.
fn message_of(context: &Context, db: &mut Db, receipt: &Receipt) -> Result<Option<OutboxRow>, Error> {
    let contact = receipt.phone.as_ref().map(|phone| contact_index(context, phone));
    let by_provider = match (&receipt.provider_id, &contact) {
        (Some(provider_id), Some(contact)) => outbox::by_provider(db, provider_id, contact)?,
        _ => None,
    };
    match (by_provider, &receipt.reference, &contact) {
        (Some(id), _, _) => outbox::by_id(db, &id),
        // Kannel gives no number back: its address has our id and a secret.
        (None, Some(id), None) => outbox::by_id(db, id),
        (None, Some(id), Some(contact)) => unnumbered(db, id, contact),
        _ => Ok(None),
    }
}

/// A message by our own id and the telephone, when the provider's number is not known: no answer came, or it is not written down.
fn unnumbered(db: &mut Db, id: &str, contact: &[u8]) -> Result<Option<OutboxRow>, Error> {
    let Some(row) = outbox::by_id(db, id)? else { return Ok(None) };
    if row.state != "sending" {
        return Ok(outbox::has_unnumbered(db, id, contact)?.then_some(row));
    }
    let account = accounts::by_phone(db, contact)?.map(|account| account.id);
    Ok(Some(row).filter(|row| account.is_some() && row.account_id == account))
}

fn contact_index(context: &Context, phone: &PhoneNumber) -> Vec<u8> {
    context.vault.index(Field::AccountPhone, phone.as_str())
}

fn apply(
    db: &mut Db,
    mut row: OutboxRow,
    receipt: &Receipt,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let before = DeliveryState::parse(&row.delivery).unwrap_or_default();
    let after = before.after(receipt.outcome);
    if after == before {
        return Ok(());
    }
    after.as_str().clone_into(&mut row.delivery);
    let waits = row.state == "ambiguous" && row.finished_at.is_none();
    // What went by another channel since is not what they speak of.
    let theirs = row.channel.as_deref().is_none_or(|channel| channel == TOLD_OF);
    match after {
        DeliveryState::Failed | DeliveryState::Rejected if theirs && (row.state == "sent" || waits) => {
            apply_failure(&mut row, now);
        }
        // It is not written down yet that it was handed over: whoever does finds that it was refused.
        DeliveryState::Failed | DeliveryState::Rejected if row.state == "sending" => refuse(&mut row),
        DeliveryState::Unknown | DeliveryState::Failed | DeliveryState::Rejected => {}
        // Whoever has it, had it from us.
        _ if row.state == "ambiguous" => {
            "sent".clone_into(&mut row.state);
            row.sent_at = Some(now.naive_utc());
            row.finished_at = Some(now.naive_utc());
        }
        _ => {}
    }
    let told = ReceiptRow {
        id: chance.id(now),
        message_id: row.id.clone(),
        outcome: word(receipt.outcome).to_owned(),
        code: receipt.code.clone(),
        told_at: now.naive_utc(),
    };
    outbox::tell(db, &row, &told)
}

fn word(outcome: Outcome) -> &'static str {
    DeliveryState::Unknown.after(outcome).as_str()
}

/// Takes answers: who says stop gets no appeals and no news, at once, and keeps what they arranged with the station. Everything
/// else is not read.
///
/// # Errors
/// Failures of the database: then the provider tells again.
pub async fn answer(context: &Context, inbound: Vec<Inbound>) -> Result<(), Error> {
    let wishes: Vec<(PhoneNumber, OptOut)> = inbound
        .into_iter()
        .filter_map(|inbound| opt_out::read(&inbound.text).map(|wish| (inbound.from, wish)))
        .collect();
    if wishes.is_empty() {
        return Ok(());
    }
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let (now, mut chance) = (whole.clock.now(), Chance::from_system()?);
            for (from, wish) in &wishes {
                let index = contact_index(&whole, from);
                match wish {
                    OptOut::Resume => preferences::opt_in(db, &index)?,
                    OptOut::Stop => stop(db, &index, now, &mut chance)?,
                }
            }
            Ok(())
        })
        .await
}

fn stop(db: &mut Db, index: &[u8], now: DateTime<Utc>, chance: &mut Chance) -> Result<(), Error> {
    preferences::opt_out(db, index, now)?;
    match accounts::by_phone(db, index)? {
        Some(account) => withdraw(db, &account.id, "reply", now, chance),
        None => Ok(()),
    }
}

/// Withdraws the consents to appeals and news.
pub(super) fn withdraw(
    db: &mut Db,
    account_id: &str,
    by: &str,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    for purpose in [Purpose::Appeals, Purpose::News] {
        if consents::withdraw(db, account_id, purpose.as_str(), now)? {
            let detail = json!({ "purpose": purpose.as_str(), "by": by });
            let actor = Actor::Account(account_id.to_owned());
            let entry = Entry { actor, action: "consent.withdrawn", subject: account_id.to_owned(), detail };
            audit::append(db, [entry], now, chance)?;
        }
    }
    Ok(())
}
