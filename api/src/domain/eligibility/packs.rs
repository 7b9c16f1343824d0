//! Rule packs in the order of their days.

use super::pack::RulePack;
use chrono::NaiveDate;

/// All packs that are honoured, the oldest first; never empty.
#[derive(Debug, Clone)]
pub struct RulePacks {
    first: RulePack,
    later: Vec<RulePack>,
}

impl RulePacks {
    /// Packs in any order; drafts only when `with_drafts`.
    ///
    /// # Errors
    /// A sentence: no pack, two of one day, or two of one id.
    pub fn new(packs: Vec<RulePack>, with_drafts: bool) -> Result<Self, String> {
        let mut packs: Vec<RulePack> =
            packs.into_iter().filter(|pack| with_drafts || !pack.is_draft()).collect();
        packs.sort_by_key(RulePack::effective_from);
        let neighbours = || packs.iter().zip(packs.iter().skip(1));
        if neighbours().any(|(one, other)| one.effective_from() == other.effective_from()) {
            return Err("two rule packs begin on the same day".to_owned());
        }
        if neighbours().any(|(one, other)| one.id() == other.id()) {
            return Err("two rule packs have the same id".to_owned());
        }
        let mut packs = packs.into_iter();
        let first = packs.next().ok_or("there is no rule pack")?;
        Ok(Self { first, later: packs.collect() })
    }

    /// The pack in force on a day; before the first one's day, the first.
    pub fn on(&self, day: NaiveDate) -> &RulePack {
        self.later.iter().rev().find(|pack| pack.effective_from() <= day).unwrap_or(&self.first)
    }

    /// The pack in force on a day and those after it, each with its first day and the day on which the next begins.
    pub fn from(&self, day: NaiveDate) -> impl Iterator<Item = (&RulePack, NaiveDate, Option<NaiveDate>)> {
        let all: Vec<&RulePack> = std::iter::once(&self.first).chain(&self.later).collect();
        let in_force = self.on(day).id().to_owned();
        let ends: Vec<Option<NaiveDate>> =
            all.iter().skip(1).map(|pack| Some(pack.effective_from())).chain([None]).collect();
        all.into_iter()
            .zip(ends)
            .skip_while(move |(pack, _)| pack.id() != in_force)
            .map(|(pack, ends)| (pack, pack.effective_from(), ends))
    }

    /// All packs, the oldest first.
    pub fn all(&self) -> impl Iterator<Item = &RulePack> {
        std::iter::once(&self.first).chain(&self.later)
    }
}
