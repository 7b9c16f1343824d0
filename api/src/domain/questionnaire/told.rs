//! Answers to be read by people.

use super::document::{Kind, Question, Questionnaire};
use crate::domain::language::Language;
use std::collections::BTreeMap;

/// An answer and what was asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Told {
    /// The question's id.
    pub question: String,
    /// What was asked; `None` when the questionnaire is not known any more.
    pub text: Option<String>,
    /// The answer as it was given.
    pub answer: String,
    /// The answer in words.
    pub answer_text: String,
}

/// Answers with their texts, in the order in which they were asked; what a document does not know comes last.
pub fn tell(
    document: Option<&Questionnaire>,
    said: &BTreeMap<String, String>,
    language: Language,
) -> Vec<Told> {
    let mut told = Vec::new();
    for question in document.into_iter().flat_map(|document| &document.questions) {
        if let Some(answer) = said.get(&question.id) {
            told.push(Told {
                question: question.id.clone(),
                text: Some(question.text.written_in(language).to_owned()),
                answer: answer.clone(),
                answer_text: question.in_words(answer, language).to_owned(),
            });
        }
    }
    let unknown = said.iter().filter(|(id, _)| document.and_then(|document| document.question(id)).is_none());
    told.extend(unknown.map(|(id, answer)| Told {
        question: id.clone(),
        text: None,
        answer: answer.clone(),
        answer_text: answer.clone(),
    }));
    told
}

impl Question {
    fn in_words<'a>(&'a self, answer: &'a str, language: Language) -> &'a str {
        let choice = self.choices.iter().find(|choice| choice.id == answer);
        match (self.kind, answer, language) {
            (Kind::YesNo, "yes", Language::Chinese) => "是",
            (Kind::YesNo, "yes", Language::English) => "Yes",
            (Kind::YesNo, "no", Language::Chinese) => "否",
            (Kind::YesNo, "no", Language::English) => "No",
            _ => choice.map_or(answer, |choice| choice.text.written_in(language)),
        }
    }
}
