//! What somebody submitted: a text, or a photo to read one from.

use super::super::photo::read_qr;
use crate::error::{Error, Kind};
use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{self, Bytes, Payload, Query};
use futures_util::TryStreamExt;
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The largest photo, in bytes.
pub const LARGEST_PHOTO: usize = 8 * 1024 * 1024;

/// The largest text, in bytes, percent-encoded or not: many times that of a certificate.
const LARGEST_TEXT: usize = 64 * 1024;

/// A longer body is refused unread. A shorter one is read to its end even when the photo in it is too large,
/// because a browser shows no answer that comes before it has sent everything.
const LONGEST_BODY: usize = 8 * LARGEST_PHOTO;

const LONGEST_UPLOAD: Duration = Duration::from_secs(120);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// Photos that are read at the same time, in all workers: each takes a processor, and up to 350 MB (a progressive
/// JPEG of 40 million pixels).
static READERS: Semaphore = Semaphore::const_new(2);

/// What is to be verified.
#[derive(Debug, PartialEq, Eq)]
pub enum Submission {
    /// What a scanner typed or a person pasted, not empty.
    Text(Vec<u8>),
    /// An image file, not empty and at most [`LARGEST_PHOTO`].
    Photo(Bytes),
}

#[derive(Deserialize)]
struct Form {
    text: Option<String>,
}

impl Submission {
    /// Reads the form, urlencoded with the field `text`, or multipart with `text` and `photo`. A text wins.
    ///
    /// # Errors
    /// `nothing_to_verify`, `photo_too_large`, `text_too_long`, `unsupported_form` and `malformed_form`.
    pub async fn read(request: &HttpRequest, payload: Payload) -> Result<Submission, Error> {
        if declared_length(request) > LONGEST_BODY {
            return Err(photo_too_large());
        }
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let reading = async {
            match content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase().as_str() {
                "application/x-www-form-urlencoded" => read_urlencoded(payload).await,
                "multipart/form-data" => read_multipart(Multipart::new(request.headers(), payload)).await,
                _ => Err(Error::new(
                    Kind::UnsupportedMedia,
                    "unsupported_form",
                    "The body is neither application/x-www-form-urlencoded nor multipart/form-data.",
                )),
            }
        };
        timeout(LONGEST_UPLOAD, reading).await.map_err(|_| malformed_form("the upload took too long"))?
    }

    /// The text to verify; a photo is read on a thread for blocking work.
    ///
    /// # Errors
    /// Those of [`read_qr`], and `busy` when too many photos wait.
    pub async fn into_text(self) -> Result<Vec<u8>, Error> {
        let photo = match self {
            Submission::Text(text) => return Ok(text),
            Submission::Photo(photo) => photo,
        };
        let busy = || {
            Error::new(
                Kind::TooMany { retry_after_seconds: 5 },
                "busy",
                "Too many photos are being read just now.",
            )
        };
        let Ok(Ok(permit)) = timeout(LONGEST_WAIT, READERS.acquire()).await else { return Err(busy()) };
        let reading = web::block(move || {
            // It goes with the work, not with a client that may have left.
            let _permit = permit;
            read_qr(&photo)
        });
        let text = reading.await.map_err(|gone| {
            Error::invalid("unreadable_image", "The photo is damaged and cannot be read.").because(gone)
        })??;
        Ok(text.into_bytes())
    }
}

fn declared_length(request: &HttpRequest) -> usize {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

async fn read_urlencoded(payload: Payload) -> Result<Submission, Error> {
    let body =
        payload.to_bytes_limited(LARGEST_TEXT).await.map_err(|_| text_too_long())?.map_err(malformed_form)?;
    let body = String::from_utf8(body.to_vec()).map_err(malformed_form)?;
    let form = Query::<Form>::from_query(&body).map_err(malformed_form)?;
    let text = form.into_inner().text.unwrap_or_default();
    if is_blank(text.as_bytes()) { Err(nothing_to_verify()) } else { Ok(Submission::Text(text.into_bytes())) }
}

async fn read_multipart(mut form: Multipart) -> Result<Submission, Error> {
    let mut text = None;
    let mut photo = None;
    // Read to the end whatever is wrong with a part: see LONGEST_BODY.
    while let Some(mut field) = form.try_next().await.map_err(malformed_form)? {
        match field.name() {
            Some("text") => {
                let part = read_field(&mut field, LARGEST_TEXT, text_too_long).await;
                text = text.or(part.map(|part| Some(part).filter(|part| !is_blank(part))).transpose());
            }
            Some("photo") => {
                let part = read_field(&mut field, LARGEST_PHOTO, photo_too_large).await;
                photo = photo.or(part.map(|part| Some(part).filter(|part| !part.is_empty())).transpose());
            }
            _ => drop(field.bytes(0).await),
        }
    }
    match (text, photo) {
        (Some(text), _) => Ok(Submission::Text(text?.to_vec())),
        (None, Some(photo)) => Ok(Submission::Photo(photo?)),
        (None, None) => Err(nothing_to_verify()),
    }
}

async fn read_field(field: &mut Field, limit: usize, too_large: fn() -> Error) -> Result<Bytes, Error> {
    field.bytes(limit).await.map_err(|_| too_large())?.map_err(malformed_form)
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}

fn nothing_to_verify() -> Error {
    Error::invalid("nothing_to_verify", "There is neither a text nor a photo.")
}

fn text_too_long() -> Error {
    Error::new(Kind::TooLarge, "text_too_long", "The text is far longer than a certificate.")
}

fn photo_too_large() -> Error {
    Error::new(Kind::TooLarge, "photo_too_large", "The photo is larger than 8 MiB.")
}

fn malformed_form(context: impl std::fmt::Display) -> Error {
    Error::invalid("malformed_form", "The form did not arrive whole.").because(context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::FromRequest;
    use actix_web::test::TestRequest;

    const BOUNDARY: &str = "multipart/form-data; boundary=b";

    async fn read(content_type: &str, body: impl Into<Bytes>) -> Result<Submission, &'static str> {
        let request = TestRequest::post().insert_header((CONTENT_TYPE, content_type)).set_payload(body);
        let (request, mut payload) = request.to_http_parts();
        let payload = Payload::from_request(&request, &mut payload).await.unwrap();
        Submission::read(&request, payload).await.map_err(|error| error.code)
    }

    fn text(text: &str) -> Submission {
        Submission::Text(text.as_bytes().to_vec())
    }

    fn part(name: &str, file_name: &str, content: &[u8]) -> Vec<u8> {
        let head = format!(
            "--b\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\r\n"
        );
        [head.as_bytes(), content, b"\r\n"].concat()
    }

    fn multipart(parts: &[Vec<u8>]) -> Vec<u8> {
        [parts.concat().as_slice(), b"--b--\r\n"].concat()
    }

    #[actix_web::test]
    async fn a_scanned_text_arrives_as_it_was_typed() {
        let form = "application/x-www-form-urlencoded";

        assert_eq!(read(form, "text=XUE%3A%2F1%2FABC").await, Ok(text("XUE:/1/ABC")));
        assert_eq!(read(form, "text=xue%EF%BC%9A%EF%BC%8F1").await, Ok(text("xue：／1")));
        assert_eq!(
            read("Application/X-WWW-Form-Urlencoded; charset=utf-8", "other=1&text=A").await,
            Ok(text("A"))
        );
    }

    #[actix_web::test]
    async fn an_empty_form_says_so() {
        let form = "application/x-www-form-urlencoded";

        for body in ["", "text=", "text=+%0D%0A", "other=1"] {
            assert_eq!(read(form, body).await, Err("nothing_to_verify"), "{body}");
        }
        for parts in
            [vec![], vec![part("photo", "", b""), part("photo", "", b"")], vec![part("text", "", b" \n")]]
        {
            assert_eq!(read(BOUNDARY, multipart(&parts)).await, Err("nothing_to_verify"));
        }
    }

    #[actix_web::test]
    async fn the_photo_that_was_chosen_is_taken() {
        let body = multipart(&[
            part("photo", "", b""),
            part("other", "x", b"?"),
            part("photo", "a.jpg", b"\xff\xd8"),
        ]);

        assert_eq!(read(BOUNDARY, body).await, Ok(Submission::Photo(Bytes::from_static(b"\xff\xd8"))));
    }

    #[actix_web::test]
    async fn a_text_wins_over_a_photo() {
        let body = multipart(&[part("photo", "a.jpg", b"\xff\xd8"), part("text", "", b"XUE:/1/A")]);

        assert_eq!(read(BOUNDARY, body).await, Ok(text("XUE:/1/A")));
    }

    #[actix_web::test]
    async fn what_is_too_large_is_refused() {
        let form = "application/x-www-form-urlencoded";

        let just_right = read(BOUNDARY, multipart(&[part("photo", "a", &vec![1; LARGEST_PHOTO])])).await;
        assert!(matches!(just_right, Ok(Submission::Photo(photo)) if photo.len() == LARGEST_PHOTO));

        let photo = multipart(&[part("photo", "a", &vec![1; LARGEST_PHOTO + 1])]);
        assert_eq!(read(BOUNDARY, photo).await, Err("photo_too_large"));
        let long = multipart(&[part("text", "", &vec![b'A'; LARGEST_TEXT + 1])]);
        assert_eq!(read(BOUNDARY, long).await, Err("text_too_long"));
        assert_eq!(read(form, vec![b'A'; LARGEST_TEXT + 1]).await, Err("text_too_long"));
    }

    #[actix_web::test]
    async fn a_body_of_another_type_or_a_broken_one_is_refused() {
        assert_eq!(read("application/json", "{}").await, Err("unsupported_form"));
        assert_eq!(read("", "text=A").await, Err("unsupported_form"));
        assert_eq!(read("multipart/form-data", "x").await, Err("malformed_form"));
        assert_eq!(read(BOUNDARY, part("photo", "a", b"cut off")).await, Err("malformed_form"));
        assert_eq!(read(BOUNDARY, "--b\r\n\r\n").await, Err("malformed_form"));
        assert_eq!(read("application/x-www-form-urlencoded", vec![0xff, 0xfe]).await, Err("malformed_form"));
    }

    #[actix_web::test]
    async fn a_photo_without_a_code_is_the_photos_fault() {
        let error = Submission::Photo(Bytes::from_static(b"no image")).into_text().await.unwrap_err();

        assert_eq!(error.code, "not_an_image");
    }
}
