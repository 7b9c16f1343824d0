//! What is sent and shown at the door.

use crate::actions::door;
use crate::domain::refusal::Refusal;
use crate::domain::screening::Measured;
use crate::error::Error;
use crate::store::deferrals::DeferralRow;
use crate::store::reactions::ReactionRow;
use crate::store::visits::VisitRow;
use crate::vault::Vault;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest note about a reaction, characters.
const LONGEST_NOTE: usize = 1_000;

/// Who is there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    /// A donor number, an appointment's id, or the text of a certificate.
    pub code: String,
    /// What is to be given, by who has no appointment.
    #[serde(default)]
    pub product: Option<String>,
}

/// Somebody at the door.
#[derive(Serialize, ToSchema)]
pub struct Visit {
    id: String,
    /// The session.
    session: String,
    /// The ticket's number.
    number: i64,
    /// The appointment; absent for walk-ins.
    appointment: Option<String>,
    /// `whole_blood` or `apheresis_platelets`.
    product: String,
    /// `ticket`, `waiting`, `screened`, `donated`, `deferred` or `left`.
    state: String,
}

impl From<VisitRow> for Visit {
    fn from(row: VisitRow) -> Self {
        let VisitRow { id, session_id: session, number, appointment_id: appointment, product, state, .. } =
            row;
        Self { id, session, number, appointment, product, state }
    }
}

/// Somebody in the queue.
#[derive(Serialize, ToSchema)]
pub struct InQueue {
    #[serde(flatten)]
    visit: Visit,
    /// How many with the same product come first.
    ahead: usize,
    /// How long it will take, about, minutes.
    wait_minutes: i64,
}

impl From<door::InQueue> for InQueue {
    fn from(place: door::InQueue) -> Self {
        Self { ahead: place.ahead, wait_minutes: place.wait.num_minutes(), visit: place.visit.into() }
    }
}

/// What was measured.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScreeningRequest {
    /// g/L.
    haemoglobin_g_per_l: u32,
    /// mmHg.
    systolic_mmhg: u32,
    /// mmHg.
    diastolic_mmhg: u32,
    /// Beats a minute.
    pulse_per_minute: u32,
    /// kg.
    weight_kg: u32,
    /// Whether the donor trains much: then a slow pulse is no fault.
    #[serde(default)]
    trains_endurance: bool,
}

impl From<ScreeningRequest> for Measured {
    fn from(request: ScreeningRequest) -> Self {
        Self {
            haemoglobin_g_per_l: request.haemoglobin_g_per_l,
            systolic_mmhg: request.systolic_mmhg,
            diastolic_mmhg: request.diastolic_mmhg,
            pulse_per_minute: request.pulse_per_minute,
            weight_kg: request.weight_kg,
            trains_endurance: request.trains_endurance,
        }
    }
}

/// What the rule pack says of it.
#[derive(Serialize, ToSchema)]
pub struct Screening {
    /// Whether the donor may give.
    passed: bool,
    /// The rule pack.
    rule_pack: String,
    /// What lies outside the limits.
    findings: Vec<OutOfLimits>,
}

/// A measurement outside its limits.
#[derive(Serialize, ToSchema)]
pub struct OutOfLimits {
    /// `haemoglobin.min`, `systolic.max`, …: what a deferral for it is called.
    rule: &'static str,
    /// The limit: g/L, mmHg, beats a minute, or kg.
    limit: u32,
    /// Its clause.
    clause: String,
}

impl From<door::Screened> for Screening {
    fn from(screened: door::Screened) -> Self {
        let findings: Vec<OutOfLimits> = screened
            .findings
            .into_iter()
            .map(|(rule, limit, clause)| OutOfLimits { rule, limit, clause })
            .collect();
        Self { passed: findings.is_empty(), rule_pack: screened.rule_pack, findings }
    }
}

/// What was collected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DonationRequest {
    /// The donation identification number on the bags.
    pub donation_no: String,
    /// What the visit is for.
    pub product: String,
    /// The collected volume, ml.
    pub volume_ml: u32,
    /// Therapeutic units of platelets.
    #[serde(default)]
    pub units: u32,
}

/// What is so now.
#[derive(Serialize, ToSchema)]
pub struct Recorded {
    /// The donation's number, in its normal form.
    pub donation_no: String,
    /// Whole blood in all, ml.
    pub whole_blood_ml: u64,
    /// Donations in all.
    pub donations: u32,
    /// Therapeutic units of platelets in all.
    pub platelet_units: u32,
    /// The award that is reached.
    pub award: &'static str,
    /// The new certificate; absent when it could not be issued at once.
    pub certificate_no: Option<String>,
}

/// Why, and until when, a donor is to wait.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeferralRequest {
    /// A word of the rule: `haemoglobin.min`, `questionnaire`, `doctor`, …; MUST NOT be a diagnosis. The donor reads it.
    pub rule: String,
    /// The first day on which the donor may come again, Asia/Shanghai; absent for good.
    #[serde(default)]
    pub until: Option<NaiveDate>,
}

/// What was written down.
#[derive(Serialize, ToSchema)]
pub struct Entered {
    /// Its id.
    pub id: String,
}

/// A deferral.
#[derive(Serialize, ToSchema)]
pub struct Deferral {
    id: String,
    /// The word of the rule.
    rule: String,
    /// The first day on which it does not block any more, Asia/Shanghai; absent for good.
    until: Option<NaiveDate>,
    created_at: DateTime<Utc>,
    lifted_at: Option<DateTime<Utc>>,
}

impl From<DeferralRow> for Deferral {
    fn from(row: DeferralRow) -> Self {
        Self {
            id: row.id,
            rule: row.rule,
            until: row.until,
            created_at: row.created_at.and_utc(),
            lifted_at: row.lifted_at.map(|at| at.and_utc()),
        }
    }
}

/// What happened after a donation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReactionRequest {
    /// `mild`, `moderate` or `severe`.
    pub severity: String,
    /// What happened, in at most 1,000 characters; sealed.
    note: String,
}

impl ReactionRequest {
    /// # Errors
    /// `note_too_long`.
    pub(super) fn checked_note(self) -> Result<String, Error> {
        if self.note.chars().count() > LONGEST_NOTE {
            let message = "A note has at most 1,000 characters.";
            return Err(Refusal::new("note", "note_too_long", message).into());
        }
        Ok(self.note)
    }
}

/// An adverse reaction.
#[derive(Serialize, ToSchema)]
pub struct Reaction {
    id: String,
    donation_no: String,
    /// `mild`, `moderate` or `severe`.
    severity: String,
    /// What happened.
    note: String,
    recorded_at: DateTime<Utc>,
    /// The day on which somebody is to ask, Asia/Shanghai.
    follow_up_on: NaiveDate,
}

impl Reaction {
    pub(super) fn open(row: &ReactionRow, vault: &Vault) -> Result<Self, Error> {
        Ok(Self {
            id: row.id.clone(),
            donation_no: row.donation_no.clone(),
            severity: row.severity.clone(),
            note: row.note(vault)?.to_string(),
            recorded_at: row.created_at.and_utc(),
            follow_up_on: row.follow_up_on,
        })
    }
}

/// How the donor was.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    /// `recovered` or `referred`.
    pub outcome: String,
}
