//! The floor of an import into SQLite: rusqlite, prepared INSERT … ON CONFLICT, large transactions, and the settings
//! that the product has.

use crate::Outcome;
use crate::database::Database;
use crate::rounds::{Turn, own_processor_seconds};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::time::Instant;

/// Rows in one transaction.
const BATCH: usize = 100_000;

const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -32768;
";

const INSERT_DONOR: &str = "
    INSERT INTO donors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (donor_no) DO UPDATE SET
        name = excluded.name, id_type = excluded.id_type, id_number_sealed = excluded.id_number_sealed,
        id_number_index = excluded.id_number_index, phone_sealed = excluded.phone_sealed,
        phone_index = excluded.phone_index, email_sealed = excluded.email_sealed, email_index = excluded.email_index,
        data_key_id = excluded.data_key_id, sex = excluded.sex, birth_date = excluded.birth_date,
        abo = excluded.abo, rh = excluded.rh, import_id = excluded.import_id
";

const INSERT_DONATION: &str = "
    INSERT INTO donations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (donation_no) DO UPDATE SET
        donor_id = excluded.donor_id, collected_at = excluded.collected_at, site_code = excluded.site_code,
        product = excluded.product, volume_ml = excluded.volume_ml, units = excluded.units,
        outcome = excluded.outcome, import_id = excluded.import_id
";

/// An import's rows as SQLite binds them.
pub struct Rows {
    imports: Vec<Vec<Value>>,
    donors: Vec<Vec<Value>>,
    donations: Vec<Vec<Value>>,
}

impl Rows {
    /// What an import left in this database, in the order in which it was written.
    pub fn of(database: &Database) -> Outcome<Self> {
        let connection = Connection::open(&database.url)?;
        let all = |table: &str| -> Outcome<Vec<Vec<Value>>> {
            let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY rowid"))?;
            let columns = statement.column_count();
            let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        Ok(Self { imports: all("imports")?, donors: all("donors")?, donations: all("donations")? })
    }

    /// Writes the rows into a migrated, empty database.
    pub fn write(&self, database: &Database) -> Outcome<Turn> {
        let mut connection = Connection::open(&database.url)?;
        connection.execute_batch(SETTINGS)?;
        let (began, before) = (Instant::now(), own_processor_seconds()?);
        insert(&mut connection, "INSERT INTO imports VALUES (?, ?, ?, ?)", &self.imports)?;
        insert(&mut connection, INSERT_DONOR, &self.donors)?;
        insert(&mut connection, INSERT_DONATION, &self.donations)?;
        let count = self.donors.len() + self.donations.len();
        Ok(Turn::of(count as f64, began.elapsed(), own_processor_seconds()? - before))
    }
}

fn insert(connection: &mut Connection, statement: &str, rows: &[Vec<Value>]) -> Outcome<()> {
    for rows in rows.chunks(BATCH) {
        let transaction = connection.transaction()?;
        let mut prepared = transaction.prepare_cached(statement)?;
        for row in rows {
            prepared.execute(rusqlite::params_from_iter(row))?;
        }
        drop(prepared);
        transaction.commit()?;
    }
    Ok(())
}
