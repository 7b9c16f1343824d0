//! Worked examples of a questionnaire: somebody answers on a day.

use crate::domain::donation::Product;
use crate::domain::identity::Sex;
use crate::domain::questionnaire::{Questionnaire, Respondent};
use crate::error::Error;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::value::Datetime;

/// The examples of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examples {
    /// What is answered when an example says nothing else.
    usual: BTreeMap<String, String>,
    example: Vec<Example>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    name: String,
    #[serde(default)]
    sex: Option<String>,
    #[serde(default)]
    product: Option<String>,
    on: Datetime,
    answers: BTreeMap<String, String>,
    #[serde(default)]
    outcome: Option<String>,
    #[serde(default)]
    until: Option<Datetime>,
    #[serde(default)]
    refused: Option<String>,
}

/// Reads examples.
///
/// # Errors
/// `bad_questionnaire`.
pub fn read(text: &str) -> Result<Examples, Error> {
    toml::from_str(text).map_err(|failure| {
        let message = format!("The examples cannot be read: {}.", failure.message());
        Error::invalid("bad_questionnaire", message)
    })
}

impl Examples {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.example.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.example.is_empty()
    }

    /// A sentence for each example that does not come out as it is written.
    pub fn wrong(&self, document: &Questionnaire) -> Vec<String> {
        let check = |example: &Example| {
            let problem = example.check(document, &self.usual).err()?;
            Some(format!("{}: {problem}", example.name))
        };
        self.example.iter().filter_map(check).collect()
    }
}

impl Example {
    fn check(&self, document: &Questionnaire, usual: &BTreeMap<String, String>) -> Result<(), String> {
        let respondent = self.respondent()?;
        let today = day(&self.on)?;
        let come_to = self.answer(document, usual, respondent, today)?;
        let until = self.until.as_ref().map(day).transpose()?;
        let written = match (&self.refused, &self.outcome) {
            (Some(refused), None) => format!("refused: {refused}"),
            (None, Some(outcome)) => told(outcome, until),
            _ => return Err("an example has either an outcome or refused".to_owned()),
        };
        if come_to == written { Ok(()) } else { Err(format!("it comes to {come_to}, not to {written}")) }
    }

    /// Answers question after question; what it comes to, in words.
    fn answer(
        &self,
        document: &Questionnaire,
        usual: &BTreeMap<String, String>,
        respondent: Respondent,
        today: NaiveDate,
    ) -> Result<String, String> {
        let mut said = self.answers.clone();
        loop {
            let answers = match document.accept(&said, respondent, today) {
                Ok(answers) => answers,
                Err(refusal) => return Ok(format!("refused: {}", refusal.reason)),
            };
            let Some(next) = document.open(&answers, respondent).next() else {
                let come_to = document.assess(&answers, respondent, today);
                let come_to = come_to.ok_or("it comes to nothing, although nothing is open")?;
                return Ok(told(come_to.outcome.as_str(), come_to.until));
            };
            let answer = usual.get(&next.id).ok_or_else(|| format!("nothing answers {}", next.id))?;
            said.insert(next.id.clone(), answer.clone());
        }
    }

    fn respondent(&self) -> Result<Respondent, String> {
        let sex = self.sex.as_deref().unwrap_or(Sex::Male.as_str());
        let product = self.product.as_deref().unwrap_or(Product::WholeBlood.as_str());
        Ok(Respondent {
            sex: Sex::from_word(sex).ok_or_else(|| format!("{sex:?} is no sex"))?,
            product: Product::from_word(product).ok_or_else(|| format!("{product:?} is no product"))?,
        })
    }
}

fn told(outcome: &str, until: Option<NaiveDate>) -> String {
    match until {
        Some(until) => format!("{outcome} until {until}"),
        None => outcome.to_owned(),
    }
}

fn day(written: &Datetime) -> Result<NaiveDate, String> {
    written.to_string().parse().map_err(|_| format!("{written} is no day"))
}
