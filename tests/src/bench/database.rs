//! Fresh databases, of both kinds.

use crate::Outcome;
use crate::options::Options;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where databases are made.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// A file in the data folder.
    Sqlite,
    /// The server of this URL.
    Postgres(String),
}

impl Place {
    /// All places that are to be measured.
    pub fn all(options: &Options) -> Vec<Self> {
        let postgres = options.postgres.clone().map(Self::Postgres);
        let wanted = |place: &Self| options.only.as_deref().is_none_or(|only| only == place.name());
        [Some(Self::Sqlite), postgres].into_iter().flatten().filter(wanted).collect()
    }

    /// Processor time of the program, where it is all that was taken: a server's is not known.
    pub fn work(&self, seconds: f64) -> f64 {
        match self {
            Self::Sqlite => seconds,
            Self::Postgres(_) => f64::NAN,
        }
    }

    /// For the table.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres(_) => "postgresql",
        }
    }
}

/// A database that is gone with this value.
pub struct Database {
    /// What `DATABASE_URL` says.
    pub url: String,
    dropped_at: Option<(String, String)>,
}

impl Database {
    /// An empty database; a file lies in `folder`, which ends with its owner.
    pub fn create(place: &Place, folder: &Path) -> Outcome<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("bench_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let Place::Postgres(server) = place else {
            let url = folder.join(format!("{name}.db")).to_string_lossy().into_owned();
            return Ok(Self { url, dropped_at: None });
        };
        PgConnection::establish(server)?.batch_execute(&format!("CREATE DATABASE {name}"))?;
        let (base, _) = server.rsplit_once('/').ok_or("the PostgreSQL URL names no database")?;
        Ok(Self { url: format!("{base}/{name}"), dropped_at: Some((server.clone(), name)) })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.dropped_at
            && let Ok(mut connection) = PgConnection::establish(server)
        {
            // One that stays goes with the server, which is private.
            let _ = connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}
