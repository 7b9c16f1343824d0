//! What a certificate certifies: from a donor's totals to claims.

use super::personal::PersonName;
use super::totals::Totals;
use super::{awards, lives};
use certificates::{
    CertificateClaims, CertificateId, CheckedClaims, ClaimsError, Holder, LivesFormula, StatusReference,
    UnixTime,
};
use chrono::{Datelike, NaiveDate};

/// A certificate that ends within this many days is issued anew.
const RENEW_DAYS: i64 = 30;

/// The donor, as far as a certificate shows one.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The full name; the certificate shows it masked.
    pub name: &'a str,
    /// The date of birth; the certificate shows the year.
    pub birth_date: NaiveDate,
    /// The last four characters of the identity document.
    pub last_four: &'a str,
}

/// The station's terms.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The issuer's name in certificates.
    pub issuer: &'a str,
    /// How long a certificate lives, days.
    pub days: u16,
    /// How lives saved are estimated.
    pub formula: LivesFormula,
}

/// The totals as a certificate states them.
pub fn certified(totals: &Totals, formula: LivesFormula) -> certificates::Totals {
    let counts = awards::counts_hundredths(totals);
    certificates::Totals {
        whole_blood_ml: totals.whole_blood_ml,
        donations: totals.donations,
        platelet_units: totals.platelet_units,
        lives_saved: lives::saved(totals, formula),
        lives_formula: formula,
        award: awards::reached(counts),
        award_counts_hundredths: counts,
        last_donation_day: totals.last_donated_on.map_or(0, days_since_1970),
    }
}

/// The claims of a certificate issued at `now`, checked against every rule of the format.
///
/// # Errors
/// The format's rule that the claims break: a name that cannot be masked to a short text, say.
pub fn claims(
    subject: Subject<'_>,
    totals: &Totals,
    terms: Terms<'_>,
    id: CertificateId,
    status: StatusReference,
    now: UnixTime,
) -> Result<CheckedClaims, ClaimsError> {
    CertificateClaims {
        issuer: terms.issuer.to_owned(),
        issued_at: now,
        expires_at: now.plus_days(i64::from(terms.days)),
        id,
        status,
        holder: Holder {
            masked_name: PersonName::mask(subject.name),
            birth_year: u16::try_from(subject.birth_date.year()).unwrap_or(0),
            document_last_four: subject.last_four.to_owned(),
        },
        totals: certified(totals, terms.formula),
    }
    .check()
}

/// Whether a certificate that ends at `expires_at` should be issued anew.
pub fn ends_soon(expires_at: UnixTime, now: UnixTime) -> bool {
    expires_at < now.plus_days(RENEW_DAYS)
}

fn days_since_1970(day: NaiveDate) -> u32 {
    u32::try_from(day.signed_duration_since(NaiveDate::default()).num_days()).unwrap_or(0)
}
