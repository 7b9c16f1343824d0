//! The program, run as whoever sits at the terminal runs it.

use super::canaries::assert_nothing_personal;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Output;

/// `target/<profile>/rexue`, beside the folder of the running test.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().skip(1).map(|folder| folder.join("rexue")).find(|file| file.is_file());
    program.unwrap_or_else(|| {
        panic!("there is no rexue above {}: run `cargo build -p rexue` first", test.display())
    })
}

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Reads what a process left.
    #[track_caller]
    pub fn new(output: Output) -> Self {
        let ran = Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            err: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        };
        assert_nothing_personal("what a command logged", &ran.err);
        ran
    }

    /// The command went well.
    #[track_caller]
    pub fn well(self) -> Self {
        self.with_code(0)
    }

    /// The command ended with this exit code.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "standard output:\n{}standard error:\n{}", self.out, self.err);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|failure| panic!("{failure} in {self:?}"))
    }
}
