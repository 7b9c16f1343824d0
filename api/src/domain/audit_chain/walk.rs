//! Walks a stream from its first row to its head, and says what does not fit.

use super::{GENESIS, Head, Row, hash};
use serde::Serialize;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A row that does not say what it said when it was written.
    ChangedRow,
    /// Rows that were written and are not there.
    MissingRow,
    /// A row in a place that is another one's.
    MovedRow,
    /// A stream that does not end where its head says.
    HeadMismatch,
    /// A row that a checkpoint names has another hash now, or is gone.
    CheckpointMismatch,
    /// A row that an exported head names has another hash now, or is gone.
    ExportedHeadMismatch,
    /// A row without a place in the chain, written after the chain began.
    UnchainedRow,
}

impl Kind {
    /// The finding's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChangedRow => "changed_row",
            Self::MissingRow => "missing_row",
            Self::MovedRow => "moved_row",
            Self::HeadMismatch => "head_mismatch",
            Self::CheckpointMismatch => "checkpoint_mismatch",
            Self::ExportedHeadMismatch => "exported_head_mismatch",
            Self::UnchainedRow => "unchained_row",
        }
    }
}

/// One thing that is wrong, and where. It never tells what a row says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// In which stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<i64>,
    /// At which row of the stream; the first one, when several are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// How many rows it is about.
    pub rows: i64,
    /// The id of the row at hand: the one that does not fit, or the checkpoint that names another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.kind.as_str())?;
        if let (Some(stream), Some(seq)) = (self.stream, self.seq) {
            write!(out, " stream {stream} seq {seq}")?;
        }
        if self.rows != 1 {
            write!(out, " ({} rows)", self.rows)?;
        }
        match &self.id {
            Some(id) => write!(out, " id {id}"),
            None => Ok(()),
        }
    }
}

/// Findings after which rows in wrong places are no longer looked for among their neighbours: nothing more is
/// learnt from a stream of which nothing fits, and it would take long.
const ENOUGH: usize = 100;

/// The way along one stream.
pub struct Walk {
    stream: i64,
    last: i64,
    /// The hashes that the next row may cover. Two after a changed row: the one that is stored, in case only the
    /// words were changed, and the one of its words, in case only the hash was.
    covered: Vec<Vec<u8>>,
    findings: usize,
}

impl Walk {
    /// A walk that has not begun.
    pub fn new(stream: i64) -> Self {
        Self { stream, last: 0, covered: vec![GENESIS.to_vec()], findings: 0 }
    }

    /// Takes the next rows of the stream, in the order of their numbers.
    pub fn page(&mut self, rows: &[Row], found: &mut Vec<Finding>) {
        let before = found.len();
        for row in rows {
            let enough = self.findings + (found.len() - before) > ENOUGH;
            found.extend(self.step(row, if enough { &[] } else { rows }));
        }
        self.findings += found.len() - before;
    }

    fn step(&mut self, row: &Row, neighbours: &[Row]) -> Option<Finding> {
        let expected = self.last.saturating_add(1);
        if row.seq < expected {
            return Some(self.finding(Kind::MovedRow, row.seq, Some(row)));
        }
        self.last = row.seq;
        if row.seq > expected {
            // What this row covers is not there to compare it with.
            self.covered = vec![row.hash.clone()];
            let rows = row.seq.saturating_sub(expected);
            return Some(Finding { rows, ..self.finding(Kind::MissingRow, expected, None) });
        }
        if self.fits(row, expected) {
            self.covered = vec![row.hash.clone()];
            return None;
        }
        if let Some(owner) = neighbours.iter().find(|neighbour| self.fits(neighbour, expected)) {
            self.covered = vec![owner.hash.clone()];
            return Some(self.finding(Kind::MovedRow, expected, Some(row)));
        }
        let by_its_words = self.covered.iter().map(|previous| self.hash(previous, expected, row));
        self.covered = std::iter::once(row.hash.clone()).chain(by_its_words).collect();
        self.covered.truncate(2);
        Some(self.finding(Kind::ChangedRow, expected, Some(row)))
    }

    fn fits(&self, row: &Row, seq: i64) -> bool {
        self.covered.iter().any(|previous| self.hash(previous, seq, row) == row.hash)
    }

    fn hash(&self, previous: &[u8], seq: i64, row: &Row) -> Vec<u8> {
        hash(previous, self.stream, seq, &row.content).to_vec()
    }

    /// Ends the walk at the stream's head, if it has one.
    pub fn finish(self, head: Option<&Head>) -> Option<Finding> {
        let head_seq = head.map_or(0, |head| head.seq);
        if head_seq > self.last {
            let rows = head_seq.saturating_sub(self.last);
            return Some(Finding {
                rows,
                ..self.finding(Kind::MissingRow, self.last.saturating_add(1), None)
            });
        }
        let ends_there = head_seq == self.last && head.is_none_or(|head| self.covered.contains(&head.hash));
        (!ends_there).then(|| self.finding(Kind::HeadMismatch, head_seq, None))
    }

    fn finding(&self, kind: Kind, seq: i64, row: Option<&Row>) -> Finding {
        let id = row.map(|row| row.content.id.clone());
        Finding { kind, stream: Some(self.stream), seq: Some(seq), rows: 1, id }
    }
}
