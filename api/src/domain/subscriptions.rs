//! What somebody answers when the mini-program asks whether it may send them messages (订阅消息,
//! `wx.requestSubscribeMessage`): one consent to a template is good for one message.

use super::refusal::Refusal;
use std::collections::BTreeMap;

/// Consents to one template that are kept at most: more were never meant.
pub const MOST: i64 = 20;

/// The templates that somebody agreed to: `accept`, and with a sound or an alert (`acceptWithAudio`, …). `known` says whether a
/// template is the station's.
///
/// # Errors
/// `unknown_template`, `unknown_answer`, of the field `answers`.
pub fn agreed(
    answers: &BTreeMap<String, String>,
    known: impl Fn(&str) -> bool,
) -> Result<Vec<&str>, Refusal> {
    let mut agreed = Vec::new();
    for (template, answer) in answers {
        if !known(template) {
            let message = "Ask for the templates that this station names.";
            return Err(Refusal::new("answers", "unknown_template", message));
        }
        match answer.as_str() {
            "accept" | "acceptWithAudio" | "acceptWithAlert" | "acceptWithForcePush" => {
                agreed.push(template.as_str());
            }
            "reject" | "ban" | "filter" => {}
            _ => {
                let message = "WeChat answers accept, reject, ban or filter for each template.";
                return Err(Refusal::new("answers", "unknown_answer", message));
            }
        }
    }
    Ok(agreed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(answers: &[(&str, &str)]) -> BTreeMap<String, String> {
        answers.iter().map(|(template, answer)| ((*template).to_owned(), (*answer).to_owned())).collect()
    }

    #[test]
    fn only_a_yes_is_a_consent() {
        let said = answers(&[
            ("a", "accept"),
            ("b", "reject"),
            ("c", "ban"),
            ("d", "filter"),
            ("e", "acceptWithAudio"),
        ]);

        assert_eq!(agreed(&said, |_| true).unwrap(), ["a", "e"]);
        assert_eq!(agreed(&answers(&[]), |_| false).unwrap(), Vec::<&str>::new());
    }

    #[test]
    fn what_nobody_asked_and_what_wechat_never_says_is_refused_by_name() {
        let foreign = agreed(&answers(&[("a", "accept"), ("x", "accept")]), |id| id == "a").unwrap_err();
        let strange = agreed(&answers(&[("a", "Accept")]), |_| true).unwrap_err();

        assert_eq!((foreign.column, foreign.reason), ("answers", "unknown_template"));
        assert_eq!((strange.column, strange.reason), ("answers", "unknown_answer"));
    }
}
