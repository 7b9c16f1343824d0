//! What a verification proved, or why not: for programs as JSON, for people as lines of text.

use crate::actions::verify::Answer;
use certificates::{Award, CertificateClaims, LivesFormula, UnixTime};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// What a verification proved, or why not.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verification {
    /// Genuine, in date, and not known to be revoked or suspended. With an amber light the standing could not
    /// be confirmed just now: accept provisionally.
    valid: bool,
    /// The verdict; every code is explained in `certificates/README.md`.
    #[schema(value_type = String, example = "valid")]
    code: &'static str,
    /// `green`, `amber` or `red`.
    #[schema(value_type = String, example = "green")]
    light: &'static str,
    /// What the certificate says; `null` when it is not genuine.
    claims: Option<Claims>,
    /// The certificate's number, when the station knows it.
    certificate_no: Option<String>,
    /// Whether the donor has a newer certificate. This one stays genuine.
    superseded: bool,
    /// When the station's records were asked, or the status list was signed; UTC.
    checked_at: DateTime<Utc>,
}

/// What a certificate says.
#[derive(Debug, Serialize, ToSchema)]
pub struct Claims {
    /// Who issued it.
    issuer: String,
    /// The token's id, 32 hexadecimal digits.
    id: String,
    /// UTC.
    issued_at: DateTime<Utc>,
    /// UTC; not valid from then on.
    expires_at: DateTime<Utc>,
    /// The holder's family name and a star.
    #[schema(example = "张*")]
    masked_name: String,
    /// The holder's year of birth.
    birth_year: u16,
    /// The last four characters of the holder's identity document.
    document_last_four: String,
    /// Whole blood given in all, ml.
    total_volume_ml: u64,
    /// How many times something was given.
    donations: u32,
    /// Platelet units given in all.
    platelet_units: u32,
    /// Lives saved, an estimate by `lives_formula`.
    lives_saved: u32,
    /// `lives/ml200` or `lives/up-to-3`.
    #[schema(value_type = String, example = "lives/ml200")]
    lives_formula: &'static str,
    /// The award level reached: `none`, `bronze`, `silver`, `gold` or `lifetime`.
    #[schema(value_type = String, example = "bronze")]
    award: &'static str,
    /// Donation counts towards awards, in hundredths.
    award_counts_hundredths: u64,
    /// The day of the last donation, Asia/Shanghai.
    last_donated_on: Option<NaiveDate>,
}

impl From<Answer> for Verification {
    fn from(answer: Answer) -> Self {
        Self {
            valid: answer.code.light() != certificates::Light::Red,
            code: answer.code.as_str(),
            light: answer.code.light().as_str(),
            claims: answer.claims.map(Claims::from),
            certificate_no: answer.certificate_no,
            superseded: answer.superseded,
            checked_at: answer.checked_at,
        }
    }
}

impl From<CertificateClaims> for Claims {
    fn from(claims: CertificateClaims) -> Self {
        let CertificateClaims { issuer, issued_at, expires_at, id, holder, totals, .. } = claims;
        Self {
            issuer,
            id: data_encoding::HEXLOWER.encode(id.as_bytes()),
            issued_at: instant(issued_at),
            expires_at: instant(expires_at),
            masked_name: holder.masked_name,
            birth_year: holder.birth_year,
            document_last_four: holder.document_last_four,
            total_volume_ml: totals.whole_blood_ml,
            donations: totals.donations,
            platelet_units: totals.platelet_units,
            lives_saved: totals.lives_saved,
            lives_formula: formula_word(totals.lives_formula),
            award: award_word(totals.award),
            award_counts_hundredths: totals.award_counts_hundredths,
            last_donated_on: day(totals.last_donation_day),
        }
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} ({})", self.code, self.light)?;
        let Some(claims) = &self.claims else { return Ok(()) };
        writeln!(
            out,
            "holder       {}, born {}, document …{}",
            claims.masked_name, claims.birth_year, claims.document_last_four
        )?;
        writeln!(out, "donated      {} ml in {} donations", claims.total_volume_ml, claims.donations)?;
        if claims.platelet_units > 0 {
            writeln!(out, "platelets    {} units", claims.platelet_units)?;
        }
        writeln!(out, "lives saved  {} ({})", claims.lives_saved, claims.lives_formula)?;
        writeln!(out, "valid until  {}", claims.expires_at)?;
        if let Some(number) = &self.certificate_no {
            writeln!(out, "number       {number}")?;
        }
        if self.superseded {
            writeln!(out, "a newer certificate of this donor exists")?;
        }
        writeln!(out, "checked      {}", self.checked_at)
    }
}

/// The word for an award level.
pub fn award_word(award: Award) -> &'static str {
    match award {
        Award::None => "none",
        Award::Bronze => "bronze",
        Award::Silver => "silver",
        Award::Gold => "gold",
        Award::Lifetime => "lifetime",
    }
}

/// The name of a formula.
pub fn formula_word(formula: LivesFormula) -> &'static str {
    match formula {
        LivesFormula::MlPer200 => "lives/ml200",
        LivesFormula::UpToThree => "lives/up-to-3",
    }
}

fn instant(time: UnixTime) -> DateTime<Utc> {
    DateTime::from_timestamp(time.0, 0).unwrap_or_default()
}

fn day(days_since_1970: u32) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_days(chrono::Days::new(u64::from(days_since_1970)))
}
