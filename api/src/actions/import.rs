//! Imports a station's donors, donations and units.
//!
//! Two threads share the work: one reads, checks and seals rows, the other looks each batch up and writes it
//! in one transaction. A batch is written whole or not at all; a row that is refused touches no other. Running
//! the same file again changes nothing, so an import that was interrupted is simply run again.

mod donations;
mod donors;
mod units;

use super::Context;
use crate::chance::Chance;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::records::{Line, RecordFile, Rejection};
use crate::store::audit::{self, Entry};
use crate::store::{Db, imports};
use serde::Serialize;
use serde_json::json;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Rows in one transaction.
const BATCH: usize = 5_000;

/// How many rows came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows that made a new record.
    pub created: u64,
    /// Rows that corrected a record.
    pub updated: u64,
    /// Rows that said what was known.
    pub unchanged: u64,
    /// Rows that were refused.
    pub rejected: u64,
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self {
            created: self.created + other.created,
            updated: self.updated + other.updated,
            unchanged: self.unchanged + other.unchanged,
            rejected: self.rejected + other.rejected,
        }
    }

    /// All rows seen.
    pub fn rows(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.rejected
    }
}

/// The donations' counts, and the volume of the accepted ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DonationCounts {
    /// How many rows came to what.
    #[serde(flatten)]
    pub counts: Counts,
    /// The volume of all accepted rows in which blood was given, ml.
    pub volume_ml: u64,
}

/// What came of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Of the donors file.
    pub donors: Counts,
    /// Of the donations file.
    pub donations: DonationCounts,
    /// Of the units file, when there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<Counts>,
}

/// What an import reads, and whom it tells.
pub struct Import<'a> {
    /// The donors file, when there is one.
    pub donors: Option<RecordFile>,
    /// The donations file, when there is one.
    pub donations: Option<RecordFile>,
    /// The units file, when there is one.
    pub units: Option<RecordFile>,
    /// How donations are numbered here.
    pub numbering: &'a crate::domain::donation_number::DonationNumbering,
    /// Told of each refused row: the file's kind and the rejection.
    pub on_rejection: &'a mut dyn FnMut(&'static str, &Rejection) -> Result<(), Error>,
    /// Told after each batch how many rows it had.
    pub on_batch: &'a mut dyn FnMut(&'static str, u64),
}

/// How a batch meets the database.
#[derive(Clone, Copy)]
enum Transaction<'a> {
    /// Each batch is committed.
    EachBatch(&'a Context),
    /// All batches belong to a transaction that the caller ends.
    Within,
}

/// Imports, and commits batch by batch.
///
/// # Errors
/// `cannot_read`, `cannot_write`, or a failure of the database. Batches before it stay imported.
pub fn import(context: &Context, request: Import<'_>) -> Result<Summary, Error> {
    run(context, request, Transaction::EachBatch(context), None)
}

/// Does all that an import does and takes it back: what would come of it.
///
/// # Errors
/// As [`import()`].
pub fn rehearse(context: &Context, request: Import<'_>) -> Result<Summary, Error> {
    context.pool.rehearse_blocking(|db| run(context, request, Transaction::Within, Some(db)))
}

/// One import's constants.
struct Run<'a> {
    context: &'a Context,
    id: String,
}

fn run(
    context: &Context,
    mut request: Import<'_>,
    transaction: Transaction<'_>,
    mut db: Option<&mut Db>,
) -> Result<Summary, Error> {
    let now = context.clock.now();
    let run = Run { context, id: Chance::from_system()?.id(now) };
    let mut write =
        |work: &mut dyn FnMut(&mut Db) -> Result<(), Error>| match (transaction, db.as_deref_mut()) {
            (Transaction::EachBatch(context), _) => context.pool.write_blocking(work),
            (Transaction::Within, Some(db)) => work(db),
            (Transaction::Within, None) => Err(Error::internal("an import without a database")),
        };
    write(&mut |db| imports::begin(db, &run.id, now))?;
    let mut summary = Summary::default();
    if let Some(file) = request.donors.take() {
        let seal = donors::Sealing::new(&run)?;
        summary.donors = pipeline(file, seal, "donors", &mut request, |batch, rejections| {
            let mut counts = Counts::default();
            write(&mut |db| {
                rejections.clear();
                counts = donors::save(db, &run, batch, rejections)?;
                Ok(())
            })?;
            Ok(counts)
        })?;
    }
    if let Some(file) = request.donations.take() {
        let check = donations::Checking::new(request.numbering, now);
        let mut volume_ml = 0;
        let counts = pipeline(file, check, "donations", &mut request, |batch, rejections| {
            let mut saved = DonationCounts::default();
            write(&mut |db| {
                rejections.clear();
                saved = donations::save(db, &run, batch, rejections)?;
                Ok(())
            })?;
            volume_ml += saved.volume_ml;
            Ok(saved.counts)
        })?;
        summary.donations = DonationCounts { counts, volume_ml };
    }
    if let Some(file) = request.units.take() {
        let check = units::Checking::new(request.numbering, now);
        let counts = pipeline(file, check, "units", &mut request, |batch, rejections| {
            let mut counts = Counts::default();
            write(&mut |db| {
                rejections.clear();
                counts = units::save(db, &run, batch, rejections)?;
                Ok(())
            })?;
            Ok(counts)
        })?;
        summary.units = Some(counts);
    }
    let finished = context.clock.now();
    let entry = Entry {
        actor: context.actor.clone(),
        action: "import.finished",
        subject: run.id.clone(),
        detail: json!(summary),
    };
    write(&mut |db| {
        imports::finish(db, &run.id, finished, &json!(summary).to_string())?;
        audit::append(db, [entry.clone()], finished, &mut Chance::from_system()?)
    })?;
    Ok(summary)
}

/// Turns a row's values into what is saved; runs on the reading thread.
trait Prepare {
    type Record: Send;

    fn prepare(
        &mut self,
        columns: &'static [&'static str],
        values: &[String],
    ) -> Result<Result<Self::Record, Refusal>, Error>;
}

type Batch<T> = Vec<Result<Line<T>, Rejection>>;

/// Reads and prepares on one thread, saves on this one.
fn pipeline<P: Prepare + Send>(
    file: RecordFile,
    prepare: P,
    kind: &'static str,
    request: &mut Import<'_>,
    mut save: impl FnMut(&[Line<P::Record>], &mut Vec<Rejection>) -> Result<Counts, Error>,
) -> Result<Counts, Error> {
    std::thread::scope(|threads| {
        let (sender, receiver): (_, Receiver<Batch<P::Record>>) = sync_channel(2);
        let reading = threads.spawn(move || read(file, prepare, &sender));
        let mut counts = Counts::default();
        for batch in receiver {
            let size = u64::try_from(batch.len()).unwrap_or(u64::MAX);
            let (lines, refused): (Vec<_>, Vec<_>) = batch.into_iter().partition(Result::is_ok);
            let lines: Vec<Line<P::Record>> = lines.into_iter().filter_map(Result::ok).collect();
            let refused: Vec<Rejection> = refused.into_iter().filter_map(Result::err).collect();
            let mut rejections = Vec::new();
            counts = counts.plus(save(&lines, &mut rejections)?);
            rejections.extend(refused);
            rejections.sort_by_key(|rejection| rejection.line);
            counts.rejected += u64::try_from(rejections.len()).unwrap_or(u64::MAX);
            for rejection in &rejections {
                (request.on_rejection)(kind, rejection)?;
            }
            (request.on_batch)(kind, size);
        }
        match reading.join() {
            Ok(outcome) => outcome.map(|()| counts),
            Err(_) => Err(Error::internal("the reading thread ended early")),
        }
    })
}

/// Sends batches until the file ends, or nobody listens any more.
fn read<P: Prepare>(
    mut file: RecordFile,
    mut prepare: P,
    batches: &SyncSender<Batch<P::Record>>,
) -> Result<(), Error> {
    let columns = file.columns();
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(row) = file.next_row()? {
        batch.push(match row {
            Ok(Line { number, raw, record }) => match prepare.prepare(columns, &record)? {
                Ok(record) => Ok(Line { number, raw, record }),
                Err(refusal) => Err(Rejection { line: number, refusal, raw }),
            },
            Err(rejection) => Err(rejection),
        });
        if batch.len() == BATCH
            && batches.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))).is_err()
        {
            return Ok(());
        }
    }
    // Whoever hung up has already reported why.
    let _ = batches.send(batch);
    Ok(())
}

fn reject<T>(line: &Line<T>, column: &'static str, reason: &'static str, message: &'static str) -> Rejection {
    Rejection { line: line.number, refusal: Refusal::new(column, reason, message), raw: line.raw.clone() }
}
