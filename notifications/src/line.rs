//! One line of text: what may stand in a header, or in a sentence that nobody else may continue.

/// A text that must be one visible line holds a line break or another control character.
///
/// A line break in a header would begin a header of the writer's choice (RFC 5322 §2.2; "header injection").
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} holds a line break or another control character")]
pub struct ControlCharacter {
    /// The name of the refused field, in the words of this crate's types.
    pub field: &'static str,
}

/// Accepts one line of visible text.
pub(crate) fn one_line(field: &'static str, text: &str) -> Result<(), ControlCharacter> {
    if text.chars().any(breaks_the_line) { Err(ControlCharacter { field }) } else { Ok(()) }
}

/// Accepts a text of several lines, with tabs; what else breaks a line is refused as in [`one_line`].
pub(crate) fn several_lines(field: &'static str, text: &str) -> Result<(), ControlCharacter> {
    text.split(['\r', '\n', '\t']).try_for_each(|line| one_line(field, line))
}

/// Control characters, Unicode's own line breaks, and the marks that turn the direction of what follows:
/// `example.org/\u{202E}gpj.exe` is read as something else than it is.
fn breaks_the_line(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_that_breaks_a_line_is_refused_by_the_name_of_its_field() {
        for text in [
            "a\r\nBcc: b",
            "a\nb",
            "a\rb",
            "a\0b",
            "a\tb",
            "a\u{7f}b",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{202E}b",
        ] {
            assert_eq!(one_line("subject", text), Err(ControlCharacter { field: "subject" }), "{text:?}");
        }
    }

    #[test]
    fn several_lines_may_have_line_breaks_and_tabs_but_no_other_control_character() {
        assert_eq!(several_lines("description", "a\r\nb\n\tc\rd"), Ok(()));
        for text in ["a\n\0b", "a\u{7f}\nb", "\n\u{85}", "a\u{2028}b", "\n\u{202E}", "a\u{b}b", "a\u{c}b"] {
            assert_eq!(
                several_lines("description", text),
                Err(ControlCharacter { field: "description" }),
                "{text:?}"
            );
        }
    }

    #[test]
    fn chinese_emoji_and_accents_are_one_line() {
        assert_eq!(one_line("subject", "热血 ❤️ José"), Ok(()));
    }
}
