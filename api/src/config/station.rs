//! What the station settles for itself.

use super::bad;
use crate::domain::donation_number::DonationNumbering;
use crate::error::Error;
use certificates::{CertificateNumber, LivesFormula};
use serde::{Deserialize, Serialize};

/// What the station settles for itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Station {
    /// The issuer in certificates: a name that no other station has, at most 32 characters.
    pub issuer: String,
    /// The station's name in Chinese.
    pub name: String,
    /// The station's name in English.
    pub name_en: String,
    /// The type code in certificate identifiers (GB/T 36904).
    pub certificate_type: String,
    /// The issuer code in certificate identifiers (GB/T 36904).
    pub certificate_issuer: String,
    /// How long a certificate lives, days, at most 366.
    pub certificate_days: u16,
    /// How lives saved are estimated: `lives/ml200` or `lives/up-to-3`.
    pub lives_formula: String,
    /// The pattern of the station's own donation numbers: a regular expression over the whole number.
    pub donation_number_pattern: String,
    /// Places in a new status list, at most 1,048,576.
    pub status_list_size: u32,
    /// How long a verifier may use a status list without asking again, seconds.
    pub status_list_ttl_seconds: u32,
}

impl Default for Station {
    fn default() -> Self {
        Self {
            issuer: "xue.example".to_owned(),
            name: "热血示范中心血站".to_owned(),
            name_en: "Rexue Demonstration Blood Station".to_owned(),
            certificate_type: "XUE1".to_owned(),
            certificate_issuer: "4199".to_owned(),
            certificate_days: 365,
            lives_formula: "lives/ml200".to_owned(),
            donation_number_pattern: "[0-9]{13}".to_owned(),
            status_list_size: 1 << 20,
            status_list_ttl_seconds: 3_600,
        }
    }
}

impl Station {
    /// The formula of `lives_formula`.
    ///
    /// # Errors
    /// `bad_configuration`.
    pub fn formula(&self) -> Result<LivesFormula, Error> {
        match self.lives_formula.as_str() {
            "lives/ml200" => Ok(LivesFormula::MlPer200),
            "lives/up-to-3" => Ok(LivesFormula::UpToThree),
            _ => Err(bad("station.lives_formula is neither \"lives/ml200\" nor \"lives/up-to-3\"")),
        }
    }

    /// How donations are numbered.
    ///
    /// # Errors
    /// `bad_configuration`.
    pub fn numbering(&self) -> Result<DonationNumbering, Error> {
        DonationNumbering::with_local_pattern(&self.donation_number_pattern)
            .map_err(|_| bad("station.donation_number_pattern is not a regular expression"))
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        self.formula()?;
        self.numbering()?;
        CertificateNumber::new(&self.certificate_type, &self.certificate_issuer, "0", 1).map_err(|_| {
            bad("station.certificate_type and .certificate_issuer are digits and capital letters")
        })?;
        let sizes = [
            (1..=366).contains(&self.certificate_days),
            (1..=1 << 20).contains(&self.status_list_size),
            (1..=32).contains(&self.issuer.len()),
            (60..=86_400).contains(&self.status_list_ttl_seconds),
        ];
        if sizes.contains(&false) {
            return Err(bad("station: certificate_days 1 to 366, status_list_size 1 to 1048576, \
                 status_list_ttl_seconds 60 to 86400, issuer 1 to 32 characters"));
        }
        Ok(())
    }
}
