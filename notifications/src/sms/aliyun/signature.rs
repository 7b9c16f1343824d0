//! ACS3-HMAC-SHA256, the signature of Alibaba Cloud's version 3 ("V3 request syntax and signature method").
//!
//! ```text
//! CanonicalRequest = METHOD \n URI \n QUERY \n HEADERS \n SIGNED_HEADERS \n hex(sha256(body))
//! StringToSign     = "ACS3-HMAC-SHA256" \n hex(sha256(CanonicalRequest))
//! Signature        = hex(hmac-sha256(secret, StringToSign))
//! ```

use data_encoding::HEXLOWER;

use crate::sms::hash::{hmac_sha256, sha256_hex};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// What is signed. A POST to `/`, as every RPC-style operation is.
pub(super) struct Request<'a> {
    /// The query as [`query`] writes it.
    pub query: &'a str,
    /// The headers that are signed: lower-case names in alphabetical order, `host` and every `x-acs-*`.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// Parameters as the signature wants them: sorted by name, everything but RFC 3986's unreserved characters in percent-encoding.
pub(super) fn query(parameters: &[(&str, &str)]) -> String {
    let mut sorted = parameters.to_vec();
    sorted.sort_unstable();
    let pairs: Vec<String> =
        sorted.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.join("&")
}

/// The `Authorization` header; no space follows its commas.
pub(super) fn authorization(request: &Request<'_>, key_id: &str, secret: &str) -> String {
    let signed = signed_headers(request);
    let signature = signature(request, secret);
    format!("{ALGORITHM} Credential={key_id},SignedHeaders={signed},Signature={signature}")
}

fn signature(request: &Request<'_>, secret: &str) -> String {
    let headers: String =
        request.headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let canonical = format!(
        "POST\n/\n{}\n{headers}\n{}\n{}",
        request.query,
        signed_headers(request),
        sha256_hex(request.body)
    );
    let to_sign = format!("{ALGORITHM}\n{}", sha256_hex(canonical.as_bytes()));
    HEXLOWER.encode(&hmac_sha256(secret.as_bytes(), to_sign.as_bytes()))
}

fn signed_headers(request: &Request<'_>) -> String {
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
    names.join(";")
}

/// Percent-encoding of everything but the unreserved characters (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Alibaba Cloud, "V3 request syntax and signature method", fixed parameters.
    #[test]
    fn the_published_request_has_the_published_signature() {
        let body_hash = sha256_hex(b"");
        let request = Request {
            query: &query(&[
                ("RegionId", "cn-shanghai"),
                ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"),
            ]),
            headers: &[
                ("host", "ecs.cn-shanghai.aliyuncs.com"),
                ("x-acs-action", "RunInstances"),
                ("x-acs-content-sha256", &body_hash),
                ("x-acs-date", "2023-10-26T10:22:32Z"),
                ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
                ("x-acs-version", "2014-05-26"),
            ],
            body: b"",
        };

        assert_eq!(
            authorization(&request, "YourAccessKeyId", "YourAccessKeySecret"),
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;\
             x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
    }

    #[test]
    fn what_html_forms_leave_is_encoded_too() {
        assert_eq!(query(&[("b", "a b*~+/"), ("a", "血{\"")]), "a=%E8%A1%80%7B%22&b=a%20b%2A~%2B%2F");
    }
}
