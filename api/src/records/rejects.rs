//! The rejects file: every row that was not imported, with its line and the reason, for whoever mends it.

use super::reader::Rejection;
use crate::error::Error;
use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// A rejects file, open for writing: CSV with the columns `file,line,column,reason,message,row`. It holds
/// personal data as the rows did, and only its owner may read it.
pub struct RejectsFile(csv::Writer<File>);

impl RejectsFile {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    /// `cannot_write`.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)
            .map_err(|failure| cannot_write(&failure))?;
        // A file that was there before would keep its mode otherwise.
        file.set_permissions(Permissions::from_mode(0o600)).map_err(|failure| cannot_write(&failure))?;
        let mut writer = csv::Writer::from_writer(file);
        writer
            .write_record(["file", "line", "column", "reason", "message", "row"])
            .map_err(|failure| cannot_write(&failure))?;
        Ok(Self(writer))
    }

    /// Writes one rejection of a row of `file` (`donors`, `donations` or `units`).
    ///
    /// # Errors
    /// `cannot_write`.
    pub fn write(&mut self, file: &str, rejection: &Rejection) -> Result<(), Error> {
        let refusal = &rejection.refusal;
        let line = rejection.line.to_string();
        self.0
            .write_record([file, &line, refusal.column, refusal.reason, &refusal.message, &rejection.raw])
            .map_err(|failure| cannot_write(&failure))
    }

    /// Makes sure that everything written is in the file.
    ///
    /// # Errors
    /// `cannot_write`.
    pub fn finish(mut self) -> Result<(), Error> {
        self.0.flush().map_err(|failure| cannot_write(&failure))
    }
}

fn cannot_write(failure: &dyn std::fmt::Display) -> Error {
    Error::invalid("cannot_write", "The rejects file cannot be written.").because(failure)
}
