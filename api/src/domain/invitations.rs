//! When somebody is told that they may give again, or that their blood was used.

use super::donation::{Outcome, Product};
use super::eligibility::{Facts, Given, RulePacks, assess, blocks};
use super::unit::{Journey, Status, Step, Unit, journey};
use crate::clock::{day_in_china, instant_in_china};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

/// Whoever could give for longer than this is not told any more.
const NEWS_FOR: TimeDelta = TimeDelta::days(3);
/// The hour at which such messages leave, Asia/Shanghai.
const HOUR: TimeDelta = TimeDelta::hours(10);

/// Ten o'clock in Asia/Shanghai, from `now` on.
pub fn ten_oclock(now: DateTime<Utc>) -> DateTime<Utc> {
    let today = instant_in_china(day_in_china(now), NaiveTime::MIN) + HOUR;
    if today >= now { today } else { today + TimeDelta::days(1) }
}

/// The newest donation, of whatever product; `None` when nothing was given.
pub fn last_given(facts: &Facts) -> Option<&Given> {
    let given = facts.history.iter().filter(|given| given.collection.outcome == Outcome::Donated);
    given.max_by_key(|given| given.collection.collected_at)
}

/// Since which day a donor may give a product again, when that is today or one of the last three days, and they have given
/// it before: the message names no product, so it is about one that they know.
pub fn may_give_again(
    packs: &RulePacks,
    facts: &Facts,
    product: Product,
    today: NaiveDate,
) -> Option<NaiveDate> {
    let knows =
        |given: &Given| given.collection.product == product && given.collection.outcome == Outcome::Donated;
    facts.history.iter().find(|given| knows(given))?;
    let day = assess(packs, facts, product, today - NEWS_FOR).first_day?;
    let before = day.pred_opt()?;
    let is_news = day <= today && !blocks(packs.on(before), facts, product, before).is_empty();
    (is_news && blocks(packs.on(today), facts, product, today).is_empty()).then_some(day)
}

/// Whether a donor is told that this donation was used: when they are shown so, and no test of it has reacted, not even
/// one that they are not shown yet.
pub fn was_used(units: &[Unit], delay: TimeDelta, now: DateTime<Utc>) -> bool {
    let mut events = units.iter().flat_map(|unit| &unit.events);
    if events.any(|event| event.status == Status::Reactive) {
        return false;
    }
    match journey(units, delay, now) {
        Journey::Steps(steps) => steps.iter().any(|shown| shown.step == Step::Used),
        Journey::ContactStation => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::domain::donation::Collection;
    use crate::domain::identity::Sex;
    use crate::domain::unit::{Component, Event};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn shanghai(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("{text}:00+08:00")).unwrap().to_utc()
    }

    fn facts(product: Product, on: &str) -> Facts {
        let collection = Collection {
            collected_at: shanghai(&format!("{on}T09:00")),
            product,
            volume_ml: 400,
            units: 1,
            outcome: Outcome::Donated,
        };
        Facts {
            birth_date: day("1990-01-01"),
            sex: Sex::Male,
            history: vec![Given { donation_no: "4199240000001".to_owned(), collection }],
            deferrals: Vec::new(),
            had_reaction: false,
            planned: Vec::new(),
        }
    }

    #[test]
    fn it_is_news_on_the_first_day_and_for_three_more() {
        let packs = crate::rules::open(&config::Rules::default()).unwrap();
        let gave = facts(Product::WholeBlood, "2026-03-10");
        let since = |today| may_give_again(&packs, &gave, Product::WholeBlood, day(today));

        assert_eq!(since("2026-09-09"), None);
        for today in ["2026-09-10", "2026-09-11", "2026-09-13"] {
            assert_eq!(since(today), Some(day("2026-09-10")), "{today}");
        }
        assert_eq!(since("2026-09-14"), None);
        let other = |today| may_give_again(&packs, &gave, Product::ApheresisPlatelets, day(today));
        assert_eq!(other("2026-06-10"), None, "never given");
        assert_eq!(last_given(&gave).map(|given| given.donation_no.as_str()), Some("4199240000001"));
    }

    #[test]
    fn messages_leave_at_ten() {
        assert_eq!(ten_oclock(shanghai("2026-09-10T00:00")), shanghai("2026-09-10T10:00"));
        assert_eq!(ten_oclock(shanghai("2026-09-10T10:00")), shanghai("2026-09-10T10:00"));
        assert_eq!(ten_oclock(shanghai("2026-09-10T10:01")), shanghai("2026-09-11T10:00"));
    }

    #[test]
    fn a_use_is_told_late_and_never_when_a_test_of_the_donation_reacted() {
        let at = |minute| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        let unit = |events: &[(Status, i64)]| Unit {
            component: Component::RedCells,
            events: events
                .iter()
                .map(|(status, minute)| Event { status: *status, at: at(*minute) })
                .collect(),
        };
        let told = |units: &[Unit], minute| was_used(units, TimeDelta::minutes(10), at(minute));
        let used = unit(&[(Status::Issued, 1), (Status::Used, 5)]);

        assert!(!told(std::slice::from_ref(&used), 14) && told(std::slice::from_ref(&used), 15));
        assert!(!told(&[unit(&[(Status::Stored, 1)])], 90) && !told(&[], 90));
        assert!(!told(&[used.clone(), unit(&[(Status::Reactive, 89)])], 90));
        assert!(told(&[used, unit(&[(Status::Discarded, 2)])], 90));
    }
}
