//! The questionnaire before a donation, as the donor fills it in: a draft on the server, then submitted.

pub mod desk;

use super::Context;
use super::family::own_record;
use super::own_record::no_such_account;
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::consent::Purpose;
use crate::domain::donation::Product;
use crate::domain::identity::Sex;
use crate::domain::questionnaire::{Answers, Assessment, DeskPass, Questionnaire, Respondent, was_used};
use crate::error::{Error, Kind};
use crate::store::audit::{self, Actor, Entry};
use crate::store::donors::{self, DonorRow};
use crate::store::questionnaires::{self as store, Draft, DraftRow, Said, Submitted, SubmittedRow};
use crate::store::{Db, accounts, consents, donations};
use crate::vault::{Field, Vault};
use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::BASE32_NOPAD;
use serde_json::json;
use std::sync::Arc;

/// A questionnaire that is being filled in.
pub struct Filling {
    /// The questionnaire in force.
    pub document: Arc<Questionnaire>,
    /// Who is asked.
    pub respondent: Respondent,
    /// The answers so far.
    pub answers: Answers,
    /// The draft's version; 0 when there is none yet.
    pub version: i64,
    /// Whether the answers were given to an earlier questionnaire: those to what has changed are gone.
    pub changed: bool,
}

/// Answers in the place of those before.
pub struct Change {
    /// The name of the questionnaire that was read.
    pub questionnaire: String,
    /// What is to be given.
    pub product: Product,
    /// The answers.
    pub said: Said,
    /// The draft's version that was read.
    pub version: i64,
}

/// What became of a submission.
pub struct Submission {
    /// The submitted questionnaire's id.
    pub id: String,
    /// What it came to.
    pub assessment: Assessment,
    /// The pass for the desk, when nothing stands against it.
    pub pass: Option<Pass>,
}

/// A pass to be shown at the desk.
pub struct Pass {
    /// What is shown.
    pub code: String,
    /// The only day on which it is good, Asia/Shanghai.
    pub valid_on: NaiveDate,
}

/// The questionnaire in force, with the answers so far of the account's own person.
///
/// # Errors
/// `consent_missing`, `no_record`.
pub async fn read(context: &Context, account_id: String) -> Result<Filling, Error> {
    let whole = context.clone();
    context
        .pool
        .read(move |db| {
            let donor = own_donor(db, &account_id)?;
            filling(&whole, db, &donor)
        })
        .await
}

/// The record of the account's own person, whose health data may be used.
fn own_donor(db: &mut Db, account_id: &str) -> Result<DonorRow, Error> {
    if !consents::is_given(db, account_id, Purpose::HealthData.as_str())? {
        return Err(Error::conflict(
            "consent_missing",
            "The questions are about your health: give the consent to health_data first.",
        ));
    }
    let donor_id = own_record(db, account_id)?.link.donor_id;
    donors::by_ids(db, &[donor_id])?.pop().ok_or_else(|| Error::internal("a link to no record"))
}

fn filling(context: &Context, db: &mut Db, donor: &DonorRow) -> Result<Filling, Error> {
    let today = day_in_china(context.clock.now());
    let document = context.questionnaires.on(today).clone();
    let Some(row) = store::draft(db, &donor.id)? else {
        let (respondent, answers) = (respondent(donor, Product::WholeBlood)?, Answers::default());
        return Ok(Filling { document, respondent, answers, version: 0, changed: false });
    };
    let product = Product::from_word(&row.product);
    let respondent =
        respondent(donor, product.ok_or_else(|| Error::internal("a product that does not exist"))?)?;
    let answers = match context.questionnaires.named(&row.questionnaire) {
        Some(then) => document.carry_over(then, &row.said(&context.vault)?, respondent, today),
        None => Answers::default(),
    };
    let changed = row.questionnaire != document.name();
    Ok(Filling { document, respondent, answers, version: row.version, changed })
}

fn respondent(donor: &DonorRow, product: Product) -> Result<Respondent, Error> {
    let sex = Sex::from_word(&donor.sex).ok_or_else(|| Error::internal("a sex that does not exist"))?;
    Ok(Respondent { sex, product })
}

/// Puts answers in the place of the draft.
///
/// # Errors
/// As [`read`]; `questionnaire_changed`, `Error::changed_meanwhile`; what [`Questionnaire::accept`] refuses.
pub async fn change(context: &Context, account_id: String, change: Change) -> Result<Filling, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            accounts::lock(db, &account_id)?.ok_or_else(no_such_account)?;
            let donor = own_donor(db, &account_id)?;
            let Filling { document, version, .. } = filling(&whole, db, &donor)?;
            if change.questionnaire != document.name() {
                return Err(questionnaire_changed());
            }
            if change.version != version {
                return Err(Error::changed_meanwhile());
            }
            let respondent = respondent(&donor, change.product)?;
            let answers = document.accept(&change.said, respondent, day_in_china(now))?;
            // Never a number that an earlier draft had: that one may be what somebody still has on another screen.
            let version = now.timestamp_micros().max(version + 1);
            let draft = draft(&donor, &document, respondent, &answers, version);
            let row = DraftRow::seal(draft, &whole.vault, now, &mut Chance::from_system()?)?;
            store::replace_draft(db, &row)?;
            Ok(Filling { document, respondent, answers, version, changed: false })
        })
        .await
}

fn draft<'a>(
    donor: &'a DonorRow,
    document: &Questionnaire,
    respondent: Respondent,
    answers: &'a Answers,
    version: i64,
) -> Draft<'a> {
    let (donor_id, product) = (donor.id.as_str(), respondent.product.as_str());
    Draft { donor_id, questionnaire: document.name(), product, answers, version }
}

fn questionnaire_changed() -> Error {
    Error::conflict(
        "questionnaire_changed",
        "There is a newer questionnaire: read it again. Answers to questions that have not changed are kept.",
    )
}

/// Submits the draft as it was read in `version`: it is over, and comes to something. Passes of before are taken back.
///
/// # Errors
/// As [`read`]; `Error::changed_meanwhile`, `questionnaire_changed`, `questionnaire_incomplete`.
pub async fn submit(context: &Context, account_id: String, version: i64) -> Result<Submission, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let now = whole.clock.now();
            let mut chance = Chance::from_system()?;
            accounts::lock(db, &account_id)?.ok_or_else(no_such_account)?;
            let donor = own_donor(db, &account_id)?;
            let filling = filling(&whole, db, &donor)?;
            let assessment = decide(&filling, version, day_in_china(now))?;
            let Filling { document, respondent, answers, .. } = filling;
            let id = chance.id(now);
            let pass = DeskPass::earned(assessment, now).map(|pass| (pass, pass_code(&whole.vault, &id)));
            let submitted = Submitted {
                id: id.clone(),
                draft: draft(&donor, &document, respondent, &answers, version),
                assessment,
                pass: pass.as_ref().map(|(pass, code)| (*pass, pass_hash(&whole.vault, code))),
            };
            let row = SubmittedRow::seal(submitted, &whole.vault, now, &mut chance)?;
            let records = donors::with_merged(db, &donor.id)?;
            store::delete_drafts(db, &records)?;
            store::take_passes_back(db, &records)?;
            store::insert(db, &row)?;
            let entry = Entry {
                actor: Actor::Account(account_id),
                action: "questionnaire.submitted",
                subject: donor.id.clone(),
                detail: json!({ "questionnaire": id, "version": document.name() }),
            };
            audit::append(db, [entry], now, &mut chance)?;
            let pass = pass.map(|(pass, code)| Pass { code, valid_on: pass.day });
            Ok(Submission { id, assessment, pass })
        })
        .await
}

fn decide(filling: &Filling, version: i64, today: NaiveDate) -> Result<Assessment, Error> {
    if filling.version != version {
        return Err(Error::changed_meanwhile());
    }
    if filling.changed {
        return Err(questionnaire_changed());
    }
    filling.document.assess(&filling.answers, filling.respondent, today).ok_or_else(|| {
        Error::conflict("questionnaire_incomplete", "Some questions are not answered yet: answer them first.")
    })
}

/// The code of a questionnaire's pass: 40 bits that nobody can guess without the vault's key, good for a day. It is made
/// again whenever its owner wants to see it, and kept nowhere.
fn pass_code(vault: &Vault, questionnaire_id: &str) -> String {
    let bytes = vault.index(Field::DeskPass, &format!("code\0{questionnaire_id}"));
    BASE32_NOPAD.encode(&bytes.into_iter().take(5).collect::<Vec<_>>())
}

fn pass_hash(vault: &Vault, code: &str) -> Vec<u8> {
    vault.index(Field::DeskPass, code)
}

/// The pass of today.
///
/// # Errors
/// As [`read`]; `no_pass`.
pub async fn pass(context: &Context, account_id: String) -> Result<Pass, Error> {
    let whole = context.clone();
    context
        .pool
        .read(move |db| {
            let now = whole.clock.now();
            let donor = own_donor(db, &account_id)?;
            let rows = submitted_by(db, &donor.id)?;
            let today = |row: &SubmittedRow| {
                let pass = row.pass().filter(|pass| pass.is_valid(now))?;
                Some(Pass { code: pass_code(&whole.vault, &row.id), valid_on: pass.day })
            };
            rows.iter().find_map(today).ok_or_else(|| {
                let message = "There is no pass for today: answer the questions and submit them.";
                Error::new(Kind::NotFound, "no_pass", message)
            })
        })
        .await
}

/// What a person submitted, under whichever of their records, the newest first.
///
/// # Errors
/// Failures of the database.
pub(super) fn submitted_by(db: &mut Db, donor_id: &str) -> Result<Vec<SubmittedRow>, Error> {
    let records = donors::with_merged(db, donor_id)?;
    store::of_donors(db, &records)
}

/// Deletes a person's drafts, and what they submitted and no donation used.
///
/// # Errors
/// Failures of the database.
pub(super) fn forget_unused(db: &mut Db, donor_id: &str) -> Result<(), Error> {
    let records = donors::with_merged(db, donor_id)?;
    store::delete_drafts(db, &records)?;
    let ids: Vec<&str> = records.iter().map(String::as_str).collect();
    let recorded: Vec<DateTime<Utc>> =
        donations::of_donors(db, &ids)?.into_iter().map(|row| row.collected_at.and_utc()).collect();
    let unused = |row: &SubmittedRow| {
        let shown_at = row.shown_at.map(|at| at.and_utc());
        !was_used(row.submitted_at.and_utc(), shown_at, recorded.iter().copied())
    };
    let submitted = store::of_donors(db, &records)?;
    let unused: Vec<String> = submitted.into_iter().filter(unused).map(|row| row.id).collect();
    store::delete(db, &unused)?;
    Ok(())
}
