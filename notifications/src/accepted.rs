//! The good answer of a channel.

/// The server took responsibility for the message (for letters RFC 5321 §4.2.5). That is not yet delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The SMTP reply code or the HTTP status, 200 to 299.
    pub code: u16,
    /// The server's words, often with its queue number: one line, at most 300 characters, without the recipient, as in
    /// [`Failure::detail`](crate::Failure::detail).
    pub text: String,
    /// The provider's own number for the message, which its receipts name again: Aliyun's `BizId`, Tencent Cloud's `SerialNo`,
    /// `WeChat`'s `msgid`; at most 128 visible ASCII characters. `None` when it gave none, as Kannel and mail servers do.
    pub provider_id: Option<String>,
}

/// The longest provider's number that is believed, bytes; the documented ones have some 40.
const LONGEST_PROVIDER_ID: usize = 128;

/// A provider's number for a message, when it can be one.
pub(crate) fn provider_id(text: &str) -> Option<String> {
    let good =
        (1..=LONGEST_PROVIDER_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    good.then(|| text.to_owned())
}
