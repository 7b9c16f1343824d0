use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use notifications::{CertificateReady, ControlCharacter, Language, Message, RenderRefused, Rendered, render};

pub const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n a picture";

pub fn certificate() -> CertificateReady {
    CertificateReady {
        station: "南河市中心血站".into(),
        masked_name: "欧阳*".into(),
        certificate_number: "NH-2026-000123".into(),
        link: "https://blood.example/c/NH-2026-000123?from=mail&lang=zh".into(),
        total_ml: 1200,
        donations: 4,
        lives_saved: 6,
        valid_until: "2027-11-22".into(),
        qr_png: PICTURE.to_vec(),
    }
}

pub fn rendered(certificate: CertificateReady, language: Language) -> Rendered {
    render(&Message::CertificateReady(certificate), language).unwrap()
}

const LANGUAGES: [(&str, Language); 2] = [("zh", Language::Chinese), ("en", Language::English)];

#[test]
fn the_letter_reads_well_in_both_languages() {
    for (name, language) in LANGUAGES {
        let letter = rendered(certificate(), language);

        insta::assert_snapshot!(
            format!("certificate_ready.{name}.txt"),
            format!("{}\n\n{}", letter.subject(), letter.text())
        );
        insta::assert_snapshot!(format!("certificate_ready.{name}.html"), letter.html());
    }
}

#[test]
fn every_snapshot_belongs_to_a_message() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    let expected: BTreeSet<String> = LANGUAGES
        .iter()
        .flat_map(|(name, _)| {
            ["txt", "html"].map(|kind| format!("it__rendering__certificate_ready.{name}.{kind}.snap"))
        })
        .chain(super::texts::snapshots())
        .collect();

    let found: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".snap"))
        .collect();

    assert_eq!(found, expected);
}

#[test]
fn one_donation_is_not_one_donations_and_no_lives_are_not_mentioned() {
    let first = || CertificateReady { donations: 1, total_ml: 0, lives_saved: 0, ..certificate() };

    let english = rendered(first(), Language::English);
    let chinese = rendered(first(), Language::Chinese);

    assert!(english.text().contains("Given so far: 1 donation, 0 ml"), "{}", english.text());
    for words in [english.text(), english.html()] {
        assert!(!words.contains("Lives saved"), "{words}");
    }
    for words in [chinese.text(), chinese.html()] {
        assert!(!words.contains("挽救"), "{words}");
    }
}

#[test]
fn markup_in_a_field_is_text_in_the_html() {
    let letter =
        rendered(CertificateReady { masked_name: "<b>&\"'".into(), ..certificate() }, Language::English);

    assert!(letter.html().contains("Dear &#60;b&#62;&#38;&#34;&#39;,"), "{}", letter.html());
    assert!(letter.text().starts_with("Dear <b>&\"',"), "{}", letter.text());
}

#[test]
fn a_line_break_is_refused_by_the_name_of_the_field() {
    let evil = || "x\r\nBcc: all@example.org".to_owned();
    let cases = [
        ("station", CertificateReady { station: evil(), ..certificate() }),
        ("masked_name", CertificateReady { masked_name: evil(), ..certificate() }),
        ("certificate_number", CertificateReady { certificate_number: evil(), ..certificate() }),
        ("link", CertificateReady { link: evil(), ..certificate() }),
        ("valid_until", CertificateReady { valid_until: evil(), ..certificate() }),
    ];
    for (name, message) in cases {
        for (_, language) in LANGUAGES {
            let refused = render(&Message::CertificateReady(message.clone()), language).unwrap_err();

            assert!(
                matches!(refused, RenderRefused::ControlCharacter(ControlCharacter { field }) if field == name),
                "{name}: {refused:?}"
            );
        }
    }
}

#[test]
fn only_a_complete_web_address_is_a_link() {
    for link in
        ["", "https://", "blood.example/c", "javascript:alert(1)", "https://a b", "ftp://blood.example"]
    {
        let message = Message::CertificateReady(CertificateReady { link: link.into(), ..certificate() });

        let refused = render(&message, Language::Chinese).unwrap_err();

        assert!(matches!(refused, RenderRefused::NotALink), "{link:?}: {refused:?}");
    }
}

#[test]
fn only_a_small_png_is_a_picture() {
    let too_large = [PICTURE, &vec![0; 256 * 1024]].concat();
    for picture in [vec![], b"GIF89a".to_vec(), too_large] {
        let message = Message::CertificateReady(CertificateReady { qr_png: picture, ..certificate() });

        let refused = render(&message, Language::Chinese).unwrap_err();

        assert!(matches!(refused, RenderRefused::NotAPicture), "{refused:?}");
    }
}

#[test]
fn debug_shows_no_name_and_no_link() {
    let message = Message::CertificateReady(certificate());
    let letter = render(&message, Language::Chinese).unwrap();

    for shown in [format!("{message:?}"), format!("{letter:?}")] {
        assert!(!shown.contains("欧阳") && !shown.contains("https"), "{shown}");
    }
}
