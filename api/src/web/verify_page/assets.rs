//! The page's style sheet and script, embedded in the binary.

use actix_web::http::header::{CACHE_CONTROL, ETAG, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A file with the address under which it never changes.
pub struct Asset {
    content: &'static str,
    content_type: &'static str,
    version: String,
    address: String,
}

/// The style sheet.
pub static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("/assets/verify.css", "text/css; charset=utf-8", include_str!("../../../assets/verify.css"))
});

/// The script: the page works without it.
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "/assets/verify.js",
        "text/javascript; charset=utf-8",
        include_str!("../../../assets/verify.js"),
    )
});

impl Asset {
    fn new(path: &str, content_type: &'static str, content: &'static str) -> Asset {
        let digest = Sha256::digest(content.as_bytes());
        let version = HEXLOWER.encode(digest.as_slice().get(..8).unwrap_or_default());
        let address = format!("{path}?v={version}");
        Asset { content, content_type, version, address }
    }

    /// The path with the content's version behind it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The file, or 304 for who has it. Under its version's address it may be kept for a year, else it is asked
    /// for again each time.
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let tag = EntityTag::new_strong(self.version.clone());
        let has_it = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
            Err(_) => false,
        };
        let forever = request.query_string().strip_prefix("v=") == Some(&self.version);
        let mut response = if has_it { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((ETAG, tag)).insert_header((
            CACHE_CONTROL,
            if forever { "public, max-age=31536000, immutable" } else { "no-cache" },
        ));
        if has_it { response.finish() } else { response.content_type(self.content_type).body(self.content) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;

    #[test]
    fn an_asset_is_kept_for_a_year_only_under_the_address_of_its_version() {
        for (address, expected) in [
            (STYLE.address(), "public, max-age=31536000, immutable"),
            ("/assets/verify.css", "no-cache"),
            ("/assets/verify.css?v=0", "no-cache"),
        ] {
            let answer = STYLE.answer(&TestRequest::with_uri(address).to_http_request());

            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.headers().get("cache-control").unwrap(), expected, "{address}");
        }
    }

    #[test]
    fn who_has_an_asset_gets_304() {
        let etag =
            SCRIPT.answer(&TestRequest::default().to_http_request()).headers().get("etag").unwrap().clone();

        for (known, expected) in [
            (etag.to_str().unwrap(), StatusCode::NOT_MODIFIED),
            ("\"other\", *", StatusCode::OK),
            ("\"other\"", StatusCode::OK),
            ("*", StatusCode::NOT_MODIFIED),
        ] {
            let request = TestRequest::default().insert_header(("if-none-match", known)).to_http_request();

            assert_eq!(SCRIPT.answer(&request).status(), expected, "{known}");
        }
    }

    #[test]
    fn nothing_is_fetched_from_outside() {
        for asset in [&STYLE, &SCRIPT] {
            for outside in ["http:", "https:", "//cdn", "@import"] {
                assert!(!asset.content.contains(outside), "{outside}");
            }
        }
    }
}
