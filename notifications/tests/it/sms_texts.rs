use notifications::{
    ControlCharacter, Language, Message, RenderRefused, SignInCode, SmsText, render, render_sms,
};

use super::rendering::certificate;

fn sign_in() -> SignInCode {
    SignInCode { station: "南河市中心血站".into(), code: "042137".into(), minutes: 5 }
}

pub fn code_message() -> Message {
    Message::SignInCode(sign_in())
}

fn written(sign_in: SignInCode, language: Language) -> Result<SmsText, RenderRefused> {
    render_sms(&Message::SignInCode(sign_in), language)
}

#[test]
fn the_code_reads_well_in_both_languages() {
    let chinese = written(sign_in(), Language::Chinese).unwrap();
    let english = written(SignInCode { station: "Nanhe".into(), ..sign_in() }, Language::English).unwrap();

    insta::assert_snapshot!(
        chinese.as_str(),
        @"【南河市中心血站】登录验证码042137，5分钟内有效。请勿告诉任何人，工作人员不会向您索取。"
    );
    insta::assert_snapshot!(
        english.as_str(),
        @"【Nanhe】Sign-in code 042137, valid for 5 minutes. Tell nobody."
    );
    assert_eq!((chinese.units(), chinese.parts()), (47, 1));
    assert_eq!((english.units(), english.parts()), (61, 1));
}

#[test]
fn one_minute_is_not_one_minutes() {
    let english = written(SignInCode { minutes: 1, ..sign_in() }, Language::English).unwrap();

    assert!(english.as_str().contains("valid for 1 minute. "), "{}", english.as_str());
}

#[test]
fn names_up_to_the_documented_length_need_one_sms_and_the_longest_are_refused() {
    let longest = |language, characters: usize| {
        let station = "站".repeat(characters);
        written(SignInCode { station, ..sign_in() }, language).map(|text| text.parts())
    };

    assert_eq!(longest(Language::Chinese, 30).unwrap(), 1);
    assert_eq!(longest(Language::Chinese, 31).unwrap(), 2);
    assert_eq!(longest(Language::English, 14).unwrap(), 1);
    assert_eq!(longest(Language::English, 15).unwrap(), 2);
    let refused = longest(Language::English, 100).unwrap_err();
    assert!(matches!(refused, RenderRefused::TooLong { .. }), "{refused:?}");
}

#[test]
fn only_digits_are_a_code_so_that_no_link_can_be_one() {
    for code in ["", "123", "123456789", "12345a", "１２３４５６", "a.cn/1", "12 456"] {
        let refused = written(SignInCode { code: code.into(), ..sign_in() }, Language::Chinese).unwrap_err();

        assert!(matches!(refused, RenderRefused::NotACode), "{code:?}: {refused:?}");
    }
}

#[test]
fn a_name_cannot_be_a_second_signature_or_line() {
    for station in ["", "甲】乙", "【甲"] {
        let refused =
            written(SignInCode { station: station.into(), ..sign_in() }, Language::Chinese).unwrap_err();

        assert!(matches!(refused, RenderRefused::NotASignature), "{station:?}: {refused:?}");
    }
    let refused =
        written(SignInCode { station: "甲\n乙".into(), ..sign_in() }, Language::Chinese).unwrap_err();

    assert!(
        matches!(refused, RenderRefused::ControlCharacter(ControlCharacter { field: "station" })),
        "{refused:?}"
    );
}

#[test]
fn a_letter_is_no_sms_and_an_sms_no_letter() {
    let code = render(&code_message(), Language::Chinese).unwrap_err();
    let letter = render_sms(&Message::CertificateReady(certificate()), Language::Chinese).unwrap_err();

    for refused in [code, letter] {
        assert!(matches!(refused, RenderRefused::NotForThisChannel), "{refused:?}");
    }
}

#[test]
fn debug_shows_no_code() {
    let message = Message::SignInCode(sign_in());

    let shown = format!("{message:?} {:?}", render_sms(&message, Language::Chinese).unwrap());

    assert!(!shown.contains("042137"), "{shown}");
}
