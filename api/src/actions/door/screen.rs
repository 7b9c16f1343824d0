//! What was measured, against the limits of the rule pack.

use super::{mark, visit_in};
use crate::actions::Context;
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::identity::Sex;
use crate::domain::screening::Measured;
use crate::error::Error;
use crate::store::donors;
use crate::store::visits::{self, ScreeningRow};

/// What the limits say.
pub struct Screened {
    /// The rule pack.
    pub rule_pack: String,
    /// What lies outside: rule, limit, clause.
    pub findings: Vec<(&'static str, u32, String)>,
}

/// Writes a screening down. When everything is within the limits, the donor may give; else it may be repeated, or the
/// donor is deferred.
///
/// # Errors
/// `out_of_range`; `not_found`, `wrong_state`.
pub async fn screen(context: &Context, visit_id: String, measured: Measured) -> Result<Screened, Error> {
    let measured = measured.check()?;
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let (now, mut chance) = (whole.clock.now(), Chance::from_system()?);
            let mut visit = visit_in(db, &visit_id, &["waiting", "screened"])?;
            let donor = donors::by_ids(db, &[visit.donor_id.clone()])?.pop();
            let donor = donor.ok_or_else(|| Error::internal("a visit of no donor"))?;
            let sex =
                Sex::from_word(&donor.sex).ok_or_else(|| Error::internal("a sex that does not exist"))?;
            let pack = whole.rules.on(day_in_china(now));
            let findings: Vec<_> = measured
                .findings(pack, sex)
                .into_iter()
                .map(|finding| (finding.rule, finding.limit, finding.clause.to_owned()))
                .collect();
            let passed = findings.is_empty();
            let text = serde_json::to_string(&measured).map_err(Error::internal)?;
            let row = ScreeningRow::seal(
                &visit.id,
                &text,
                passed,
                whole.user_id(),
                &whole.vault,
                now,
                &mut chance,
            )?;
            visits::insert_screening(db, &row)?;
            mark(db, &mut visit, if passed { "screened" } else { "waiting" }, now)?;
            super::trace(&whole, db, "visit.screened", &visit, now)?;
            Ok(Screened { rule_pack: pack.id().to_owned(), findings })
        })
        .await
}
