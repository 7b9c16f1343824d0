//! What providers tell afterwards: receipts for what was sent, and texts that people send back.
//!
//! Reading is pure. Nothing here knows whether the teller is who it says: Aliyun and Tencent Cloud sign nothing, so the caller has a
//! secret path, a list of addresses, and looks for a message with that provider's number *and* that telephone.

mod aliyun;
mod inbound;
mod kannel;
pub(crate) mod phone;
mod state;
mod tencent;

pub use aliyun::aliyun;
pub use inbound::{Inbound, aliyun_inbound, kannel_inbound, tencent_inbound};
pub use kannel::kannel;
pub use phone::PhoneNumber;
pub use state::{DeliveryState, Outcome};
pub use tencent::tencent;

use serde::Deserialize;

use crate::failure::plain_code;

/// The longest body that is read, bytes.
pub const LONGEST_BODY: usize = 64 * 1024;
/// The most receipts that are read from one body; Tencent Cloud sends up to 200 at once.
pub const MOST_ENTRIES: usize = 500;

/// One receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Our own id of the message, as [`Call::reference`](crate::Call) was; Tencent Cloud does not give it back.
    pub reference: Option<String>,
    /// The provider's number, as [`Accepted::provider_id`](crate::Accepted) was; of Kannel it is the carrier's, which nothing
    /// else names.
    pub provider_id: Option<String>,
    /// The telephone number; Kannel does not give it back.
    pub phone: Option<PhoneNumber>,
    /// What became of the message.
    pub outcome: Outcome,
    /// The provider's own word for it (`DELIVERED`, `MK:0001`), when it is nothing but a code: for the staff's timeline.
    pub code: Option<String>,
}

/// Why a body or a query is no receipt. None of them quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptRefused {
    /// More than 64 KiB.
    #[error("the body is larger than 64 KiB")]
    TooLarge,
    /// More than 500 receipts.
    #[error("the body holds more than 500 receipts")]
    TooMany,
    /// Not the JSON that the provider documents.
    #[error("the body is not the JSON that the provider documents")]
    NotJson,
    /// A parameter or field is missing, comes twice, or cannot be what it says.
    #[error("{0} is missing or cannot be read")]
    Field(&'static str),
}

/// The entries of a JSON array, as far as they may be.
fn entries<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<Vec<T>, ReceiptRefused> {
    if body.len() > LONGEST_BODY {
        return Err(ReceiptRefused::TooLarge);
    }
    let entries: Vec<T> = serde_json::from_slice(body).map_err(|_| ReceiptRefused::NotJson)?;
    if entries.len() > MOST_ENTRIES { Err(ReceiptRefused::TooMany) } else { Ok(entries) }
}

/// A code that may be shown, and stored.
fn code(text: &str) -> Option<String> {
    let visible: String = text.chars().filter(|c| *c != ':').collect();
    (!text.is_empty() && !plain_code(&visible).is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_that_is_sent_to_us_is_more_than_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            text in "\\PC{0,80}",
        ) {
            let json = serde_json::to_string(&[[("mobile", &text), ("sid", &text)]]).unwrap();
            for body in [bytes.as_slice(), text.as_bytes(), json.as_bytes()] {
                let shown = format!("{:?} {:?}", aliyun(body), tencent(body));
                drop((aliyun_inbound(body), tencent_inbound(body)));
                prop_assert!(shown.len() < 4 * 1024);
            }
            drop(kannel([("reference", text.as_str()), ("status", &text), ("smsc", &text)]));
            drop(kannel_inbound([("from", text.as_str()), ("text", &text)]));
        }
    }
}
