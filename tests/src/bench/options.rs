//! What to measure, and how large.

use clap::Parser;

/// Measures the product, each lane beside its floor in the same run.
#[derive(Parser)]
#[command(name = "bench")]
pub struct Options {
    /// What to measure [default: everything].
    #[arg(value_name = "NAME", value_parser = ["tokens", "qr", "http", "rss", "me", "booking", "soonest", "messages", "delivery", "import", "issue"])]
    names: Vec<String>,
    /// Donors that are imported and get certificates.
    #[arg(long, env = "BENCH_DONORS", default_value_t = 200_000)]
    pub donors: u32,
    /// Donations that are imported.
    #[arg(long, env = "BENCH_DONATIONS", default_value_t = 1_000_000)]
    pub donations: u32,
    /// Certificates that take turns in `POST /v1/verify`.
    #[arg(long, env = "BENCH_CERTIFICATES", default_value_t = 5_000)]
    pub certificates: u32,
    /// How long a lane or a floor runs before the other's turn, seconds; an import runs to its end.
    #[arg(long, env = "BENCH_SECONDS", default_value_t = 1.0)]
    pub seconds: f64,
    /// Turns of each.
    #[arg(long, env = "BENCH_ROUNDS", default_value_t = 7)]
    pub rounds: usize,
    /// Turns of each import.
    #[arg(long, env = "BENCH_IMPORT_ROUNDS", default_value_t = 3)]
    pub import_rounds: usize,
    /// Connections of the load generator, each with one request under way.
    #[arg(long, env = "BENCH_CONNECTIONS", default_value_t = 64)]
    pub connections: usize,
    /// Bookings in one turn, each of another donor.
    #[arg(long, env = "BENCH_BOOKINGS", default_value_t = 20_000)]
    pub bookings: u32,
    /// Connections of those who book, as when a booking opens; each with one request under way.
    #[arg(long, env = "BENCH_BOOKERS", default_value_t = 256)]
    pub bookers: usize,
    /// Searches for places a second.
    #[arg(long, env = "BENCH_PACE", default_value_t = 1_000.0)]
    pub pace: f64,
    /// Messages in one turn.
    #[arg(long, env = "BENCH_MESSAGES", default_value_t = 20_000)]
    pub messages: u32,
    /// Messages that one worker hands over in one turn.
    #[arg(long, env = "BENCH_DELIVERIES", default_value_t = 5_000)]
    pub deliveries: u32,
    /// PostgreSQL's pgbench.
    #[arg(long, env = "REXUE_TEST_PGBENCH")]
    pub pgbench: Option<String>,
    /// An existing database on a PostgreSQL server where databases may be made; without it PostgreSQL is left out.
    #[arg(long, env = "REXUE_TEST_POSTGRES_URL", hide_env_values = true)]
    pub postgres: Option<String>,
    /// Only this database.
    #[arg(long, value_parser = ["sqlite", "postgresql"])]
    pub only: Option<String>,
}

impl Options {
    /// Of the command line and the environment.
    pub fn read() -> Self {
        Self::parse()
    }

    /// Whether `name` is to be measured.
    pub fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }
}
