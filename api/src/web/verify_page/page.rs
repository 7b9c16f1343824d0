//! The page as a template and what goes into it.

use super::assets::{SCRIPT, STYLE};
use super::language::Language;
use super::wording::{self, Verdict, Words, words};
use crate::actions::verify::Answer;
use askama::Template;
use certificates::{CertificateClaims, Code, Light, UnixTime};
use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, Timelike, Utc};

const SHANGHAI_SECONDS_EAST: i32 = 8 * 3_600;

/// The page: a field to scan into, and the last answer, if any.
#[derive(Template)]
#[template(path = "verify.html")]
pub struct Page {
    words: &'static Words,
    language: Language,
    style: &'static str,
    script: &'static str,
    panel: Option<Panel>,
}

/// What is shown of an answer.
struct Panel {
    /// `green`, `amber`, `red`, or `again` when nothing was verified.
    look: &'static str,
    verdict: Verdict,
    code: String,
    checked: Option<Checked>,
    identity: Vec<Fact>,
    identity_heading: &'static str,
    groups: Vec<Group>,
    superseded: bool,
}

struct Checked {
    label: &'static str,
    time: String,
    machine_time: String,
}

struct Group {
    heading: &'static str,
    facts: Vec<Fact>,
}

struct Fact {
    label: &'static str,
    value: String,
    note: &'static str,
}

impl Page {
    /// The page before the first scan.
    pub fn blank(language: Language) -> Page {
        Page::with(language, None)
    }

    /// The page with the verifier's answer.
    pub fn answer(language: Language, answer: Answer) -> Page {
        Page::with(language, Some(Panel::of_answer(language, answer)))
    }

    /// The page when nothing could be verified; `code` is that of the error.
    pub fn trouble(language: Language, code: &str) -> Page {
        Page::with(language, Some(Panel::of_trouble(language, code)))
    }

    fn with(language: Language, panel: Option<Panel>) -> Page {
        let words = words(language);
        Page { words, language, style: STYLE.address(), script: SCRIPT.address(), panel }
    }

    /// The HTML document.
    ///
    /// # Errors
    /// None that is known: nothing in the template can fail.
    pub fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}

impl Panel {
    fn of_trouble(language: Language, code: &str) -> Panel {
        Panel {
            look: "again",
            verdict: wording::trouble(code, language),
            code: code.to_owned(),
            checked: None,
            identity: Vec::new(),
            identity_heading: "",
            groups: Vec::new(),
            superseded: false,
        }
    }

    fn of_answer(language: Language, answer: Answer) -> Panel {
        let words = words(language);
        let accepted = answer.code.light() != Light::Red;
        let claims = answer.claims.as_ref();
        let mut groups = Vec::new();
        if let Some(claims) = claims {
            if accepted {
                groups.push(Group { heading: words.given, facts: given(language, claims) });
            }
            let number = answer.certificate_no.as_deref();
            groups.push(Group { heading: words.certificate, facts: certificate(language, claims, number) });
        }
        Panel {
            look: answer.code.light().as_str(),
            verdict: wording::verdict(answer.code, language),
            code: answer.code.as_str().to_owned(),
            checked: Some(Checked::of(language, answer.code, answer.checked_at)),
            identity: claims.map(|claims| identity(words, claims)).unwrap_or_default(),
            identity_heading: if accepted { words.compare } else { words.not_to_accept },
            groups,
            superseded: accepted && answer.superseded,
        }
    }
}

impl Checked {
    fn of(language: Language, code: Code, at: DateTime<Utc>) -> Checked {
        let words = words(language);
        let with_records = matches!(code, Code::Valid | Code::Revoked | Code::Suspended);
        let local = in_china(at);
        let time = format!(
            "{} {:02}:{:02}:{:02}",
            date(language, local.date_naive()),
            local.hour(),
            local.minute(),
            local.second()
        );
        Checked {
            label: if with_records { words.checked_with_records } else { words.checked },
            time,
            machine_time: local.format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        }
    }
}

impl Fact {
    fn new(label: &'static str, value: impl Into<String>) -> Fact {
        Fact { label, value: value.into(), note: "" }
    }
}

fn identity(words: &Words, claims: &CertificateClaims) -> Vec<Fact> {
    vec![
        Fact::new(words.name, &claims.holder.masked_name),
        Fact::new(words.birth_year, claims.holder.birth_year.to_string()),
        Fact::new(words.document, &claims.holder.document_last_four),
    ]
}

fn given(language: Language, claims: &CertificateClaims) -> Vec<Fact> {
    let words = words(language);
    let totals = &claims.totals;
    let with_unit = |number: u64, chinese: &str, one: &str, many: &str| match (language, number) {
        (Language::Chinese, _) => format!("{} {chinese}", grouped(number)),
        (Language::English, 1) => format!("1 {one}"),
        (Language::English, _) => format!("{} {many}", grouped(number)),
    };
    let mut facts = vec![
        Fact::new(words.volume, with_unit(totals.whole_blood_ml, "毫升", "ml", "ml")),
        Fact::new(words.donations, with_unit(totals.donations.into(), "次", "time", "times")),
    ];
    if totals.platelet_units > 0 {
        let units = with_unit(totals.platelet_units.into(), "个治疗单位", "therapeutic unit", "therapeutic units");
        facts.push(Fact::new(words.platelets, units));
    }
    let last_donation = NaiveDate::default().checked_add_days(Days::new(totals.last_donation_day.into()));
    facts.extend([
        Fact {
            note: wording::estimate(totals.lives_formula, language),
            ..Fact::new(words.lives, with_unit(totals.lives_saved.into(), "人", "life", "lives"))
        },
        Fact::new(words.award, wording::award(totals.award, language)),
        Fact::new(words.last_donation, last_donation.map(|day| date(language, day)).unwrap_or_default()),
    ]);
    facts
}

fn certificate(language: Language, claims: &CertificateClaims, number: Option<&str>) -> Vec<Fact> {
    let words = words(language);
    // The last day on which it is valid: the instant of expiry itself is outside.
    let last_second = claims.expires_at.plus_seconds(-1);
    let mut facts = vec![
        Fact::new(words.issued, date(language, day_of(claims.issued_at))),
        Fact::new(words.valid_until, date(language, day_of(last_second))),
        Fact::new(words.issuer, &claims.issuer),
    ];
    if let Some(number) = number {
        facts.push(Fact::new(words.number, number));
    }
    facts
}

fn in_china(instant: DateTime<Utc>) -> DateTime<FixedOffset> {
    match FixedOffset::east_opt(SHANGHAI_SECONDS_EAST) {
        Some(shanghai) => instant.with_timezone(&shanghai),
        None => instant.fixed_offset(),
    }
}

fn day_of(instant: UnixTime) -> NaiveDate {
    in_china(DateTime::from_timestamp(instant.0, 0).unwrap_or_default()).date_naive()
}

fn date(language: Language, day: NaiveDate) -> String {
    match language {
        Language::Chinese => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
        Language::English => day.format("%-d %B %Y").to_string(),
    }
}

/// 1200 as 1,200.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
