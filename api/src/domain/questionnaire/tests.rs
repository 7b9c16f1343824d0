use super::*;
use crate::clock::instant_in_china;
use crate::domain::donation::Product;
use crate::domain::identity::Sex;
use chrono::{NaiveDate, NaiveTime, TimeDelta};
use std::collections::BTreeMap;

const SMALL: &str = r#"
id = "small"
version = 1
valid_from = 2026-01-01
title.zh = "征询"
title.en = "Questions"

[[question]]
id = "ill"
kind = "choice"
text.zh = "病否？"
text.en = "Ill?"
choices = [{ id = "no", text.zh = "否", text.en = "No" }, { id = "over", text.zh = "已愈", text.en = "Over" }]

[[question]]
id = "over_on"
kind = "date"
text.zh = "何日？"
text.en = "When?"
asked_when = { answers = { ill = "over" } }
outcome = [{ then = "defer", months = 1, counted_from = "answer", clause = "1.1", verified = false }]

[[question]]
id = "nursing"
kind = "yes_no"
text.zh = "哺乳？"
text.en = "Nursing?"
asked_when = { sex = "F" }
outcome = [
    { answer = "yes", then = "defer", days = 2, counted_from = "day_answered", clause_not_known = true, verified = false },
]

[[question]]
id = "tablets"
kind = "yes_no"
text.zh = "服药？"
text.en = "Tablets?"
asked_when = { product = "apheresis_platelets" }
outcome = [{ answer = "yes", then = "ask_doctor", clause = "1.2", verified = true }]
"#;

const MAN: Respondent = Respondent { sex: Sex::Male, product: Product::WholeBlood };
const WOMAN: Respondent = Respondent { sex: Sex::Female, product: Product::ApheresisPlatelets };

fn small() -> Questionnaire {
    Questionnaire::parse(SMALL).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn said(answers: &[(&str, &str)]) -> BTreeMap<String, String> {
    answers.iter().map(|(id, answer)| ((*id).to_owned(), (*answer).to_owned())).collect()
}

fn open(document: &Questionnaire, respondent: Respondent, given: &[(&str, &str)]) -> Vec<String> {
    let answers = document.accept(&said(given), respondent, day("2026-11-23")).unwrap();
    document.open(&answers, respondent).map(|question| question.id.clone()).collect()
}

#[test]
fn the_next_questions_follow_from_answers_sex_and_product() {
    let document = small();

    assert_eq!(open(&document, MAN, &[]), ["ill"]);
    assert_eq!(open(&document, MAN, &[("ill", "no")]), Vec::<String>::new());
    assert_eq!(open(&document, MAN, &[("ill", "over")]), ["over_on"]);
    assert_eq!(open(&document, WOMAN, &[("ill", "no")]), ["nursing", "tablets"]);
}

#[test]
fn answers_that_do_not_fit_are_refused_by_name() {
    let refused =
        |given: &[(&str, &str)]| small().accept(&said(given), MAN, day("2026-11-23")).unwrap_err().reason;

    assert_eq!(refused(&[("fever", "no")]), "unknown_question");
    assert_eq!(refused(&[("ill", "yes")]), "wrong_kind_of_answer");
    assert_eq!(refused(&[("ill", "no"), ("over_on", "2026-11-01")]), "question_not_asked");
    assert_eq!(refused(&[("over_on", "2026-11-01")]), "question_not_asked");
    assert_eq!(refused(&[("nursing", "no")]), "question_not_asked");
    assert_eq!(refused(&[("ill", "over"), ("over_on", "2026-11-24")]), "in_the_future");
    for not_a_day in ["2026-02-30", "2026-1-01", "-0026-11-01", "+2026-11-1", "yesterday", ""] {
        assert_eq!(
            refused(&[("ill", "over"), ("over_on", not_a_day)]),
            "wrong_kind_of_answer",
            "{not_a_day}"
        );
    }
}

#[test]
fn a_refusal_does_not_repeat_what_was_said() {
    let refusal = small().accept(&said(&[("canary", "canary")]), MAN, day("2026-11-23")).unwrap_err();
    assert!(!refusal.message.contains("canary"));
    let refusal = small().accept(&said(&[("ill", "canary")]), MAN, day("2026-11-23")).unwrap_err();
    assert!(!refusal.message.contains("canary"));
}

#[test]
fn an_outcome_needs_all_answers_and_the_longest_wait_counts() {
    let document = small();
    let assess = |respondent, given: &[(&str, &str)]| {
        let today = day("2026-11-23");
        let answers = document.accept(&said(given), respondent, today).unwrap();
        document.assess(&answers, respondent, today).map(|come_to| (come_to.outcome, come_to.until))
    };
    let wait = |until| Some((Outcome::PossibleDeferral, Some(day(until))));

    assert_eq!(assess(MAN, &[]), None);
    assert_eq!(assess(MAN, &[("ill", "over")]), None);
    assert_eq!(assess(MAN, &[("ill", "no")]), Some((Outcome::NoKnownReason, None)));
    assert_eq!(assess(MAN, &[("ill", "over"), ("over_on", "2026-10-24")]), wait("2026-11-24"));
    assert_eq!(
        assess(MAN, &[("ill", "over"), ("over_on", "2026-10-23")]),
        Some((Outcome::NoKnownReason, None))
    );
    let nursing = [("ill", "over"), ("over_on", "2026-10-24"), ("nursing", "yes"), ("tablets", "no")];
    assert_eq!(assess(WOMAN, &nursing), wait("2026-11-25"));
    let tablets = [("ill", "no"), ("nursing", "yes"), ("tablets", "yes")];
    assert_eq!(assess(WOMAN, &tablets), Some((Outcome::AskTheDoctor, None)));
}

#[test]
fn a_newer_version_keeps_answers_to_what_has_not_changed() {
    let newer = SMALL
        .replace("version = 1", "version = 2")
        .replace("text.en = \"Nursing?\"", "text.en = \"A baby?\"");
    let newer = Questionnaire::parse(&newer).unwrap();
    let given = said(&[("ill", "over"), ("over_on", "2026-11-01"), ("nursing", "yes"), ("tablets", "no")]);
    let carried = |then: &Questionnaire, respondent| {
        newer
            .carry_over(then, &given, respondent, day("2026-11-23"))
            .to_words()
            .into_keys()
            .collect::<Vec<_>>()
    };

    assert_eq!(carried(&small(), WOMAN), ["ill", "over_on", "tablets"]);
    assert_eq!(carried(&newer, WOMAN), ["ill", "nursing", "over_on", "tablets"]);
    assert_eq!(carried(&small(), MAN), ["ill", "over_on"], "what is not asked any more goes");
}

#[test]
fn every_flaw_of_a_file_has_its_name() {
    let doubled = format!("{SMALL}{}", SMALL.rsplit_once("\n[[question]]").map_or("", |(_, last)| last));
    let doubled = doubled.replace("verified = true }]\n\nid", "verified = true }]\n\n[[question]]\nid");
    let cases = [
        (doubled, "duplicate_question: tablets"),
        (SMALL.replace("text.en = \"Ill?\"", ""), "missing_text: ill has no text in en"),
        (SMALL.replace("title.zh = \"征询\"", "title.zh = \" \""), "missing_text: title"),
        (SMALL.replace("text.zh = \"已愈\", ", ""), "missing_text: ill.over"),
        (SMALL.replace("id = \"over\", ", "id = \"no\", "), "bad_choices: ill"),
        (SMALL.replace("kind = \"choice\"", "kind = \"yes_no\""), "bad_choices: ill"),
        (
            SMALL.replace("{ ill = \"over\" }", "{ fever = \"over\" }"),
            "unknown_question: over_on depends on fever",
        ),
        (SMALL.replace("{ ill = \"over\" }", "{ ill = \"gone\" }"), "unknown_answer: over_on speaks of"),
        (
            SMALL.replace("answer = \"yes\", then = \"ask", "answer = \"maybe\", then = \"ask"),
            "unknown_answer: tablets",
        ),
        (SMALL.replace("{ answer = \"yes\", then = \"ask", "{ then = \"ask"), "unknown_answer: tablets"),
        (SMALL.replace("{ ill = \"over\" }", "{ tablets = \"no\" }"), "asked_too_early: over_on"),
        (
            SMALL
                .replace("{ sex = \"F\" }", "{ answers = { tablets = \"no\" } }")
                .replace("{ product = \"apheresis_platelets\" }", "{ answers = { nursing = \"no\" } }"),
            "cycle: nursing",
        ),
        (SMALL.replace("{ ill = \"over\" }", "{ over_on = \"2026-01-01\" }"), "unknown_answer: over_on"),
        (
            SMALL.replace(
                "{ product = \"apheresis_platelets\" }",
                "{ sex = \"M\", answers = { nursing = \"no\" } }",
            ),
            "unreachable: nobody is ever asked tablets",
        ),
        (SMALL.replace("clause = \"1.1\", ", ""), "missing_clause"),
        (
            SMALL.replace("clause = \"1.1\", ", "clause = \"1.1\", clause_not_known = true, "),
            "missing_clause",
        ),
        (SMALL.replace("months = 1, ", ""), "bad_outcome"),
        (SMALL.replace("months = 1, ", "months = 1, days = 1, "), "bad_outcome"),
        (SMALL.replace("\"day_answered\"", "\"answer\""), "bad_outcome"),
        (SMALL.replace("\"day_answered\"", "\"tomorrow\""), "bad_outcome"),
        (SMALL.replace("kind = \"date\"", "kind = \"number\""), "malformed"),
        (SMALL.replace("sex = \"F\"", "sex = \"X\""), "malformed"),
        (SMALL.replace("version = 1", "version = 1\nauthor = \"x\""), "malformed"),
        (SMALL.split("\n[[question]]").next().unwrap().to_owned(), "no_questions"),
    ];

    for (text, name) in cases {
        assert_ne!(text, SMALL, "{name}");
        let flaw = Questionnaire::parse(&text).unwrap_err().to_string();
        assert!(flaw.contains(name), "{flaw}: {name}");
    }
}

#[test]
fn the_newest_questionnaire_takes_over_on_its_day() {
    let newer = Questionnaire::parse(
        &SMALL
            .replace("version = 1", "version = 2")
            .replace("valid_from = 2026-01-01", "valid_from = 2027-01-01"),
    );
    let newer = newer.unwrap();
    let both = Questionnaires::new(vec![newer.clone(), small()]).unwrap();

    assert_eq!(both.on(day("2020-01-01")).name(), "small/1");
    assert_eq!(both.on(day("2026-12-31")).name(), "small/1");
    assert_eq!(both.on(day("2027-01-01")).name(), "small/2");
    assert!(both.named("small/1").is_some() && both.named("small/3").is_none());
    assert_eq!(Questionnaires::new(Vec::new()).unwrap_err(), Flaw::NoQuestionnaire);
    let twice = Questionnaires::new(vec![newer.clone(), small(), newer]).unwrap_err();
    assert_eq!(twice, Flaw::SameVersion("small/2".to_owned()));
    let other = Questionnaire::parse(&SMALL.replace("version = 1", "version = 3")).unwrap();
    assert!(matches!(Questionnaires::new(vec![small(), other]).unwrap_err(), Flaw::SameDay(..)));
}

#[test]
fn a_pass_ends_at_midnight_in_shanghai() {
    let midnight = instant_in_china(day("2026-11-24"), NaiveTime::MIN);
    let last = midnight - TimeDelta::microseconds(1);
    let well = Assessment { outcome: Outcome::NoKnownReason, until: None };

    let pass = DeskPass::earned(well, last).unwrap();

    assert_eq!(pass.day, day("2026-11-23"));
    assert!(pass.is_valid(last) && pass.is_valid(midnight - TimeDelta::days(1)));
    assert!(
        !pass.is_valid(midnight)
            && !pass.is_valid(midnight - TimeDelta::days(1) - TimeDelta::microseconds(1))
    );
    assert_eq!(DeskPass::earned(well, midnight).unwrap().day, day("2026-11-24"));
    for outcome in [Outcome::PossibleDeferral, Outcome::AskTheDoctor] {
        assert_eq!(DeskPass::earned(Assessment { outcome, until: None }, last), None);
    }
}

#[test]
fn a_donation_of_the_day_uses_a_questionnaire() {
    let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let submitted = at("2026-11-23T15:00:00Z");

    assert!(!was_used(submitted, None, []));
    assert!(was_used(submitted, Some(submitted), []));
    assert!(was_used(submitted, None, [at("2024-01-01T00:00:00Z"), at("2026-11-22T16:00:00Z")]));
    assert!(!was_used(submitted, None, [at("2026-11-23T16:00:00Z")]), "the next day in Shanghai");
}
