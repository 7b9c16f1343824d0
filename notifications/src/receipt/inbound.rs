//! Texts that people send back, as Kannel hands them on (user guide, "SMS services": `get-url` with `%p`, `%b`, `%I`), Alibaba
//! Cloud (`SmsUp`) and Tencent Cloud ("SMS reply callback").

use std::fmt;

use serde::Deserialize;

use super::kannel::once;
use super::tencent::international;
use super::{LONGEST_BODY, PhoneNumber, ReceiptRefused, entries};
use crate::accepted::provider_id;

/// The longest text that is read, characters: ten parts.
const LONGEST_TEXT: usize = 670;

/// A text that somebody sent to us; `Debug` shows neither the number nor the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Whose telephone it comes from.
    pub from: PhoneNumber,
    /// What it says.
    pub text: String,
    /// The gateway's own number for it, by which a second delivery is recognised.
    pub id: Option<String>,
}

/// Reads the parameters of Kannel's call for a text that came in, decoded, in any order: `from`, `text` and `id`. The service in
/// Kannel's settings is `get-url = "https://…?from=%p&text=%b&id=%I"`, and the group `smsbox` has `mo-recode = true`: without it
/// Chinese comes as UTF-16 (Kannel 1.4.5).
///
/// # Errors
///
/// [`ReceiptRefused::Field`].
pub fn kannel_inbound<'a>(
    query: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Inbound, ReceiptRefused> {
    let (mut from, mut text, mut id) = (None, None, None);
    for (name, value) in query {
        match name {
            "from" => once(&mut from, value, "from")?,
            "text" => once(&mut text, value, "text")?,
            "id" => once(&mut id, value, "id")?,
            _ => {}
        }
    }
    let from = from.and_then(PhoneNumber::parse).ok_or(ReceiptRefused::Field("from"))?;
    let text = text.filter(|text| is_short(text)).ok_or(ReceiptRefused::Field("text"))?;
    Ok(Inbound { from, text: text.to_owned(), id: id.and_then(provider_id) })
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= LONGEST_TEXT
}

#[derive(Deserialize)]
struct Aliyun {
    phone_number: String,
    content: String,
    #[serde(default)]
    sequence_id: Option<serde_json::Value>,
}

/// Reads a body of `SmsUp`: a JSON array of `{phone_number, send_time, content, sign_name, dest_code, sequence_id}`.
///
/// # Errors
///
/// [`ReceiptRefused`]: one entry that cannot be read refuses the body, so that Aliyun brings it again and somebody notices.
pub fn aliyun_inbound(body: &[u8]) -> Result<Vec<Inbound>, ReceiptRefused> {
    let read = |entry: Aliyun| {
        let from = PhoneNumber::parse(&entry.phone_number).ok_or(ReceiptRefused::Field("phone_number"))?;
        let text =
            Some(entry.content).filter(|text| is_short(text)).ok_or(ReceiptRefused::Field("content"))?;
        // A number, and a text in some versions.
        let id = entry.sequence_id.map(|id| id.to_string().trim_matches('"').to_owned());
        Ok(Inbound { from, text, id: id.as_deref().and_then(provider_id) })
    };
    entries(body)?.into_iter().map(read).collect()
}

#[derive(Deserialize)]
struct Tencent {
    mobile: String,
    #[serde(default)]
    nationcode: Option<String>,
    text: String,
}

/// Reads the body of Tencent Cloud's reply callback: one object `{extend, mobile, nationcode, sign, text, time}`. It has no number
/// of its own.
///
/// # Errors
///
/// [`ReceiptRefused`].
pub fn tencent_inbound(body: &[u8]) -> Result<Inbound, ReceiptRefused> {
    if body.len() > LONGEST_BODY {
        return Err(ReceiptRefused::TooLarge);
    }
    let Tencent { mobile, nationcode, text } =
        serde_json::from_slice(body).map_err(|_| ReceiptRefused::NotJson)?;
    let number = international(mobile, nationcode);
    let from = PhoneNumber::parse(&number).ok_or(ReceiptRefused::Field("mobile"))?;
    let text = Some(text).filter(|text| is_short(text)).ok_or(ReceiptRefused::Field("text"))?;
    Ok(Inbound { from, text, id: None })
}

impl fmt::Debug for Inbound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Inbound").field("from", &self.from).field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_and_hidden() {
        let inbound =
            kannel_inbound([("id", "5f0f-1"), ("text", "退订 张三"), ("from", "+8617000000001"), ("x", "y")])
                .unwrap();

        assert_eq!(inbound.from.as_str(), "+8617000000001");
        assert_eq!(inbound.text, "退订 张三");
        assert_eq!(inbound.id.as_deref(), Some("5f0f-1"));
        let shown = format!("{inbound:?}");
        assert!(!shown.contains("退订") && !shown.contains("17000"), "{shown}");
    }

    #[test]
    fn what_aliyun_and_tencent_hand_on_is_read_and_hidden() {
        let aliyun = r#"[
            {"phone_number":"17000000001","send_time":"2026-11-23 10:00:00","content":"TD","sign_name":"南河市中心血站",
             "dest_code":"10690000","sequence_id":1234567890},
            {"phone_number":"8617000000002","content":"好的","sequence_id":"17"}
        ]"#;
        let tencent = r#"{"extend":"","mobile":"17000000001","nationcode":"86","sign":"南河市中心血站","text":"退订","time":1795395600}"#;

        let read = aliyun_inbound(aliyun.as_bytes()).unwrap();
        let reply = tencent_inbound(tencent.as_bytes()).unwrap();

        let told =
            |inbound: &Inbound| (inbound.from.as_str().to_owned(), inbound.text.clone(), inbound.id.clone());
        assert_eq!(told(&read[0]), ("+8617000000001".into(), "TD".into(), Some("1234567890".into())));
        assert_eq!(told(&read[1]), ("+8617000000002".into(), "好的".into(), Some("17".into())));
        assert_eq!(told(&reply), ("+8617000000001".into(), "退订".into(), None));
        assert!(!format!("{read:?} {reply:?}").contains("170000"));
    }

    #[test]
    fn what_aliyun_and_tencent_never_hand_on_is_refused_by_name() {
        let long = "长".repeat(671);
        let many = format!("[{}]", vec![r#"{"phone_number":"17000000001","content":"R"}"#; 501].join(","));
        for (body, refused) in [
            (r#"{"phone_number":"17000000001","content":"R"}"#, ReceiptRefused::NotJson),
            (r#"[{"phone_number":"x","content":"R"}]"#, ReceiptRefused::Field("phone_number")),
            (
                &format!(r#"[{{"phone_number":"17000000001","content":"{long}"}}]"#),
                ReceiptRefused::Field("content"),
            ),
            (r#"[{"phone_number":"17000000001"}]"#, ReceiptRefused::NotJson),
            (&many, ReceiptRefused::TooMany),
        ] {
            assert_eq!(aliyun_inbound(body.as_bytes()), Err(refused));
        }
        for (body, refused) in [
            ("", ReceiptRefused::NotJson),
            (r#"{"mobile":"17000000001"}"#, ReceiptRefused::NotJson),
            (r#"{"mobile":"x","text":"R"}"#, ReceiptRefused::Field("mobile")),
            (&format!(r#"{{"mobile":"17000000001","text":"{long}"}}"#), ReceiptRefused::Field("text")),
            (&" ".repeat(LONGEST_BODY + 1), ReceiptRefused::TooLarge),
        ] {
            assert_eq!(tencent_inbound(body.as_bytes()), Err(refused));
        }
    }

    #[test]
    fn what_is_no_text_is_refused_by_the_name_of_the_parameter() {
        let long = "长".repeat(671);
        for (query, field) in [
            (&[("text", "R")][..], "from"),
            (&[("from", "10690000000000000"), ("text", "R")], "from"),
            (&[("from", "+8617000000001")], "text"),
            (&[("from", "+8617000000001"), ("text", &long)], "text"),
            (&[("from", "+8617000000001"), ("from", "+8617000000002"), ("text", "R")], "from"),
        ] {
            assert_eq!(kannel_inbound(query.iter().copied()), Err(ReceiptRefused::Field(field)));
        }
    }
}
