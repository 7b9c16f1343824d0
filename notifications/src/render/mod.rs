//! From a message to the words and pictures that a person sees.

mod certificate;
mod letters;
mod outline;

use std::fmt;

use crate::calendar::{Calendar, CalendarAttachment};
use crate::http::HttpAddress;
use crate::line::ControlCharacter;
use crate::message::{Language, Message};

/// A message that was written out; only [`render`] makes one, so its subject is known to be one line.
///
/// `Debug` shows lengths, not content.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    station: String,
    subject: String,
    text: String,
    html: String,
    images: Vec<InlineImage>,
    calendar: Option<CalendarAttachment>,
    unsubscribe: Option<String>,
}

/// A PNG picture that the HTML shows in place, by `cid:` and its content id.
#[derive(Clone, PartialEq, Eq)]
pub struct InlineImage {
    content_id: &'static str,
    file_name: &'static str,
    png: Vec<u8>,
}

/// Why a message was not written out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderRefused {
    /// A field holds a line break or another control character.
    #[error(transparent)]
    ControlCharacter(#[from] ControlCharacter),
    /// The link is not a complete `https://` or `http://` address without spaces.
    #[error("the link is not a complete https:// or http:// address")]
    NotALink,
    /// A variable of a provider's template holds an address, which providers refuse.
    #[error("{name} holds an address")]
    LinkInVariable {
        /// The variable's name.
        name: &'static str,
    },
    /// The link's path does not end with a key of 1 to 64 ASCII letters, digits, `-` and `_`, the only part of it that a provider's
    /// template takes.
    #[error("the link does not end with a key")]
    NoKeyInLink,
    /// The picture does not begin as a PNG, or is larger than 256 KiB.
    #[error("the QR picture is not a PNG of at most 256 KiB")]
    NotAPicture,
    /// The message has no form for this channel: a letter's text is no SMS, and the other way round.
    #[error("this message has no form for this channel")]
    NotForThisChannel,
    /// The station's name is empty or holds 【 or 】, which frame it in an SMS.
    #[error("the station's name cannot be a signature")]
    NotASignature,
    /// The code is not four to eight digits.
    #[error("the code is not four to eight digits")]
    NotACode,
    /// The word by which somebody is to say "no more" is none that [`opt_out::read`](crate::opt_out::read) understands.
    #[error("the opt-out word would not be understood")]
    NotAnOptOut,
    /// The SMS would take more than two parts.
    #[error("the SMS has {units} units: more than two parts")]
    TooLong {
        /// Its length in UCS-2 units.
        units: usize,
    },
    /// The template engine failed; templates are checked at compile time, so this is a defect of this crate.
    #[error("a template could not be written out")]
    Template(#[from] askama::Error),
}

/// Writes a message out as a letter.
///
/// # Errors
///
/// [`RenderRefused`] names the field or the part that cannot be sent; [`RenderRefused::NotForThisChannel`] when the message has
/// no letter.
pub fn render(message: &Message, language: Language) -> Result<Rendered, RenderRefused> {
    match message {
        Message::CertificateReady(certificate) => certificate::letter(certificate, language),
        _ => {
            message.check()?;
            letters::words(message, language)
        }
    }
}

/// `javascript:` in an `href` would run where the letter is read; a space would cut the link in the plain text.
pub(crate) fn is_link(link: &str) -> bool {
    let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty()) && !link.contains(char::is_whitespace)
}

/// English counts one apart from many.
pub(crate) fn counted(number: &u32, one: &str, many: &str) -> String {
    format!("{number} {}", if *number == 1 { one } else { many })
}

impl Rendered {
    /// A letter of words alone.
    fn new(station: &str, subject: String, text: String, html: String) -> Self {
        Self {
            station: station.to_owned(),
            subject,
            text,
            html,
            images: Vec::new(),
            calendar: None,
            unsubscribe: None,
        }
    }

    /// The letter with an appointment in it, which mail programs offer to put into a calendar or to take out of it (RFC 6047).
    #[must_use]
    pub fn with_calendar(self, calendar: &Calendar) -> Self {
        Self { calendar: Some(calendar.attachment()), ..self }
    }

    /// The letter with an address at which one click ends letters of its purpose: mail programs show a button for it and POST
    /// `List-Unsubscribe=One-Click` to it (RFC 8058 §3.1). It MUST be that person's and that purpose's own, without a sign-in, and
    /// whatever signs the letter (DKIM) MUST sign both headers (§4).
    ///
    /// # Errors
    ///
    /// [`RenderRefused::NotALink`] for anything but visible ASCII that begins with `https://`, or with `http://` and this machine's
    /// name or address.
    pub fn with_unsubscribe(self, url: &str) -> Result<Self, RenderRefused> {
        let place = url.split(['?', '#']).next().unwrap_or_default();
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>,".contains(&byte));
        if plain && HttpAddress::parse(place).is_ok() {
            Ok(Self { unsubscribe: Some(url.to_owned()), ..self })
        } else {
            Err(RenderRefused::NotALink)
        }
    }

    /// The station that signs the letter: the name that it is from.
    #[must_use]
    pub fn station(&self) -> &str {
        &self.station
    }

    /// The calendar document in it.
    #[must_use]
    pub fn calendar(&self) -> Option<&CalendarAttachment> {
        self.calendar.as_ref()
    }

    /// The address at which one click ends letters of its purpose.
    #[must_use]
    pub fn unsubscribe(&self) -> Option<&str> {
        self.unsubscribe.as_deref()
    }

    /// The subject: one line, not yet encoded.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The plain text, with `\n` line ends.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The HTML; its pictures are asked for as `cid:<content id>`.
    #[must_use]
    pub fn html(&self) -> &str {
        &self.html
    }

    /// The pictures that the HTML shows in place.
    #[must_use]
    pub fn images(&self) -> &[InlineImage] {
        &self.images
    }
}

impl InlineImage {
    /// The content id, without angle brackets.
    #[must_use]
    pub fn content_id(&self) -> &'static str {
        self.content_id
    }

    /// The name under which a mail program would save the picture.
    #[must_use]
    pub fn file_name(&self) -> &'static str {
        self.file_name
    }

    /// The picture.
    #[must_use]
    pub fn png(&self) -> &[u8] {
        &self.png
    }
}

impl fmt::Debug for Rendered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Rendered")
            .field("text_bytes", &self.text.len())
            .field("html_bytes", &self.html.len())
            .field("images", &self.images)
            .field("calendar", &self.calendar)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for InlineImage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("InlineImage")
            .field("content_id", &self.content_id)
            .field("png_bytes", &self.png.len())
            .finish()
    }
}
