//! Awards for voluntary donation: 全国无偿献血表彰奖励办法 (2014, 2022).

use super::totals::Totals;
use certificates::Award;

/// The donation counts (献血次数) towards awards, in hundredths: each 200 ml of whole blood is one count,
/// the remainder kept (250 ml = 1.25 counts); each platelet unit is one, before 2010-01-01 four.
pub fn counts_hundredths(totals: &Totals) -> u64 {
    let platelet_counts = u64::from(totals.platelet_units) + 3 * u64::from(totals.platelet_units_before_2010);
    totals.whole_blood_ml / 2 + platelet_counts * 100
}

/// The award reached (not: awarded) with these counts: 20, 30 and 40 counts are bronze, silver and gold.
/// After gold, counting starts again; who reaches gold three times has reached the lifetime award.
pub fn reached(counts_hundredths: u64) -> Award {
    match counts_hundredths / 100 {
        0..20 => Award::None,
        20..30 => Award::Bronze,
        30..40 => Award::Silver,
        40..120 => Award::Gold,
        _ => Award::Lifetime,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_200_ml_and_each_unit_is_a_count() {
        let totals = Totals {
            whole_blood_ml: 250,
            platelet_units: 3,
            platelet_units_before_2010: 1,
            ..Totals::default()
        };

        assert_eq!(counts_hundredths(&totals), 125 + 300 + 300);
    }

    #[test]
    fn a_level_is_reached_at_its_count_and_not_before() {
        let levels = [
            (1999, Award::None),
            (2000, Award::Bronze),
            (2999, Award::Bronze),
            (3000, Award::Silver),
            (3999, Award::Silver),
            (4000, Award::Gold),
            (11_999, Award::Gold),
            (12_000, Award::Lifetime),
        ];
        for (counts, award) in levels {
            assert_eq!(reached(counts), award, "{counts}");
        }
    }
}
