//! The chain of the audit trail: each row covers the one before it in its stream, so that a row that was changed,
//! moved or taken away shows. `docs/audit.md` says what that proves.

mod heads;
mod walk;

pub use heads::{checkpoint_is_due, exported, heads_from_json, heads_to_json, read_exported};
pub use walk::{Finding, Kind, Walk};

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// What the first row of every stream covers.
pub const GENESIS: Hash = [0; 32];

/// Where a stream ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The stream.
    pub stream: i64,
    /// The number of its last row; 0 when it has none.
    pub seq: i64,
    /// The hash of its last row. Bytes of any length: what a database holds may have been tampered with.
    pub hash: Vec<u8>,
}

/// What a row tells, beside its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The row's id.
    pub id: String,
    /// When, microseconds since 1970-01-01 UTC.
    pub at_micros: i64,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To which record.
    pub subject: String,
    /// What else there is to know, the text as it is stored.
    pub detail: String,
}

/// A row that has a place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number in its stream, from 1.
    pub seq: i64,
    /// What it tells.
    pub content: Content,
    /// Its hash as it is stored.
    pub hash: Vec<u8>,
}

/// The hash of the row numbered `seq` of `stream`, which follows a row whose hash is `previous`.
///
/// Every part comes after its length, numbers as eight bytes, big-endian, so that no two rows are spelt
/// alike: `("ab", "c")` is not `("a", "bc")`.
pub fn hash(previous: &[u8], stream: i64, seq: i64, content: &Content) -> Hash {
    let mut hash = Sha256::new();
    let mut text = |bytes: &[u8]| {
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    };
    text(b"rexue audit v1");
    text(previous);
    text(&stream.to_be_bytes());
    text(&seq.to_be_bytes());
    text(content.id.as_bytes());
    text(&content.at_micros.to_be_bytes());
    for words in [&content.actor, &content.action, &content.subject, &content.detail] {
        text(words.as_bytes());
    }
    hash.finalize().into()
}

/// Puts rows behind `head`, in their order, and moves the head to the last one.
pub fn chain(head: &mut Head, contents: impl IntoIterator<Item = Content>) -> Vec<Row> {
    contents
        .into_iter()
        .map(|content| {
            let seq = head.seq.saturating_add(1);
            let hash = hash(&head.hash, head.stream, seq, &content).to_vec();
            *head = Head { stream: head.stream, seq, hash: hash.clone() };
            Row { seq, content, hash }
        })
        .collect()
}

#[cfg(test)]
mod tests;
