//! Where things are kept.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The database.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `postgres://…`, or the path of a SQLite file. Empty: `rexue.db` in the data folder.
    pub url: String,
    /// Connections to PostgreSQL; readers of SQLite.
    pub connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: String::new(), connections: 8 }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Database").field("connections", &self.connections).finish_non_exhaustive()
    }
}

/// The cache that several nodes share.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// `redis://…`. Empty: an in-process cache, which serves one node.
    pub url: String,
}

impl fmt::Debug for Redis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Redis").field("in_use", &!self.url.is_empty()).finish()
    }
}
