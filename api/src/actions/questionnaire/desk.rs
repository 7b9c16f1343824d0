//! What staff see of questionnaires: the doctor the answers, for a stated purpose; the desk whether a pass is good.

use super::{pass_hash, submitted_by};
use crate::actions::Context;
use crate::chance::Chance;
use crate::domain::look_up::Purpose;
use crate::domain::questionnaire::Assessment;
use crate::error::Error;
use crate::store::Db;
use crate::store::audit::{self, Entry};
use crate::store::donors::{self, DonorRow};
use crate::store::questionnaires::{self as store, Said, SubmittedRow};
use serde_json::{Value, json};

/// A questionnaire with its answers.
pub struct Opened {
    /// Whose it is.
    pub donor_no: String,
    /// When it was submitted, and what it came to.
    pub row: SubmittedRow,
    /// The answers.
    pub said: Said,
}

/// What the desk learns of a pass.
pub struct CheckedPass {
    /// Whose it is.
    pub donor_no: String,
    /// What the questionnaire came to.
    pub assessment: Assessment,
    /// Whether it is good now.
    pub valid: bool,
}

/// What a donor submitted, the newest first; the donor can read who looked.
///
/// # Errors
/// `not_found`.
pub async fn list(context: &Context, donor_no: String, purpose: Purpose) -> Result<Vec<SubmittedRow>, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let donor = donors::by_number(db, &donor_no)?;
            let donor = donor.ok_or_else(|| Error::not_found("There is no such donor."))?;
            let detail = json!({ "purpose": purpose.as_str() });
            trace(&whole, db, "questionnaire.listed", donor.id.clone(), detail)?;
            submitted_by(db, &donor.id)
        })
        .await
}

/// A questionnaire with its answers; the donor can read who looked.
///
/// # Errors
/// `not_found`.
pub async fn read(context: &Context, id: String, purpose: Purpose) -> Result<Opened, Error> {
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let row = store::by_id(db, &id)?;
            let row = row.ok_or_else(|| Error::not_found("There is no such questionnaire."))?;
            let donor = donor_of(db, &row)?;
            let detail = json!({ "purpose": purpose.as_str(), "questionnaire": row.id });
            trace(&whole, db, "questionnaire.read", donor.id, detail)?;
            Ok(Opened { donor_no: donor.donor_no, said: row.said(&whole.vault)?, row })
        })
        .await
}

/// The donor of a questionnaire; when the record was merged, the one that it was merged into.
fn donor_of(db: &mut Db, row: &SubmittedRow) -> Result<DonorRow, Error> {
    let missing = || Error::internal("a questionnaire of nobody");
    let donor = donors::by_ids(db, std::slice::from_ref(&row.donor_id))?.pop().ok_or_else(missing)?;
    match &donor.merged_into {
        Some(kept) => donors::by_ids(db, std::slice::from_ref(kept))?.pop().ok_or_else(missing),
        None => Ok(donor),
    }
}

fn trace(
    context: &Context,
    db: &mut Db,
    action: &'static str,
    subject: String,
    detail: Value,
) -> Result<(), Error> {
    let entry = Entry { actor: context.actor.clone(), action, subject, detail };
    audit::append(db, [entry], context.clock.now(), &mut Chance::from_system()?)
}

/// Checks the pass that somebody shows at the desk. A code that there is not leaves its trace too.
///
/// # Errors
/// `not_found`.
pub async fn check_pass(context: &Context, code: String) -> Result<CheckedPass, Error> {
    let whole = context.clone();
    let found = context.pool.write(move |db| {
        let now = whole.clock.now();
        let hash = pass_hash(&whole.vault, &code.trim().to_ascii_uppercase());
        let detail = json!({ "purpose": Purpose::Donation.as_str() });
        let Some(row) = store::by_pass(db, &hash)? else {
            trace(&whole, db, "pass.checked", "nobody".to_owned(), detail)?;
            return Ok(None);
        };
        let donor = donor_of(db, &row)?;
        trace(&whole, db, "pass.checked", donor.id, detail)?;
        let valid = row.pass().is_some_and(|pass| pass.is_valid(now));
        if valid {
            store::mark_shown(db, &row.id, now)?;
        }
        Ok(Some(CheckedPass { donor_no: donor.donor_no, assessment: row.assessment()?, valid }))
    });
    found.await?.ok_or_else(|| Error::not_found("There is no such pass."))
}
