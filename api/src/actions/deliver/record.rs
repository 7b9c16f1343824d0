//! Writes down what came of a batch.

use super::compose::{Prepared, Ready};
use super::{TOLD_OF, apply_failure, attempt_of, said};
use crate::actions::Context;
use crate::chance::Chance;
use crate::domain::delivery::{CIRCUIT, Next, Patience, Said, next};
use crate::error::Error;
use crate::store::outbox::{self, AttemptRow, Finished, OutboxRow};
use crate::store::wechat_subscriptions::{self, Used};
use crate::store::{Db, message_policy};
use chrono::{DateTime, Utc};
use notifications::{Accepted, Cause, Failure, Reason};

/// A message that was worked on.
pub struct Made {
    /// As it was claimed.
    pub row: OutboxRow,
    /// What came of it before a channel was asked.
    pub prepared: Prepared,
    /// What the channel said, when one was asked.
    pub outcome: Option<Result<Accepted, Failure>>,
}

/// Writes everything down: states, attempts, circuits, letters that go beside.
pub fn record(context: &Context, db: &mut Db, made: Vec<Made>) -> Result<(), Error> {
    let (now, mut chance) = (context.clock.now(), Chance::from_system()?);
    let patience = message_policy::patience(db)?;
    let (mut rows, mut attempts, mut letters) = (Vec::new(), Vec::new(), Vec::new());
    for one in &made {
        let (row, attempt) = ended(one, &patience, now, &mut chance);
        rows.push(row);
        attempts.push(attempt);
        if let Prepared::Ready(Ready { letter_beside: true, .. }) = &one.prepared {
            letters.push(one.row.letter_beside());
        }
    }
    let overtaken = outbox::finish(db, &rows, &attempts)?;
    if !overtaken.is_empty() {
        let told: Vec<Finished> = overtaken.into_iter().map(|row| as_told(row, now)).collect();
        outbox::finish(db, &told, &[])?;
    }
    outbox::push_once(db, &letters)?;
    for one in &made {
        open_circuit(db, one, now)?;
    }
    forget(context, db, &made, &rows, &mut chance)?;
    // Last: whoever changes a balance elsewhere holds the account's lock, which the letters' rows ask for.
    wechat_subscriptions::spend(db, &made.iter().filter_map(used).collect::<Vec<_>>(), now)
}

/// A consent is good for one message. What may or may not have been sent leaves it: WeChat says no to the next one, if need be.
fn used(one: &Made) -> Option<Used> {
    let Prepared::Ready(Ready { template_id: Some(template_id), .. }) = &one.prepared else { return None };
    let refused = match one.outcome.as_ref()? {
        Ok(_) => false,
        Err(failure) if failure.cause == Cause::Refused(Reason::NotSubscribed) => true,
        Err(_) => return None,
    };
    Some(Used { account_id: one.row.account_id.clone()?, template_id: template_id.clone(), refused })
}

fn ended(one: &Made, patience: &Patience, now: DateTime<Utc>, chance: &mut Chance) -> (Finished, AttemptRow) {
    let Made { row, prepared, outcome } = one;
    let mut ended = Finished {
        id: row.id.clone(),
        fence: row.fence,
        state: "failed",
        attempts: row.attempts,
        due_at: row.due_at,
        channel: row.channel.clone(),
        refused_by: row.refused_by.clone(),
        sent_at: None,
        finished_at: Some(now.naive_utc()),
    };
    let mut attempt = AttemptRow::ended(row, "unreachable", now);
    match (prepared, outcome) {
        (Prepared::Ready(ready), Some(outcome)) => {
            let said = said(outcome);
            attempt = attempt_at(row, ready, said, outcome, now);
            ended.channel = Some(ready.channel.to_owned());
            let [high, low] = chance.bytes();
            let draw = u16::from_be_bytes([high, low]);
            apply(&mut ended, next(said, &attempt_of(row, ready.has_other), patience, now, draw), now);
        }
        (Prepared::Later(at), _) => {
            attempt.outcome = "put_off".to_owned();
            apply(&mut ended, Next::Again { at: *at, counts: false }, now);
        }
        (Prepared::Expired, _) => (ended.state, attempt.outcome) = ("expired", "expired".to_owned()),
        (Prepared::Superseded, _) => (ended.state, attempt.outcome) = ("superseded", "superseded".to_owned()),
        (Prepared::Suppressed(why), _) => (ended.state, attempt.outcome) = ("suppressed", (*why).to_owned()),
        (Prepared::Unwritable, _) => attempt.outcome = "unwritable".to_owned(),
        (Prepared::Unreachable | Prepared::Ready(_), _) => {}
    }
    (ended, attempt)
}

/// What becomes of a message when a receipt was faster than the hand-over's own answer: the same as if it had come after it.
fn as_told(mut row: OutboxRow, now: DateTime<Utc>) -> Finished {
    let arrived = !["failed", "rejected"].contains(&row.delivery.as_str());
    if arrived {
        (row.channel, row.finished_at) = (Some(TOLD_OF.to_owned()), Some(now.naive_utc()));
    } else {
        apply_failure(&mut row, now);
    }
    Finished {
        state: match row.finished_at {
            _ if arrived => "sent",
            None => "queued",
            Some(_) => "failed",
        },
        sent_at: arrived.then(|| now.naive_utc()),
        id: row.id,
        fence: row.fence,
        attempts: row.attempts,
        due_at: row.due_at,
        channel: row.channel,
        refused_by: row.refused_by,
        finished_at: row.finished_at,
    }
}

fn attempt_at(
    row: &OutboxRow,
    ready: &Ready,
    said: Said,
    outcome: &Result<Accepted, Failure>,
    now: DateTime<Utc>,
) -> AttemptRow {
    AttemptRow {
        channel: Some(ready.channel.to_owned()),
        code: match outcome {
            Ok(accepted) => Some(accepted.code.to_string()),
            Err(failure) => Some(code(failure)),
        },
        provider_id: outcome.as_ref().ok().and_then(|accepted| accepted.provider_id.clone()),
        contact_index: ready.contact_index.clone(),
        ..AttemptRow::ended(row, said.as_str(), now)
    }
}

/// A failure in a word, without the server's own ones.
fn code(failure: &Failure) -> String {
    match failure.cause {
        Cause::Answer(code) | Cause::Http(code) => code.to_string(),
        cause => cause.to_string(),
    }
}

fn apply(ended: &mut Finished, next: Next, now: DateTime<Utc>) {
    match next {
        Next::Sent => (ended.state, ended.sent_at) = ("sent", Some(now.naive_utc())),
        Next::Again { at, counts } => {
            (ended.state, ended.due_at, ended.finished_at) = ("queued", at.naive_utc(), None);
            ended.attempts -= i64::from(!counts);
        }
        Next::OtherChannel => {
            let refused = ended.channel.take().unwrap_or_default();
            let list = [std::mem::take(&mut ended.refused_by), refused].join(",");
            ended.refused_by = list.trim_matches(',').to_owned();
            (ended.state, ended.due_at, ended.finished_at, ended.attempts) =
                ("queued", now.naive_utc(), None, 0);
        }
        Next::Dead => ended.state = "failed",
        Next::Expired => ended.state = "expired",
        Next::Unknown { look_at } => {
            ended.state = "ambiguous";
            if let Some(at) = look_at {
                (ended.due_at, ended.finished_at) = (at.naive_utc(), None);
            }
        }
    }
}

/// Our account or set-up was refused: nobody else need be refused, too, for a while.
fn open_circuit(db: &mut Db, one: &Made, now: DateTime<Utc>) -> Result<(), Error> {
    let (Prepared::Ready(ready), Some(Err(failure))) = (&one.prepared, &one.outcome) else { return Ok(()) };
    // Without a template one kind of message cannot leave; the others can.
    if failure.class != notifications::Class::Account || failure.cause == Cause::NoTemplate {
        return Ok(());
    }
    tracing::error!(channel = ready.channel, %failure, "a channel is left alone: our account or set-up was refused");
    message_policy::open_circuit(db, ready.channel, now + CIRCUIT, &code(failure))
}

/// Nothing is kept of whom a finished message went to and what it said, but for the demonstration's page.
fn forget(
    context: &Context,
    db: &mut Db,
    made: &[Made],
    rows: &[Finished],
    chance: &mut Chance,
) -> Result<(), Error> {
    let mut over = Vec::new();
    for (one, row) in made.iter().zip(rows).filter(|(_, row)| row.finished_at.is_some()) {
        match &one.prepared {
            Prepared::Ready(ready) if context.channels.shows_messages() && row.state == "sent" => {
                let (to, text) = ready.shown();
                outbox::keep(db, &row.id, to, text, &context.vault, chance)?;
            }
            _ if one.row.account_id.is_none() => over.push(row.id.as_str()),
            _ => {}
        }
    }
    outbox::blank(db, &over)
}
