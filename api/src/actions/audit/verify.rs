//! Walks the whole trail, in constant memory, and says what does not fit.

use crate::domain::audit_chain::{Finding, Head, Kind, Walk};
use crate::error::Error;
use crate::store::{Db, Pool, audit};
use serde::Serialize;
use std::collections::BTreeMap;

/// Rows in one query.
const PAGE: i64 = 1_000;

/// What was walked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Streams that hold rows.
    pub streams: u64,
    /// Rows in them.
    pub rows: u64,
    /// Rows from before the chain began, of which nothing can be said.
    pub before_chain: u64,
    /// Checkpoints that were compared with the streams.
    pub checkpoints: u64,
    /// Things that do not fit.
    pub findings: u64,
}

/// Verifies the trail as it is now, and that what was exported earlier is still part of it; `on_finding` is told of
/// each thing that does not fit. Writers are not kept waiting.
///
/// # Errors
/// Failures of the database. A trail that is not whole is no error.
pub fn verify(
    pool: &Pool,
    exported: &[Head],
    on_finding: &mut dyn FnMut(Finding) -> Result<(), Error>,
) -> Result<Report, Error> {
    let mut verification = Verification { report: Report::default(), first_at: i64::MAX, on_finding };
    pool.snapshot_blocking(|db| {
        verification.streams(db)?;
        verification.unchained(db)?;
        verification.checkpoints(db)?;
        for head in exported {
            verification.named(db, head, Kind::ExportedHeadMismatch, None)?;
        }
        Ok(verification.report)
    })
}

struct Verification<'a> {
    report: Report,
    /// When the chain began, microseconds since 1970-01-01 UTC.
    first_at: i64,
    on_finding: &'a mut dyn FnMut(Finding) -> Result<(), Error>,
}

impl Verification<'_> {
    fn found(&mut self, finding: Finding) -> Result<(), Error> {
        self.report.findings += 1;
        (self.on_finding)(finding)
    }

    fn streams(&mut self, db: &mut Db) -> Result<(), Error> {
        let heads: BTreeMap<i64, Head> =
            audit::heads(db)?.into_iter().map(|head| (head.stream, head)).collect();
        let mut stream = None;
        while let Some(next) = audit::first_stream_after(db, stream)? {
            self.stream(db, next, heads.get(&next))?;
            stream = Some(next);
        }
        Ok(())
    }

    fn stream(&mut self, db: &mut Db, stream: i64, head: Option<&Head>) -> Result<(), Error> {
        let mut walk = Walk::new(stream);
        let mut after = (i64::MIN, String::new());
        let mut findings = Vec::new();
        loop {
            let page = audit::stream_rows(db, stream, (after.0, &after.1), PAGE)?;
            let Some(last) = page.last() else { break };
            self.report.streams += u64::from(after.1.is_empty());
            self.report.rows += u64::try_from(page.len()).unwrap_or(u64::MAX);
            after = (last.seq, last.content.id.clone());
            let began = page.iter().map(|row| row.content.at_micros).min();
            self.first_at = self.first_at.min(began.unwrap_or(i64::MAX));
            walk.page(&page, &mut findings);
            findings.drain(..).try_for_each(|finding| self.found(finding))?;
        }
        walk.finish(head).map_or(Ok(()), |finding| self.found(finding))
    }

    /// Rows without a place are from before the chain, or were put there by somebody else.
    fn unchained(&mut self, db: &mut Db) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let page = audit::unchained(db, &after, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after.clone_from(last);
            for (id, at) in page {
                if at <= self.first_at {
                    self.report.before_chain += 1;
                } else {
                    let kind = Kind::UnchainedRow;
                    self.found(Finding { kind, stream: None, seq: None, rows: 1, id: Some(id) })?;
                }
            }
        }
    }

    fn checkpoints(&mut self, db: &mut Db) -> Result<(), Error> {
        // Most streams rest most of the time: what the checkpoint before said of them is not looked up again.
        let mut known: BTreeMap<i64, Head> = BTreeMap::new();
        let mut after = String::new();
        loop {
            let page = audit::checkpoints(db, &after, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.id);
            for checkpoint in page {
                self.report.checkpoints += 1;
                let kind = Kind::CheckpointMismatch;
                let Some(heads) = checkpoint.heads else {
                    self.found(Finding { kind, stream: None, seq: None, rows: 1, id: Some(checkpoint.id) })?;
                    continue;
                };
                for head in heads {
                    if known.get(&head.stream) != Some(&head) {
                        self.named(db, &head, kind, Some(&checkpoint.id))?;
                        known.insert(head.stream, head);
                    }
                }
            }
        }
    }

    /// The row that somebody named as a stream's last is there, with the hash that it had then.
    fn named(&mut self, db: &mut Db, head: &Head, kind: Kind, by: Option<&str>) -> Result<(), Error> {
        if audit::hash_at(db, head.stream, head.seq)?.as_ref() == Some(&head.hash) {
            return Ok(());
        }
        let (stream, seq, id) = (Some(head.stream), Some(head.seq), by.map(str::to_owned));
        self.found(Finding { kind, stream, seq, rows: 1, id })
    }
}
