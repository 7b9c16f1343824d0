//! A rendered message as one MIME letter: `alternative(text, html)`, the HTML with its pictures as `related(html, pictures)`, and
//! with a calendar `mixed(alternative(text, html, calendar), calendar as a file)`: some mail programs look for the one and some
//! for the other.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lettre::message::header::{
    ContentTransferEncoding, ContentType, ContentTypeErr, HeaderName, HeaderValue,
};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};

use super::address::EmailAddress;
use crate::failure::{Cause, Failure, Step};
use crate::line::{ControlCharacter, one_line};
use crate::render::{InlineImage, Rendered};

/// 9999-12-31T23:59:59Z, seconds after 1970: the last instant that a `Date` header can name.
const LAST_DATE: Duration = Duration::from_secs(253_402_300_799);

/// The line between two parts. `=_` occurs in neither quoted-printable nor base64 (RFC 2045 §6.7), so that a fixed line is safe,
/// and a retry has the same bytes as the first attempt.
const ALTERNATIVE: &str = "=_rexue_alternative";
const RELATED: &str = "=_rexue_related";
const MIXED: &str = "=_rexue_mixed";

/// Who a letter is from: the name that is shown, and the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    name: String,
    address: EmailAddress,
}

/// A letter's identity (RFC 5322 §3.6.4), chosen by the caller and kept for every retry, so that a doubled letter can be recognised.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId(String);

/// A text is not a message id: `left@right` of ASCII letters, digits and `!#$%&'*+-/=?^_{|}~.` and the back-tick, at most 200 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message id is left@right, of ASCII letters, digits and signs, at most 200 characters")]
pub struct MessageIdRefused;

/// What stands on the envelope and at the head of a letter.
#[derive(Debug, Clone)]
pub struct Envelope<'a> {
    /// Who it is from.
    pub from: &'a Sender,
    /// Who it is for.
    pub to: &'a EmailAddress,
    /// The letter's identity; the same for every retry.
    pub message_id: &'a MessageId,
    /// The `Date` header, UTC, whole seconds, 1970 to 9999; the same for every retry.
    pub date: SystemTime,
}

impl Sender {
    /// A sender with the name that mail programs show.
    ///
    /// # Errors
    ///
    /// [`ControlCharacter`] when the name holds a line break or another control character.
    pub fn new(name: &str, address: EmailAddress) -> Result<Self, ControlCharacter> {
        one_line("sender_name", name)?;
        Ok(Self { name: name.to_owned(), address })
    }

    pub(super) fn address(&self) -> &EmailAddress {
        &self.address
    }
}

impl MessageId {
    /// Reads `left@right`, without angle brackets.
    ///
    /// # Errors
    ///
    /// [`MessageIdRefused`] for anything else, line breaks included.
    pub fn parse(text: &str) -> Result<Self, MessageIdRefused> {
        let parts = text.split_once('@').filter(|_| text.len() <= 200);
        match parts {
            Some((left, right)) if is_dot_atom(left) && is_dot_atom(right) => Ok(Self(text.to_owned())),
            _ => Err(MessageIdRefused),
        }
    }

    /// The id without angle brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `dot-atom-text` of RFC 5322 §3.2.3.
fn is_dot_atom(text: &str) -> bool {
    text.split('.').all(|atom| {
        !atom.is_empty()
            && atom.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    })
}

/// The letter's bytes, ASCII with CRLF line ends; the same arguments give the same bytes.
pub(super) fn compose(rendered: &Rendered, envelope: &Envelope<'_>) -> Result<Vec<u8>, Failure> {
    let unwritable = || Failure::new(Step::Compose, Cause::Unwritable);
    let since_1970 = envelope.date.duration_since(UNIX_EPOCH).map_err(|_| unwritable())?;
    if since_1970 > LAST_DATE {
        return Err(unwritable());
    }

    let from = envelope.from;
    let body = body(rendered).map_err(|_| unwritable())?;
    let mut letter = lettre::Message::builder()
        .date(envelope.date)
        .from(Mailbox::new(Some(from.name.clone()), from.address.address().clone()))
        .to(Mailbox::new(None, envelope.to.address().clone()))
        .subject(rendered.subject())
        .message_id(Some(format!("<{}>", envelope.message_id.as_str())))
        .raw_header(header("Auto-Submitted", "auto-generated"));
    if let Some(url) = rendered.unsubscribe() {
        letter = letter
            .raw_header(header("List-Unsubscribe", &format!("<{url}>")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    letter.multipart(body).map(|letter| letter.formatted()).map_err(|_| unwritable())
}

/// `Auto-Submitted` keeps "I am on holiday" from answering (RFC 3834 §5); `List-Unsubscribe` is RFC 8058's.
fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn body(rendered: &Rendered) -> Result<MultiPart, ContentTypeErr> {
    let words = MultiPart::alternative()
        .boundary(ALTERNATIVE)
        .singlepart(text(ContentType::TEXT_PLAIN, rendered.text()));
    let html = text(ContentType::TEXT_HTML, rendered.html());
    let words = if rendered.images().is_empty() {
        words.singlepart(html)
    } else {
        let mut html_with_pictures = MultiPart::related().boundary(RELATED).singlepart(html);
        for image in rendered.images() {
            html_with_pictures = html_with_pictures.singlepart(picture(image)?);
        }
        words.multipart(html_with_pictures)
    };
    let Some(calendar) = rendered.calendar() else { return Ok(words) };

    let invitation = SinglePart::builder()
        .header(ContentType::parse(calendar.content_type)?)
        .header(ContentTransferEncoding::Base64)
        .body(calendar.bytes.clone());
    let file = Attachment::new(calendar.file_name.to_owned())
        .body(calendar.bytes.clone(), ContentType::parse("application/ics")?);
    Ok(MultiPart::mixed().boundary(MIXED).multipart(words.singlepart(invitation)).singlepart(file))
}

/// Always quoted-printable: lettre would send short ASCII texts as they are, and the fixed boundary could occur in them.
fn text(kind: ContentType, content: &str) -> SinglePart {
    SinglePart::builder()
        .header(kind)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(content.to_owned())
}

fn picture(image: &InlineImage) -> Result<SinglePart, ContentTypeErr> {
    let kind = ContentType::parse("image/png")?;
    let (id, name) = (image.content_id().to_owned(), image.file_name().to_owned());
    Ok(Attachment::new_inline_with_name(id, name).body(image.png().to_vec(), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_a_dot_atom_on_both_sides() {
        for good in ["0199b9a2-7c11@mail.rexue.example", "a@b", "a.b+c@d"] {
            assert_eq!(MessageId::parse(good).unwrap().as_str(), good);
        }
        let long = format!("{}@b", "a".repeat(200));
        for bad in ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nBcc: c", "<a@b>", "a..b@c", "张@b", &long]
        {
            assert_eq!(MessageId::parse(bad), Err(MessageIdRefused), "{bad:?}");
        }
    }

    #[test]
    fn a_sender_with_a_line_break_in_the_name_is_refused_by_name() {
        let address: EmailAddress = "station@example.org".parse().unwrap();

        let refused = Sender::new("Station\r\nBcc: all@example.org", address).unwrap_err();

        assert_eq!(refused, ControlCharacter { field: "sender_name" });
    }
}
