//! Questionnaires in the order of their days.

use super::{Flaw, Questionnaire};
use chrono::NaiveDate;
use std::sync::Arc;

/// All questionnaires that are known, the oldest first; never empty.
#[derive(Debug, Clone)]
pub struct Questionnaires {
    first: Arc<Questionnaire>,
    later: Vec<Arc<Questionnaire>>,
}

impl Questionnaires {
    /// Questionnaires in any order.
    ///
    /// # Errors
    /// [`Flaw`]: none, two of one day, or two of one id and version.
    pub fn new(mut all: Vec<Questionnaire>) -> Result<Self, Flaw> {
        all.sort_by_key(Questionnaire::valid_from);
        for (place, one) in all.iter().enumerate() {
            for other in all.iter().skip(place + 1) {
                if one.name() == other.name() {
                    return Err(Flaw::SameVersion(one.name()));
                }
                if one.valid_from() == other.valid_from() {
                    return Err(Flaw::SameDay(one.name(), other.name()));
                }
            }
        }
        let mut all = all.into_iter().map(Arc::new);
        let first = all.next().ok_or(Flaw::NoQuestionnaire)?;
        Ok(Self { first, later: all.collect() })
    }

    /// The one in force on a day (Asia/Shanghai); before the first one's day, the first.
    pub fn on(&self, day: NaiveDate) -> &Arc<Questionnaire> {
        self.later.iter().rev().find(|one| one.valid_from() <= day).unwrap_or(&self.first)
    }

    /// The one with this name, in force or not.
    pub fn named(&self, name: &str) -> Option<&Arc<Questionnaire>> {
        self.all().find(|one| one.name() == name)
    }

    /// All, the oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Questionnaire>> {
        std::iter::once(&self.first).chain(&self.later)
    }
}
