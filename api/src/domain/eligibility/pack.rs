//! A rule pack: the numbers of one standard, as its file says them.

use super::calendar::months_after;
use crate::domain::donation::{Collection, Product};
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;

/// The numbers of one standard.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulePack {
    id: String,
    title: String,
    #[serde(deserialize_with = "date")]
    effective_from: NaiveDate,
    #[serde(default)]
    draft: bool,
    pub(super) age: Age,
    /// kg, at the door.
    pub weight: Weight,
    interval: Vec<Interval>,
    maximum: Vec<Maximum>,
    /// At the door.
    pub screening: Screening,
}

/// Completed years, both ends included.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Age {
    pub clause: String,
    #[serde(rename = "verified")]
    _verified: bool,
    pub min: u32,
    pub max: u32,
    pub repeat_max: u32,
}

/// The least weight, kg.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// The clause.
    pub clause: String,
    /// Whether the clause was checked against the printed standard.
    pub verified: bool,
    /// Men.
    pub male_min_kg: u32,
    /// Women.
    pub female_min_kg: u32,
}

/// What is measured at the door; both ends of a range are included.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screening {
    pub clause: String,
    pub verified: bool,
    pub haemoglobin_male_min_g_per_l: u32,
    pub haemoglobin_female_min_g_per_l: u32,
    pub systolic_min_mmhg: u32,
    pub systolic_max_mmhg: u32,
    pub diastolic_min_mmhg: u32,
    pub diastolic_max_mmhg: u32,
    pub pulse_pressure_min_mmhg: u32,
    pub pulse_min_per_minute: u32,
    pub pulse_max_per_minute: u32,
    pub pulse_min_endurance_athlete_per_minute: u32,
}

/// The least time between two donations: calendar months or days.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Interval {
    #[serde(deserialize_with = "product")]
    from: Product,
    #[serde(deserialize_with = "product")]
    to: Product,
    months: Option<u32>,
    days: Option<u32>,
    #[serde(rename = "days_with_approval")]
    _days_with_approval: Option<u32>,
    pub clause: String,
    #[serde(rename = "verified")]
    _verified: bool,
}

impl Interval {
    /// The first day on which the interval from `day` is over.
    pub fn after(&self, day: NaiveDate) -> NaiveDate {
        let months = months_after(day, self.months.unwrap_or(0));
        months
            .checked_add_signed(TimeDelta::days(i64::from(self.days.unwrap_or(0))))
            .unwrap_or(NaiveDate::MAX)
    }
}

/// The most in a number of days: donations or ml.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Maximum {
    #[serde(deserialize_with = "product")]
    product: Product,
    pub days: u32,
    donations: Option<u64>,
    volume_ml: Option<u64>,
    pub clause: String,
    #[serde(rename = "verified")]
    _verified: bool,
}

impl Maximum {
    /// The rule's name.
    pub fn name(&self) -> String {
        let what = if self.donations.is_some() { "donations" } else { "volume" };
        format!("maximum.{}.{what}", self.product)
    }

    fn of(&self, collection: &Collection) -> u64 {
        if self.donations.is_some() { 1 } else { u64::from(collection.volume_ml) }
    }

    /// What donations come to.
    pub fn used<'a>(&self, collections: impl Iterator<Item = &'a Collection>) -> u64 {
        collections.map(|collection| self.of(collection)).sum()
    }

    /// What is left of `used` without one of them.
    pub fn without(&self, used: u64, collection: &Collection) -> u64 {
        used.saturating_sub(self.of(collection))
    }

    /// Whether there is room for nothing more.
    pub fn is_full(&self, used: u64) -> bool {
        let most = self.donations.or(self.volume_ml).unwrap_or(u64::MAX);
        used >= most
    }
}

impl RulePack {
    /// Reads and checks a pack's file.
    ///
    /// # Errors
    /// A sentence: what cannot be read, or does not make sense.
    pub fn parse(text: &str) -> Result<Self, String> {
        let pack: Self = toml::from_str(text).map_err(|failure| failure.message().to_owned())?;
        pack.check().map_err(|problem| format!("{}: {problem}", pack.id))?;
        Ok(pack)
    }

    fn check(&self) -> Result<(), String> {
        let pairs: BTreeSet<(Product, Product)> =
            self.interval.iter().map(|interval| (interval.from, interval.to)).collect();
        if pairs.len() != self.interval.len() {
            return Err("two intervals of the same direction".to_owned());
        }
        for from in Product::ALL {
            for to in Product::ALL {
                if !pairs.contains(&(*from, *to)) {
                    return Err(format!("no interval from {from} to {to}"));
                }
            }
        }
        if self.interval.iter().any(|interval| interval.months.is_some() == interval.days.is_some()) {
            return Err("an interval has either months or days".to_owned());
        }
        if self.maximum.iter().any(|maximum| maximum.donations.is_some() == maximum.volume_ml.is_some()) {
            return Err("a maximum has either donations or volume_ml".to_owned());
        }
        if self.maximum.iter().any(|maximum| maximum.days == 0 || maximum.is_full(0)) {
            return Err("a maximum allows nothing".to_owned());
        }
        if self.age.min >= self.age.max || self.age.max > self.age.repeat_max {
            return Err("the ages are not in order".to_owned());
        }
        Ok(())
    }

    /// The pack's id, which decisions keep.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The standard's name.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its first day, Asia/Shanghai.
    pub fn effective_from(&self) -> NaiveDate {
        self.effective_from
    }

    /// Whether it is not law yet.
    pub fn is_draft(&self) -> bool {
        self.draft
    }

    pub(super) fn interval(&self, from: Product, to: Product) -> Option<&Interval> {
        self.interval.iter().find(|interval| interval.from == from && interval.to == to)
    }

    pub(super) fn maxima(&self, product: Product) -> impl Iterator<Item = &Maximum> {
        self.maximum.iter().filter(move |maximum| maximum.product == product)
    }
}

fn product<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Product, D::Error> {
    let word = String::deserialize(deserializer)?;
    Product::from_word(&word).ok_or_else(|| serde::de::Error::custom(format!("{word:?} is no product")))
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let date = toml::value::Datetime::deserialize(deserializer)?;
    date.to_string().parse().map_err(|_| serde::de::Error::custom("a day is needed, such as 2012-07-01"))
}
