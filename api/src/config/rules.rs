//! Which rule packs are honoured.

use serde::{Deserialize, Serialize};

/// Rule packs: who may give, and when.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// A folder with further packs (`*.toml`), beside those that come with the program.
    pub folder: String,
    /// Whether packs that are not law yet are honoured from their day on.
    pub drafts: bool,
}
