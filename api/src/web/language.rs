//! Which language a request is to be answered in.

use crate::domain::language::Language;
use actix_web::HttpRequest;
use actix_web::http::header::{AcceptLanguage, Header, Quality};
use actix_web::web::Query;
use serde::Deserialize;

#[derive(Deserialize)]
struct Choice {
    lang: Option<String>,
}

impl Language {
    /// The language of `?lang=zh` or `?lang=en`, else the one that the browser likes best, else Chinese.
    pub fn of(request: &HttpRequest) -> Self {
        let choice = Query::<Choice>::from_query(request.query_string()).ok();
        let chosen = choice.and_then(|choice| choice.lang.as_deref().and_then(Language::named));
        chosen.or_else(|| Language::accepted(request)).unwrap_or(Language::Chinese)
    }

    fn accepted(request: &HttpRequest) -> Option<Self> {
        let mut best = (Quality::ZERO, None);
        for accepted in AcceptLanguage::parse(request).ok()?.0 {
            let language = Language::named(&accepted.item.to_string().to_ascii_lowercase());
            if language.is_some() && accepted.quality > best.0 {
                best = (accepted.quality, language);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn language(address: &str, accepted: Option<&str>) -> Language {
        let mut request = TestRequest::with_uri(address);
        if let Some(accepted) = accepted {
            request = request.insert_header(("accept-language", accepted));
        }
        Language::of(&request.to_http_request())
    }

    #[test]
    fn the_address_decides_before_the_browser() {
        assert_eq!(language("/verify?lang=en", Some("zh-CN")), Language::English);
        assert_eq!(language("/verify?lang=zh", Some("en")), Language::Chinese);
        assert_eq!(language("/verify?lang=fr", Some("en")), Language::English);
        assert_eq!(language("/verify?lang=%ff&lang", Some("en")), Language::English);
    }

    #[test]
    fn the_browser_gets_the_language_that_it_likes_best() {
        assert_eq!(language("/verify", Some("en-GB,en;q=0.9,zh-CN;q=0.8")), Language::English);
        assert_eq!(language("/verify", Some("en;q=0.5, zh-Hans-CN")), Language::Chinese);
        assert_eq!(language("/verify", Some("fr, EN;q=0.1, zh;q=0")), Language::English);
    }

    #[test]
    fn chinese_is_the_default() {
        for accepted in [None, Some(""), Some("*"), Some("fr-CH, fr;q=0.9"), Some("en;q=0"), Some(";;;,=")] {
            assert_eq!(language("/verify", accepted), Language::Chinese, "{accepted:?}");
        }
    }
}
