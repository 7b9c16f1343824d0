//! Answers that fit a questionnaire.

use super::document::{Kind, Question, Questionnaire};
use crate::domain::donation::Product;
use crate::domain::identity::Sex;
use crate::domain::refusal::Refusal;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::fmt;

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Respondent {
    /// The recorded sex.
    pub sex: Sex,
    /// What is to be given.
    pub product: Product,
}

/// An answer.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// `yes`, `no`, or the id of a choice.
    Word(String),
    /// A day, Asia/Shanghai.
    Day(NaiveDate),
}

impl fmt::Display for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => out.write_str(word),
            Self::Day(day) => write!(out, "{day}"),
        }
    }
}

/// Answers by the ids of their questions, each of which was asked on its branch. Health data: `Debug` does not show it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<String, Answer>);

impl fmt::Debug for Answers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} answers", self.0.len())
    }
}

impl Answers {
    /// The answer to a question.
    pub fn to(&self, question: &str) -> Option<&Answer> {
        self.0.get(question)
    }

    /// As they are stored and sent.
    pub fn to_words(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(id, answer)| (id.clone(), answer.to_string())).collect()
    }
}

impl Questionnaire {
    /// Reads answers that were given on `today` (Asia/Shanghai); some may be missing still.
    ///
    /// # Errors
    /// `unknown_question`, `wrong_kind_of_answer`, `in_the_future`, `question_not_asked`.
    pub fn accept(
        &self,
        said: &BTreeMap<String, String>,
        respondent: Respondent,
        today: NaiveDate,
    ) -> Result<Answers, Refusal> {
        if said.keys().any(|id| self.question(id).is_none()) {
            return Err(refusal(
                "unknown_question",
                "The questionnaire does not have one of these questions.",
            ));
        }
        let mut answers = Answers::default();
        for question in &self.questions {
            let Some(text) = said.get(&question.id) else { continue };
            if !question.is_asked(&answers, respondent) {
                let message = format!("{} is not asked after the other answers: leave it out.", question.id);
                return Err(Refusal::new("answers", "question_not_asked", message));
            }
            answers.0.insert(question.id.clone(), question.read(text, today)?);
        }
        Ok(answers)
    }

    /// What of answers given before, to the questionnaire `then`, still holds: answers to questions that have not changed
    /// and are still asked.
    pub fn carry_over(
        &self,
        then: &Self,
        said: &BTreeMap<String, String>,
        respondent: Respondent,
        today: NaiveDate,
    ) -> Answers {
        let mut answers = Answers::default();
        for question in &self.questions {
            let unchanged = then.question(&question.id) == Some(question);
            if unchanged
                && question.is_asked(&answers, respondent)
                && let Some(text) = said.get(&question.id)
                && let Ok(answer) = question.read(text, today)
            {
                answers.0.insert(question.id.clone(), answer);
            }
        }
        answers
    }

    /// The questions on the branch so far, in their order: those that are answered, and those to be asked next.
    pub fn asked<'a>(
        &'a self,
        answers: &'a Answers,
        respondent: Respondent,
    ) -> impl Iterator<Item = &'a Question> {
        self.questions.iter().filter(move |question| question.is_asked(answers, respondent))
    }

    /// The questions to be asked next.
    pub fn open<'a>(
        &'a self,
        answers: &'a Answers,
        respondent: Respondent,
    ) -> impl Iterator<Item = &'a Question> {
        self.asked(answers, respondent).filter(|question| answers.to(&question.id).is_none())
    }
}

impl Question {
    fn is_asked(&self, answers: &Answers, respondent: Respondent) -> bool {
        let given = |(id, is): (&String, &String)| answers.to(id) == Some(&Answer::Word(is.clone()));
        self.asked_when.sex.is_none_or(|sex| sex == respondent.sex)
            && self.asked_when.product.is_none_or(|product| product == respondent.product)
            && self.asked_when.answers.iter().all(given)
    }

    fn read(&self, text: &str, today: NaiveDate) -> Result<Answer, Refusal> {
        let kind = match self.kind {
            Kind::YesNo => "yes or no",
            Kind::Choice => "one of its choices",
            Kind::Date => "a day such as 2026-03-01",
        };
        let wrong_kind =
            || Refusal::new("answers", "wrong_kind_of_answer", format!("{} is answered by {kind}.", self.id));
        if self.kind != Kind::Date {
            let known = self.words().contains(&text);
            return if known { Ok(Answer::Word(text.to_owned())) } else { Err(wrong_kind()) };
        }
        // `parse` takes other spellings, too, and years of any length.
        let plain = |day: &NaiveDate| text.len() == "2026-03-01".len() && day.to_string() == text;
        let day = text.parse().ok().filter(plain).ok_or_else(wrong_kind)?;
        if day > today {
            let message = format!("{} is a day that has been: give today or an earlier day.", self.id);
            return Err(Refusal::new("answers", "in_the_future", message));
        }
        Ok(Answer::Day(day))
    }
}

fn refusal(reason: &'static str, message: &'static str) -> Refusal {
    Refusal::new("answers", reason, message)
}
