//! Units of an import.

use super::{Counts, Prepare, Run, reject};
use crate::chance::Chance;
use crate::domain::correction::{Incoming, Known, judge};
use crate::domain::donation_number::DonationNumbering;
use crate::domain::refusal::Refusal;
use crate::domain::unit::{Event, Report, standing};
use crate::error::Error;
use crate::records::{Fields, Line, Rejection, unit};
use crate::store::audit::{self, Entry};
use crate::store::donations::{self, DonationRow};
use crate::store::units::{self, EventRow, ReadingRow, UnitRow};
use crate::store::{Db, imports};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// Reads units' rows.
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
    type Record = Report;

    fn prepare(
        &mut self,
        columns: &'static [&'static str],
        values: &[String],
    ) -> Result<Result<Report, Refusal>, Error> {
        Ok(unit(&Fields::new(columns, values), &self.numbering, self.now))
    }
}

/// A unit with what was told of it, as it is known while a batch is read.
struct History {
    unit: UnitRow,
    /// Those that count.
    events: Vec<EventRow>,
    readings: Vec<ReadingRow>,
}

/// What a batch does to the database, gathered before anything is written.
#[derive(Default)]
struct Plan {
    counts: Counts,
    created: BTreeMap<String, UnitRow>,
    touched: BTreeMap<String, UnitRow>,
    events: Vec<EventRow>,
    corrected_events: Vec<EventRow>,
    readings: Vec<ReadingRow>,
    corrected_readings: Vec<ReadingRow>,
    entries: Vec<Entry>,
}

/// What each part of a row means beside what is known.
struct Verdict {
    unit: Incoming,
    event: Incoming,
    reading: Incoming,
    changed: Vec<&'static str>,
}

impl Verdict {
    fn of(history: &History, told: &Told, import_id: &str) -> Self {
        let Told { unit, event, reading } = told;
        let mut changed = history.unit.differences(unit);
        let unit =
            judge(Some(Known { import_id: &history.unit.import_id, same: changed.is_empty() }), import_id);
        let known = history.events.iter().find(|known| known.at == event.at);
        let differing = known.map(|known| known.differences(event)).unwrap_or_default();
        let event = judge(
            known.map(|known| Known { import_id: &known.import_id, same: differing.is_empty() }),
            import_id,
        );
        changed.extend(differing);
        let reading = reading.as_ref().map_or(Incoming::Unchanged, |reading| {
            let known = history.readings.iter().find(|known| known.at == reading.at);
            let same = known.is_some_and(|known| known.tenths == reading.tenths);
            judge(known.map(|known| Known { import_id: &known.import_id, same }), import_id)
        });
        if reading == Incoming::Correction {
            changed.push("temperature_celsius");
        }
        Self { unit, event, reading, changed }
    }

    /// The column in which the row contradicts an earlier one of the same import.
    fn contradicted(&self) -> Option<&'static str> {
        let parts =
            [(self.unit, "unit_no"), (self.event, "status_at"), (self.reading, "temperature_celsius")];
        parts.into_iter().find_map(|(part, column)| (part == Incoming::Contradiction).then_some(column))
    }

    fn is_unchanged(&self) -> bool {
        [self.unit, self.event, self.reading].iter().all(|part| *part == Incoming::Unchanged)
    }
}

/// What a row tells, as rows of the tables.
struct Told {
    unit: UnitRow,
    event: EventRow,
    reading: Option<ReadingRow>,
}

impl Told {
    fn new(report: &Report, import_id: &str) -> Self {
        let reading = |reading| ReadingRow::new(report.unit_no.as_str(), reading, import_id);
        Self {
            unit: UnitRow::new(report, import_id),
            event: EventRow::new(report, import_id),
            reading: report.reading.map(reading),
        }
    }
}

/// Saves a batch of what was told of units.
pub(super) fn save(
    db: &mut Db,
    run: &Run<'_>,
    batch: &[Line<Report>],
    rejections: &mut Vec<Rejection>,
) -> Result<Counts, Error> {
    imports::exclude_others(db)?;
    let donations = donations::by_numbers(db, batch.iter().map(|line| line.record.donation_no.as_str()))?;
    let mut histories = histories(db, batch)?;
    let mut plan = Plan::default();
    for line in batch {
        match refused(line, &donations) {
            Some(rejection) => rejections.push(rejection),
            None => plan_one(&mut plan, run, line, &mut histories, rejections)?,
        }
    }
    write(db, run, plan)
}

fn histories(db: &mut Db, batch: &[Line<Report>]) -> Result<HashMap<String, History>, Error> {
    let numbers: Vec<&str> = batch.iter().map(|line| line.record.unit_no.as_str()).collect();
    let rows = units::by_numbers(db, &numbers)?.into_iter();
    let history =
        |unit: UnitRow| (unit.unit_no.clone(), History { unit, events: Vec::new(), readings: Vec::new() });
    let mut histories: HashMap<String, History> = rows.map(history).collect();
    for event in units::events_of(db, &numbers)?.into_iter().filter(|event| event.corrected_by.is_none()) {
        if let Some(history) = histories.get_mut(&event.unit_no) {
            history.events.push(event);
        }
    }
    for reading in units::readings_of(db, &numbers)? {
        if let Some(history) = histories.get_mut(&reading.unit_no) {
            history.readings.push(reading);
        }
    }
    Ok(histories)
}

fn refused(line: &Line<Report>, donations: &HashMap<String, DonationRow>) -> Option<Rejection> {
    let report = &line.record;
    let Some(donation) = donations.get(report.donation_no.as_str()) else {
        let message = "There is no donation with this number.";
        return Some(reject(line, "donation_no", "unknown_donation", message));
    };
    // A station's systems do not agree to the minute.
    let day = crate::clock::day_in_china(donation.collected_at.and_utc());
    (crate::clock::day_in_china(report.event.at) < day).then(|| {
        reject(line, "status_at", "before_donation", "The instant lies before the day of the donation.")
    })
}

fn plan_one(
    plan: &mut Plan,
    run: &Run<'_>,
    line: &Line<Report>,
    histories: &mut HashMap<String, History>,
    rejections: &mut Vec<Rejection>,
) -> Result<(), Error> {
    let told = Told::new(&line.record, &run.id);
    let unit_no = told.unit.unit_no.clone();
    let Some(history) = histories.get_mut(&unit_no) else {
        plan.counts.created += 1;
        plan.created.insert(unit_no.clone(), told.unit.clone());
        plan.events.push(told.event.clone());
        plan.readings.extend(told.reading.clone());
        let (events, readings) = (vec![told.event], told.reading.into_iter().collect());
        histories.insert(unit_no, History { unit: told.unit, events, readings });
        return Ok(());
    };
    let verdict = Verdict::of(history, &told, &run.id);
    if let Some(column) = verdict.contradicted() {
        let sentence = "An earlier row of this import says something else of this unit.";
        rejections.push(reject(line, column, "contradiction", sentence));
        return Ok(());
    }
    match verdict.event {
        _ if verdict.is_unchanged() => {
            plan.counts.unchanged += 1;
            return Ok(());
        }
        Incoming::New => plan.counts.created += 1,
        _ => plan.counts.updated += 1,
    }
    if !verdict.changed.is_empty() {
        plan.entries.push(corrected(run, history, &told, &verdict.changed));
    }
    plan.change(history, told, &verdict);
    history.stand()?;
    let rows = if plan.created.contains_key(&unit_no) { &mut plan.created } else { &mut plan.touched };
    rows.insert(unit_no, history.unit.clone());
    Ok(())
}

/// The trail names columns and instants; what was told before stays with the unit.
fn corrected(run: &Run<'_>, history: &History, told: &Told, changed: &[&'static str]) -> Entry {
    let known = told
        .reading
        .as_ref()
        .and_then(|reading| history.readings.iter().find(|known| known.at == reading.at));
    Entry {
        actor: run.context.actor.clone(),
        action: "unit.corrected",
        subject: told.unit.unit_no.clone(),
        detail: json!({
            "import": run.id, "columns": changed, "status_at": told.event.at.and_utc(),
            "before": {
                "donation_no": history.unit.donation_no, "component": history.unit.component,
                "temperature_tenths": known.map(|known| known.tenths),
            },
        }),
    }
}

impl Plan {
    /// Takes over what a row tells that is not known yet.
    fn change(&mut self, history: &mut History, told: Told, verdict: &Verdict) {
        if verdict.unit == Incoming::Correction {
            history.unit.donation_no = told.unit.donation_no;
            history.unit.component = told.unit.component;
            history.unit.import_id = told.unit.import_id;
        }
        if verdict.event != Incoming::Unchanged {
            let at = told.event.at;
            self.corrected_events.extend(history.events.extract_if(.., |known| known.at == at));
            self.events.push(told.event.clone());
            history.events.push(told.event);
        }
        let Some(reading) = told.reading else { return };
        match verdict.reading {
            Incoming::New => self.readings.push(reading.clone()),
            Incoming::Correction => self.corrected_readings.push(reading.clone()),
            Incoming::Unchanged | Incoming::Contradiction => return,
        }
        history.readings.retain(|known| known.at != reading.at);
        history.readings.push(reading);
    }
}

impl History {
    /// Lets the unit's status be what its events come to.
    fn stand(&mut self) -> Result<(), Error> {
        let events = self.events.iter().map(EventRow::event).collect::<Result<Vec<Event>, Error>>()?;
        let Some(newest) = standing(&events) else { return Ok(()) };
        let hospital = self.events.iter().find(|event| event.at.and_utc() == newest.at);
        self.unit.hospital_code = hospital.and_then(|event| event.hospital_code.clone());
        self.unit.status = newest.status.as_str().to_owned();
        self.unit.status_at = newest.at.naive_utc();
        Ok(())
    }
}

fn write(db: &mut Db, run: &Run<'_>, plan: Plan) -> Result<Counts, Error> {
    let created: Vec<UnitRow> = plan.created.into_values().collect();
    units::insert(db, &created)?;
    for row in plan.touched.values() {
        units::update(db, row)?;
    }
    for event in &plan.corrected_events {
        units::mark_corrected(db, event, &run.id)?;
    }
    units::insert_events(db, &plan.events)?;
    units::insert_readings(db, &plan.readings)?;
    for reading in &plan.corrected_readings {
        units::correct_reading(db, reading)?;
    }
    audit::append(db, plan.entries, run.context.clock.now(), &mut Chance::from_system()?)?;
    Ok(plan.counts)
}
