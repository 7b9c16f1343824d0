//! What people answer when they want no more messages (拒收请回复R), or want them again.

/// What an answer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OptOut {
    /// No more messages.
    Stop,
    /// Messages again.
    Resume,
}

/// The words that carriers and providers use; `R`, `T` and `TD` stand for 拒收 and 退订. `N` is none of them: to a reminder it may
/// mean "I am not coming".
const STOP: [&str; 8] = ["R", "T", "TD", "STOP", "UNSUBSCRIBE", "退订", "拒收", "取消订阅"];
const RESUME: [&str; 6] = ["HF", "START", "恢复", "恢复订阅", "订阅", "重新订阅"];

/// Reads an answer; `None` when it is something else, which a person has to read.
///
/// Case, white space, full-width forms, and marks and quotes around it do not matter; `回复R` and `拒收请回复R` are read as `R`. The word
/// must stand alone: "Recovering well" is no opt-out.
///
/// ```
/// use notifications::opt_out::{OptOut, read};
///
/// assert_eq!(read(" ｒ。"), Some(OptOut::Stop));
/// assert_eq!(read("恢复"), Some(OptOut::Resume));
/// assert_eq!(read("Really, when?"), None);
/// ```
#[must_use]
pub fn read(text: &str) -> Option<OptOut> {
    /// No answer of more characters is one of these words.
    const LONGEST: usize = 40;

    if text.chars().nth(LONGEST).is_some() {
        return None;
    }
    let word: String = text.chars().map(half_width).filter(|c| c.is_alphanumeric()).collect();
    let word = word.to_uppercase();
    let word = word.strip_prefix("拒收请").unwrap_or(&word);
    let word = word.strip_prefix("回复").or_else(|| word.strip_prefix('回')).unwrap_or(word);
    if STOP.contains(&word) {
        Some(OptOut::Stop)
    } else if RESUME.contains(&word) {
        Some(OptOut::Resume)
    } else {
        None
    }
}

/// Full-width Latin letters and digits as their usual forms (Unicode block FF00–FFEF).
fn half_width(character: char) -> char {
    match character {
        '！'..='～' => {
            u32::from(character).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(character)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_say_no_is_understood() {
        for text in [
            "R",
            "r",
            "Ｒ",
            "ｒ",
            " R ",
            "\u{3000}R\n",
            "R。",
            "R！",
            "\"R\"",
            "“r”",
            "T",
            "t",
            "TD",
            "td",
            "ＴＤ",
            "T D",
            "退订",
            " 退订。",
            "退 订",
            "STOP",
            "Stop!",
            "ｓｔｏｐ",
            "拒收",
            "回复R",
            "拒收请回复R",
            "回R",
            "回复TD",
            "取消订阅",
        ] {
            assert_eq!(read(text), Some(OptOut::Stop), "{text:?}");
        }
    }

    #[test]
    fn every_way_to_come_back_is_understood() {
        for text in ["恢复", "恢复。", "START", "start", "HF", "恢复订阅", "订阅", "回复恢复"]
        {
            assert_eq!(read(text), Some(OptOut::Resume), "{text:?}");
        }
    }

    #[test]
    fn what_a_person_has_to_read_is_neither() {
        let long = format!("R{}", " ".repeat(100));
        for text in [
            "",
            " ",
            "。",
            "好的",
            "Really",
            "RR",
            "TDD",
            "不退订",
            "我想退订保险",
            "R 1",
            "stop it",
            "谢谢",
            "1",
            "拒收请",
            "N",
            &long,
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
