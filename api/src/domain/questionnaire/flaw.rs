//! What can be wrong with a questionnaire's file.

use thiserror::Error;

/// Why a questionnaire cannot be used: a name, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Flaw {
    /// It is not the TOML of a questionnaire.
    #[error("malformed: {0}")]
    Malformed(String),
    /// It asks nothing.
    #[error("no_questions: it asks nothing")]
    NoQuestions,
    /// Two questions have one id.
    #[error("duplicate_question: {0} stands there twice")]
    DuplicateQuestion(String),
    /// A text is missing in one of the languages.
    #[error("missing_text: {0} has no text in {1}")]
    MissingText(String, &'static str),
    /// Choices where none belong, fewer than two, or two of one id.
    #[error("bad_choices: {0} needs at least two choices of different ids, and only a choice has any")]
    BadChoices(String),
    /// A condition names a question that there is not.
    #[error("unknown_question: {0} depends on {1}, which is not there")]
    UnknownQuestion(String, String),
    /// A condition or an outcome names an answer that nobody can give.
    #[error("unknown_answer: {0} speaks of the answer {1:?} that nobody can give")]
    UnknownAnswer(String, String),
    /// Questions wait for each other.
    #[error("cycle: {0} waits for itself")]
    Cycle(String),
    /// A condition names a later question.
    #[error("asked_too_early: {0} stands before {1}, on which it depends")]
    AskedTooEarly(String, String),
    /// Nobody ever gets to a question.
    #[error("unreachable: nobody is ever asked {0}")]
    Unreachable(String),
    /// An outcome that cannot be worked out.
    #[error("bad_outcome: {0}")]
    BadOutcome(&'static str),
    /// An outcome neither names its clause nor says that none is known.
    #[error("missing_clause: an outcome has either clause or clause_not_known = true")]
    MissingClause,
    /// There is none.
    #[error("no_questionnaire: there is none")]
    NoQuestionnaire,
    /// Two begin on one day, so that nobody knows which is in force.
    #[error("same_day: {0} and {1} begin on the same day")]
    SameDay(String, String),
    /// Two have the same id and version.
    #[error("same_version: {0} stands there twice")]
    SameVersion(String),
}
