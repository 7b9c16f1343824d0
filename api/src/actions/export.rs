//! Everything that the station holds of a donor, for the donor: as data, and to be read.

mod booking;
mod door;
mod messages;
mod questionnaires;
mod text;
mod words;

pub use booking::{ExportedAppointment, ExportedCallUp, ExportedMembership};
pub use door::{ExportedDeferral, ExportedReaction, ExportedScreening, ExportedVisit};
pub use messages::{ExportedAppeal, ExportedInvitation, ExportedPreferences, ExportedUseNotice};
pub use questionnaires::ExportedQuestionnaire;

use super::Context;
use super::units::{JourneyView, Journeys};
use crate::error::Error;
use crate::store::accounts::{self, LinkedDonor};
use crate::store::audit::{self, Trace};
use crate::store::donors::DonorRow;
use crate::store::{Db, certificates, consents, donations, donors, sessions, users, wechat_subscriptions};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// Lines of the trail that a donor is shown.
const NEWEST_TRACES: i64 = 1_000;

/// Everything.
#[derive(Debug, Serialize, ToSchema)]
pub struct Export {
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// What signs in.
    pub account: ExportedAccount,
    /// The account's own person's record; relatives' records are theirs.
    pub donor: Option<ExportedDonor>,
    /// Donations, the oldest first.
    pub donations: Vec<ExportedDonation>,
    /// Certificates, the newest first.
    pub certificates: Vec<ExportedCertificate>,
    /// The questionnaire that is being filled in, and those that were submitted, the newest first.
    pub questionnaires: Vec<ExportedQuestionnaire>,
    /// Appointments, by start.
    pub appointments: Vec<ExportedAppointment>,
    /// What happened at the door, the oldest visit first.
    pub visits: Vec<ExportedVisit>,
    /// When the donor was asked to wait, lifted deferrals too.
    pub deferrals: Vec<ExportedDeferral>,
    /// Adverse reactions, the oldest first.
    pub reactions: Vec<ExportedReaction>,
    /// Emergency teams, those that were left too.
    pub teams: Vec<ExportedMembership>,
    /// What the teams were called for, and what the donor said.
    pub call_ups: Vec<ExportedCallUp>,
    /// How the donor wants to be told.
    pub message_preferences: ExportedPreferences,
    /// The appeals that drew the donor, the oldest first.
    pub appeals: Vec<ExportedAppeal>,
    /// When the donor was told that they may give again, the oldest first.
    pub invitations: Vec<ExportedInvitation>,
    /// When the donor was told that a donation was used, the oldest first.
    pub use_notices: Vec<ExportedUseNotice>,
    /// Consents, withdrawn ones too.
    pub consents: Vec<ExportedConsent>,
    /// Messages that are still taken by WeChat.
    pub wechat_subscriptions: Vec<ExportedSubscription>,
    /// Where the account is signed in.
    pub sessions: Vec<ExportedSession>,
    /// Relatives whose records the account sees, by donor number.
    pub relatives: Vec<String>,
    /// Who looked at the record, when, and why.
    pub access_log: Vec<Access>,
}

/// What signs in.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedAccount {
    id: String,
    phone: Option<String>,
    wechat: bool,
    since: DateTime<Utc>,
}

/// A donor's record.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedDonor {
    donor_no: String,
    name: String,
    id_type: String,
    id_number: String,
    phone: Option<String>,
    email: Option<String>,
    sex: String,
    birth_date: NaiveDate,
    abo: Option<String>,
    rh: Option<String>,
}

/// A donation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedDonation {
    donation_no: String,
    collected_at: DateTime<Utc>,
    site_code: String,
    product: &'static str,
    /// ml.
    volume_ml: u32,
    /// Therapeutic units of platelets.
    units: u32,
    outcome: &'static str,
    #[serde(flatten)]
    became: JourneyView,
}

/// A certificate.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedCertificate {
    certificate_no: String,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// A consent.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedConsent {
    purpose: String,
    text_version: String,
    given_at: DateTime<Utc>,
    given_from: String,
    address: String,
    withdrawn_at: Option<DateTime<Utc>>,
}

/// Messages that are still taken by WeChat.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedSubscription {
    template_id: String,
    remaining: i64,
    changed_at: DateTime<Utc>,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedSession {
    device: String,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
}

/// A look at a record, or a change to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Access {
    /// By this the station can say which member of staff it was.
    reference: String,
    at: DateTime<Utc>,
    /// What was done: `donor.found`, `donor.bound`, …
    action: String,
    /// `you`, `relative`, `station`, or the role of the member of staff.
    by: String,
    /// The hospital of whoever did it, when it was a hospital.
    hospital: Option<String>,
    /// The stated purpose.
    purpose: Option<String>,
}

/// Gathers everything of an account.
///
/// # Errors
/// `not_found` when it was erased; failures of the database.
pub async fn export(context: &Context, account_id: String) -> Result<Export, Error> {
    let whole = context.clone();
    context.pool.read(move |db| gather(&whole, db, &account_id)).await
}

fn gather(context: &Context, db: &mut Db, account_id: &str) -> Result<Export, Error> {
    let (vault, now) = (&context.vault, context.clock.now());
    let account =
        accounts::by_id(db, account_id)?.ok_or_else(|| Error::not_found("There is no such account."))?;
    let (own, relatives): (Vec<LinkedDonor>, Vec<LinkedDonor>) =
        accounts::donors_of(db, account_id)?.into_iter().partition(|donor| donor.link.relation == "self");
    let ids: Vec<String> = own.iter().map(|donor| donor.link.donor_id.clone()).collect();
    let record = donors::by_ids(db, &ids)?.pop();
    let (mut given, mut issued, mut answered) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(record) = &record {
        given = donations::of_donors(db, &[&record.id])?;
        given.sort_by_key(|row| row.collected_at);
        issued = certificates::of_donor(db, &record.id)?;
        answered = questionnaires::of_donor(context, db, &record.id)?;
    }
    // Of records that were merged into the own one too: they are the same person's.
    let records = match &record {
        Some(record) => donors::with_merged(db, &record.id)?,
        None => Vec::new(),
    };
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let consents = consents::of_account(db, account_id)?.into_iter().map(|row| {
        Ok(ExportedConsent {
            address: row.address(vault)?.to_string(),
            purpose: row.purpose,
            text_version: row.text_version,
            given_at: row.given_at.and_utc(),
            given_from: row.given_from,
            withdrawn_at: row.withdrawn_at.map(|at| at.and_utc()),
        })
    });
    let journeys = Journeys::load(db, given.iter().map(|row| row.donation_no.as_str()), now)?;
    let donations = given.into_iter().map(|row| {
        let collection = row.collection()?;
        Ok(ExportedDonation {
            became: journeys.of(&row.donation_no),
            donation_no: row.donation_no,
            collected_at: collection.collected_at,
            site_code: row.site_code,
            product: collection.product.as_str(),
            volume_ml: collection.volume_ml,
            units: collection.units,
            outcome: collection.outcome.as_str(),
        })
    });
    Ok(Export {
        made_at: now,
        donor: record.as_ref().map(|record| exported_donor(context, record)).transpose()?,
        donations: donations.collect::<Result<_, Error>>()?,
        certificates: issued
            .into_iter()
            .map(|row| ExportedCertificate {
                certificate_no: row.certificate_no,
                issued_at: row.issued_at.and_utc(),
                expires_at: row.expires_at.and_utc(),
            })
            .collect(),
        questionnaires: answered,
        appointments: booking::appointments(db, &records)?,
        visits: door::visits(db, &records, vault)?,
        deferrals: door::deferrals(db, &records)?,
        reactions: door::reactions(db, &records, vault)?,
        teams: booking::memberships(db, account_id)?,
        call_ups: booking::calls(db, account_id)?,
        message_preferences: messages::preferences(db, account_id)?,
        appeals: messages::drawn(db, account_id)?,
        invitations: messages::invited(db, account_id)?,
        use_notices: messages::told_of_use(db, account_id)?,
        consents: consents.collect::<Result<_, Error>>()?,
        wechat_subscriptions: wechat_subscriptions::of_account(db, account_id)?
            .into_iter()
            .map(|row| ExportedSubscription {
                template_id: row.template_id,
                remaining: row.remaining,
                changed_at: row.changed_at.and_utc(),
            })
            .collect(),
        sessions: sessions::open_of(db, account_id, now)?
            .into_iter()
            .map(|row| ExportedSession {
                device: row.device,
                created_at: row.created_at.and_utc(),
                last_used_at: row.last_used_at.and_utc(),
            })
            .collect(),
        relatives: relatives.into_iter().map(|donor| donor.donor_no).collect(),
        access_log: access_log(db, account_id)?,
        account: ExportedAccount {
            phone: account.phone(vault)?.map(|phone| phone.to_string()),
            wechat: account.has_wechat(),
            since: account.created_at.and_utc(),
            id: account.id,
        },
    })
}

fn exported_donor(context: &Context, record: &DonorRow) -> Result<ExportedDonor, Error> {
    let vault = &context.vault;
    Ok(ExportedDonor {
        donor_no: record.donor_no.clone(),
        name: record.name.clone(),
        id_type: record.id_type.clone(),
        id_number: record.id_number(vault)?.to_string(),
        phone: record.phone(vault)?.map(|phone| phone.to_string()),
        email: record.email(vault)?.map(|email| email.to_string()),
        sex: record.sex.clone(),
        birth_date: record.birth_date,
        abo: record.abo.clone(),
        rh: record.rh.clone(),
    })
}

/// What was done to the account and to its own person's record, the newest first.
///
/// # Errors
/// Failures of the database.
pub fn access_log(db: &mut Db, account_id: &str) -> Result<Vec<Access>, Error> {
    let mut subjects = vec![account_id.to_owned()];
    for donor in
        accounts::donors_of(db, account_id)?.into_iter().filter(|donor| donor.link.relation == "self")
    {
        subjects.extend([donor.link.donor_id, donor.donor_no]);
    }
    let traces = audit::of_subjects(db, &subjects, NEWEST_TRACES)?;
    let mut staff: HashMap<String, Option<users::UserRow>> = HashMap::new();
    traces
        .into_iter()
        .map(|trace| {
            let (by, hospital) = match trace.actor.split_once(':') {
                Some(("account", id)) if id == account_id => ("you".to_owned(), None),
                Some(("account", _)) => ("relative".to_owned(), None),
                Some(("user", id)) => {
                    if !staff.contains_key(id) {
                        staff.insert(id.to_owned(), users::by_id(db, id)?);
                    }
                    match staff.get(id).and_then(Option::as_ref) {
                        Some(user) => (user.role()?.as_str().to_owned(), user.hospital_code.clone()),
                        None => ("station".to_owned(), None),
                    }
                }
                _ => ("station".to_owned(), None),
            };
            Ok(access(trace, by, hospital))
        })
        .collect()
}

fn access(trace: Trace, by: String, hospital: Option<String>) -> Access {
    let detail: serde_json::Value = serde_json::from_str(&trace.detail).unwrap_or_default();
    let purpose = detail.get("purpose").and_then(|purpose| purpose.as_str()).map(str::to_owned);
    Access { reference: trace.id, at: trace.at.and_utc(), action: trace.action, by, hospital, purpose }
}
