//! Every text of every kind of message, in both languages, as people read it.

use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::NaiveDate;
use notifications::opt_out::{self, OptOut};
use notifications::{
    Appeal, AppointmentEvent, BloodUsed, CallUp, ChannelKind, ControlCharacter, Language, MayGiveAgain,
    Message, Outgoing, OutgoingSms, OutgoingWeChat, RenderRefused, Thanks, render, render_sms,
};

const LANGUAGES: [Language; 2] = [Language::Chinese, Language::English];
/// The kind whose HTML is looked at too: it has everything that an outline can have.
const WHOLE: &str = "session_cancelled_held";

pub fn snapshots() -> Vec<String> {
    let mut names: Vec<String> = LANGUAGES
        .iter()
        .flat_map(|language| {
            Message::KINDS.map(|kind| format!("it__texts__{kind}.{}.snap", language.as_str()))
        })
        .collect();
    names.extend(LANGUAGES.map(|language| format!("it__texts__{WHOLE}.{}.html.snap", language.as_str())));
    names
}

fn samples() -> Vec<(Language, Message)> {
    LANGUAGES
        .into_iter()
        .flat_map(|language| Message::samples(language).into_iter().map(move |message| (language, message)))
        .collect()
}

/// The SMS, the letter and the variables of one message.
fn shown(message: &Message, language: Language) -> String {
    let mut shown = String::new();
    match render_sms(message, language) {
        Ok(sms) => {
            writeln!(shown, "SMS, {} units, {} part(s):\n{}\n", sms.units(), sms.parts(), sms.as_str())
        }
        Err(refused) => writeln!(shown, "No SMS: {refused}\n"),
    }
    .unwrap();
    match render(message, language) {
        Ok(letter) => writeln!(shown, "Letter: {}\n\n{}\n", letter.subject(), letter.text()),
        Err(refused) => writeln!(shown, "No letter: {refused}\n"),
    }
    .unwrap();
    shown.push_str("Variables:");
    for variable in message.variables().unwrap() {
        write!(shown, "\n{} = {}", variable.name(), variable.text(language)).unwrap();
    }
    shown
}

#[test]
fn every_message_reads_well_in_both_languages() {
    for (language, message) in samples() {
        let name = format!("{}.{}", message.kind(), language.as_str());

        insta::assert_snapshot!(name.clone(), shown(&message, language));

        if message.kind() == WHOLE {
            let letter = render(&message, language).unwrap();
            insta::assert_snapshot!(format!("{name}.html"), letter.html());
        }
    }
}

#[test]
fn there_is_a_sample_of_every_kind() {
    for language in LANGUAGES {
        let kinds: Vec<_> = Message::samples(language).iter().map(Message::kind).collect();

        assert_eq!(kinds, Message::KINDS);
    }
    let different: BTreeSet<_> = Message::KINDS.into_iter().collect();
    assert_eq!(different.len(), Message::KINDS.len());
}

#[test]
fn every_message_but_the_certificate_has_an_sms_of_at_most_two_parts() {
    for (language, message) in samples() {
        match OutgoingSms::new(&message, language) {
            Ok(sms) => assert!(sms.text().parts() <= 2 && sms.kind() == message.kind()),
            Err(RenderRefused::NotForThisChannel) => assert_eq!(message.kind(), "certificate_ready"),
            Err(refused) => panic!("{}: {refused}", message.kind()),
        }
    }
}

#[test]
fn a_place_of_20_characters_and_a_station_of_10_are_cut_rather_than_not_said() {
    let (station, place) = ("站".repeat(10), "屋".repeat(20));
    let lengthen = |message: Message| match message {
        Message::Appointment(mut news) => {
            news.station.clone_from(&station);
            news.visit.place.clone_from(&place);
            if let AppointmentEvent::SessionCancelled(Some(held)) = &mut news.what {
                held.place.clone_from(&place);
            }
            Message::Appointment(news)
        }
        Message::Appeal(appeal) => {
            let site = appeal.site.as_ref().map(|_| place.clone());
            Message::Appeal(Appeal { station: station.clone(), site, ..appeal })
        }
        other => other,
    };
    for message in Message::samples(Language::Chinese).into_iter().map(lengthen).skip(1) {
        let sms = render_sms(&message, Language::Chinese).unwrap();

        assert!(sms.parts() <= 2, "{}", message.kind());
        assert!(!sms.as_str().contains('屋') || sms.as_str().contains("屋屋屋屋屋"), "{}", sms.as_str());
    }
}

#[test]
fn every_message_but_the_sign_in_code_has_a_letter_and_a_subscribe_message() {
    for (language, message) in samples() {
        let letter = Outgoing::new(&message, language, ChannelKind::Email);
        let wechat = OutgoingWeChat::new(&message, language);

        if message.kind() == "sign_in_code" {
            assert!(matches!(letter.unwrap_err(), RenderRefused::NotForThisChannel));
            assert!(matches!(wechat.unwrap_err(), RenderRefused::NotForThisChannel));
        } else {
            assert!(letter.is_ok() && wechat.is_ok(), "{}", message.kind());
        }
    }
}

#[test]
fn the_page_says_what_the_text_says() {
    for (language, message) in samples() {
        let Ok(letter) = render(&message, language) else { continue };
        if message.kind() == "certificate_ready" {
            continue;
        }
        for line in letter.text().lines().filter(|line| !line.is_empty()) {
            let words = line.trim_start_matches("- ").trim_end_matches([':', '：']).replace('\'', "&#39;");
            assert!(letter.html().contains(&words), "{}: {words}", message.kind());
        }
    }
}

#[test]
fn no_variable_holds_an_address() {
    for (language, message) in samples() {
        for variable in message.variables().unwrap() {
            let text = variable.text(language);
            assert!(!text.contains("://") && !text.contains("blood.example"), "{}: {text}", message.kind());
            assert!(variable.name() != "link" || message.kind() == "certificate_ready" || text.len() == 43);
        }
    }
}

#[test]
fn nothing_that_is_sent_tells_a_blood_group_a_product_or_a_result() {
    for (language, message) in samples() {
        let Ok(sms) = render_sms(&message, language) else { continue };
        for word in
            ["型", "血小板", "全血", "血浆", "合格", "检测", "阳性", "platelet", "plasma", "group", "result"]
        {
            assert!(!sms.as_str().contains(word), "{}: {word}", message.kind());
        }
    }
}

fn appeal() -> Appeal {
    Appeal {
        station: "站".into(),
        site: Some("人民广场献血屋".into()),
        link: "https://blood.example/b/AZubonwR".into(),
        opt_out: "TD".into(),
    }
}

#[test]
fn an_appeal_ends_with_a_word_that_is_understood() {
    for language in LANGUAGES {
        let sms = render_sms(&Message::Appeal(appeal()), language).unwrap();
        let end = if language == Language::Chinese { "拒收请回复TD" } else { "Reply TD to stop" };

        assert!(sms.as_str().ends_with(end), "{}", sms.as_str());
        assert_eq!(opt_out::read("TD"), Some(OptOut::Stop));
        for word in ["", "yes", "恢复"] {
            let refused = render_sms(&Message::Appeal(Appeal { opt_out: word.into(), ..appeal() }), language);
            assert!(matches!(refused.unwrap_err(), RenderRefused::NotAnOptOut), "{word}");
        }
    }
}

#[test]
fn a_line_break_is_refused_by_the_name_of_the_field_in_every_form() {
    let evil = || "x\r\nBcc: all@example.org".to_owned();
    let link = || "https://blood.example/b/AZubonwR".to_owned();
    let from = NaiveDate::from_ymd_opt(2027, 5, 23).unwrap();
    let cases = [
        ("station", Message::Thanks(Thanks { station: evil(), certificate: true })),
        ("station", Message::BloodUsed(BloodUsed { station: evil() })),
        ("station", Message::MayGiveAgain(MayGiveAgain { station: evil(), from, link: link() })),
        ("station", Message::CallUp(CallUp { station: evil(), link: link() })),
        ("station", Message::Appeal(Appeal { station: evil(), ..appeal() })),
        ("site", Message::Appeal(Appeal { site: Some(evil()), ..appeal() })),
        ("link", Message::Appeal(Appeal { link: evil(), ..appeal() })),
        ("link", Message::CallUp(CallUp { station: "站".into(), link: evil() })),
        ("link", Message::MayGiveAgain(MayGiveAgain { station: "站".into(), from, link: evil() })),
        ("opt_out", Message::Appeal(Appeal { opt_out: "R\n".into(), ..appeal() })),
    ];
    for (name, message) in cases {
        for language in LANGUAGES {
            let refused =
                [render_sms(&message, language).unwrap_err(), render(&message, language).unwrap_err()];

            for refused in refused {
                assert!(
                    matches!(refused, RenderRefused::ControlCharacter(ControlCharacter { field }) if field == name),
                    "{name}: {refused:?}"
                );
            }
        }
    }
}

#[test]
fn a_link_that_is_none_and_a_long_site_are_dealt_with() {
    for link in ["", "javascript:alert(1)", "blood.example/b/1"] {
        let message = Message::Appeal(Appeal { link: link.into(), ..appeal() });

        assert!(matches!(render_sms(&message, Language::Chinese).unwrap_err(), RenderRefused::NotALink));
        assert!(matches!(render(&message, Language::Chinese).unwrap_err(), RenderRefused::NotALink));
    }
    let long = Message::Appeal(Appeal { site: Some("屋".repeat(21)), ..appeal() });
    let sms = render_sms(&long, Language::Chinese).unwrap();
    assert!(sms.as_str().contains(&format!("到{}…献血", "屋".repeat(19))), "{}", sms.as_str());
    assert!(render(&long, Language::Chinese).unwrap().text().contains(&"屋".repeat(21)));
}

#[test]
fn debug_shows_nothing_of_a_message() {
    for (_, message) in samples() {
        let shown = format!("{message:?} {:?}", message.variables().unwrap());

        for secret in ["042137", "广场", "Square", "AZubon", "血站", "Nanhe Blood"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}
