//! Sends a donor's newest certificate by e-mail.
//!
//! The attempt is committed before the letter leaves: after a crash the audit trail shows a letter that was
//! begun and of which nothing more is known, and nobody sends it again by itself.

use super::Context;
use super::deliver::mail_server;
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::config::Mail;
use crate::error::{Error, Kind};
use crate::links;
use crate::store::audit::{self, Entry};
use crate::store::certificates::{self as store, CertificateRow};
use crate::store::donors;
use certificates::{CheckedClaims, QrImage};
use chrono::{DateTime, Utc};
use notifications::{
    CertificateReady, Email, EmailAddress, Envelope, Language, Message, MessageId, Sender, render,
};
use serde_json::{Value, json};
use std::num::NonZeroUsize;

/// The pixels of a module in the letter's picture.
const PIXELS_PER_MODULE: u32 = 6;

/// Sends the newest certificate of the donor numbered `donor_no` to the donor's e-mail address.
///
/// # Errors
/// `mail_not_configured`, `bad_configuration`; `no_certificate`, `no_email_address`; `mail_failed` when the
/// server did not take the letter, `mail_ambiguous` when it may have.
pub async fn mail(
    context: &Context,
    settings: &Mail,
    donor_no: &str,
    language: Language,
) -> Result<(), Error> {
    let (email, sender) = channel(settings, context, language)?;
    let (row, address) = recipient(context, donor_no).await?;
    let letter = letter(context, &row, language)?;
    let now = context.clock.now();
    let left = Chance::from_system()?.id(now);
    let message_id =
        MessageId::parse(&format!("{left}@{}", context.station.issuer)).map_err(Error::internal)?;
    record(context, "certificate.mail_begun", &row, json!({ "message_id": left }), now).await?;
    let envelope = Envelope { from: &sender, to: &address, message_id: &message_id, date: now.into() };
    let outcome = email.send(&letter, &envelope).await;
    email.close().await;
    let (action, detail) = match &outcome {
        Ok(accepted) => ("certificate.mailed", json!({ "message_id": left, "code": accepted.code })),
        Err(failure) => (
            "certificate.mail_failed",
            json!({ "message_id": left, "class": format!("{:?}", failure.class) }),
        ),
    };
    record(context, action, &row, detail, context.clock.now()).await?;
    outcome.map(drop).map_err(|failure| {
        let code = match failure.class {
            notifications::Class::Ambiguous => "mail_ambiguous",
            _ => "mail_failed",
        };
        Error::new(Kind::Unavailable, code, failure.to_string()).because(failure.detail)
    })
}

fn channel(settings: &Mail, context: &Context, language: Language) -> Result<(Email, Sender), Error> {
    let bad = |failure: String| Error::invalid("bad_configuration", format!("mail: {failure}"));
    if settings.host.is_empty() {
        return Err(Error::conflict(
            "mail_not_configured",
            "No mail server is configured: set mail.host and mail.from.",
        ));
    }
    let (email, from) = mail_server(settings, NonZeroUsize::MIN)?;
    let sender =
        Sender::new(station_name(context, language), from).map_err(|failure| bad(failure.to_string()))?;
    Ok((email, sender))
}

fn station_name(context: &Context, language: Language) -> &str {
    match language {
        Language::Chinese => &context.station.name,
        Language::English => &context.station.name_en,
    }
}

async fn recipient(context: &Context, donor_no: &str) -> Result<(CertificateRow, EmailAddress), Error> {
    let (vault, donor_no) = (context.vault.clone(), donor_no.to_owned());
    let missing = |code, message| Error::new(Kind::NotFound, code, message);
    context
        .pool
        .read(move |db| {
            let (_, row) = store::newest(db, Some(&donor_no), "", 1)?
                .pop()
                .ok_or_else(|| missing("no_certificate", "There is no such donor, or no certificate yet."))?;
            let donor = donors::by_ids(db, std::slice::from_ref(&row.donor_id))?.pop();
            let email = donor.map(|donor| donor.email(&vault)).transpose()?.flatten();
            let email = email
                .ok_or_else(|| missing("no_email_address", "No e-mail address is known of this donor."))?;
            let address = email.parse().map_err(|_| Error::internal("a stored e-mail address is none"))?;
            Ok((row, address))
        })
        .await
}

fn letter(
    context: &Context,
    row: &CertificateRow,
    language: Language,
) -> Result<notifications::Rendered, Error> {
    let checked = CheckedClaims::from_payload(&row.payload).map_err(Error::internal)?;
    let claims = checked.claims();
    let qr = QrImage::of(&row.token()?).map_err(Error::internal)?;
    let message = Message::CertificateReady(CertificateReady {
        station: station_name(context, language).to_owned(),
        masked_name: claims.holder.masked_name.clone(),
        certificate_number: row.certificate_no.clone(),
        link: links::certificate(context, row)?,
        total_ml: u32::try_from(claims.totals.whole_blood_ml).map_err(Error::internal)?,
        donations: claims.totals.donations,
        lives_saved: claims.totals.lives_saved,
        valid_until: day_in_china(row.expires_at.and_utc()).to_string(),
        qr_png: qr.png(PIXELS_PER_MODULE).map_err(Error::internal)?,
    });
    render(&message, language).map_err(Error::internal)
}

async fn record(
    context: &Context,
    action: &'static str,
    row: &CertificateRow,
    detail: Value,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let entry = Entry { actor: context.actor.clone(), action, subject: row.certificate_no.clone(), detail };
    context.pool.write(move |db| audit::append(db, [entry], now, &mut Chance::from_system()?)).await
}
