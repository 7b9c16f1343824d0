//! The page as a template and what goes into it.

use super::assets::{SCRIPT, STYLE};
use super::wording::{self, Verdict, Words, words};
use crate::actions::verify::Answer;
use crate::domain::language::Language;
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
        let units =
            with_unit(totals.platelet_units.into(), "个治疗单位", "therapeutic unit", "therapeutic units");
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
        Language::English => day.format("%-d %b %Y").to_string(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use certificates::{Award, CertificateId, Holder, LivesFormula, StatusReference, Totals};
    use chrono::TimeZone;

    const LANGUAGES: [Language; 2] = [Language::Chinese, Language::English];

    fn claims() -> CertificateClaims {
        CertificateClaims {
            issuer: "xue.example".to_owned(),
            // 2026-11-22 17:30 UTC is the next day in Shanghai.
            issued_at: UnixTime(1_795_368_600),
            expires_at: UnixTime(1_795_368_600).plus_days(365),
            id: CertificateId::from_bytes([7; 16]),
            status: StatusReference { uri: "https://xue.example/s/1".to_owned(), index: 7 },
            holder: Holder {
                masked_name: "欧阳*".to_owned(),
                birth_year: 1990,
                document_last_four: "002X".to_owned(),
            },
            totals: Totals {
                whole_blood_ml: 5_200,
                donations: 15,
                platelet_units: 2,
                lives_saved: 28,
                lives_formula: LivesFormula::MlPer200,
                award: Award::Bronze,
                award_counts_hundredths: 2_800,
                last_donation_day: 20_700,
            },
        }
    }

    fn answer(code: Code, claims: Option<CertificateClaims>) -> Answer {
        Answer {
            code,
            certificate_no: claims.is_some().then(|| "1.2.156.3005.2.XUE1.4403.0000000042.001.K".to_owned()),
            claims,
            superseded: false,
            checked_at: Utc.with_ymd_and_hms(2026, 11, 23, 3, 4, 5).unwrap(),
            detail: "",
        }
    }

    fn html(language: Language, answer: Answer) -> String {
        Page::answer(language, answer).html().unwrap()
    }

    #[test]
    fn a_valid_certificate_is_green_with_everything_that_it_says() {
        let chinese = html(Language::Chinese, answer(Code::Valid, Some(claims())));
        let english = html(Language::English, answer(Code::Valid, Some(claims())));

        for (page, texts) in [
            (
                &chinese,
                [
                    "<html lang=\"zh-CN\">",
                    "<title>真实有效 · ",
                    "绿灯",
                    "请核对身份证件",
                    "<dd>欧阳*</dd>",
                    "<dd>1990</dd>",
                    "<dd>002X</dd>",
                    "<dd>5,200 毫升</dd>",
                    "<dd>15 次</dd>",
                    "<dd>2 个治疗单位</dd>",
                    "28 人 <small>估算",
                    "lives/ml200",
                    "达到铜奖",
                    "<dd>2026年9月4日</dd>",
                    "<dd>2026年11月23日</dd>",
                    "<dd>2027年11月23日</dd>",
                    "XUE1.4403.0000000042.001.K",
                    "已与血站记录核对 <time datetime=\"2026-11-23T11:04:05+08:00\">2026年11月23日 11:04:05</time>",
                ],
            ),
            (
                &english,
                [
                    "<html lang=\"en\">",
                    "<title>Genuine and valid · ",
                    "Green",
                    "Look at the identity document",
                    "<dd>欧阳*</dd>",
                    "<dd>1990</dd>",
                    "<dd>002X</dd>",
                    "<dd>5,200 ml</dd>",
                    "<dd>15 times</dd>",
                    "<dd>2 therapeutic units</dd>",
                    "28 lives <small>estimate",
                    "lives/ml200",
                    "Bronze reached",
                    "<dd>4 Sep 2026</dd>",
                    "<dd>23 Nov 2026</dd>",
                    "<dd>23 Nov 2027</dd>",
                    "XUE1.4403.0000000042.001.K",
                    "Checked against the station&#39;s records at <time datetime=\"2026-11-23T11:04:05+08:00\">23 Nov 2026 11:04:05</time>",
                ],
            ),
        ] {
            for text in texts {
                assert!(page.contains(text), "{text}\n{page}");
            }
            assert!(page.contains("class=\"answer green\"") && page.contains("role=\"status\""), "{page}");
        }
    }

    #[test]
    fn an_unconfirmed_status_is_amber_and_shows_the_totals() {
        for code in [Code::StatusStale, Code::StatusUnknown] {
            let chinese = html(Language::Chinese, answer(code, Some(claims())));
            let english = html(Language::English, answer(code, Some(claims())));

            for (page, texts) in [
                (&chinese, ["吊销状态无法立即确认", "可暂先受理", "5,200 毫升", "核验时间"]),
                (&english, ["cannot be confirmed", "accept it provisionally", "5,200 ml", "Verified at"]),
            ] {
                for text in
                    texts.into_iter().chain(["class=\"answer amber\"", "role=\"status\"", code.as_str()])
                {
                    assert!(page.contains(text), "{text}\n{page}");
                }
            }
        }
    }

    #[test]
    fn every_red_answer_says_why_and_what_to_do_and_shows_no_totals() {
        let mut reasons = Vec::new();
        for code in Code::ALL.into_iter().filter(|code| code.light() == Light::Red) {
            for language in LANGUAGES {
                let page = html(language, answer(code, Some(claims())));

                let verdict = wording::verdict(code, language);
                for text in ["class=\"answer red\"", "role=\"alert\"", "<dd>欧阳*</dd>", code.as_str()] {
                    assert!(page.contains(text), "{code}: {text}");
                }
                assert!(!page.contains("5,200"), "{code}");
                assert!(!verdict.action.is_empty() && !verdict.headline.is_empty());
                reasons.push(verdict.reason);
            }
        }
        let count = reasons.len();
        reasons.sort_unstable();
        reasons.dedup();
        assert_eq!(reasons.len(), count, "two codes say the same");
    }

    #[test]
    fn what_is_not_genuine_shows_nothing_of_itself() {
        for language in LANGUAGES {
            let page = html(language, answer(Code::BadSignature, None));

            assert!(!page.contains("<dl>"), "{page}");
        }
    }

    #[test]
    fn trouble_looks_different_from_every_answer() {
        let codes = [
            "nothing_to_verify",
            "photo_too_large",
            "not_an_image",
            "unreadable_image",
            "no_qr_found",
            "several_qrs",
            "text_too_long",
            "malformed_form",
            "busy",
            "database_unavailable",
        ];
        for language in LANGUAGES {
            let mut reasons: Vec<_> =
                codes.iter().map(|code| wording::trouble(code, language).reason).collect();
            for code in codes {
                let page = Page::trouble(language, code).html().unwrap();

                assert!(page.contains("class=\"answer again\""), "{page}");
                assert!(page.contains(wording::trouble(code, language).headline));
            }
            reasons.sort_unstable();
            reasons.dedup();
            assert_eq!(reasons.len(), codes.len());
        }
    }

    #[test]
    fn a_newer_certificate_is_a_notice() {
        let newer = |superseded| {
            html(Language::English, Answer { superseded, ..answer(Code::Valid, Some(claims())) })
        };

        assert!(newer(true).contains("has a newer certificate"));
        assert!(!newer(false).contains("has a newer certificate"));
    }

    #[test]
    fn what_is_nothing_is_not_shown() {
        let mut claims = claims();
        claims.totals.platelet_units = 0;
        let page =
            html(Language::English, Answer { certificate_no: None, ..answer(Code::Valid, Some(claims)) });

        assert!(!page.contains("platelets") && !page.contains("Certificate number"), "{page}");
    }

    #[test]
    fn text_from_a_certificate_is_escaped() {
        let mut claims = claims();
        claims.holder.masked_name = "<script>*".to_owned();
        claims.issuer = "\"><img src=x>".to_owned();

        let page = html(Language::Chinese, answer(Code::Valid, Some(claims)));

        assert!(
            page.contains("&#60;script&#62;*") && !page.contains("<script>*") && !page.contains("<img"),
            "{page}"
        );
    }

    #[test]
    fn the_page_has_one_empty_focused_field_and_nothing_inline_or_from_outside() {
        for page in [
            Page::blank(Language::English),
            Page::answer(Language::Chinese, answer(Code::Valid, Some(claims()))),
            Page::trouble(Language::English, "no_qr_found"),
        ] {
            let html = page.html().unwrap();

            assert_eq!(html.matches(" autofocus").count(), 1);
            assert!(!html.contains(" value="), "nothing is echoed");
            for forbidden in ["style=", "<style", "onclick", "onload", "javascript:", "<script>", "https://"]
            {
                assert!(!html.contains(forbidden), "{forbidden}");
            }
            assert_eq!(
                html.matches("http://").count(),
                html.matches("xmlns='http://www.w3.org/2000/svg'").count()
            );
        }
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(number), expected);
        }
    }
}
