//! Step 1: what scanners, keyboards and people do to the text.

use certificates::*;

use crate::fixtures::{NOW, code_of, keyset, token};
use crate::forge::{self, armour};

#[test]
fn lower_case_is_accepted() {
    assert_eq!(code_of(&token().to_lowercase()), Code::Valid);
}

#[test]
fn ascii_white_space_is_dropped_wherever_it_stands() {
    let token = token();
    let wrapped: Vec<&str> = token.as_bytes().chunks(60).map(|line| str::from_utf8(line).unwrap()).collect();

    assert_eq!(code_of(&format!("  {token}\r\n")), Code::Valid);
    assert_eq!(code_of(&wrapped.join("\r\n")), Code::Valid);
    assert_eq!(code_of(&token.replacen(':', ": ", 1)), Code::Valid);
    assert_eq!(code_of(&token.replacen("XUE", "X U\tE", 1)), Code::Valid);
}

#[test]
fn other_white_space_is_not_dropped() {
    assert_eq!(code_of(&format!("\u{3000}{}", token())), Code::Malformed);
    assert_eq!(code_of(&format!("{}\u{a0}", token())), Code::Malformed);
}

#[test]
fn the_full_width_colon_and_slashes_of_a_chinese_keyboard_are_accepted_in_the_prefix() {
    let wide = token().replacen("XUE:/1/", "XUE：／1／", 1);

    assert_eq!(code_of(&wide), Code::Valid);
    assert_eq!(code_of(&wide.to_lowercase()), Code::Valid);
    assert_eq!(code_of(&token().replacen("XUE:/1/", "xue：/1／\n", 1)), Code::Valid);
}

#[test]
fn full_width_characters_elsewhere_are_malformed() {
    assert_eq!(code_of(&token().replacen("XUE", "ＸＵＥ", 1)), Code::Malformed);
    assert_eq!(code_of(&format!("{}／", token())), Code::Malformed);
    assert_eq!(code_of(&token().replacen("/1/", "/１/", 1)), Code::Malformed);
}

#[test]
fn another_prefix_is_malformed() {
    let base32 = token()["XUE:/1/".len()..].to_owned();

    for prefix in ["", "XUE:", "XUE:/", "XUE:/1", "XUE:/2/", "XUE:/11/", "HC1:", "xXUE:/1/", "XUE//1/"] {
        assert_eq!(code_of(&format!("{prefix}{base32}")), Code::Malformed, "{prefix}");
    }
}

#[test]
fn base32_with_trailing_bits_padding_or_strange_symbols_is_malformed() {
    // 269 bytes leave one byte over, which takes two symbols, the last with two bits of data: A, I, Q or Y.
    let mut claims = crate::fixtures::claims();
    claims.status.uri.push('1');
    let key = crate::fixtures::certificate_key();
    let token = issue(&claims.check().unwrap(), &key).unwrap();
    assert_eq!(code_of(&token), Code::Valid);
    assert_eq!((token.len() - PREFIX.len()) % 8, 7);
    let (stem, last) = token.split_at(token.len() - 1);
    let spoiled: Vec<char> = ('A'..='Z').chain('2'..='7').filter(|c| !last.starts_with(*c)).collect();

    for symbol in spoiled {
        assert_ne!(code_of(&format!("{stem}{symbol}")), Code::Valid, "{symbol}");
    }
    let next = char::from(last.bytes().next().unwrap() + 1);
    assert_eq!(code_of(&format!("{stem}{next}")), Code::Malformed);
    for tail in ["=", "A", "0", "1", "8", "-", "%3D"] {
        assert_eq!(code_of(&format!("{token}{tail}")), Code::Malformed, "{tail}");
    }
    assert_eq!(code_of(stem), Code::Malformed);
}

#[test]
fn bytes_that_are_not_utf8_are_malformed() {
    let keyset = keyset();
    let broken = [token().as_bytes(), &[0xff, 0xfe]].concat();

    let refusal = |text: &[u8]| verify_bytes(text, keyset, NOW).unwrap_err().code();

    assert_eq!(refusal(&broken), Code::Malformed);
    assert_eq!(refusal(&[0x80; 40]), Code::Malformed);
    assert_eq!(refusal(b""), Code::Malformed);
    assert!(verify_bytes(token().as_bytes(), keyset, NOW).is_ok());
}

#[test]
fn a_text_of_more_than_1200_characters_is_malformed_even_when_the_rest_is_white_space() {
    let token = token();
    let padded = |length: usize| format!("{token}{}", " ".repeat(length - token.len()));

    assert_eq!(code_of(&padded(1_200)), Code::Valid);
    assert_eq!(code_of(&padded(1_201)), Code::Malformed);
}

#[test]
fn characters_are_counted_not_bytes() {
    let wide = token().replacen("XUE:/1/", "XUE：／1／", 1);
    let characters = wide.chars().count();

    assert_eq!(code_of(&format!("{wide}{}", " ".repeat(1_200 - characters))), Code::Valid);
    assert_eq!(code_of(&format!("{wide}{}", " ".repeat(1_201 - characters))), Code::Malformed);
}

#[test]
fn an_envelope_of_745_bytes_is_looked_at_and_found_malformed() {
    assert_eq!(code_of(&armour(&vec![0; 745])), Code::Malformed);
    assert_eq!(code_of(&armour(&vec![0; 769])), Code::Malformed);
    assert_eq!(code_of(&armour(&[])), Code::Malformed);
    assert_eq!(code_of(&armour(&forge::token().envelope())), Code::Valid);
}
