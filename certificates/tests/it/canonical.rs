//! Spellings that other libraries accept: each carries a good signature, and each is refused.

use certificates::Code;
use ciborium::Value;

use crate::fixtures::code_of;
use crate::forge::{self, armour, bytes, int, sign};

/// The head of a byte string of 24 to 255 bytes, spelled with one, two, four or eight bytes of length.
fn long_head(length: usize, width: usize) -> Vec<u8> {
    let all = u64::try_from(length).unwrap().to_be_bytes();
    let initial = match width {
        2 => 0x59,
        4 => 0x5a,
        _ => 0x5b,
    };
    [&[initial], &all[8 - width..]].concat()
}

/// Signs `payload` under `protected` and spells everything else canonically.
fn signed(protected: &[u8], payload: &[u8]) -> Code {
    let signature = sign(&forge::token().seed, protected, payload);
    code_of(&armour(&forge::envelope(protected, payload, &signature)))
}

fn signed_payload(payload: &[u8]) -> Code {
    signed(&forge::token().header.encode(), payload)
}

/// Replaces the first occurrence of `from` in the good payload.
fn respelled(from: &[u8], to: &[u8]) -> Vec<u8> {
    let payload = forge::token().payload();
    let at = payload.windows(from.len()).position(|window| window == from).unwrap();
    [&payload[..at], to, &payload[at + from.len()..]].concat()
}

#[test]
fn other_spellings_of_the_envelope_are_not_canonical() {
    let good = forge::token();
    let (protected, payload, signature) = (good.header.encode(), good.payload(), good.signature());
    let body = &good.envelope()[2..];
    let after_protected = &body[2 + protected.len()..];
    let before_signature = &body[..body.len() - 66];
    let cases = [
        ("tag in two bytes", [&[0xd8, 18, 0x84], body].concat()),
        ("tag in three bytes", [&[0xd9, 0, 18, 0x84], body].concat()),
        ("array head in two bytes", [&[0xd2, 0x98, 4], body].concat()),
        ("array of indefinite length", [&[0xd2, 0x9f], body, &[0xff]].concat()),
        (
            "header length in two bytes",
            [&[0xd2, 0x84], &long_head(protected.len(), 2)[..], &protected, after_protected].concat(),
        ),
        (
            "header in chunks",
            [
                &[0xd2, 0x84, 0x5f, 0x58, 30],
                &protected[..30],
                &[0x44],
                &protected[30..],
                &[0xff],
                after_protected,
            ]
            .concat(),
        ),
        (
            "unprotected map of indefinite length",
            [&[0xd2, 0x84], &body[..2 + protected.len()], &[0xbf, 0xff], &after_protected[1..]].concat(),
        ),
        (
            "payload length in four bytes",
            [
                &[0xd2, 0x84],
                &body[..3 + protected.len()],
                &long_head(payload.len(), 4)[..],
                &after_protected[3..],
            ]
            .concat(),
        ),
        (
            "signature length in eight bytes",
            [&[0xd2, 0x84], before_signature, &long_head(64, 8)[..], &signature].concat(),
        ),
        (
            "signature in chunks",
            [
                &[0xd2, 0x84],
                before_signature,
                &[0x5f, 0x58, 63],
                &signature[..63],
                &[0x41],
                &signature[63..],
                &[0xff],
            ]
            .concat(),
        ),
    ];
    for (what, envelope) in cases {
        assert_eq!(code_of(&armour(&envelope)), Code::NotCanonical, "{what}");
    }
}

#[test]
fn other_spellings_of_the_protected_header_are_not_canonical() {
    let good = forge::token();
    let header = good.header.encode();
    let swapped = {
        let mut header = good.header.clone();
        header.0.swap(0, 1);
        header.encode()
    };
    let cases = [
        ("labels out of order", swapped),
        ("map of indefinite length", [&[0xbf], &header[1..], &[0xff]].concat()),
        ("label in two bytes", [&[0xa3, 0x18, 0x01], &header[2..]].concat()),
        ("algorithm in two bytes", [&[0xa3, 0x01, 0x38, 18], &header[3..]].concat()),
        ("map head in two bytes", [&[0xb8, 3], &header[1..]].concat()),
    ];
    for (what, header) in cases {
        assert_eq!(signed(&header, &good.payload()), Code::NotCanonical, "{what}");
    }
}

#[test]
fn other_spellings_of_the_payload_are_not_canonical() {
    let payload = forge::token().payload();
    let year = &[0x02, 0x19, 0x07, 0xc6];
    let cases = [
        ("map of indefinite length", [&[0xbf], &payload[1..], &[0xff]].concat()),
        ("map head in two bytes", [&[0xb8, 6], &payload[1..]].concat()),
        ("key in two bytes", respelled(year, &[0x18, 0x02, 0x19, 0x07, 0xc6])),
        ("year in four bytes", respelled(year, &[0x02, 0x1a, 0, 0, 0x07, 0xc6])),
        ("year in eight bytes", respelled(year, &[0x02, 0x1b, 0, 0, 0, 0, 0, 0, 0x07, 0xc6])),
        ("text in chunks", respelled(b"\x64002X", b"\x7f\x62\x30\x30\x62\x32\x58\xff")),
        ("text length in two bytes", respelled(b"\x64002X", b"\x78\x04002X")),
        ("cti in chunks", respelled(b"\x500123456789abcdef", b"\x5f\x4801234567\x4889abcdef\xff")),
    ];
    for (what, payload) in cases {
        assert_eq!(signed_payload(&payload), Code::NotCanonical, "{what}");
    }
}

#[test]
fn keys_out_of_order_or_twice_are_not_canonical() {
    let mut unsorted = forge::token();
    unsorted.xue.0.swap(1, 2);
    let mut twice = forge::token();
    twice.xue.0.insert(5, (int(4), int(999_999)));
    let mut twice_at_the_top = forge::token();
    twice_at_the_top.claims.0.insert(1, (int(1), forge::text("hua.example.cn")));
    let mut unsorted_text = forge::token();
    let list = Value::Map(vec![
        (forge::text("uri"), forge::text("https://xue.example.cn/status/1")),
        (forge::text("idx"), int(1)),
    ]);
    unsorted_text.claims.set(int(65_535), Value::Map(vec![(forge::text("status_list"), list)]));

    for token in [unsorted, twice, twice_at_the_top, unsorted_text] {
        assert_eq!(code_of(&token.text()), Code::NotCanonical);
    }
}

#[test]
fn text_that_is_not_nfc_is_not_canonical() {
    let mut token = forge::token();
    token.xue.set(int(1), forge::text("Jose\u{301} *"));

    assert_eq!(code_of(&token.text()), Code::NotCanonical);

    token.xue.set(int(1), forge::text("Jos\u{e9} *"));
    assert_eq!(code_of(&token.text()), Code::Valid);
}

#[test]
fn another_spelling_with_a_bad_signature_is_a_bad_signature() {
    let good = forge::token();
    let envelope = [&[0xd2, 0x9f], &good.envelope()[2..], &[0xff]].concat();
    let at = envelope.len() - 10;
    let mut broken = envelope.clone();
    broken[at] ^= 1;

    assert_eq!(code_of(&armour(&envelope)), Code::NotCanonical);
    assert_eq!(code_of(&armour(&broken)), Code::BadSignature);
}

#[test]
fn an_extra_claim_in_canonical_order_is_malformed() {
    let mut token = forge::token();
    token.xue.set(int(12), bytes(b""));

    assert_eq!(code_of(&token.text()), Code::Malformed);
}
