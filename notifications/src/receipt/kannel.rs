//! Kannel's receipts: it calls the `dlr-url` that the message came with (Kannel 1.4 user guide, "Delivery reports").

use super::{Outcome, Receipt, ReceiptRefused};
use crate::accepted::provider_id;
use crate::call::is_token;

/// Reads the parameters of a call to `dlr-url`, decoded, in any order: `reference`, `status` (1 delivered, 2 failed, 4 buffered, 8
/// submitted, 16 rejected) and `smsc`, the carrier's number, which may be empty. Others are passed over: the caller's token is one.
///
/// # Errors
///
/// [`ReceiptRefused::Field`].
pub fn kannel<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Receipt, ReceiptRefused> {
    let mut fields = Fields::default();
    for (name, value) in query {
        match name {
            "reference" => once(&mut fields.reference, value, "reference")?,
            "status" => once(&mut fields.status, value, "status")?,
            "smsc" => once(&mut fields.smsc, value, "smsc")?,
            _ => {}
        }
    }
    let reference =
        fields.reference.filter(|text| is_token(text)).ok_or(ReceiptRefused::Field("reference"))?;
    let status = fields.status.ok_or(ReceiptRefused::Field("status"))?;
    Ok(Receipt {
        reference: Some(reference.to_owned()),
        provider_id: fields.smsc.and_then(provider_id),
        phone: None,
        outcome: outcome(status).ok_or(ReceiptRefused::Field("status"))?,
        code: Some(status.to_owned()),
    })
}

#[derive(Default)]
struct Fields<'a> {
    reference: Option<&'a str>,
    status: Option<&'a str>,
    smsc: Option<&'a str>,
}

/// A parameter that comes twice says two things.
pub(super) fn once<'a>(
    place: &mut Option<&'a str>,
    value: &'a str,
    name: &'static str,
) -> Result<(), ReceiptRefused> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(ReceiptRefused::Field(name)),
    }
}

fn outcome(status: &str) -> Option<Outcome> {
    match status {
        "1" => Some(Outcome::Delivered),
        "2" => Some(Outcome::Failed),
        "4" => Some(Outcome::Buffered),
        "8" => Some(Outcome::Submitted),
        "16" => Some(Outcome::Rejected),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: &str) -> Result<Receipt, ReceiptRefused> {
        kannel([("token", "x"), ("reference", "0199b9a2"), ("status", status), ("smsc", "abc-1")])
    }

    #[test]
    fn each_bit_is_an_outcome() {
        for (status, outcome) in [
            ("1", Outcome::Delivered),
            ("2", Outcome::Failed),
            ("4", Outcome::Buffered),
            ("8", Outcome::Submitted),
            ("16", Outcome::Rejected),
        ] {
            let receipt = read(status).unwrap();

            assert_eq!(receipt.outcome, outcome);
            assert_eq!(receipt.reference.as_deref(), Some("0199b9a2"));
            assert_eq!(receipt.provider_id.as_deref(), Some("abc-1"));
            assert_eq!(receipt.code.as_deref(), Some(status));
        }
    }

    #[test]
    fn what_is_no_receipt_is_refused_by_the_name_of_the_parameter() {
        for status in ["", "0", "3", "32", "1 ", "+1", "%d", "delivered"] {
            assert_eq!(read(status), Err(ReceiptRefused::Field("status")), "{status:?}");
        }
        assert_eq!(kannel([("reference", "a")]), Err(ReceiptRefused::Field("status")));
        assert_eq!(kannel([("status", "1")]), Err(ReceiptRefused::Field("reference")));
        assert_eq!(kannel([("status", "1"), ("reference", "a b")]), Err(ReceiptRefused::Field("reference")));
        let twice = [("reference", "a"), ("status", "1"), ("status", "2")];
        assert_eq!(kannel(twice), Err(ReceiptRefused::Field("status")));
    }

    #[test]
    fn a_carrier_without_numbers_gives_a_receipt_too() {
        let receipt = kannel([("reference", "a"), ("status", "8"), ("smsc", "")]).unwrap();

        assert_eq!(receipt.provider_id, None);
    }
}
