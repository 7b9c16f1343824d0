//! Lives saved: an estimate by a named formula. No Chinese formula is published, so the certificate
//! carries the number of the one that the station chose.

use super::totals::Totals;
use certificates::LivesFormula;

/// The lives saved with these totals by `formula`: `lives/ml200` = ⌊ml / 200⌋ + platelet units;
/// `lives/up-to-3` = 3 × donations.
pub fn saved(totals: &Totals, formula: LivesFormula) -> u32 {
    match formula {
        LivesFormula::MlPer200 => {
            let by_volume = u32::try_from(totals.whole_blood_ml / 200).unwrap_or(u32::MAX);
            by_volume.saturating_add(totals.platelet_units)
        }
        LivesFormula::UpToThree => totals.donations.saturating_mul(3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formulas_are_those_of_the_certificate() {
        let totals = Totals { whole_blood_ml: 650, donations: 4, platelet_units: 2, ..Totals::default() };

        assert_eq!(saved(&totals, LivesFormula::MlPer200), 3 + 2);
        assert_eq!(saved(&totals, LivesFormula::UpToThree), 12);
    }
}
