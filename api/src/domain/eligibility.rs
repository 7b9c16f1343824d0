//! When may somebody give: an answer with the rule, its clause, and the fact that blocks a day.
//!
//! The numbers are not here: they are in rule packs (`api/rules/`), each in force from its day until the next
//! one's. The answer is advice; the doctor on site decides.

mod calendar;
mod pack;
mod packs;
mod planned;

pub(super) use calendar::months_after;
pub use pack::RulePack;
pub use packs::RulePacks;
pub use planned::Planned;

use super::donation::{Collection, Outcome, Product};
use super::identity::Sex;
use chrono::{NaiveDate, TimeDelta};

/// What is known of a donor.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The date of birth.
    pub birth_date: NaiveDate,
    /// The recorded sex.
    pub sex: Sex,
    /// What was given, in any order; other outcomes change nothing.
    pub history: Vec<Given>,
    /// Days until which somebody asked the donor to wait.
    pub deferrals: Vec<Deferral>,
    /// Whether an earlier donation had an adverse reaction.
    pub had_reaction: bool,
    /// What is to be given: of the product that is asked about nothing counts, because it can be moved.
    pub planned: Vec<Planned>,
}

/// A donation and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The donation identification number.
    pub donation_no: String,
    /// What was given, and when.
    pub collection: Collection,
}

/// 暂缓献血: the donor was asked to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deferral {
    /// The first day on which it does not block any more; `None` is for good.
    pub until: Option<NaiveDate>,
    /// The rule that asked for it.
    pub rule: String,
}

/// Why a day is blocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The rule: `age.min`, `interval.whole_blood.apheresis_platelets`, `deferral`, …
    pub rule: String,
    /// Its clause; of a deferral the rule that asked for it.
    pub clause: String,
    /// The fact that blocks.
    pub because_of: Cause,
    /// The first day on which this rule does not block any more, Asia/Shanghai; `None` is never.
    pub until: Option<NaiveDate>,
}

/// The fact behind a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The date of birth.
    Birth(NaiveDate),
    /// A donation, by its number and day (Asia/Shanghai).
    Donation(String, NaiveDate),
    /// A deferral.
    Deferral,
    /// A donation that is planned, by its appointment's id and day (Asia/Shanghai).
    Planned(String, NaiveDate),
}

/// What a pack says of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The day that was asked about, Asia/Shanghai.
    pub on: NaiveDate,
    /// The pack in force on that day.
    pub pack: String,
    /// Why not on that day; empty means yes.
    pub blocks: Vec<Block>,
    /// The first day, from `on`, on which nothing blocks; `None` when there is none to be seen.
    pub first_day: Option<NaiveDate>,
}

/// Answers for one product from a day on.
pub fn assess(packs: &RulePacks, facts: &Facts, product: Product, on: NaiveDate) -> Answer {
    let pack = packs.on(on);
    Answer {
        on,
        pack: pack.id().to_owned(),
        blocks: blocks(pack, facts, product, on),
        first_day: first_day(packs, facts, product, on),
    }
}

/// The first day from `on`: in each pack's time by turns, because a later pack may ask for less.
fn first_day(packs: &RulePacks, facts: &Facts, product: Product, on: NaiveDate) -> Option<NaiveDate> {
    packs.from(on).find_map(|(pack, begins, ends)| {
        let mut day = begins.max(on);
        while ends.is_none_or(|ends| day < ends) {
            let blocks = blocks(pack, facts, product, day);
            if blocks.is_empty() {
                return Some(day);
            }
            // Every rule must have ended, and none ends for ever.
            day = blocks.iter().map(|block| block.until).collect::<Option<Vec<_>>>()?.into_iter().max()?;
        }
        None
    })
}

/// Everything that blocks one day.
pub fn blocks(pack: &RulePack, facts: &Facts, product: Product, day: NaiveDate) -> Vec<Block> {
    let mut given: Vec<&Given> =
        facts.history.iter().filter(|given| given.collection.outcome == Outcome::Donated).collect();
    given.sort_by_key(|given| given.collection.collected_at);
    let mut blocks = age(pack, facts, &given, day);
    blocks.extend(deferrals(facts, day));
    blocks.extend(intervals(pack, &given, product, day));
    blocks.extend(maxima(pack, &given, product, day));
    blocks.extend(planned::intervals(pack, &facts.planned, product, day));
    blocks
}

fn age(pack: &RulePack, facts: &Facts, given: &[&Given], day: NaiveDate) -> Vec<Block> {
    let rule = &pack.age;
    let before = given.iter().any(|given| given.collection.day() < day);
    let max = if before && !facts.had_reaction { rule.repeat_max } else { rule.max };
    let birthday = |age: u32| calendar::birthday(facts.birth_date, age);
    let block = |name: &str, until| Block {
        rule: name.to_owned(),
        clause: rule.clause.clone(),
        because_of: Cause::Birth(facts.birth_date),
        until,
    };
    if day < birthday(rule.min) {
        return vec![block("age.min", Some(birthday(rule.min)))];
    }
    if day >= birthday(max + 1) {
        return vec![block("age.max", None)];
    }
    Vec::new()
}

fn deferrals(facts: &Facts, day: NaiveDate) -> impl Iterator<Item = Block> {
    let standing =
        facts.deferrals.iter().filter(move |deferral| deferral.until.is_none_or(|until| day < until));
    standing.map(|deferral| Block {
        rule: "deferral".to_owned(),
        clause: deferral.rule.clone(),
        because_of: Cause::Deferral,
        until: deferral.until,
    })
}

/// The intervals from every donation, not only the last: an earlier one of another product may bind longer.
fn intervals(
    pack: &RulePack,
    given: &[&Given],
    product: Product,
    day: NaiveDate,
) -> impl Iterator<Item = Block> {
    let binding = given.iter().filter_map(move |given| {
        let from = given.collection.product;
        let interval = pack.interval(from, product)?;
        let until = interval.after(given.collection.day());
        (given.collection.day() <= day && day < until).then(|| Block {
            rule: format!("interval.{from}.{product}"),
            clause: interval.clause.clone(),
            because_of: Cause::Donation(given.donation_no.clone(), given.collection.day()),
            until: Some(until),
        })
    });
    // One line a rule: the donation that binds longest.
    let mut longest: Vec<Block> = Vec::new();
    for block in binding {
        match longest.iter_mut().find(|known| known.rule == block.rule) {
            Some(known) if known.until < block.until => *known = block,
            Some(_) => {}
            None => longest.push(block),
        }
    }
    longest.into_iter()
}

/// The most in a number of days: the day is free again when enough has left the window.
fn maxima(
    pack: &RulePack,
    given: &[&Given],
    product: Product,
    day: NaiveDate,
) -> impl Iterator<Item = Block> {
    pack.maxima(product).filter_map(move |maximum| {
        let window = TimeDelta::days(i64::from(maximum.days));
        let within = given.iter().filter(|given| {
            given.collection.product == product
                && given.collection.day() <= day
                && given.collection.day() + window > day
        });
        let within: Vec<&&Given> = within.collect();
        let mut left = maximum.used(within.iter().map(|given| &given.collection));
        if !maximum.is_full(left) {
            return None;
        }
        // Donations leave the window in the order in which they came.
        let leaving = within.into_iter().find(|given| {
            left = maximum.without(left, &given.collection);
            !maximum.is_full(left)
        })?;
        Some(Block {
            rule: maximum.name(),
            clause: maximum.clause.clone(),
            because_of: Cause::Donation(leaving.donation_no.clone(), leaving.collection.day()),
            until: Some(leaving.collection.day() + window),
        })
    })
}
