//! From a message to the words and pictures that a person sees.

use std::fmt;

use askama::Template;

use crate::line::{ControlCharacter, one_line};
use crate::message::{CertificateReady, Language, Message};

/// The name by which the HTML asks for the QR picture (RFC 2392), unique within a letter.
const QR_CONTENT_ID: &str = "certificate-qr@rexue.invalid";
const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const LARGEST_PICTURE_BYTES: usize = 256 * 1024;

/// A message that was written out; only [`render`] makes one, so its subject is known to be one line.
///
/// `Debug` shows lengths, not content.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    subject: String,
    text: String,
    html: String,
    images: Vec<InlineImage>,
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
        Message::CertificateReady(certificate) => certificate_ready(certificate, language),
        Message::SignInCode(_) | Message::Appointment(_) | Message::Thanks(_) | Message::CallUp(_) => {
            Err(RenderRefused::NotForThisChannel)
        }
    }
}

#[derive(Template)]
#[template(path = "certificate_ready.zh.txt")]
struct ChineseText<'a> {
    certificate: &'a CertificateReady,
}

#[derive(Template)]
#[template(path = "certificate_ready.zh.html")]
struct ChineseHtml<'a> {
    certificate: &'a CertificateReady,
    qr: &'static str,
}

#[derive(Template)]
#[template(path = "certificate_ready.en.txt")]
struct EnglishText<'a> {
    certificate: &'a CertificateReady,
}

#[derive(Template)]
#[template(path = "certificate_ready.en.html")]
struct EnglishHtml<'a> {
    certificate: &'a CertificateReady,
    qr: &'static str,
}

fn certificate_ready(certificate: &CertificateReady, language: Language) -> Result<Rendered, RenderRefused> {
    check(certificate)?;

    let number = &certificate.certificate_number;
    let (subject, text, html) = match language {
        Language::Chinese => (
            format!("您的电子献血证已签发（{number}）"),
            ChineseText { certificate }.render()?,
            ChineseHtml { certificate, qr: QR_CONTENT_ID }.render()?,
        ),
        Language::English => (
            format!("Your blood donation certificate {number} is ready"),
            EnglishText { certificate }.render()?,
            EnglishHtml { certificate, qr: QR_CONTENT_ID }.render()?,
        ),
    };
    let qr = InlineImage {
        content_id: QR_CONTENT_ID,
        file_name: "certificate-qr.png",
        png: certificate.qr_png.clone(),
    };

    Ok(Rendered { subject, text, html, images: vec![qr] })
}

fn check(certificate: &CertificateReady) -> Result<(), RenderRefused> {
    one_line("station", &certificate.station)?;
    one_line("masked_name", &certificate.masked_name)?;
    one_line("certificate_number", &certificate.certificate_number)?;
    one_line("link", &certificate.link)?;
    one_line("valid_until", &certificate.valid_until)?;
    if !is_link(&certificate.link) {
        return Err(RenderRefused::NotALink);
    }
    let picture = &certificate.qr_png;
    if !picture.starts_with(PNG_SIGNATURE) || picture.len() > LARGEST_PICTURE_BYTES {
        return Err(RenderRefused::NotAPicture);
    }
    Ok(())
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
