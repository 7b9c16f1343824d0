//! Donations of an import.

use super::{Counts, DonationCounts, Prepare, Run, reject};
use crate::chance::Chance;
use crate::domain::correction::{Incoming, Known, judge};
use crate::domain::donation::{Collection, Donation, Outcome};
use crate::domain::donation_number::DonationNumbering;
use crate::domain::refusal::Refusal;
use crate::domain::totals::Totals;
use crate::error::Error;
use crate::records::{Fields, Line, Rejection, donation};
use crate::store::audit::{self, Entry};
use crate::store::donations::{self, DonationRow};
use crate::store::{Db, donors, imports, totals};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};

/// Reads donations' rows.
pub(super) struct Checking {
    numbering: DonationNumbering,
    now: DateTime<Utc>,
}

impl Checking {
    pub(super) fn new(numbering: &DonationNumbering, now: DateTime<Utc>) -> Self {
        Self { numbering: numbering.clone(), now }
    }
}

impl Prepare for Checking {
    type Record = Donation;

    fn prepare(
        &mut self,
        columns: &'static [&'static str],
        values: &[String],
    ) -> Result<Result<Donation, Refusal>, Error> {
        Ok(donation(&Fields::new(columns, values), &self.numbering, self.now))
    }
}

/// What a batch does to the database, gathered before anything is written.
#[derive(Default)]
struct Plan {
    saved: DonationCounts,
    created: HashMap<String, DonationRow>,
    corrected: Vec<DonationRow>,
    gained: Vec<(String, Collection)>,
    recount: BTreeSet<String>,
    entries: Vec<Entry>,
}

/// Saves a batch of donations, and keeps their donors' totals.
pub(super) fn save(
    db: &mut Db,
    run: &Run<'_>,
    batch: &[Line<Donation>],
    rejections: &mut Vec<Rejection>,
) -> Result<DonationCounts, Error> {
    imports::exclude_others(db)?;
    let mut known = donations::by_numbers(db, batch.iter().map(|line| line.record.donation_no.as_str()))?;
    let people: BTreeSet<&str> = batch.iter().map(|line| line.record.donor_no.as_str()).collect();
    let people = donors::references(db, people)?;
    let mut plan = Plan::default();
    for line in batch {
        let donation = &line.record;
        match people.get(donation.donor_no.as_str()) {
            None => rejections.push(reject(
                line,
                "donor_no",
                "unknown_donor",
                "There is no donor with this number.",
            )),
            Some(donor) if donation.collection.day() < donor.birth_date => {
                rejections.push(reject(
                    line,
                    "collected_at",
                    "before_birth",
                    "The donation lies before the donor's birth.",
                ));
            }
            Some(donor) => plan_one(&mut plan, run, line, &donor.id, &mut known, rejections)?,
        }
    }
    let mut created: Vec<DonationRow> = plan.created.into_values().collect();
    created.sort_by(|a, b| a.donation_no.cmp(&b.donation_no));
    donations::insert(db, &created)?;
    for row in &plan.corrected {
        donations::correct(db, row)?;
    }
    keep_totals(db, &plan.gained, &plan.recount)?;
    audit::append(db, plan.entries, run.context.clock.now(), &mut Chance::from_system()?)?;
    Ok(plan.saved)
}

fn plan_one(
    plan: &mut Plan,
    run: &Run<'_>,
    line: &Line<Donation>,
    donor_id: &str,
    known: &mut HashMap<String, DonationRow>,
    rejections: &mut Vec<Rejection>,
) -> Result<(), Error> {
    let donation = &line.record;
    let row = DonationRow::new(donation, donor_id, &run.id);
    let before = known.get(&row.donation_no).or_else(|| plan.created.get(&row.donation_no));
    let changed = before.map(|before| before.differences(&row)).unwrap_or_default();
    let known_row = before.map(|before| Known { import_id: &before.import_id, same: changed.is_empty() });
    let counts: &mut Counts = &mut plan.saved.counts;
    match (judge(known_row, &run.id), before) {
        (Incoming::Contradiction, _) => {
            let sentence = "An earlier row of this import says something else of this donation.";
            rejections.push(reject(line, "donation_no", "contradiction", sentence));
            return Ok(());
        }
        (Incoming::Unchanged, _) => counts.unchanged += 1,
        (Incoming::Correction, Some(before)) => {
            counts.updated += 1;
            plan.recount.extend([before.donor_id.clone(), row.donor_id.clone()]);
            plan.entries.push(Entry {
                actor: run.context.actor.clone(),
                action: "donation.corrected",
                subject: row.donation_no.clone(),
                detail: json!({ "import": run.id, "columns": changed, "before": before.facts(), "after": row.facts() }),
            });
            plan.corrected.push(row.clone());
            known.insert(row.donation_no.clone(), row);
        }
        (Incoming::New | Incoming::Correction, _) => {
            counts.created += 1;
            plan.gained.push((row.donor_id.clone(), donation.collection));
            plan.created.insert(row.donation_no.clone(), row);
        }
    }
    if donation.collection.outcome == Outcome::Donated {
        plan.saved.volume_ml += u64::from(donation.collection.volume_ml);
    }
    Ok(())
}

/// Adds what was gained to the donors' totals; whose history was corrected is counted anew.
fn keep_totals(
    db: &mut Db,
    gained: &[(String, Collection)],
    recount: &BTreeSet<String>,
) -> Result<(), Error> {
    let touched: BTreeSet<&str> = gained.iter().map(|(donor_id, _)| donor_id.as_str()).collect();
    let touched: Vec<&str> = touched.into_iter().filter(|donor_id| !recount.contains(*donor_id)).collect();
    let mut sums = totals::of_donors(db, &touched)?;
    for (donor_id, collection) in gained.iter().filter(|(donor_id, _)| !recount.contains(donor_id)) {
        let sum = sums.entry(donor_id.clone()).or_default();
        *sum = sum.plus(collection);
    }
    let recount: Vec<&str> = recount.iter().map(String::as_str).collect();
    sums.extend(recount.iter().map(|donor_id| ((*donor_id).to_owned(), Totals::default())));
    for row in donations::of_donors(db, &recount)? {
        let sum = sums.entry(row.donor_id.clone()).or_default();
        *sum = sum.plus(&row.collection()?);
    }
    totals::save(db, sums.iter().map(|(donor_id, sum)| (donor_id.as_str(), sum)))
}
