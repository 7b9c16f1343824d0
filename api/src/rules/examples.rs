//! Worked examples of a rule pack: somebody with a history asks for a day.

use crate::domain::donation::{Collection, Outcome, Product};
use crate::domain::eligibility::{Deferral, Facts, Given, Planned, RulePacks, assess};
use crate::domain::identity::Sex;
use crate::error::Error;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;
use toml::value::Datetime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    example: Vec<Example>,
}

/// One example.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    name: String,
    born: Datetime,
    #[serde(default)]
    had_reaction: bool,
    #[serde(default)]
    deferred_until: Option<Datetime>,
    #[serde(default)]
    given: Vec<Gift>,
    #[serde(default)]
    given_every: Option<Series>,
    #[serde(default)]
    planned: Vec<Plan>,
    on: Datetime,
    product: String,
    #[serde(default)]
    first_day: Option<Datetime>,
    blocked_by: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gift {
    on: Datetime,
    product: String,
    volume_ml: u32,
    #[serde(default)]
    units: u32,
    #[serde(default)]
    outcome: Option<String>,
}

/// A gift to come.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    on: Datetime,
    product: String,
}

/// The same gift again and again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Series {
    product: String,
    from: Datetime,
    every_days: i64,
    times: i64,
    volume_ml: u32,
    units: u32,
}

/// Reads examples.
///
/// # Errors
/// `bad_rule_pack`.
pub fn read(text: &str) -> Result<Vec<Example>, Error> {
    let file: File = toml::from_str(text).map_err(|failure| super::bad(failure.message().to_owned()))?;
    Ok(file.example)
}

impl Example {
    /// What it shows.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the packs say what is written.
    ///
    /// # Errors
    /// A sentence: what they say instead.
    pub fn check(&self, packs: &RulePacks) -> Result<(), String> {
        let answer = assess(packs, &self.facts()?, product(&self.product)?, day(&self.on)?);
        let first_day = self.first_day.as_ref().map(day).transpose()?;
        let blocked_by: Vec<&str> = answer.blocks.iter().map(|block| block.rule.as_str()).collect();
        if answer.first_day != first_day {
            return Err(format!("the first day is {:?}, not {first_day:?}", answer.first_day));
        }
        if blocked_by != self.blocked_by {
            return Err(format!("blocked by {blocked_by:?}, not by {:?}", self.blocked_by));
        }
        Ok(())
    }

    fn facts(&self) -> Result<Facts, String> {
        let mut history = self.given.iter().map(Gift::collection).collect::<Result<Vec<_>, String>>()?;
        if let Some(series) = &self.given_every {
            history.extend(series.collections()?);
        }
        let given = |(place, collection)| Given { donation_no: format!("{place}"), collection };
        let until = self.deferred_until.as_ref().map(day).transpose()?;
        Ok(Facts {
            birth_date: day(&self.born)?,
            sex: Sex::Female,
            history: history.into_iter().enumerate().map(given).collect(),
            deferrals: until
                .map(|until| Deferral { until: Some(until), rule: "doctor".to_owned() })
                .into_iter()
                .collect(),
            had_reaction: self.had_reaction,
            planned: self.planned.iter().map(Plan::planned).collect::<Result<_, String>>()?,
        })
    }
}

impl Plan {
    fn planned(&self) -> Result<Planned, String> {
        let appointment_id = "planned".to_owned();
        Ok(Planned { appointment_id, product: product(&self.product)?, day: day(&self.on)? })
    }
}

impl Gift {
    fn collection(&self) -> Result<Collection, String> {
        let outcome = match &self.outcome {
            None => Outcome::Donated,
            Some(word) => Outcome::from_word(word).ok_or_else(|| format!("{word:?} is no outcome"))?,
        };
        let collected_at = noon(day(&self.on)?)?;
        let product = product(&self.product)?;
        Ok(Collection { collected_at, product, volume_ml: self.volume_ml, units: self.units, outcome })
    }
}

impl Series {
    fn collections(&self) -> Result<Vec<Collection>, String> {
        let (from, product) = (day(&self.from)?, product(&self.product)?);
        (0..self.times)
            .map(|time| {
                let collected_at = noon(from + TimeDelta::days(time * self.every_days))?;
                let (volume_ml, units) = (self.volume_ml, self.units);
                Ok(Collection { collected_at, product, volume_ml, units, outcome: Outcome::Donated })
            })
            .collect()
    }
}

fn product(word: &str) -> Result<Product, String> {
    Product::from_word(word).ok_or_else(|| format!("{word:?} is no product"))
}

fn day(written: &Datetime) -> Result<NaiveDate, String> {
    written.to_string().parse().map_err(|_| format!("{written} is no day"))
}

/// Noon in China, whatever the day: 04:00 UTC.
fn noon(day: NaiveDate) -> Result<DateTime<Utc>, String> {
    day.and_hms_opt(4, 0, 0).map(|noon| noon.and_utc()).ok_or_else(|| "no such noon".to_owned())
}
