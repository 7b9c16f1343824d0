//! Alibaba Cloud's `SendSms` (Dysmsapi 2017-05-25), signed with ACS3-HMAC-SHA256.

use super::http::{Reply, Request};
use super::signed::{hmac, part, sha256_hex};
use super::{Gateway, Sms, State};
use data_encoding::HEXLOWER;
use serde_json::json;

impl Gateway {
    /// The settings that lead a server here as to Alibaba Cloud, as variables.
    pub fn aliyun_settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = self.settings();
        settings.retain(|(name, _)| !name.starts_with("REXUE_SMS_"));
        settings.extend([
            ("REXUE_SMS_PROVIDER", "aliyun".to_owned()),
            ("REXUE_SMS_URL", self.url()),
            ("REXUE_SMS_USER", Self::SMS_USER.to_owned()),
            ("REXUE_SMS_PASSWORD", Self::SMS_PASSWORD.to_owned()),
            ("REXUE_SMS_SIGN_NAME", Self::SIGN_NAME.to_owned()),
            ("REXUE_SMS_TEMPLATES", Self::templates("SMS_")),
        ]);
        settings
    }
}

impl State {
    pub(super) fn aliyun(&mut self, request: &Request, code: Option<&str>) -> Reply {
        let answer = |status, code: &str| {
            Reply::json(&json!({ "Code": code, "Message": request.quoted(), "RequestId": "1" }))
                .with_status(status)
        };
        if request.header("x-acs-action") != "SendSms" || request.header("x-acs-version") != "2017-05-25" {
            return answer(404, "InvalidAction.NotFound");
        }
        if !is_signed(request) {
            return answer(400, "SignatureDoesNotMatch");
        }
        if !self.nonces.insert(request.header("x-acs-signature-nonce").to_owned()) {
            return answer(400, "SignatureNonceUsed");
        }
        if request.parameter("SignName") != Gateway::SIGN_NAME {
            return answer(200, "isv.SMS_SIGNATURE_ILLEGAL");
        }
        if !Gateway::knows("SMS_", request.parameter("TemplateCode")) {
            return answer(200, "isv.SMS_TEMPLATE_ILLEGAL");
        }
        if let Some(code) = code {
            return answer(200, code);
        }
        let [number, template, variables, reference] =
            ["PhoneNumbers", "TemplateCode", "TemplateParam", "OutId"].map(|name| request.parameter(name));
        self.messages.push(Sms {
            to: format!("+86{number}"),
            from: Gateway::SIGN_NAME.to_owned(),
            text: format!("{template} {variables} {reference}"),
            credentials_ok: true,
        });
        let biz_id = format!("9006197469364984{:03}^0", self.messages.len());
        Reply::json(&json!({ "Code": "OK", "Message": "OK", "BizId": biz_id, "RequestId": "1" }))
    }
}

/// `CR = METHOD\nURI\nQuery\nHeaders\nSignedHeaders\nhex(sha256(body))`.
fn is_signed(request: &Request) -> bool {
    let authorization = request.header("authorization");
    let names = part(authorization, "SignedHeaders");
    let all = [
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
    ];
    let hash = sha256_hex(request.body());
    let mut query: Vec<&str> = request.raw_query().split('&').collect();
    query.sort_unstable();
    let headers: String = names.split(';').map(|name| format!("{name}:{}\n", request.header(name))).collect();
    let canonical =
        format!("{}\n{}\n{}\n{headers}\n{names}\n{hash}", request.method, request.path, query.join("&"));
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", sha256_hex(canonical.as_bytes()));
    let signature = HEXLOWER.encode(&hmac(Gateway::SMS_PASSWORD.as_bytes(), &to_sign));
    authorization.starts_with("ACS3-HMAC-SHA256 ")
        && part(authorization, "Credential") == Gateway::SMS_USER
        && names.split(';').eq(all)
        && request.header("x-acs-content-sha256") == hash
        && !request.raw_query().contains('+')
        && part(authorization, "Signature") == signature
}
