use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
use lettre::message::header::ContentType;
use notifications::ControlCharacter;
use notifications::calendar::{Appointment, CalendarRefused, Method, State, document};
use proptest::prelude::*;
use proptest::test_runner::Config;

pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn appointment() -> Appointment {
    Appointment {
        uid: "0199b9a2-7c11-7000-8000-000000000001@blood.example".into(),
        sequence: 0,
        stamp: instant("2026-11-02T03:00:00Z"),
        starts_at: instant("2026-11-22T01:30:00Z"),
        minutes: 45,
        summary: "献血：400 ml 全血".into(),
        location: "南河市中心血站, 人民路 1 号; 二楼".into(),
        description: "请携带身份证。\n前一晚请早睡。".into(),
        geo: Some((31.2198, 121.4744)),
        organizer_name: "南河市中心血站".into(),
        organizer_address: Some("appointments@blood.example".parse().unwrap()),
        attendee_address: Some("zhang.san@example.org".parse().unwrap()),
        state: State::Confirmed,
    }
}

pub fn cancelled() -> Appointment {
    Appointment { sequence: 2, state: State::Cancelled, ..appointment() }
}

fn written(method: Method, appointments: &[Appointment], name: &str) -> String {
    document(method, appointments, name).unwrap().text().to_owned()
}

/// The lines as a calendar reads them.
fn unfolded(text: &str) -> Vec<String> {
    let whole = text.strip_suffix("\r\n").unwrap().replace("\r\n ", "");
    whole.split("\r\n").map(str::to_owned).collect()
}

fn feed_of_one(appointment: Appointment) -> Vec<String> {
    unfolded(&written(Method::Publish, &[appointment], "我的献血预约"))
}

fn refused(appointment: Appointment) -> CalendarRefused {
    document(Method::Publish, &[appointment], "").unwrap_err()
}

#[test]
fn a_request_says_who_invites_whom_when_and_where() {
    let request = written(Method::Request, &[appointment()], "not a feed's");

    let expected = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Rexue//Appointments//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VTIMEZONE",
        "TZID:Asia/Shanghai",
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        "TZOFFSETFROM:+0800",
        "TZOFFSETTO:+0800",
        "TZNAME:CST",
        "END:STANDARD",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
        "UID:0199b9a2-7c11-7000-8000-000000000001@blood.example",
        "SEQUENCE:0",
        "DTSTAMP:20261102T030000Z",
        "DTSTART;TZID=Asia/Shanghai:20261122T093000",
        "DTEND;TZID=Asia/Shanghai:20261122T101500",
        "STATUS:CONFIRMED",
        "SUMMARY:献血：400 ml 全血",
        "LOCATION:南河市中心血站\\, 人民路 1 号\\; 二楼",
        "GEO:31.219800;121.474400",
        "DESCRIPTION:请携带身份证。\\n前一晚请早睡。",
        "ORGANIZER;CN=\"南河市中心血站\":mailto:appointments@blood.example",
        "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:zhang.san",
        " @example.org",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ];
    assert_eq!(request.split("\r\n").collect::<Vec<_>>(), expected);
}

#[test]
fn a_cancellation_has_the_uid_of_the_request_and_a_later_sequence() {
    let cancellation = Appointment {
        location: String::new(),
        description: String::new(),
        geo: None,
        organizer_name: String::new(),
        attendee_address: None,
        ..cancelled()
    };

    let cancel = unfolded(&written(Method::Cancel, &[cancellation], ""));

    assert_eq!(cancel[4], "METHOD:CANCEL");
    let event = [
        "BEGIN:VEVENT",
        "UID:0199b9a2-7c11-7000-8000-000000000001@blood.example",
        "SEQUENCE:2",
        "DTSTAMP:20261102T030000Z",
        "DTSTART;TZID=Asia/Shanghai:20261122T093000",
        "DTEND;TZID=Asia/Shanghai:20261122T101500",
        "STATUS:CANCELLED",
        "SUMMARY:献血：400 ml 全血",
        "ORGANIZER:mailto:appointments@blood.example",
        "END:VEVENT",
        "END:VCALENDAR",
    ];
    assert_eq!(cancel[14..], event);
}

#[test]
fn a_feed_has_a_name_and_asks_to_be_fetched_every_hour_and_names_no_attendee() {
    let other = Appointment { uid: "2@blood.example".into(), ..cancelled() };

    let feed = unfolded(&written(Method::Publish, &[appointment(), other], "张三, 献血"));

    let head = [
        "METHOD:PUBLISH",
        "NAME:张三\\, 献血",
        "X-WR-CALNAME:张三\\, 献血",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ];
    assert_eq!(feed[4..9], head);
    assert_eq!(feed.iter().filter(|line| *line == "BEGIN:VEVENT").count(), 2);
    assert!(!feed.iter().any(|line| line.starts_with("ATTENDEE") || line.contains("VALARM")));
}

#[test]
fn a_file_to_download_makes_no_calendar_of_its_own() {
    let file = written(Method::Publish, &[appointment()], "");

    for property in ["NAME:", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL"] {
        assert!(!file.contains(&format!("\r\n{property}")), "{property}");
    }
}

#[test]
fn a_feed_without_appointments_is_a_document() {
    let feed = unfolded(&written(Method::Publish, &[], "我的献血预约"));

    assert_eq!(feed.last().unwrap(), "END:VCALENDAR");
}

#[test]
fn an_appointment_near_midnight_lands_on_the_day_of_shanghai() {
    for (starts_at, minutes, start, end) in [
        ("2026-11-22T15:59:59Z", 1, "20261122T235959", "20261123T000059"),
        ("2026-11-22T16:00:00Z", 30, "20261123T000000", "20261123T003000"),
        ("2026-12-31T23:59:59.999Z", 1440, "20270101T075959", "20270102T075959"),
        ("2028-02-28T16:30:00Z", 1440, "20280229T003000", "20280301T003000"),
        ("2026-07-01T00:00:00Z", 45, "20260701T080000", "20260701T084500"),
    ] {
        let lines = feed_of_one(Appointment { starts_at: instant(starts_at), minutes, ..appointment() });

        assert!(lines.contains(&format!("DTSTART;TZID=Asia/Shanghai:{start}")), "{lines:?}");
        assert!(lines.contains(&format!("DTEND;TZID=Asia/Shanghai:{end}")), "{lines:?}");
    }
}

#[test]
fn a_leap_second_is_written_as_the_second_before_it() {
    let leap = NaiveDate::from_ymd_opt(2016, 12, 31).unwrap().and_hms_milli_opt(23, 59, 59, 1_500).unwrap();

    let lines =
        feed_of_one(Appointment { starts_at: leap.and_utc(), stamp: leap.and_utc(), ..appointment() });

    assert!(lines.contains(&"DTSTART;TZID=Asia/Shanghai:20170101T075959".to_owned()), "{lines:?}");
    assert!(lines.contains(&"DTSTAMP:20161231T235959Z".to_owned()), "{lines:?}");
}

#[test]
fn times_that_cannot_be_written_or_had_summer_time_are_refused_by_name() {
    let last = Utc.with_ymd_and_hms(9999, 12, 31, 15, 0, 0).unwrap();
    for (field, wrong) in [
        ("stamp", Appointment { stamp: DateTime::UNIX_EPOCH, ..appointment() }),
        ("stamp", Appointment { stamp: DateTime::<Utc>::MAX_UTC, ..appointment() }),
        ("starts_at", Appointment { starts_at: instant("1991-07-01T00:00:00Z"), ..appointment() }),
        ("starts_at", Appointment { starts_at: DateTime::<Utc>::MIN_UTC, ..appointment() }),
        ("starts_at", Appointment { starts_at: DateTime::<Utc>::MAX_UTC, ..appointment() }),
        ("starts_at", Appointment { starts_at: last + TimeDelta::hours(1), ..appointment() }),
        ("starts_at", Appointment { starts_at: last, minutes: 60, ..appointment() }),
    ] {
        assert_eq!(refused(wrong), CalendarRefused::OutOfTime { field });
    }
    feed_of_one(Appointment { starts_at: last, minutes: 59, ..appointment() });
}

#[test]
fn an_appointment_takes_a_minute_to_a_day() {
    for minutes in [0, 1441, u32::MAX] {
        assert_eq!(refused(Appointment { minutes, ..appointment() }), CalendarRefused::NotADuration);
    }
}

#[test]
fn what_is_no_uid_is_refused() {
    let long = "a".repeat(256);
    for uid in ["", " ", "a b", "a,b", "a;b", "a\\b", "a:b", "献血", "a\r\nBEGIN:VALARM", &long] {
        assert_eq!(
            refused(Appointment { uid: uid.into(), ..appointment() }),
            CalendarRefused::NotAUid,
            "{uid}"
        );
    }
    feed_of_one(Appointment { uid: "a".repeat(255), ..appointment() });
}

#[test]
fn a_uid_stands_in_a_document_once() {
    let refused = document(Method::Publish, &[appointment(), cancelled()], "").unwrap_err();

    assert_eq!(refused, CalendarRefused::UidTwice);
}

#[test]
fn a_sequence_is_an_integer_of_rfc_5545() {
    assert_eq!(
        refused(Appointment { sequence: 2_147_483_648, ..appointment() }),
        CalendarRefused::SequenceTooGreat
    );
    let lines = feed_of_one(Appointment { sequence: 2_147_483_647, ..appointment() });
    assert!(lines.contains(&"SEQUENCE:2147483647".to_owned()));
}

#[test]
fn an_appointment_has_a_summary() {
    for summary in ["", "  "] {
        assert_eq!(
            refused(Appointment { summary: summary.into(), ..appointment() }),
            CalendarRefused::NoSummary
        );
    }
}

#[test]
fn a_place_is_on_earth() {
    for geo in [(90.1, 0.0), (0.0, -180.1), (121.4744, 31.2198), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
        assert_eq!(
            refused(Appointment { geo: Some(geo), ..appointment() }),
            CalendarRefused::NotOnEarth,
            "{geo:?}"
        );
    }
    let lines = feed_of_one(Appointment { geo: Some((-90.0, 180.0)), ..appointment() });
    assert!(lines.contains(&"GEO:-90.000000;180.000000".to_owned()));
}

#[test]
fn a_letters_document_is_about_one_appointment_in_its_state_with_its_people() {
    let nobody_invites = |from: Appointment| Appointment { organizer_address: None, ..from };
    let other = Appointment { uid: "2".into(), ..appointment() };
    for (method, appointments, expected) in [
        (Method::Request, vec![], CalendarRefused::NotOne { appointments: 0 }),
        (Method::Request, vec![appointment(), other], CalendarRefused::NotOne { appointments: 2 }),
        (Method::Cancel, vec![], CalendarRefused::NotOne { appointments: 0 }),
        (Method::Request, vec![cancelled()], CalendarRefused::StateAgainstMethod),
        (Method::Cancel, vec![appointment()], CalendarRefused::StateAgainstMethod),
        (Method::Request, vec![nobody_invites(appointment())], CalendarRefused::NoOrganizer),
        (Method::Cancel, vec![nobody_invites(cancelled())], CalendarRefused::NoOrganizer),
        (
            Method::Request,
            vec![Appointment { attendee_address: None, ..appointment() }],
            CalendarRefused::NoAttendee,
        ),
    ] {
        assert_eq!(document(method, &appointments, "").unwrap_err(), expected);
    }
}

#[test]
fn a_text_of_one_line_with_a_line_break_is_refused_by_the_name_of_its_field() {
    for evil in
        ["a\r\nEND:VEVENT", "a\nATTENDEE:x", "a\rX:1", "a\u{85}b", "a\u{2028}b", "a\0b", "a\u{b}b", "a\u{c}b"]
    {
        let text = || evil.to_owned();
        for (field, wrong) in [
            ("summary", Appointment { summary: text(), ..appointment() }),
            ("location", Appointment { location: text(), ..appointment() }),
            ("organizer_name", Appointment { organizer_name: text(), ..appointment() }),
        ] {
            assert_eq!(refused(wrong), ControlCharacter { field }.into(), "{evil:?}");
        }
        let refused = document(Method::Publish, &[appointment()], evil).unwrap_err();
        assert_eq!(refused, ControlCharacter { field: "name" }.into(), "{evil:?}");
    }
}

#[test]
fn a_description_keeps_its_line_breaks_as_escapes_and_no_other_control_character() {
    let evil = "a\r\nEND:VEVENT\nBEGIN:VALARM\rX:1\tb \\n";

    let lines = feed_of_one(Appointment { description: evil.into(), ..appointment() });

    let escaped = "DESCRIPTION:a\\nEND:VEVENT\\nBEGIN:VALARM\\nX:1\tb \\\\n";
    assert!(lines.contains(&escaped.to_owned()), "{lines:?}");
    for other in ["a\0b", "a\nb\u{85}", "a\u{2028}b", "a\u{b}b", "a\u{1b}[31m"] {
        assert_eq!(
            refused(Appointment { description: other.into(), ..appointment() }),
            ControlCharacter { field: "description" }.into(),
            "{other:?}"
        );
    }
}

#[test]
fn an_organizers_name_stays_within_its_quotes() {
    let evil = "站\";SENT-BY=\"mailto:evil@example.org\":mailto:evil@example.org^nX";

    let lines = feed_of_one(Appointment { organizer_name: evil.into(), ..appointment() });

    let quoted = "ORGANIZER;CN=\"站;SENT-BY=mailto:evil@example.org:mailto:evil@example.org^^nX\":mailto:appointments@blood.example";
    assert!(lines.contains(&quoted.to_owned()), "{lines:?}");
}

#[test]
fn an_attachment_says_the_method_that_the_document_says() {
    for (method, appointment, file_name, content_type) in [
        (Method::Request, appointment(), "appointment.ics", "text/calendar; method=REQUEST; charset=utf-8"),
        (Method::Cancel, cancelled(), "cancellation.ics", "text/calendar; method=CANCEL; charset=utf-8"),
        (Method::Publish, appointment(), "appointments.ics", "text/calendar; method=PUBLISH; charset=utf-8"),
    ] {
        let calendar = document(method, &[appointment], "").unwrap();

        let attachment = calendar.attachment();

        assert_eq!((attachment.file_name, attachment.content_type), (file_name, content_type));
        assert!(ContentType::parse(attachment.content_type).is_ok());
        assert_eq!(attachment.bytes, calendar.text().as_bytes());
        assert!(calendar.text().contains(&format!("\r\nMETHOD:{}\r\n", method.as_str())));
    }
}

#[test]
fn debug_shows_neither_when_nor_where_nor_who() {
    let calendar = document(Method::Request, &[appointment()], "").unwrap();

    let shown = format!("{:?} {calendar:?} {:?}", appointment(), calendar.attachment());

    for hidden in ["2026", "献血", "血站", "121", "zhang"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_text_adds_a_line(texts in prop::array::uniform5("([^\\p{C}]|[\\\\;,:\"^ 献血😀]|[\r\n\t]{0,1}){0,90}"), any in any::<String>()) {
        let [summary, location, description, organizer_name, name] = texts;
        let one_line = |text: String| text.replace(['\r', '\n', '\t', '\u{2028}', '\u{2029}'], "");
        let evil = Appointment {
            summary: format!("献{}", one_line(summary)),
            location: format!("血{}", one_line(location)),
            description: format!("站{}", description.replace(['\u{2028}', '\u{2029}'], "")),
            organizer_name: format!("名{}", one_line(organizer_name)),
            ..appointment()
        };
        let names = |lines: &[String]| -> Vec<String> {
            lines.iter().map(|line| line.split([':', ';']).next().unwrap().to_owned()).collect()
        };

        let text = written(Method::Publish, &[evil], &format!("历{}", one_line(name)));

        prop_assert_eq!(names(&unfolded(&text)), names(&feed_of_one(appointment())));
        for line in text.split("\r\n") {
            prop_assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{line:?}");
        }
        let chance = Appointment { description: format!("x{any}"), ..appointment() };
        if let Ok(calendar) = document(Method::Publish, &[chance], "历") {
            prop_assert_eq!(names(&unfolded(calendar.text())), names(&feed_of_one(appointment())));
        }
    }
}
