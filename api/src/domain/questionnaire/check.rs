//! Checks a questionnaire before anybody is asked.

use super::Flaw;
use super::document::{CountedFrom, Effect, Kind, Question, Questionnaire, Text};
use std::collections::{BTreeMap, BTreeSet};

impl Questionnaire {
    pub(super) fn check(&self) -> Result<(), Flaw> {
        if self.questions.is_empty() {
            return Err(Flaw::NoQuestions);
        }
        has_text("title", &self.title)?;
        let mut ids = BTreeSet::new();
        for question in &self.questions {
            if !ids.insert(question.id.as_str()) {
                return Err(Flaw::DuplicateQuestion(question.id.clone()));
            }
            check_texts(question)?;
            check_choices(question)?;
            check_outcomes(question)?;
        }
        for question in &self.questions {
            self.check_conditions(question)?;
        }
        for question in &self.questions {
            self.check_cycle(question)?;
        }
        for (place, question) in self.questions.iter().enumerate() {
            self.check_order(place, question)?;
        }
        match self.questions.iter().find(|question| !self.is_reachable(question)) {
            Some(question) => Err(Flaw::Unreachable(question.id.clone())),
            None => Ok(()),
        }
    }

    fn check_conditions(&self, question: &Question) -> Result<(), Flaw> {
        for (id, answer) in &question.asked_when.answers {
            let earlier =
                self.question(id).ok_or_else(|| Flaw::UnknownQuestion(question.id.clone(), id.clone()))?;
            if !earlier.words().contains(&answer.as_str()) {
                return Err(Flaw::UnknownAnswer(question.id.clone(), answer.clone()));
            }
        }
        Ok(())
    }

    fn check_cycle(&self, question: &Question) -> Result<(), Flaw> {
        match self.behind(question).iter().any(|earlier| earlier.id == question.id) {
            true => Err(Flaw::Cycle(question.id.clone())),
            false => Ok(()),
        }
    }

    fn check_order(&self, place: usize, question: &Question) -> Result<(), Flaw> {
        let earlier: BTreeSet<&str> =
            self.questions.iter().take(place).map(|earlier| earlier.id.as_str()).collect();
        match question.asked_when.answers.keys().find(|id| !earlier.contains(id.as_str())) {
            Some(late) => Err(Flaw::AskedTooEarly(question.id.clone(), late.clone())),
            None => Ok(()),
        }
    }

    /// The questions on which one depends, over however many steps.
    fn behind(&self, question: &Question) -> Vec<&Question> {
        let mut found: Vec<&Question> = Vec::new();
        let mut open: Vec<&String> = question.asked_when.answers.keys().collect();
        while let Some(id) = open.pop() {
            if let Some(earlier) = self.question(id)
                && found.iter().all(|known| known.id != earlier.id)
            {
                found.push(earlier);
                open.extend(earlier.asked_when.answers.keys());
            }
        }
        found
    }

    /// Whether somebody can be asked: conditions only ever add up, so that nothing but two that exclude each other can
    /// stand in the way.
    fn is_reachable(&self, question: &Question) -> bool {
        let mut conditions: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        let mut steps = self.behind(question);
        steps.push(question);
        for step in steps {
            let asked_when = &step.asked_when;
            let sex = asked_when.sex.map(|sex| (("sex", ""), sex.as_str()));
            let product = asked_when.product.map(|product| (("product", ""), product.as_str()));
            let answers = asked_when.answers.iter().map(|(id, is)| (("answer", id.as_str()), is.as_str()));
            for (about, is) in sex.into_iter().chain(product).chain(answers) {
                if *conditions.entry(about).or_insert(is) != is {
                    return false;
                }
            }
        }
        true
    }
}

fn has_text(whose: &str, text: &Text) -> Result<(), Flaw> {
    for (language, text) in [("zh", &text.zh), ("en", &text.en)] {
        if text.trim().is_empty() {
            return Err(Flaw::MissingText(whose.to_owned(), language));
        }
    }
    Ok(())
}

fn check_texts(question: &Question) -> Result<(), Flaw> {
    has_text(&question.id, &question.text)?;
    question
        .choices
        .iter()
        .try_for_each(|choice| has_text(&format!("{}.{}", question.id, choice.id), &choice.text))
}

fn check_choices(question: &Question) -> Result<(), Flaw> {
    let ids: BTreeSet<&str> = question.choices.iter().map(|choice| choice.id.as_str()).collect();
    let well = match question.kind {
        Kind::Choice => ids.len() >= 2 && ids.len() == question.choices.len(),
        Kind::YesNo | Kind::Date => question.choices.is_empty(),
    };
    if well { Ok(()) } else { Err(Flaw::BadChoices(question.id.clone())) }
}

fn check_outcomes(question: &Question) -> Result<(), Flaw> {
    let words = question.words();
    for outcome in &question.outcomes {
        let from_a_date = matches!(outcome.effect, Effect::Defer(_, CountedFrom::Answer));
        match (&outcome.answer, question.kind) {
            (None, Kind::Date) => {}
            (Some(answer), Kind::YesNo | Kind::Choice) if words.contains(&answer.as_str()) => {
                if from_a_date {
                    return Err(Flaw::BadOutcome("only the answer of a date can be counted from"));
                }
            }
            (answer, _) => {
                return Err(Flaw::UnknownAnswer(question.id.clone(), answer.clone().unwrap_or_default()));
            }
        }
    }
    Ok(())
}
