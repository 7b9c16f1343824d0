//! The heads of all streams, written down: in the trail itself as a checkpoint, and in files that are kept elsewhere.

use super::Head;
use crate::error::Error;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// How old the newest checkpoint may grow.
const CHECKPOINT_AGE: TimeDelta = TimeDelta::hours(1);

/// The heads of the streams that are not empty: `[[stream, seq, hash in hexadecimal], …]`.
pub fn heads_to_json(heads: &[Head]) -> Value {
    let used = heads.iter().filter(|head| head.seq > 0);
    used.map(|head| json!([head.stream, head.seq, HEXLOWER.encode(&head.hash)])).collect()
}

/// Reads what [`heads_to_json`] writes; `None` when it is something else.
pub fn heads_from_json(heads: &Value) -> Option<Vec<Head>> {
    let head = |head: &Value| match head.as_array()?.as_slice() {
        [stream, seq, hash] => Some(Head {
            stream: stream.as_i64()?,
            seq: seq.as_i64()?,
            hash: HEXLOWER.decode(hash.as_str()?.as_bytes()).ok()?,
        }),
        _ => None,
    };
    heads.as_array()?.iter().map(head).collect()
}

/// Whether a checkpoint is to be written: the newest one, if any, is an hour old, and something was written since.
pub fn checkpoint_is_due(
    newest: Option<(DateTime<Utc>, &[Head])>,
    heads: &[Head],
    now: DateTime<Utc>,
) -> bool {
    let rows = |heads: &[Head]| heads.iter().fold(0_i64, |sum, head| sum.saturating_add(head.seq));
    match newest {
        None => rows(heads) > 0,
        // The checkpoint is a row itself, which it does not count.
        Some((at, then)) => now - at >= CHECKPOINT_AGE && rows(heads) > rows(then).saturating_add(1),
    }
}

/// The heads as a file of JSON, to be kept where whoever can write to the database cannot.
pub fn exported(heads: &[Head], now: DateTime<Utc>) -> String {
    let (at, streams) = (now.to_rfc3339_opts(SecondsFormat::Micros, true), heads_to_json(heads));
    let digest = digest(&at, &streams);
    format!("{}\n", json!({ "at": at, "streams": streams, "digest": digest }))
}

/// Reads what [`exported`] writes.
///
/// # Errors
/// `bad_head_file` when it is something else, or not what was exported.
pub fn read_exported(text: &str) -> Result<Vec<Head>, Error> {
    let bad = || Error::invalid("bad_head_file", "This is no head of an audit trail, or it was changed.");
    let file: Value = serde_json::from_str(text).map_err(|failure| bad().because(failure))?;
    let part = |name: &str| file.get(name).ok_or_else(bad);
    let at = part("at")?.as_str().ok_or_else(bad)?;
    let streams = part("streams")?;
    if part("digest")?.as_str() != Some(digest(at, streams).as_str()) {
        return Err(bad());
    }
    heads_from_json(streams).ok_or_else(bad)
}

/// One short text that stands for all heads: it can be read out, printed or published.
fn digest(at: &str, streams: &Value) -> String {
    let mut hash = Sha256::new();
    // Neither part holds a line break.
    hash.update(format!("rexue audit heads v1\n{at}\n{streams}"));
    HEXLOWER.encode(&hash.finalize())
}
