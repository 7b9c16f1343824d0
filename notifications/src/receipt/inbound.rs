//! Texts that people send back, as Kannel hands them on (user guide, "SMS services": `get-url` with `%p`, `%b`, `%I`).

use std::fmt;

use super::kannel::once;
use super::{PhoneNumber, ReceiptRefused};
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
    let text =
        text.filter(|text| text.chars().count() <= LONGEST_TEXT).ok_or(ReceiptRefused::Field("text"))?;
    Ok(Inbound { from, text: text.to_owned(), id: id.and_then(provider_id) })
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
