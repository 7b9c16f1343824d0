//! Questionnaires: drafts, what was submitted, and the passes given for it.

use super::connection::Db;
use super::schema::{questionnaire_drafts, questionnaires};
use crate::chance::Chance;
use crate::domain::questionnaire::{Answers, Assessment, DeskPass, Outcome};
use crate::error::Error;
use crate::vault::{Field, Vault};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;
use std::collections::BTreeMap;

/// Answers by the ids of their questions, as they were sealed.
pub type Said = BTreeMap<String, String>;

/// A draft as the table holds one.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = questionnaire_drafts, treat_none_as_default_value = false)]
pub struct DraftRow {
    /// Whose it is.
    pub donor_id: String,
    /// The questionnaire's name.
    pub questionnaire: String,
    /// What is to be given.
    pub product: String,
    answers_sealed: Vec<u8>,
    data_key_id: String,
    /// Grows with each change.
    pub version: i64,
    /// UTC.
    pub changed_at: NaiveDateTime,
}

impl DraftRow {
    /// The row of a draft, its answers sealed.
    ///
    /// # Errors
    /// `internal` when they cannot be sealed.
    pub fn seal(
        draft: Draft<'_>,
        vault: &Vault,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<Self, Error> {
        let Draft { donor_id, questionnaire, product, answers, version } = draft;
        let text = serde_json::to_string(&answers.to_words()).map_err(Error::internal)?;
        Ok(Self {
            answers_sealed: vault.seal(Field::QuestionnaireDraft, donor_id, &text, chance)?,
            data_key_id: vault.current_key().to_owned(),
            donor_id: donor_id.to_owned(),
            questionnaire,
            product: product.to_owned(),
            version,
            changed_at: now.naive_utc(),
        })
    }

    /// The answers in clear.
    ///
    /// # Errors
    /// `internal` when they do not open.
    pub fn said(&self, vault: &Vault) -> Result<Said, Error> {
        let field = Field::QuestionnaireDraft;
        let text = vault.open(&self.data_key_id, field, &self.donor_id, &self.answers_sealed)?;
        serde_json::from_str(&text).map_err(|_| Error::internal("a draft's answers are no JSON"))
    }
}

/// A draft to be written.
pub struct Draft<'a> {
    /// Whose it is.
    pub donor_id: &'a str,
    /// The questionnaire's name.
    pub questionnaire: String,
    /// What is to be given.
    pub product: &'a str,
    /// The answers.
    pub answers: &'a Answers,
    /// More than before.
    pub version: i64,
}

/// A submitted questionnaire as the table holds one.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = questionnaires, treat_none_as_default_value = false)]
pub struct SubmittedRow {
    /// UUIDv7.
    pub id: String,
    /// Whose it is.
    pub donor_id: String,
    /// The questionnaire's name.
    pub questionnaire: String,
    /// What is to be given.
    pub product: String,
    answers_sealed: Vec<u8>,
    data_key_id: String,
    /// What it came to.
    pub outcome: String,
    /// Asia/Shanghai.
    pub deferred_until: Option<NaiveDate>,
    /// UTC.
    pub submitted_at: NaiveDateTime,
    pass_hash: Option<Vec<u8>>,
    pass_day: Option<NaiveDate>,
    /// UTC.
    pub shown_at: Option<NaiveDateTime>,
}

/// What is submitted.
pub struct Submitted<'a> {
    /// UUIDv7.
    pub id: String,
    /// The answers, and what they were given to.
    pub draft: Draft<'a>,
    /// What they come to.
    pub assessment: Assessment,
    /// The pass, with the hash of its code.
    pub pass: Option<(DeskPass, Vec<u8>)>,
}

impl SubmittedRow {
    /// The row of what is submitted, its answers sealed.
    ///
    /// # Errors
    /// `internal` when they cannot be sealed.
    pub fn seal(
        submitted: Submitted<'_>,
        vault: &Vault,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<Self, Error> {
        let Submitted { id, draft, assessment, pass } = submitted;
        let text = serde_json::to_string(&draft.answers.to_words()).map_err(Error::internal)?;
        let (pass_day, pass_hash) = pass.map(|(pass, hash)| (pass.day, hash)).unzip();
        Ok(Self {
            answers_sealed: vault.seal(Field::QuestionnaireAnswers, &id, &text, chance)?,
            data_key_id: vault.current_key().to_owned(),
            id,
            donor_id: draft.donor_id.to_owned(),
            questionnaire: draft.questionnaire,
            product: draft.product.to_owned(),
            outcome: assessment.outcome.as_str().to_owned(),
            deferred_until: assessment.until,
            submitted_at: now.naive_utc(),
            pass_hash,
            pass_day,
            shown_at: None,
        })
    }

    /// The answers in clear.
    ///
    /// # Errors
    /// `internal` when they do not open.
    pub fn said(&self, vault: &Vault) -> Result<Said, Error> {
        let field = Field::QuestionnaireAnswers;
        let text = vault.open(&self.data_key_id, field, &self.id, &self.answers_sealed)?;
        serde_json::from_str(&text).map_err(|_| Error::internal("a questionnaire's answers are no JSON"))
    }

    /// What it came to.
    ///
    /// # Errors
    /// `internal` when the row holds a word that is none.
    pub fn assessment(&self) -> Result<Assessment, Error> {
        let outcome = Outcome::from_word(&self.outcome);
        let outcome = outcome.ok_or_else(|| Error::internal("an outcome that does not exist"))?;
        Ok(Assessment { outcome, until: self.deferred_until })
    }

    /// The pass that was given for it, unless it was taken back.
    pub fn pass(&self) -> Option<DeskPass> {
        self.pass_hash.as_ref()?;
        self.pass_day.map(|day| DeskPass { day })
    }
}

/// A donor's draft.
pub fn draft(db: &mut Db, donor_id: &str) -> Result<Option<DraftRow>, Error> {
    Ok(questionnaire_drafts::table.find(donor_id).first(db).optional()?)
}

/// Puts a draft in the place of the one before. Whoever calls holds the lock of the donor's account.
pub fn replace_draft(db: &mut Db, row: &DraftRow) -> Result<(), Error> {
    diesel::delete(questionnaire_drafts::table.find(&row.donor_id)).execute(db)?;
    diesel::insert_into(questionnaire_drafts::table).values(row).execute(db)?;
    Ok(())
}

/// Deletes the drafts of these donors: how many.
pub fn delete_drafts(db: &mut Db, donor_ids: &[String]) -> Result<usize, Error> {
    let theirs = questionnaire_drafts::table.filter(questionnaire_drafts::donor_id.eq_any(donor_ids));
    Ok(diesel::delete(theirs).execute(db)?)
}

/// Deletes drafts that were not changed since `before`.
pub fn forget_drafts(db: &mut Db, before: DateTime<Utc>) -> Result<usize, Error> {
    let old = questionnaire_drafts::table.filter(questionnaire_drafts::changed_at.lt(before.naive_utc()));
    Ok(diesel::delete(old).execute(db)?)
}

/// Writes what was submitted.
pub fn insert(db: &mut Db, row: &SubmittedRow) -> Result<(), Error> {
    diesel::insert_into(questionnaires::table).values(row).execute(db)?;
    Ok(())
}

/// What these donors submitted, the newest first.
pub fn of_donors(db: &mut Db, donor_ids: &[String]) -> Result<Vec<SubmittedRow>, Error> {
    let theirs = questionnaires::table.filter(questionnaires::donor_id.eq_any(donor_ids));
    Ok(theirs.order(questionnaires::id.desc()).load(db)?)
}

/// The submitted questionnaire with this id.
pub fn by_id(db: &mut Db, id: &str) -> Result<Option<SubmittedRow>, Error> {
    Ok(questionnaires::table.find(id).first(db).optional()?)
}

/// The submitted questionnaire with a pass of this hash.
pub fn by_pass(db: &mut Db, pass_hash: &[u8]) -> Result<Option<SubmittedRow>, Error> {
    Ok(questionnaires::table.filter(questionnaires::pass_hash.eq(pass_hash)).first(db).optional()?)
}

/// Deletes what was submitted.
pub fn delete(db: &mut Db, ids: &[String]) -> Result<usize, Error> {
    Ok(diesel::delete(questionnaires::table.filter(questionnaires::id.eq_any(ids))).execute(db)?)
}

/// Takes back the passes of these donors: a newer questionnaire says otherwise.
pub fn take_passes_back(db: &mut Db, donor_ids: &[String]) -> Result<(), Error> {
    let theirs = questionnaires::table.filter(questionnaires::donor_id.eq_any(donor_ids));
    diesel::update(theirs).set(questionnaires::pass_hash.eq(None::<Vec<u8>>)).execute(db)?;
    Ok(())
}

/// Writes down that a pass was shown at the desk; the first time counts.
pub fn mark_shown(db: &mut Db, id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let not_yet = questionnaires::table.find(id).filter(questionnaires::shown_at.is_null());
    diesel::update(not_yet).set(questionnaires::shown_at.eq(Some(now.naive_utc()))).execute(db)?;
    Ok(())
}

/// Forgets the codes of passes of days before `day`.
pub fn forget_passes(db: &mut Db, day: NaiveDate) -> Result<usize, Error> {
    let old = questionnaires::table.filter(questionnaires::pass_day.lt(day));
    let old = old.filter(questionnaires::pass_hash.is_not_null());
    Ok(diesel::update(old).set(questionnaires::pass_hash.eq(None::<Vec<u8>>)).execute(db)?)
}
