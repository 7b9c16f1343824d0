//! Which questionnaires are known.

use serde::{Deserialize, Serialize};

/// Questionnaires: what is asked before a donation.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Questionnaires {
    /// A folder with further questionnaires (`*.toml`), beside the one that comes with the program.
    pub folder: String,
}
