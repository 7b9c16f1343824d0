//! What a channel is told about one attempt: it has no clock and no randomness of its own.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::failure::{Cause, Failure, Step};

/// The longest reference and the longest nonce, bytes.
const LONGEST: usize = 64;

/// One attempt to hand a message over.
///
/// ```
/// use chrono::DateTime;
/// use notifications::Call;
///
/// let now = DateTime::UNIX_EPOCH;
/// let call = Call { access_token: Some("TOKEN"), ..Call::new("0199b9a2-7c11-7000-8000-000000000001", now, "b5ec38a1") };
///
/// assert!(!format!("{call:?}").contains("TOKEN"));
/// ```
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// Our own id of the message, the same for every attempt, so that receipts can name it: 1 to 64 ASCII letters, digits and
    /// `-_.`. It MUST NOT tell who the recipient is: providers keep it. It becomes Kannel's `reference` in `dlr-url`, Aliyun's
    /// `OutId`, Tencent Cloud's `SessionContext`, and the left side of a letter's `Message-ID`.
    pub reference: &'a str,
    /// The instant of this attempt, UTC; signed requests are refused by providers whose clock differs by more than 5 to 15
    /// minutes.
    pub now: DateTime<Utc>,
    /// A text that no other attempt has: 1 to 64 ASCII letters, digits and `-_.`. Aliyun refuses one that it has seen.
    pub nonce: &'a str,
    /// When the message was written, UTC; the same for every attempt: a letter's `Date`.
    pub written_at: DateTime<Utc>,
    /// `WeChat`'s access token (`stable_token`), which the caller fetches and keeps; the other channels need none.
    pub access_token: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// The first attempt: written now, without an access token.
    #[must_use]
    pub fn new(reference: &'a str, now: DateTime<Utc>, nonce: &'a str) -> Self {
        Self { reference, now, nonce, written_at: now, access_token: None }
    }

    /// Refuses what would not come back as it was, or would end the parameter that it stands in.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if is_token(self.reference) && is_token(self.nonce) {
            Ok(())
        } else {
            Err(Failure::new(Step::Compose, Cause::Unwritable))
        }
    }
}

/// Whether a text can be a reference of ours.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Call")
            .field("reference", &self.reference)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
