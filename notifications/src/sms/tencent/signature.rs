//! TC3-HMAC-SHA256, the signature of Tencent Cloud's API 3.0 ("Signature method v3").
//!
//! ```text
//! CanonicalRequest = POST \n / \n \n HEADERS \n SIGNED_HEADERS \n hex(sha256(body))
//! StringToSign     = TC3-HMAC-SHA256 \n timestamp \n date/service/tc3_request \n hex(sha256(CanonicalRequest))
//! Key              = hmac(hmac(hmac("TC3" + secret, date), service), "tc3_request")
//! Signature        = hex(hmac(Key, StringToSign))
//! ```

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;

use crate::sms::hash::{hmac_sha256, sha256_hex};

const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// What is signed: a POST to `/` without a query.
pub(super) struct Request<'a> {
    /// `cvm`, `sms`.
    pub service: &'a str,
    /// The instant of the request. Its date is that of UTC: with the local one every request from 00:00 to 08:00 in Beijing is
    /// refused.
    pub at: DateTime<Utc>,
    /// The headers that are signed: lower-case names in alphabetical order, lower-case values.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// The `Authorization` header; a space follows each of its commas.
pub(super) fn authorization(request: &Request<'_>, secret_id: &str, secret_key: &str) -> String {
    let (scope, signed) = (scope(request), signed_headers(request));
    let signature = signature(request, secret_key);
    format!("{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={signed}, Signature={signature}")
}

fn signature(request: &Request<'_>, secret_key: &str) -> String {
    let headers: String = request.headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical =
        format!("POST\n/\n\n{headers}\n{}\n{}", signed_headers(request), sha256_hex(request.body));
    let to_sign = format!(
        "{ALGORITHM}\n{}\n{}\n{}",
        request.at.timestamp(),
        scope(request),
        sha256_hex(canonical.as_bytes())
    );
    let by_date = hmac_sha256(format!("TC3{secret_key}").as_bytes(), date(request).as_bytes());
    let by_service = hmac_sha256(&by_date, request.service.as_bytes());
    let key = hmac_sha256(&by_service, b"tc3_request");
    HEXLOWER.encode(&hmac_sha256(&key, to_sign.as_bytes()))
}

fn date(request: &Request<'_>) -> String {
    request.at.format("%Y-%m-%d").to_string()
}

fn scope(request: &Request<'_>) -> String {
    format!("{}/{}/tc3_request", date(request), request.service)
}

fn signed_headers(request: &Request<'_>) -> String {
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
    names.join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tencent Cloud, "Signature method v3": 2019-02-25, 16:44:25 UTC, which is the 26th in Beijing.
    #[test]
    fn the_published_request_has_the_published_signature() {
        let request = Request {
            service: "cvm",
            at: DateTime::from_timestamp(1_551_113_065, 0).unwrap(),
            headers: &[
                ("content-type", "application/json; charset=utf-8"),
                ("host", "cvm.tencentcloudapi.com"),
            ],
            body:
                br#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#,
        };

        assert_eq!(
            authorization(&request, "AKIDEXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"),
            "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, \
             Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
        );
    }
}
