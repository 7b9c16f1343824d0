//! Tencent Cloud's `SendSms` (2021-01-11), signed with TC3-HMAC-SHA256.

use super::http::{Reply, Request};
use super::signed::{hmac, part, sha256_hex};
use super::{Gateway, Sms, State};
use chrono::DateTime;
use data_encoding::HEXLOWER;
use serde_json::json;

impl Gateway {
    /// The application's number at Tencent Cloud.
    pub const SMS_APP_ID: &str = "1400006666";

    /// The settings that lead a server here as to Tencent Cloud, as variables.
    pub fn tencent_settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = self.aliyun_settings();
        settings.retain(|(name, _)| !["REXUE_SMS_PROVIDER", "REXUE_SMS_TEMPLATES"].contains(name));
        settings.extend([
            ("REXUE_SMS_PROVIDER", "tencent".to_owned()),
            ("REXUE_SMS_APP_ID", Self::SMS_APP_ID.to_owned()),
            ("REXUE_SMS_TEMPLATES", Self::templates("1")),
        ]);
        settings
    }
}

impl State {
    pub(super) fn tencent(&mut self, request: &Request, code: Option<&str>) -> Reply {
        let refused = |code: &str| {
            let error = json!({ "Code": code, "Message": request.quoted() });
            Reply::json(&json!({ "Response": { "Error": error, "RequestId": "1" } }))
        };
        let [version, region] = ["x-tc-version", "x-tc-region"].map(|name| request.header(name));
        if (request.header("x-tc-action"), version, region) != ("SendSms", "2021-01-11", "ap-guangzhou") {
            return refused("InvalidAction");
        }
        if !is_signed(request) {
            return refused("AuthFailure.SignatureFailure");
        }
        if request.member("SmsSdkAppId") != Gateway::SMS_APP_ID {
            return refused("InvalidParameterValue.SdkAppIdNotExist");
        }
        let numbers = request.member("PhoneNumberSet");
        let [number] = numbers.as_array().unwrap().as_slice() else { return refused("InvalidParameter") };
        let template = request.member("TemplateId");
        let known = Gateway::knows("1", template.as_str().unwrap_or_default());
        let code = match code {
            _ if request.member("SignName") != Gateway::SIGN_NAME => {
                "FailedOperation.SignatureIncorrectOrUnapproved"
            }
            _ if !known => "FailedOperation.TemplateIncorrectOrUnapproved",
            Some(code) if code.starts_with("AuthFailure") => return refused(code),
            Some(code) => code,
            None => "Ok",
        };
        let mut serial_no = String::new();
        if code == "Ok" {
            self.messages.push(Sms {
                to: number.as_str().unwrap().to_owned(),
                from: Gateway::SIGN_NAME.to_owned(),
                text: format!(
                    "{template} {} {}",
                    request.member("TemplateParamSet"),
                    request.member("SessionContext")
                ),
                credentials_ok: true,
            });
            serial_no = format!("5000:1045710669157053657849{:03}", self.messages.len());
        }
        let sent = json!({
            "SerialNo": serial_no, "PhoneNumber": number, "Fee": 1, "SessionContext": request.member("SessionContext"),
            "Code": code, "Message": request.quoted(), "IsoCode": "CN",
        });
        Reply::json(&json!({ "Response": { "SendStatusSet": [sent], "RequestId": "1" } }))
    }
}

/// `CR = POST\n/\n\ncontent-type:..\nhost:..\nx-tc-action:<lower>\n\n…`; the date of the scope is that of UTC.
fn is_signed(request: &Request) -> bool {
    let authorization = request.header("authorization");
    let [kind, host, action, stamp] =
        ["content-type", "host", "x-tc-action", "x-tc-timestamp"].map(|name| request.header(name));
    let Some(at) = stamp.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)) else {
        return false;
    };
    let date = at.format("%Y-%m-%d").to_string();
    let hash = sha256_hex(request.body());
    let headers = format!("content-type:{kind}\nhost:{host}\nx-tc-action:{}\n", action.to_lowercase());
    let canonical =
        format!("{}\n{}\n\n{headers}\ncontent-type;host;x-tc-action\n{hash}", request.method, request.path);
    let scope = format!("{date}/sms/tc3_request");
    let to_sign = format!("TC3-HMAC-SHA256\n{stamp}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
    let by_date = hmac(format!("TC3{}", Gateway::SMS_PASSWORD).as_bytes(), &date);
    let key = hmac(&hmac(&by_date, "sms"), "tc3_request");
    authorization.starts_with("TC3-HMAC-SHA256 ")
        && part(authorization, "Credential") == format!("{}/{scope}", Gateway::SMS_USER)
        && part(authorization, "SignedHeaders") == "content-type;host;x-tc-action"
        && part(authorization, "Signature") == HEXLOWER.encode(&hmac(&key, &to_sign))
}
