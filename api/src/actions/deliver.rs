//! Delivers what is in the outbox. The attempt is committed before the call; a code whose fate is unknown is
//! never sent again by itself: its owner asks for a new one.

use super::Context;
use crate::config;
use crate::error::Error;
use crate::store::outbox::{self, OutboxRow};
use chrono::TimeDelta;
use futures_util::future::join_all;
use notifications::{
    Class, HttpTimeouts, Language, Message, SignInCode, Sms, SmsSettings, Trust, render_sms,
};
use serde::Deserialize;
use std::time::Duration;

/// Messages on their way at one time.
const BATCH: i64 = 16;
/// An attempt that is older was cut short.
const LONGEST_ATTEMPT: TimeDelta = TimeDelta::minutes(5);

/// The way to telephones.
pub enum Gateway {
    /// By SMS.
    Sms(Sms),
    /// Nowhere: the demonstration's page shows them.
    Console,
    /// No way is configured.
    None,
}

impl Gateway {
    /// The way that the configuration names.
    ///
    /// # Errors
    /// `bad_configuration`.
    pub fn open(settings: &config::Sms) -> Result<Self, Error> {
        let bad = |failure: String| Error::invalid("bad_configuration", format!("sms: {failure}"));
        let trust = match settings.ca_file.as_str() {
            "" => Trust::System,
            file => Trust::Only(std::fs::read(file).map_err(|failure| bad(format!("ca_file: {failure}")))?),
        };
        match settings.provider.as_str() {
            "" => Ok(Self::None),
            "console" => Ok(Self::Console),
            "kannel" => {
                let total = Duration::from_secs(settings.timeout_seconds);
                let sms = Sms::new(SmsSettings {
                    url: settings.url.clone(),
                    user: settings.user.clone(),
                    password: settings.password.clone(),
                    from: settings.from.clone(),
                    timeouts: HttpTimeouts { total, ..HttpTimeouts::default() },
                    trust,
                });
                sms.map(Self::Sms).map_err(|failure| bad(failure.to_string()))
            }
            _ => Err(bad("provider is neither \"kannel\" nor \"console\" nor empty".to_owned())),
        }
    }

    /// Whether messages can leave at all.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// What a queued sign-in code says.
#[derive(Deserialize)]
struct Code {
    code: String,
    language: String,
}

/// The text that a queued message comes to.
///
/// # Errors
/// `internal` when it does not open, or is of a kind that no code of ours wrote.
pub fn text_of(context: &Context, row: &OutboxRow) -> Result<String, Error> {
    if row.kind != "sign_in_code" {
        return Err(Error::internal("a message of a kind that does not exist"));
    }
    let content = row.content(&context.vault)?;
    let Code { code, language } =
        serde_json::from_str(&content).map_err(|_| Error::internal("a message that cannot be read"))?;
    let (language, station) = match language.as_str() {
        "en" => (Language::English, &context.station.name_en),
        _ => (Language::Chinese, &context.station.name),
    };
    let minutes = u32::try_from(super::sign_in::CODE_LIFETIME.num_minutes()).unwrap_or(0);
    let message = Message::SignInCode(SignInCode { station: station.clone(), code, minutes });
    render_sms(&message, language).map(|text| text.as_str().to_owned()).map_err(Error::internal)
}

/// Delivers what is due: how many messages were tried.
///
/// # Errors
/// Failures of the database; what a gateway says is written down.
pub async fn deliver_due(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    let rows = context.pool.write(move |db| outbox::claim(db, BATCH, now)).await?;
    let states = join_all(rows.iter().map(|row| deliver(context, row))).await;
    let outcomes: Vec<(String, &'static str)> =
        rows.iter().map(|row| row.id.clone()).zip(states.iter().copied()).collect();
    let (count, now) = (rows.len(), context.clock.now());
    let keeps = matches!(*context.gateway, Gateway::Console);
    if count > 0 {
        context
            .pool
            .write(move |db| {
                outcomes.iter().try_for_each(|(id, state)| {
                    outbox::finish(db, id, state, now)?;
                    // The demonstration's page shows what would have been said.
                    if keeps { Ok(()) } else { outbox::blank(db, id) }
                })
            })
            .await?;
    }
    Ok(count)
}

async fn deliver(context: &Context, row: &OutboxRow) -> &'static str {
    if row.expires_at.and_utc() <= context.clock.now() {
        return "expired";
    }
    let prepared = text_of(context, row).and_then(|text| Ok((text, row.recipient(&context.vault)?)));
    let (text, recipient) = match prepared {
        Ok(prepared) => prepared,
        Err(failure) => {
            tracing::error!(message_id = row.id, context = failure.context, "a message cannot be prepared");
            return "failed";
        }
    };
    let sent = match context.gateway.as_ref() {
        Gateway::Sms(sms) => sms.send(&recipient, &text).await.map(drop),
        Gateway::Console => Ok(()),
        Gateway::None => return "failed",
    };
    match sent {
        Ok(()) => "sent",
        Err(failure) => {
            tracing::warn!(message_id = row.id, class = ?failure.class, %failure, "a message was not sent");
            if failure.class == Class::Ambiguous { "ambiguous" } else { "failed" }
        }
    }
}

/// Writes down that attempts of a process that died are of unknown outcome: how many.
///
/// # Errors
/// Failures of the database.
pub async fn settle_interrupted(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    context.pool.write(move |db| outbox::give_up(db, now - LONGEST_ATTEMPT, now)).await
}
