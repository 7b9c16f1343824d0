//! The donor's own questionnaires in an export: the draft and what was submitted, with the answers.

use crate::actions::Context;
use crate::actions::questionnaire::submitted_by;
use crate::domain::language::Language;
use crate::domain::questionnaire::{Told, tell};
use crate::error::Error;
use crate::store::Db;
use crate::store::questionnaires::{Said, draft};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A questionnaire, or the draft of one.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedQuestionnaire {
    /// Its id and version.
    pub(super) questionnaire: String,
    pub(super) product: String,
    /// Absent while it is a draft.
    pub(super) submitted_at: Option<DateTime<Utc>>,
    /// What it came to.
    pub(super) outcome: Option<String>,
    /// The first day on which a possible deferral does not stand any more, Asia/Shanghai.
    pub(super) deferred_until: Option<NaiveDate>,
    pub(super) answers: Vec<ExportedAnswer>,
}

/// An answer, in Chinese.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedAnswer {
    question: String,
    /// What was asked; absent when the questionnaire is not known any more.
    pub(super) text: Option<String>,
    answer: String,
    /// The answer in words.
    pub(super) answer_text: String,
}

impl From<Told> for ExportedAnswer {
    fn from(Told { question, text, answer, answer_text }: Told) -> Self {
        Self { question, text, answer, answer_text }
    }
}

/// The draft first, then what was submitted, the newest first.
pub(super) fn of_donor(
    context: &Context,
    db: &mut Db,
    donor_id: &str,
) -> Result<Vec<ExportedQuestionnaire>, Error> {
    let mut exported = Vec::new();
    if let Some(row) = draft(db, donor_id)? {
        let answers = answers(context, &row.questionnaire, &row.said(&context.vault)?);
        let (questionnaire, product) = (row.questionnaire, row.product);
        let (submitted_at, outcome, deferred_until) = (None, None, None);
        exported.push(ExportedQuestionnaire {
            questionnaire,
            product,
            submitted_at,
            outcome,
            deferred_until,
            answers,
        });
    }
    for row in submitted_by(db, donor_id)? {
        exported.push(ExportedQuestionnaire {
            answers: answers(context, &row.questionnaire, &row.said(&context.vault)?),
            questionnaire: row.questionnaire,
            product: row.product,
            submitted_at: Some(row.submitted_at.and_utc()),
            outcome: Some(row.outcome),
            deferred_until: row.deferred_until,
        });
    }
    Ok(exported)
}

fn answers(context: &Context, questionnaire: &str, said: &Said) -> Vec<ExportedAnswer> {
    let document = context.questionnaires.named(questionnaire);
    let told = tell(document.map(AsRef::as_ref), said, Language::Chinese);
    told.into_iter().map(ExportedAnswer::from).collect()
}
