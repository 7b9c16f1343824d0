//! How a donor wants to be told, and what they were asked and told without having arranged it, in an export.

use crate::domain::appeals::Lot;
use crate::domain::reminders::{chosen, in_hours};
use crate::error::Error;
use crate::store::{Db, appeals, invitations, message_preferences, reminders};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// How the donor wants to be told.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedPreferences {
    pub(super) channels: Vec<String>,
    /// Whether appointments go by letter, too.
    pub(super) letters: bool,
    pub(super) language: String,
    /// How many hours before an appointment to be reminded; as the station does when absent.
    pub(super) reminders: Option<Vec<u32>>,
}

/// In force.
pub(super) fn preferences(db: &mut Db, account_id: &str) -> Result<ExportedPreferences, Error> {
    let (row, times) = (message_preferences::of_account(db, account_id)?, reminders::reminder_times(db)?);
    Ok(ExportedPreferences {
        channels: row.channels.split(',').map(str::to_owned).collect(),
        letters: row.letters,
        language: row.language,
        reminders: row.reminders.map(|choice| in_hours(&chosen(&times, Some(&choice)))),
    })
}

/// An appeal that drew the donor.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedAppeal {
    pub(super) drawn_at: DateTime<Utc>,
    pub(super) product: String,
    /// The site's code.
    pub(super) site: Option<String>,
    closes_at: DateTime<Utc>,
    /// `asked`; `held_out` by lot, to see what asking does; `called_off` before the message left; `not_reached`.
    pub(super) lot: &'static str,
}

/// The oldest first.
pub(super) fn drawn(db: &mut Db, account_id: &str) -> Result<Vec<ExportedAppeal>, Error> {
    let exported = |(recipient, appeal): (appeals::RecipientRow, appeals::AppealRow)| {
        let lot = Lot::of(&recipient.state, recipient.reached)
            .ok_or_else(|| Error::internal("a lot that does not exist"))?;
        Ok(ExportedAppeal {
            drawn_at: recipient.drawn_at.and_utc(),
            product: appeal.product,
            site: appeal.site_code,
            closes_at: appeal.closes_at.and_utc(),
            lot: lot.as_str(),
        })
    };
    appeals::history(db, account_id)?.into_iter().map(exported).collect()
}

/// That the donor was told that they may give again.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedInvitation {
    pub(super) queued_at: DateTime<Utc>,
    pub(super) product: String,
    /// Since when, Asia/Shanghai.
    pub(super) from_day: NaiveDate,
    /// The last donation before.
    donation_no: String,
}

/// The oldest first.
pub(super) fn invited(db: &mut Db, account_id: &str) -> Result<Vec<ExportedInvitation>, Error> {
    let all = invitations::invitations_of(db, account_id)?.into_iter().map(|row| ExportedInvitation {
        queued_at: row.queued_at.and_utc(),
        product: row.product,
        from_day: row.from_day,
        donation_no: row.donation_no,
    });
    Ok(all.collect())
}

/// That the donor was told that a donation was used.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedUseNotice {
    pub(super) queued_at: DateTime<Utc>,
    pub(super) donation_no: String,
}

/// The oldest first.
pub(super) fn told_of_use(db: &mut Db, account_id: &str) -> Result<Vec<ExportedUseNotice>, Error> {
    let all = invitations::notices_of(db, account_id)?
        .into_iter()
        .map(|row| ExportedUseNotice { queued_at: row.queued_at.and_utc(), donation_no: row.donation_no });
    Ok(all.collect())
}
