//! Tencent Cloud's receipts ("SMS delivery status callback"). The answer that it wants is `{"result":0,"errmsg":"OK"}`.

use serde::Deserialize;

use super::{Outcome, PhoneNumber, Receipt, ReceiptRefused, code, entries};
use crate::accepted::provider_id;

#[derive(Deserialize)]
struct Entry {
    mobile: String,
    #[serde(default)]
    nationcode: Option<String>,
    report_status: String,
    #[serde(default)]
    errmsg: Option<String>,
    sid: String,
}

/// Reads the body of a callback: a JSON array of `{nationcode, mobile, report_status, errmsg, sid, …}`. It does not name our
/// reference: the message is found by `sid`, which `SendSms` called `SerialNo`.
///
/// # Errors
///
/// [`ReceiptRefused`]: one entry that cannot be read refuses the body, so that it is brought again and somebody notices.
pub fn tencent(body: &[u8]) -> Result<Vec<Receipt>, ReceiptRefused> {
    entries(body)?.into_iter().map(receipt).collect()
}

fn receipt(entry: Entry) -> Result<Receipt, ReceiptRefused> {
    let outcome = match entry.report_status.as_str() {
        "SUCCESS" => Outcome::Delivered,
        "FAIL" => Outcome::Failed,
        _ => return Err(ReceiptRefused::Field("report_status")),
    };
    let number = international(entry.mobile, entry.nationcode);
    Ok(Receipt {
        reference: None,
        provider_id: Some(provider_id(&entry.sid).ok_or(ReceiptRefused::Field("sid"))?),
        phone: Some(PhoneNumber::parse(&number).ok_or(ReceiptRefused::Field("mobile"))?),
        outcome,
        code: entry.errmsg.as_deref().and_then(code),
    })
}

/// `mobile` is the national number; the country code stands apart.
pub(super) fn international(mobile: String, nationcode: Option<String>) -> String {
    match nationcode.as_deref().unwrap_or_default() {
        "" => mobile,
        _ if mobile.starts_with('+') => mobile,
        nation => format!("+{nation}{mobile}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read() {
        let body = r#"[
            {"user_receive_time":"2026-10-17 08:03:04","nationcode":"86","mobile":"17000000001","report_status":"SUCCESS",
             "errmsg":"DELIVRD","description":"用户短信送达成功","sid":"8:8IWsOc4WCvWBLVRJ8jX210011"},
            {"mobile":"17000000002","report_status":"FAIL","errmsg":"user off","sid":"1"}
        ]"#;

        let receipts = tencent(body.as_bytes()).unwrap();

        assert_eq!(receipts[0].provider_id.as_deref(), Some("8:8IWsOc4WCvWBLVRJ8jX210011"));
        assert_eq!(receipts[0].phone.as_ref().unwrap().as_str(), "+8617000000001");
        assert_eq!((receipts[0].outcome, receipts[0].code.as_deref()), (Outcome::Delivered, Some("DELIVRD")));
        assert_eq!(receipts[1].phone.as_ref().unwrap().as_str(), "+8617000000002");
        assert_eq!((receipts[1].outcome, receipts[1].code.as_deref()), (Outcome::Failed, None));
        assert!(!format!("{receipts:?}").contains("170000"), "{receipts:?}");
    }

    #[test]
    fn what_is_no_receipt_is_refused_by_name() {
        for (body, refused) in [
            ("[", ReceiptRefused::NotJson),
            (r#"{"mobile":"17000000001"}"#, ReceiptRefused::NotJson),
            (
                r#"[{"mobile":"17000000001","report_status":"MAYBE","sid":"1"}]"#,
                ReceiptRefused::Field("report_status"),
            ),
            (r#"[{"mobile":"1","report_status":"FAIL","sid":"1"}]"#, ReceiptRefused::Field("mobile")),
            (
                r#"[{"mobile":"17000000001","report_status":"FAIL","sid":"a b"}]"#,
                ReceiptRefused::Field("sid"),
            ),
        ] {
            assert_eq!(tencent(body.as_bytes()), Err(refused), "{body}");
        }
    }
}
