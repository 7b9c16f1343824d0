//! Donors of an import.

use super::{Counts, Prepare, Run};
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::correction::{Incoming, Known, judge};
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::records::{Fields, Line, Rejection, donor};
use crate::store::audit::{self, Entry};
use crate::store::donors::{self, DonorRow};
use crate::store::{Db, imports};
use crate::vault::Vault;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

/// Reads donors' rows and seals what is personal in them.
pub(super) struct Sealing {
    vault: Arc<Vault>,
    import_id: String,
    now: DateTime<Utc>,
    today: NaiveDate,
    chance: Chance,
}

impl Sealing {
    pub(super) fn new(run: &Run<'_>) -> Result<Self, Error> {
        let now = run.context.clock.now();
        let vault = Arc::clone(&run.context.vault);
        Ok(Self {
            vault,
            import_id: run.id.clone(),
            now,
            today: day_in_china(now),
            chance: Chance::from_system()?,
        })
    }
}

impl Prepare for Sealing {
    type Record = DonorRow;

    fn prepare(
        &mut self,
        columns: &'static [&'static str],
        values: &[String],
    ) -> Result<Result<DonorRow, Refusal>, Error> {
        match donor(&Fields::new(columns, values), self.today) {
            Ok(donor) => {
                DonorRow::seal(&donor, &self.import_id, &self.vault, self.now, &mut self.chance).map(Ok)
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }
}

/// Saves a batch of donors.
pub(super) fn save(
    db: &mut Db,
    run: &Run<'_>,
    batch: &[Line<DonorRow>],
    rejections: &mut Vec<Rejection>,
) -> Result<Counts, Error> {
    imports::exclude_others(db)?;
    let mut known = donors::by_numbers(db, batch.iter().map(|line| line.record.donor_no.as_str()))?;
    let mut counts = Counts::default();
    let mut created: HashMap<String, DonorRow> = HashMap::new();
    let mut corrections = Vec::new();
    for line in batch {
        let row = &line.record;
        let before = known.get(&row.donor_no).or_else(|| created.get(&row.donor_no));
        let changed = before.map(|before| before.differences(row)).unwrap_or_default();
        let verdict = judge(
            before.map(|before| Known { import_id: &before.import_id, same: changed.is_empty() }),
            &run.id,
        );
        match (verdict, before) {
            (Incoming::Unchanged, _) => counts.unchanged += 1,
            (Incoming::Correction, Some(before)) => {
                counts.updated += 1;
                let row = row.clone().in_place_of(&before.id);
                donors::correct(db, &row)?;
                corrections.push(Entry {
                    actor: run.context.actor.clone(),
                    action: "donor.corrected",
                    subject: row.donor_no.clone(),
                    detail: json!({ "import": run.id, "columns": changed }),
                });
                known.insert(row.donor_no.clone(), row);
            }
            (Incoming::Contradiction, _) => rejections.push(contradiction(line)),
            (Incoming::New | Incoming::Correction, _) => {
                counts.created += 1;
                created.insert(row.donor_no.clone(), row.clone());
            }
        }
    }
    let mut created: Vec<DonorRow> = created.into_values().collect();
    created.sort_by(|a, b| a.id.cmp(&b.id));
    donors::insert(db, &created)?;
    audit::append(db, corrections, run.context.clock.now(), &mut Chance::from_system()?)?;
    Ok(counts)
}

fn contradiction<T>(line: &Line<T>) -> Rejection {
    super::reject(
        line,
        "donor_no",
        "contradiction",
        "An earlier row of this import says something else of this donor.",
    )
}
