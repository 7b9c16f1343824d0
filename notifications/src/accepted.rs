//! The good answer of a channel.

/// The server took responsibility for the message (for letters RFC 5321 §4.2.5). That is not yet delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The SMTP reply code or the HTTP status, 200 to 299.
    pub code: u16,
    /// The server's words, often with its queue number: one line, at most 300 characters, without the recipient, as in
    /// [`Failure::detail`](crate::Failure::detail).
    pub text: String,
}
