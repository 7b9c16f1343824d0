//! A demo city's two record files, of any size.

use crate::Outcome;
use rexue::chance::Chance;
use rexue::clock::{Clock, day_in_china};
use rexue::demo::Plan;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The same city in every run.
const SEED: u64 = 2019;

/// The two files.
pub struct City {
    /// The donors.
    pub donors: PathBuf,
    /// The donations.
    pub donations: PathBuf,
}

impl City {
    /// Writes the files of a city of this size into `folder`.
    pub fn write(folder: &Path, donors: u32, donations: u32) -> Outcome<Self> {
        let today = day_in_china(Clock::System.now());
        let plan = Plan::new(donors, Some(donations), today, &mut Chance::from_seed(SEED));
        let city = Self { donors: folder.join("donors.csv"), donations: folder.join("donations.csv") };
        let mut out = BufWriter::new(File::create(&city.donors)?);
        plan.write_donors(&mut out)?;
        out.flush()?;
        let mut out = BufWriter::new(File::create(&city.donations)?);
        plan.write_donations(&mut out)?;
        out.flush()?;
        Ok(city)
    }
}
