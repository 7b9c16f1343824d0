//! A donation's row.

use super::fields::Fields;
use crate::domain::donation::{Collection, Donation, Outcome, Product};
use crate::domain::donation_number::{DonationNumber, DonationNumbering};
use crate::domain::donor::DonorNumber;
use crate::domain::refusal::Refusal;
use crate::domain::site::SiteCode;
use chrono::{DateTime, Utc};

/// The columns of a donations file, in their usual order.
pub const DONATION_COLUMNS: &[&str] =
    &["donation_no", "donor_no", "collected_at", "site_code", "product", "volume_ml", "units", "outcome"];

/// Reads a donation's row.
///
/// # Errors
/// The first refusal, from left to right.
pub fn donation(
    fields: &Fields<'_>,
    numbering: &DonationNumbering,
    now: DateTime<Utc>,
) -> Result<Donation, Refusal> {
    Ok(Donation {
        donation_no: DonationNumber::parse(fields.text("donation_no"), numbering)?,
        donor_no: DonorNumber::parse(fields.text("donor_no"))?,
        site_code: site_code(fields.required("site_code")?)?,
        collection: Collection {
            collected_at: fields.instant("collected_at")?,
            product: fields.word("product", Product::from_word)?,
            volume_ml: fields.number("volume_ml")?,
            units: fields.number("units")?,
            outcome: fields.word("outcome", Outcome::from_word)?,
        }
        .check(now)?,
    })
}

/// A file may leave the site out.
fn site_code(text: &str) -> Result<String, Refusal> {
    if text.is_empty() { Ok(String::new()) } else { SiteCode::parse(text).map(SiteCode::into_text) }
}
