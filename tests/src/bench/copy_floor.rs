//! The floor of an import into PostgreSQL: COPY into staging tables, and INSERT … SELECT … ON CONFLICT from there.

use crate::Outcome;
use crate::database::Database;
use diesel::connection::SimpleConnection;
use diesel::pg::CopyFormat;
use diesel::{Connection, ExecuteCopyFromDsl, PgConnection};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// What is handed to COPY at once.
const CHUNK: usize = 64 * 1024;

diesel::table! {
    staged_donors (id) {
        id -> Text,
        donor_no -> Text,
        name -> Text,
        id_type -> Text,
        id_number_sealed -> Binary,
        id_number_index -> Binary,
        phone_sealed -> Nullable<Binary>,
        phone_index -> Nullable<Binary>,
        email_sealed -> Nullable<Binary>,
        email_index -> Nullable<Binary>,
        data_key_id -> Text,
        sex -> Text,
        birth_date -> Date,
        abo -> Nullable<Text>,
        rh -> Nullable<Text>,
        import_id -> Text,
        merged_into -> Nullable<Text>,
    }
}

diesel::table! {
    staged_donations (donation_no) {
        donation_no -> Text,
        donor_id -> Text,
        collected_at -> Timestamp,
        site_code -> Text,
        product -> Text,
        volume_ml -> BigInt,
        units -> BigInt,
        outcome -> Text,
        import_id -> Text,
    }
}

const STAGE: &str = "
    CREATE TEMP TABLE staged_donors (LIKE donors);
    CREATE TEMP TABLE staged_donations (LIKE donations);
";

const TAKE_DONORS: &str = "
    INSERT INTO donors SELECT * FROM staged_donors
    ON CONFLICT (donor_no) DO UPDATE SET
        name = excluded.name, id_type = excluded.id_type, id_number_sealed = excluded.id_number_sealed,
        id_number_index = excluded.id_number_index, phone_sealed = excluded.phone_sealed,
        phone_index = excluded.phone_index, email_sealed = excluded.email_sealed, email_index = excluded.email_index,
        data_key_id = excluded.data_key_id, sex = excluded.sex, birth_date = excluded.birth_date,
        abo = excluded.abo, rh = excluded.rh, import_id = excluded.import_id;
";

const TAKE_DONATIONS: &str = "
    INSERT INTO donations SELECT * FROM staged_donations
    ON CONFLICT (donation_no) DO UPDATE SET
        donor_id = excluded.donor_id, collected_at = excluded.collected_at, site_code = excluded.site_code,
        product = excluded.product, volume_ml = excluded.volume_ml, units = excluded.units,
        outcome = excluded.outcome, import_id = excluded.import_id;
";

/// An import's rows as COPY takes them.
pub struct Rows {
    imports: Vec<String>,
    donors: Vec<u8>,
    donations: Vec<u8>,
}

impl Rows {
    /// What an import left in this database, in the order in which it was written.
    pub fn of(database: &Database) -> Outcome<Self> {
        // A connection each: diesel leaves one busy after a raw COPY.
        let connect = || -> Outcome<PgConnection> {
            let mut connection = PgConnection::establish(&database.url)?;
            connection.batch_execute(STAGE)?;
            Ok(connection)
        };
        let (mut donors, mut donations) = (Vec::new(), Vec::new());
        let connection = &mut connect()?;
        connection.batch_execute("INSERT INTO staged_donors SELECT * FROM donors ORDER BY ctid")?;
        let staged = diesel::copy_to(staged_donors::table).with_format(CopyFormat::Binary);
        staged.load_raw(connection)?.read_to_end(&mut donors)?;
        let connection = &mut connect()?;
        connection.batch_execute("INSERT INTO staged_donations SELECT * FROM donations ORDER BY ctid")?;
        let staged = diesel::copy_to(staged_donations::table).with_format(CopyFormat::Binary);
        staged.load_raw(connection)?.read_to_end(&mut donations)?;
        Ok(Self { imports: import_ids(&mut connect()?)?, donors, donations })
    }

    /// Writes the rows into a migrated, empty database; how long it took.
    pub fn write(&self, database: &Database) -> Outcome<Duration> {
        let connection = &mut PgConnection::establish(&database.url)?;
        let began = Instant::now();
        connection.transaction::<_, Box<dyn std::error::Error>, _>(|connection| {
            for id in &self.imports {
                connection
                    .batch_execute(&format!("INSERT INTO imports (id, started_at) VALUES ('{id}', now())"))?;
            }
            connection.batch_execute(STAGE)?;
            diesel::copy_from(staged_donors::table)
                .from_raw_data(staged_donors::table, |out| in_chunks(&self.donors, out))
                .with_format(CopyFormat::Binary)
                .execute(connection)?;
            connection.batch_execute(TAKE_DONORS)?;
            diesel::copy_from(staged_donations::table)
                .from_raw_data(staged_donations::table, |out| in_chunks(&self.donations, out))
                .with_format(CopyFormat::Binary)
                .execute(connection)?;
            connection.batch_execute(TAKE_DONATIONS)?;
            Ok(())
        })?;
        Ok(began.elapsed())
    }
}

fn in_chunks(bytes: &[u8], out: &mut dyn Write) -> diesel::QueryResult<()> {
    let failed = |failure| diesel::result::Error::SerializationError(Box::new(failure));
    bytes.chunks(CHUNK).try_for_each(|chunk| out.write_all(chunk).map_err(failed))
}

fn import_ids(connection: &mut PgConnection) -> Outcome<Vec<String>> {
    use diesel::prelude::*;
    diesel::table! {
        imports (id) {
            id -> Text,
        }
    }
    Ok(imports::table.select(imports::id).load(connection)?)
}
