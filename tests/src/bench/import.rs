//! A station's whole history imported by the real program, and certificates issued for everybody in it.

use crate::city::City;
use crate::database::{Database, Place};
use crate::options::Options;
use crate::report::{Goal, Report};
use crate::rounds::{Turn, Turns, rate};
use crate::station::Station;
use crate::{Outcome, copy_floor, sqlite_floor};
use ed25519_dalek::{Signer, SigningKey};
use tempfile::TempDir;

/// The most memory that an import may have at once, MiB.
const MOST_MEMORY_MIB: f64 = 256.0;
/// Certificates a second, signed and stored, on two cores.
const CERTIFICATES_A_SECOND: f64 = 15_000.0;

/// Measures import and issue, on both databases.
pub fn measure(options: &Options, report: &mut Report) -> Outcome<()> {
    let folder = TempDir::new()?;
    let city = City::write(folder.path(), options.donors, options.donations)?;
    for place in Place::all(options) {
        measure_at(&place, &city, options, report)?;
    }
    Ok(())
}

fn measure_at(place: &Place, city: &City, options: &Options, report: &mut Report) -> Outcome<()> {
    let rows = f64::from(options.donors) + f64::from(options.donations);
    let (mut turns, mut signing) = (Turns::default(), Turns::default());
    let (mut import_mib, mut issue_mib, mut issued_a_second) = (Vec::new(), Vec::new(), Vec::new());
    let mut floor = None;
    for _ in 0..options.import_rounds {
        let station = Station::found(place)?;
        let imported = station.import(city)?;
        check(&imported.output, options)?;
        turns.lane.push(Turn::of(rows, imported.took, place.work(imported.worked)));
        import_mib.push(imported.peak_mib);

        if options.wants("import") {
            let floor = match &mut floor {
                Some(floor) => floor,
                none => none.insert(Floor::of(place, &station.database)?),
            };
            turns.floor.push(floor.write(&Station::found(place)?.database, rows)?);
        }
        if options.wants("issue") {
            let (count, issued) = station.issue()?;
            issued_a_second.push(count as f64 / issued.took.as_secs_f64());
            issue_mib.push(issued.peak_mib);
            signing.lane.push(Turn::of(count as f64, issued.took, place.work(issued.worked)));
            signing.floor.push(raw_signing(options)?);
        }
    }
    let name = place.name();
    let (floor_name, goal) = match place {
        Place::Sqlite => ("rusqlite, ON CONFLICT", 0.3),
        Place::Postgres(_) => ("COPY, ON CONFLICT", 0.4),
    };
    if options.wants("import") {
        report.lane(&format!("import, rows ({name})"), floor_name, &turns, Goal::AtLeast(goal));
        report.figure(
            &format!("import's memory ({name})"),
            "MiB",
            &import_mib,
            Goal::AtMost(MOST_MEMORY_MIB),
        );
    }
    if options.wants("issue") {
        let goal = Goal::AtLeast(CERTIFICATES_A_SECOND);
        report.figure(&format!("issue --all, certificates ({name})"), "/s", &issued_a_second, goal);
        report.lane(&format!("issue --all ({name})"), "dalek sign, one core", &signing, Goal::None);
        report.figure(&format!("issue's memory ({name})"), "MiB", &issue_mib, Goal::None);
    }
    Ok(())
}

/// What the machine can do just now: signatures of 300 bytes, one after another.
fn raw_signing(options: &Options) -> Outcome<Turn> {
    let key = SigningKey::from_bytes(&[2; 32]);
    rate(options.seconds, || vec![[7_u8; 300]; 500], |message| Ok(key.sign(&message)))
}

/// Everything was new, and nothing was refused.
fn check(output: &str, options: &Options) -> Outcome<()> {
    let said: serde_json::Value = serde_json::from_str(output)?;
    let count = |pointer| said.pointer(pointer).and_then(serde_json::Value::as_u64);
    let created = (count("/donors/created"), count("/donations/created"));
    if created == (Some(options.donors.into()), Some(options.donations.into())) {
        Ok(())
    } else {
        Err(format!("not everything was imported: {output}").into())
    }
}

/// The same rows, by the database's own shortest way.
enum Floor {
    Copy(copy_floor::Rows),
    Sqlite(sqlite_floor::Rows),
}

impl Floor {
    fn of(place: &Place, imported: &Database) -> Outcome<Self> {
        Ok(match place {
            Place::Sqlite => Self::Sqlite(sqlite_floor::Rows::of(imported)?),
            Place::Postgres(_) => Self::Copy(copy_floor::Rows::of(imported)?),
        })
    }

    fn write(&self, empty: &Database, rows: f64) -> Outcome<Turn> {
        match self {
            Self::Copy(copy) => Ok(Turn::of(rows, copy.write(empty)?, f64::NAN)),
            Self::Sqlite(rows) => rows.write(empty),
        }
    }
}
