//! The letter "your certificate is ready", with its QR code as a picture.

use askama::Template;

use super::{InlineImage, RenderRefused, Rendered, counted, is_link};
use crate::line::one_line;
use crate::message::{CertificateReady, Language};

/// The name by which the HTML asks for the QR picture (RFC 2392), unique within a letter.
const QR_CONTENT_ID: &str = "certificate-qr@rexue.invalid";
const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const LARGEST_PICTURE_BYTES: usize = 256 * 1024;

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

pub(super) fn letter(certificate: &CertificateReady, language: Language) -> Result<Rendered, RenderRefused> {
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

    Ok(Rendered { images: vec![qr], ..Rendered::new(&certificate.station, subject, text, html) })
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
