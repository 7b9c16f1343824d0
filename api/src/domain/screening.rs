//! What is measured before somebody gives, beside the limits of the rule pack (GB 18467-2011 6).

use super::eligibility::RulePack;
use super::identity::Sex;
use super::refusal::Refusal;
use serde::{Deserialize, Serialize};

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Haemoglobin, g/L.
    pub haemoglobin_g_per_l: u32,
    /// Systolic blood pressure, mmHg.
    pub systolic_mmhg: u32,
    /// Diastolic blood pressure, mmHg.
    pub diastolic_mmhg: u32,
    /// Pulse, beats a minute.
    pub pulse_per_minute: u32,
    /// Weight, kg.
    pub weight_kg: u32,
    /// Who trains much has a slow heart.
    pub trains_endurance: bool,
}

/// A measurement outside its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding<'a> {
    /// `haemoglobin.min`, `systolic.max`, …
    pub rule: &'static str,
    /// The limit that was missed: g/L, mmHg, beats a minute, or kg.
    pub limit: u32,
    /// Its clause.
    pub clause: &'a str,
}

impl Measured {
    /// Checks that the numbers can be a living person's: what cannot is a slip of the pen.
    ///
    /// # Errors
    /// `out_of_range`, by the name of the measurement.
    pub fn check(self) -> Result<Self, Refusal> {
        let ranges = [
            ("haemoglobin_g_per_l", self.haemoglobin_g_per_l, 30..=260),
            ("systolic_mmhg", self.systolic_mmhg, 50..=300),
            ("diastolic_mmhg", self.diastolic_mmhg, 20..=200),
            ("pulse_per_minute", self.pulse_per_minute, 20..=250),
            ("weight_kg", self.weight_kg, 20..=400),
        ];
        for (column, value, range) in ranges {
            if !range.contains(&value) {
                return Err(Refusal::new(column, "out_of_range", "Nobody measures that. Measure again."));
            }
        }
        if self.diastolic_mmhg >= self.systolic_mmhg {
            let message = "The diastolic pressure lies below the systolic one.";
            return Err(Refusal::new("diastolic_mmhg", "out_of_range", message));
        }
        Ok(self)
    }

    /// Everything that lies outside the pack's limits; both ends of a range are within.
    pub fn findings<'a>(&self, pack: &'a RulePack, sex: Sex) -> Vec<Finding<'a>> {
        let (limits, weight) = (&pack.screening, &pack.weight);
        let (least_haemoglobin, least_weight) = match sex {
            Sex::Male => (limits.haemoglobin_male_min_g_per_l, weight.male_min_kg),
            Sex::Female => (limits.haemoglobin_female_min_g_per_l, weight.female_min_kg),
        };
        let slowest = match self.trains_endurance {
            true => limits.pulse_min_endurance_athlete_per_minute,
            false => limits.pulse_min_per_minute,
        };
        let pulse_pressure = self.systolic_mmhg.saturating_sub(self.diastolic_mmhg);
        let checks = [
            ("weight.min", self.weight_kg >= least_weight, least_weight, &weight.clause),
            (
                "haemoglobin.min",
                self.haemoglobin_g_per_l >= least_haemoglobin,
                least_haemoglobin,
                &limits.clause,
            ),
            (
                "systolic.min",
                self.systolic_mmhg >= limits.systolic_min_mmhg,
                limits.systolic_min_mmhg,
                &limits.clause,
            ),
            (
                "systolic.max",
                self.systolic_mmhg <= limits.systolic_max_mmhg,
                limits.systolic_max_mmhg,
                &limits.clause,
            ),
            (
                "diastolic.min",
                self.diastolic_mmhg >= limits.diastolic_min_mmhg,
                limits.diastolic_min_mmhg,
                &limits.clause,
            ),
            (
                "diastolic.max",
                self.diastolic_mmhg <= limits.diastolic_max_mmhg,
                limits.diastolic_max_mmhg,
                &limits.clause,
            ),
            (
                "pulse_pressure.min",
                pulse_pressure >= limits.pulse_pressure_min_mmhg,
                limits.pulse_pressure_min_mmhg,
                &limits.clause,
            ),
            ("pulse.min", self.pulse_per_minute >= slowest, slowest, &limits.clause),
            (
                "pulse.max",
                self.pulse_per_minute <= limits.pulse_max_per_minute,
                limits.pulse_max_per_minute,
                &limits.clause,
            ),
        ];
        let missed = checks.into_iter().filter(|(_, within, _, _)| !within);
        missed.map(|(rule, _, limit, clause)| Finding { rule, limit, clause }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Measured = Measured {
        haemoglobin_g_per_l: 120,
        systolic_mmhg: 139,
        diastolic_mmhg: 89,
        pulse_per_minute: 60,
        weight_kg: 50,
        trains_endurance: false,
    };

    fn found(measured: &Measured, sex: Sex) -> Vec<&'static str> {
        let pack = RulePack::parse(include_str!("../../rules/gb18467-2011.toml")).unwrap();
        measured.findings(&pack, sex).iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn both_ends_of_every_range_are_within() {
        assert_eq!(found(&WELL, Sex::Male), [""; 0]);
        let low = Measured { systolic_mmhg: 90, diastolic_mmhg: 60, pulse_per_minute: 100, ..WELL };
        assert_eq!(found(&low, Sex::Male), [""; 0]);
        let woman = Measured { haemoglobin_g_per_l: 115, weight_kg: 45, ..WELL };
        assert_eq!(found(&woman, Sex::Female), [""; 0]);
    }

    #[test]
    fn one_beyond_an_end_is_found() {
        let cases: [(Measured, &str); 9] = [
            (Measured { weight_kg: 49, ..WELL }, "weight.min"),
            (Measured { haemoglobin_g_per_l: 119, ..WELL }, "haemoglobin.min"),
            (Measured { systolic_mmhg: 140, ..WELL }, "systolic.max"),
            (Measured { diastolic_mmhg: 90, ..WELL }, "diastolic.max"),
            (Measured { diastolic_mmhg: 59, ..WELL }, "diastolic.min"),
            (Measured { pulse_per_minute: 59, ..WELL }, "pulse.min"),
            (Measured { pulse_per_minute: 101, ..WELL }, "pulse.max"),
            (Measured { systolic_mmhg: 109, diastolic_mmhg: 80, ..WELL }, "pulse_pressure.min"),
            (Measured { systolic_mmhg: 89, diastolic_mmhg: 60, ..WELL }, "systolic.min"),
        ];
        for (measured, rule) in cases {
            assert!(found(&measured, Sex::Male).contains(&rule), "{rule}");
        }
    }

    #[test]
    fn a_runner_s_heart_may_be_slow() {
        let runner = Measured { pulse_per_minute: 50, trains_endurance: true, ..WELL };

        assert_eq!(found(&runner, Sex::Male), [""; 0]);
        assert_eq!(found(&Measured { trains_endurance: false, ..runner }, Sex::Male), ["pulse.min"]);
    }

    #[test]
    fn what_nobody_can_have_is_a_slip() {
        assert_eq!(Measured { weight_kg: 700, ..WELL }.check().unwrap_err().column, "weight_kg");
        assert_eq!(Measured { systolic_mmhg: 89, ..WELL }.check().unwrap_err().column, "diastolic_mmhg");
        assert!(WELL.check().is_ok());
    }
}
