//! Alibaba Cloud's receipts: `SmsReport`, pushed by HTTP in batches. The answer that it wants is `{"code":0}`.

use serde::Deserialize;

use super::{Outcome, PhoneNumber, Receipt, ReceiptRefused, code, entries};
use crate::accepted::provider_id;
use crate::call::is_token;

#[derive(Deserialize)]
struct Entry {
    phone_number: String,
    success: bool,
    #[serde(default)]
    err_code: Option<String>,
    biz_id: String,
    #[serde(default)]
    out_id: Option<String>,
}

/// Reads a body of `SmsReport`: a JSON array of `{phone_number, success, err_code, biz_id, out_id, …}`.
///
/// # Errors
///
/// [`ReceiptRefused`]: one entry that cannot be read refuses the body, so that Aliyun brings it again and somebody notices.
pub fn aliyun(body: &[u8]) -> Result<Vec<Receipt>, ReceiptRefused> {
    entries(body)?.into_iter().map(receipt).collect()
}

fn receipt(entry: Entry) -> Result<Receipt, ReceiptRefused> {
    let phone = PhoneNumber::parse(&entry.phone_number).ok_or(ReceiptRefused::Field("phone_number"))?;
    let biz_id = provider_id(&entry.biz_id).ok_or(ReceiptRefused::Field("biz_id"))?;
    Ok(Receipt {
        reference: entry.out_id.filter(|id| is_token(id)),
        provider_id: Some(biz_id),
        phone: Some(phone),
        outcome: if entry.success { Outcome::Delivered } else { Outcome::Failed },
        code: entry.err_code.as_deref().and_then(code),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read() {
        let body = r#"[
            {"phone_number":"17000000001","send_time":"2026-01-01 00:00:00","report_time":"2026-01-01 00:00:01","success":true,
             "err_code":"DELIVERED","err_msg":"用户接收成功","sms_size":"1","biz_id":"932702304080415357^0","out_id":"0199b9a2"},
            {"phone_number":"8617000000002","success":false,"err_code":"MK:0001","biz_id":"1^0","out_id":""}
        ]"#;

        let receipts = aliyun(body.as_bytes()).unwrap();

        let phone = |number| PhoneNumber::parse(number);
        let expected = [
            Receipt {
                reference: Some("0199b9a2".into()),
                provider_id: Some("932702304080415357^0".into()),
                phone: phone("+8617000000001"),
                outcome: Outcome::Delivered,
                code: Some("DELIVERED".into()),
            },
            Receipt {
                reference: None,
                provider_id: Some("1^0".into()),
                phone: phone("+8617000000002"),
                outcome: Outcome::Failed,
                code: Some("MK:0001".into()),
            },
        ];
        assert_eq!(receipts, expected);
        assert!(!format!("{receipts:?}").contains("170000"), "{receipts:?}");
    }

    #[test]
    fn what_is_no_receipt_is_refused_by_name() {
        let entry = r#"{"phone_number":"17000000001","success":true,"biz_id":"1^0"}"#;
        let many = |count: usize| format!("[{}]", vec![entry; count].join(","));
        for (body, refused) in [
            ("", ReceiptRefused::NotJson),
            ("{}", ReceiptRefused::NotJson),
            ("[{}]", ReceiptRefused::NotJson),
            ("[null]", ReceiptRefused::NotJson),
            (r#"[{"phone_number":"17000000001","success":"true","biz_id":"1"}]"#, ReceiptRefused::NotJson),
            (r#"[{"phone_number":"x","success":true,"biz_id":"1"}]"#, ReceiptRefused::Field("phone_number")),
            (
                r#"[{"phone_number":"17000000001","success":true,"biz_id":""}]"#,
                ReceiptRefused::Field("biz_id"),
            ),
            (&many(501), ReceiptRefused::TooMany),
            (&" ".repeat(65_537), ReceiptRefused::TooLarge),
            (&"[".repeat(65_536), ReceiptRefused::NotJson),
        ] {
            assert_eq!(aliyun(body.as_bytes()), Err(refused), "{}", body.get(..60).unwrap_or(body));
        }
        assert_eq!(aliyun(many(500).as_bytes()).map(|receipts| receipts.len()), Ok(500));
        assert_eq!(aliyun(b"[]"), Ok(vec![]));
    }

    #[test]
    fn a_code_that_is_a_sentence_is_not_kept() {
        let body = r#"[{"phone_number":"17000000001","success":false,"biz_id":"1","err_code":"用户 17000000001 停机"}]"#;

        assert_eq!(aliyun(body.as_bytes()).unwrap()[0].code, None);
    }
}
