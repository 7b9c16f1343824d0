//! What answers come to, and the pass that is given for them.

use super::answers::{Answer, Answers, Respondent};
use super::document::{CountedFrom, Effect, Period, Question, Questionnaire};
use crate::clock::day_in_china;
use crate::domain::eligibility::months_after;
use crate::domain::refusal::words;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// What a questionnaire comes to. It says nothing of which answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing that is asked stands against it.
    NoKnownReason,
    /// Something asks to wait.
    PossibleDeferral,
    /// The doctor has to be asked.
    AskTheDoctor,
}
words!(Outcome {
    NoKnownReason = "no_known_reason", PossibleDeferral = "possible_deferral", AskTheDoctor = "ask_the_doctor",
});

/// An outcome, and how long it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assessment {
    /// The outcome.
    pub outcome: Outcome,
    /// The first day on which a possible deferral does not stand any more, Asia/Shanghai.
    pub until: Option<NaiveDate>,
}

impl Questionnaire {
    /// What answers that are given on `today` (Asia/Shanghai) come to; `None` while a question is open.
    pub fn assess(&self, answers: &Answers, respondent: Respondent, today: NaiveDate) -> Option<Assessment> {
        let mut until: Option<NaiveDate> = None;
        let mut ask = false;
        for question in self.asked(answers, respondent) {
            let answer = answers.to(&question.id)?;
            for effect in question.effects(answer) {
                match effect {
                    Effect::AskTheDoctor => ask = true,
                    Effect::Defer(period, from) => {
                        until = until.max(Some(period.after(counted_from(from, answer, today))));
                    }
                }
            }
        }
        let until = until.filter(|until| *until > today);
        Some(match (ask, until) {
            // Whoever is to ask gets no day: the doctor may know a later one, or none.
            (true, _) => Assessment { outcome: Outcome::AskTheDoctor, until: None },
            (false, Some(_)) => Assessment { outcome: Outcome::PossibleDeferral, until },
            (false, None) => Assessment { outcome: Outcome::NoKnownReason, until: None },
        })
    }
}

impl Question {
    fn effects(&self, answer: &Answer) -> impl Iterator<Item = Effect> {
        let speaks_of = move |word: &String| matches!(answer, Answer::Word(said) if said == word);
        let meant = self.outcomes.iter().filter(move |outcome| outcome.answer.as_ref().is_none_or(speaks_of));
        meant.map(|outcome| outcome.effect)
    }
}

fn counted_from(from: CountedFrom, answer: &Answer, today: NaiveDate) -> NaiveDate {
    match (from, answer) {
        (CountedFrom::Answer, Answer::Day(day)) => *day,
        _ => today,
    }
}

impl Period {
    fn after(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Months(months) => months_after(day, months),
            Self::Days(days) => {
                day.checked_add_signed(TimeDelta::days(i64::from(days))).unwrap_or(NaiveDate::MAX)
            }
        }
    }
}

/// The pass for the desk: good for one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeskPass {
    /// The day, Asia/Shanghai.
    pub day: NaiveDate,
}

impl DeskPass {
    /// The pass of what answers came to at an instant; none when something stands against it.
    pub fn earned(assessment: Assessment, now: DateTime<Utc>) -> Option<Self> {
        (assessment.outcome == Outcome::NoKnownReason).then(|| Self { day: day_in_china(now) })
    }

    /// Whether it is good at an instant: until midnight of its day, Asia/Shanghai.
    pub fn is_valid(self, now: DateTime<Utc>) -> bool {
        day_in_china(now) == self.day
    }
}

/// Whether a donation used a questionnaire that was submitted at an instant: somebody came to the door with it, or
/// something is recorded on its day. Such a questionnaire belongs to the record that a station has to keep.
pub fn was_used(
    submitted_at: DateTime<Utc>,
    shown_at: Option<DateTime<Utc>>,
    recorded: impl IntoIterator<Item = DateTime<Utc>>,
) -> bool {
    let day = day_in_china(submitted_at);
    shown_at.is_some() || recorded.into_iter().any(|at| day_in_china(at) == day)
}
