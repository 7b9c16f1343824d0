//! The examples of draft-ietf-oauth-status-list, where they are present.

use data_encoding::HEXLOWER;

use super::*;
use crate::cbor::{Document, Limits};
use crate::shared::vectors;

const LIMITS: Limits = Limits { depth: 6, items: 64, text: 96 };

/// The hexadecimal digits of an example, behind its `encoded:` if it has one.
fn example(file: &str) -> Option<Vec<u8>> {
    let text = vectors(&format!("token-status-list/examples/{file}"))?;
    let digits = text.split("encoded:").last().unwrap().split_whitespace().collect::<String>();
    Some(HEXLOWER.decode(digits.as_bytes()).unwrap())
}

fn entries(list: &[u8]) -> Entries {
    Entries::read(Document::decode(list, LIMITS).unwrap().root()).unwrap()
}

#[test]
fn the_short_examples_of_the_draft_have_the_published_bytes() {
    let Some(one_bit) = example("status_list_encoding_cbor.md") else { return };
    let Some(two_bits) = example("status_list_encoding2_cbor.md") else { return };

    assert_eq!((entries(&one_bit).bits, entries(&one_bit).packed), (1, vec![0xb9, 0xa3]));
    assert_eq!((entries(&two_bits).bits, entries(&two_bits).packed), (2, vec![0xc9, 0x44, 0xf9]));
    let statuses: Vec<_> = (0..12).map(|index| entries(&two_bits).value_at(index).unwrap()).collect();
    assert_eq!(statuses, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
}

/// Lists of 2²⁰ entries of 1, 2, 4 and 8 bits; the text of the draft says which are not 0.
#[test]
fn the_long_lists_of_the_draft_say_what_the_draft_says() {
    let Some(appendix) = vectors("token-status-list/appendix-test-vectors.md") else { return };
    let sections: Vec<&str> = appendix.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), 4);
    for section in sections {
        let file = section.split("examples/").find(|part| part.contains("cbor.md}")).unwrap();
        let list = entries(&example(file.split('}').next().unwrap()).unwrap());
        let mut expected = std::collections::BTreeMap::new();
        for line in section.lines().filter(|line| line.starts_with("status[")) {
            let (index, value) = line["status[".len()..].split_once(']').unwrap();
            let value = value.trim_start_matches([' ', '=']).strip_prefix("0b").unwrap();
            expected.insert(index.parse().unwrap(), u8::from_str_radix(value, 2).unwrap());
        }
        expected.retain(|_, value| *value != 0);

        let found: std::collections::BTreeMap<u64, u8> = (0..1 << 20)
            .map(|index| (index, list.value_at(index).unwrap()))
            .filter(|(_, value)| *value != 0)
            .collect();

        assert_eq!(found, expected, "{} bits", list.bits);
        assert_eq!(list.value_at(1 << 20), None);
    }
}

/// The draft's own CWT is signed with ES256 and names its key in the unprotected header; its claims are ours.
#[test]
fn the_status_list_cwt_of_the_draft_is_read_like_ours() {
    let Some(token) = example("status_list_cwt.md") else { return };
    let outer = cose::decode(&token, LIMITS).unwrap();
    let parts: Vec<&[u8]> = outer.root().array().unwrap().filter_map(Node::bytes).collect();
    let claims = Document::decode(parts[1], LIMITS).unwrap();

    let member = |label| claims.root().member(Key::Unsigned(label)).unwrap();

    assert_eq!(member(SUB).text(), Some("https://example.com/statuslists/1"));
    assert_eq!((member(IAT).unsigned(), member(EXP).unsigned()), (Some(1_686_920_170), Some(2_291_720_170)));
    assert_eq!(member(TTL).unsigned(), Some(43_200));
    assert_eq!(Entries::read(member(STATUS_LIST)).unwrap().packed, [0xb9, 0xa3]);
    assert!(cose::Envelope::read(&outer).is_err());
}

#[test]
fn the_referenced_token_of_the_draft_points_to_its_list_like_ours() {
    let Some(token) = example("referenced_token_cwt.md") else { return };
    let outer = cose::decode(&token, LIMITS).unwrap();
    let parts: Vec<&[u8]> = outer.root().array().unwrap().filter_map(Node::bytes).collect();
    let claims = Document::decode(parts[1], LIMITS).unwrap();

    let status = claims.root().member(Key::Unsigned(65_535)).unwrap();
    let list = status.member(Key::Text("status_list")).unwrap();

    assert_eq!(list.member(Key::Text("idx")).and_then(Node::unsigned), Some(0));
    let uri = list.member(Key::Text("uri")).and_then(Node::text);
    assert_eq!(uri, Some("https://example.com/statuslists/1"));
}
