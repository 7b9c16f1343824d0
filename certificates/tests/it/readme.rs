//! The README says what the code does.

use certificates::{Code, Light};
use data_encoding::HEXLOWER;

use crate::fixtures::{claims, code_of, keyset, token};
use crate::forge::disarm;

const README: &str = include_str!("../../README.md");

/// The fenced blocks of one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    README.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The bytes of the annotated listing: hexadecimal words up to the first word that is something else.
fn annotated() -> Vec<u8> {
    let is_hex = |word: &&str| word.len().is_multiple_of(2) && HEXLOWER.decode(word.as_bytes()).is_ok();
    let hex_of = |line: &'static str| line.split_whitespace().take_while(is_hex).collect::<String>();
    let digits: String = blocks("text")[1].lines().map(hex_of).collect();
    HEXLOWER.decode(digits.as_bytes()).unwrap()
}

#[test]
fn the_example_is_the_certificate_of_the_fixtures_and_verifies() {
    let example = blocks("text")[0].trim();

    assert_eq!(example, token());
    assert_eq!(code_of(example), Code::Valid);
    assert!(README.contains(&format!("Its {} bytes", disarm(example).len())));
}

#[test]
fn the_annotated_bytes_are_those_of_the_example() {
    assert_eq!(annotated(), disarm(&token()));
}

#[test]
fn the_table_lists_every_code_with_its_light() {
    for code in Code::ALL {
        let light = match code.light() {
            Light::Green => "green",
            Light::Amber => "amber",
            Light::Red => "red",
        };

        assert!(README.contains(&format!("| `{code}` | {light} |")), "{code}");
    }
}

#[test]
fn the_table_of_files_names_every_file() {
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".rs") && !["lib.rs", "time.rs", "shared_vectors.rs"].contains(&name.as_str()) {
            assert!(README.contains(&format!("`{name}`")), "{name}");
        }
    }
}

#[test]
fn the_words_of_the_example_are_its_claims() {
    let claims = claims();

    assert!(README.contains(&format!("masked name: \"{}\"", claims.holder.masked_name)));
    assert!(README.contains(&format!("whole blood: {} ml", claims.totals.whole_blood_ml)));
    assert!(README.contains(&format!("\"idx\": {}", claims.status.index)));
    assert!(README.contains(&keyset().claims().keys[0].key.kid().to_string()));
}
