//! The questionnaire before a donation (健康征询): which questions are asked, which answers fit, and what they come to.
//!
//! The questions are not here: they are in files (`api/questionnaires/`), each in force from its day until the next
//! one's. What they come to is advice: the doctor at the door decides.

mod answers;
mod check;
mod document;
mod flaw;
mod outcome;
#[cfg(test)]
mod tests;
mod told;
mod versions;

pub use answers::{Answer, Answers, Respondent};
pub use document::{Choice, Kind, Question, Questionnaire, Text};
pub use flaw::Flaw;
pub use outcome::{Assessment, DeskPass, Outcome, was_used};
pub use told::{Told, tell};
pub use versions::Questionnaires;
