//! Randomness: the only source of it, and the ids made from it.

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

/// A cryptographically strong generator (ChaCha12), owned by whoever draws from it.
pub struct Chance(StdRng);

impl Chance {
    /// A generator seeded by the operating system.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the system for randomness"
    )]
    pub fn from_system() -> Result<Self, crate::error::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(crate::error::Error::internal)?;
        Ok(Self(StdRng::from_seed(seed)))
    }

    /// A generator whose draws are the same for the same seed: for the demo city and for tests.
    pub fn from_seed(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A number in `0..limit`, each equally likely but for a bias below 2⁻³²; 0 when `limit` is 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        let scaled = (u64::from(self.0.next_u32()) * u64::from(limit)) >> 32;
        u32::try_from(scaled).unwrap_or(0)
    }

    /// A UUIDv7: ids of one table sort by the time of their making.
    pub fn id(&mut self, now: DateTime<Utc>) -> String {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid().to_string()
    }
}

/// Whether the text is an id as [`Chance::id`] makes them.
pub fn is_id(text: &str) -> bool {
    Uuid::parse_str(text).is_ok_and(|id| id.get_version_num() == 7)
}
