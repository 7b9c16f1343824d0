//! A questionnaire as its file says it.

use super::Flaw;
use crate::domain::donation::Product;
use crate::domain::identity::Sex;
use crate::domain::language::Language;
use crate::domain::refusal::words;
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// One version of the questions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Questionnaire {
    pub(super) id: String,
    pub(super) version: u32,
    #[serde(deserialize_with = "day")]
    pub(super) valid_from: NaiveDate,
    pub(super) title: Text,
    #[serde(default, rename = "question")]
    pub(super) questions: Vec<Question>,
}

/// A text in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    #[serde(default)]
    pub(super) zh: String,
    #[serde(default)]
    pub(super) en: String,
}

impl Text {
    /// The text in a language.
    pub fn written_in(&self, language: Language) -> &str {
        match language {
            Language::Chinese => &self.zh,
            Language::English => &self.en,
        }
    }
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `yes` or `no`.
    YesNo,
    /// One of the question's choices, by its id.
    Choice,
    /// A day, Asia/Shanghai, not in the future.
    Date,
}
words!(Kind { YesNo = "yes_no", Choice = "choice", Date = "date" });

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// By this it is answered.
    pub id: String,
    /// What is asked.
    pub text: Text,
    /// How it is answered.
    #[serde(deserialize_with = "kind")]
    pub kind: Kind,
    /// What may be chosen.
    #[serde(default)]
    pub choices: Vec<Choice>,
    #[serde(default)]
    pub(super) asked_when: AskedWhen,
    #[serde(default, rename = "outcome")]
    pub(super) outcomes: Vec<Consequence>,
}

/// What may be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// By this it is chosen.
    pub id: String,
    /// What it says.
    pub text: Text,
}

/// When a question is asked: all of it must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedWhen {
    #[serde(default, deserialize_with = "sex")]
    pub sex: Option<Sex>,
    #[serde(default, deserialize_with = "product")]
    pub product: Option<Product>,
    /// Answers that were given, by the ids of their questions.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
}

/// What an answer comes to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenConsequence")]
pub(super) struct Consequence {
    /// `None` is any day.
    pub answer: Option<String>,
    pub effect: Effect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    AskTheDoctor,
    Defer(Period, CountedFrom),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Period {
    Days(u32),
    Months(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CountedFrom {
    Answer,
    DayAnswered,
}

impl CountedFrom {
    fn from_word(word: &str) -> Option<Self> {
        match word {
            "answer" => Some(Self::Answer),
            "day_answered" => Some(Self::DayAnswered),
            _ => None,
        }
    }
}

/// A consequence as its file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenConsequence {
    answer: Option<String>,
    then: String,
    days: Option<u32>,
    months: Option<u32>,
    #[serde(default)]
    permanently: bool,
    counted_from: Option<String>,
    clause: Option<String>,
    #[serde(default)]
    clause_not_known: bool,
    #[serde(rename = "verified")]
    _verified: bool,
}

impl TryFrom<WrittenConsequence> for Consequence {
    type Error = Flaw;

    fn try_from(written: WrittenConsequence) -> Result<Self, Flaw> {
        if written.clause.is_some() == written.clause_not_known {
            return Err(Flaw::MissingClause);
        }
        let counted_from = match written.counted_from.as_deref() {
            Some(word) => Some(CountedFrom::from_word(word).ok_or(Flaw::BadOutcome("unknown counted_from"))?),
            None => None,
        };
        let effect = match (
            written.then.as_str(),
            written.days,
            written.months,
            written.permanently,
            counted_from,
        ) {
            // What is for ever has no day: the doctor says so, and no machine.
            ("ask_doctor", None, None, false, None) | ("defer", None, None, true, None) => {
                Effect::AskTheDoctor
            }
            ("defer", Some(days), None, false, Some(from)) => Effect::Defer(Period::Days(days), from),
            ("defer", None, Some(months), false, Some(from)) => Effect::Defer(Period::Months(months), from),
            _ => {
                return Err(Flaw::BadOutcome(
                    "it is \"ask_doctor\", or \"defer\" permanently or for days or months, counted_from something",
                ));
            }
        };
        Ok(Self { answer: written.answer, effect })
    }
}

impl Questionnaire {
    /// Reads and checks a questionnaire's file.
    ///
    /// # Errors
    /// [`Flaw`]: what cannot be read, or does not make sense.
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        let document: Self =
            toml::from_str(text).map_err(|failure| Flaw::Malformed(failure.message().to_owned()))?;
        document.check()?;
        Ok(document)
    }

    /// The name that answers keep: id and version.
    pub fn name(&self) -> String {
        format!("{}/{}", self.id, self.version)
    }

    /// What it is called.
    pub fn title(&self) -> &Text {
        &self.title
    }

    /// Its first day, Asia/Shanghai.
    pub fn valid_from(&self) -> NaiveDate {
        self.valid_from
    }

    /// The question with this id.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }
}

impl Question {
    /// The words that answer it; none for a day.
    pub(super) fn words(&self) -> Vec<&str> {
        match self.kind {
            Kind::YesNo => vec!["yes", "no"],
            Kind::Choice => self.choices.iter().map(|choice| choice.id.as_str()).collect(),
            Kind::Date => Vec::new(),
        }
    }
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
    let word = String::deserialize(deserializer)?;
    Kind::from_word(&word).ok_or_else(|| serde::de::Error::custom(format!("{word:?} is no kind of question")))
}

fn sex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sex>, D::Error> {
    let word = String::deserialize(deserializer)?;
    Sex::from_word(&word).map(Some).ok_or_else(|| serde::de::Error::custom(format!("{word:?} is no sex")))
}

fn product<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Product>, D::Error> {
    let word = String::deserialize(deserializer)?;
    let product = Product::from_word(&word);
    product.map(Some).ok_or_else(|| serde::de::Error::custom(format!("{word:?} is no product")))
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let date = toml::value::Datetime::deserialize(deserializer)?;
    date.to_string().parse().map_err(|_| serde::de::Error::custom("a day is needed, such as 2012-07-01"))
}
