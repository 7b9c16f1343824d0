//! The lines of an iCalendar document (RFC 5545 §3.1): escaped, quoted, folded, ended with CRLF.

/// The longest line without its end (RFC 5545 §3.1), octets.
const LONGEST_LINE_OCTETS: usize = 75;

/// A document as it grows, line by line.
///
/// Line breaks come from here only: a text's own are escaped, and its other control characters were refused before.
pub(super) struct ContentLines(String);

impl ContentLines {
    pub(super) fn new() -> Self {
        Self(String::new())
    }

    /// A line whose value is no text: a date, a number, an address.
    pub(super) fn value(&mut self, property: &str, value: &str) {
        self.fold(&format!("{property}:{value}"));
    }

    /// A line whose value is a text that people wrote.
    pub(super) fn text(&mut self, property: &str, text: &str) {
        self.value(property, &escaped(text));
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    /// A fold stands between two characters, never inside one: a program that reads line by line would see broken UTF-8.
    fn fold(&mut self, line: &str) {
        let mut octets = 0;
        for character in line.chars() {
            if octets + character.len_utf8() > LONGEST_LINE_OCTETS {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(character);
            octets += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// `TEXT` of RFC 5545 §3.3.11. The backslash goes first, or it would escape the others' backslashes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace(';', "\\;")
        .replace(',', "\\,")
        .replace("\r\n", "\\n")
        .replace(['\r', '\n'], "\\n")
}

/// A parameter's value in quotes (RFC 5545 §3.2). It cannot hold a quote, so quotes are removed; a caret would begin an escape of
/// RFC 6868 (`^n` is a line break), so it is doubled.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "").replace('^', "^^"))
}

/// A `mailto:` address (RFC 6068 §2): `?` would begin header fields, `%` an escape.
pub(super) fn mailto(address: &str) -> String {
    let mut uri = String::from("mailto:");
    for byte in address.bytes() {
        let character = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-._~@:!$'()*+,".contains(character) {
            uri.push(character);
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    use super::*;

    fn folded(property: &str, value: &str) -> String {
        let mut lines = ContentLines::new();
        lines.value(property, value);
        lines.finish()
    }

    fn unfolded(document: &str) -> String {
        document.replace("\r\n ", "")
    }

    fn unescaped(text: &str) -> String {
        let mut plain = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            plain.push(match character {
                '\\' => match characters.next().unwrap() {
                    'n' => '\n',
                    other => other,
                },
                other => other,
            });
        }
        plain
    }

    #[test]
    fn chinese_is_folded_between_characters_at_every_offset() {
        for ascii in 0..=150 {
            let value = format!("{}{}", "a".repeat(ascii), "献血😀é".repeat(40));

            let document = folded("SUMMARY", &value);

            assert_eq!(unfolded(&document), format!("SUMMARY:{value}\r\n"), "{ascii}");
            for line in document.split("\r\n") {
                assert!(line.len() <= 75, "{ascii}: {line}");
            }
        }
    }

    #[test]
    fn a_line_of_75_octets_is_not_folded_and_one_of_76_is() {
        assert_eq!(folded("X", &"a".repeat(73)), format!("X:{}\r\n", "a".repeat(73)));
        assert_eq!(folded("X", &"a".repeat(74)), format!("X:{}\r\n a\r\n", "a".repeat(73)));
        assert_eq!(folded("X", &format!("{}血", "a".repeat(72))), format!("X:{}\r\n 血\r\n", "a".repeat(72)));
    }

    #[test]
    fn a_continuation_has_75_octets_with_its_space() {
        let document = folded("X", &"a".repeat(73 + 74 + 1));

        let lengths: Vec<usize> = document.split("\r\n").map(str::len).collect();

        assert_eq!(lengths, [75, 75, 2, 0]);
    }

    #[test]
    fn what_separates_is_escaped_and_every_line_break_is_one_escape() {
        assert_eq!(escaped(r"a\b;c,d:e"), r"a\\b\;c\,d:e");
        assert_eq!(escaped("a\nb\r\nc\rd"), r"a\nb\nc\nd");
        assert_eq!(escaped(r"\n"), r"\\n");
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(quoted(r#"Nanhe";X-EVIL=1:mailto:a@b"#), r#""Nanhe;X-EVIL=1:mailto:a@b""#);
        assert_eq!(quoted("a^nb"), r#""a^^nb""#);
        assert_eq!(quoted("南河, 血站"), r#""南河, 血站""#);
    }

    #[test]
    fn an_address_cannot_bring_header_fields_of_its_own() {
        assert_eq!(mailto("zhang.san+x@example.org"), "mailto:zhang.san+x@example.org");
        assert_eq!(mailto("a?bcc=b&c#d%e/f@example.org"), "mailto:a%3Fbcc%3Db%26c%23d%25e%2Ff@example.org");
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

        #[test]
        fn unfolding_and_unescaping_give_the_text_back(text in "([^\\p{C}]|[\\\\;,:\" 献血😀]|\n){0,400}") {
            let mut lines = ContentLines::new();
            lines.text("DESCRIPTION", &text);
            let document = lines.finish();

            for line in document.split("\r\n") {
                prop_assert!(line.len() <= 75, "{line}");
                prop_assert!(!line.contains(['\r', '\n']), "{line:?}");
            }
            let whole = unfolded(&document);
            let value = whole.strip_prefix("DESCRIPTION:").unwrap().strip_suffix("\r\n").unwrap();
            prop_assert_eq!(unescaped(value), text);
        }
    }
}
