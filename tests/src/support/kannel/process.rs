//! A program of Kannel's, and what it leaves behind.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Lines};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

/// What a program says, line by line.
pub(super) type Log = Lines<BufReader<ChildStderr>>;

/// A running program with its process group: `smsbox` replaces itself by a child when it loses `bearerbox`. Dropping it
/// ends them all (SIGKILL), and waits until the program is gone.
pub(super) struct Process(Child);

/// A command that the kernel ends when the thread that starts it does.
pub(super) fn ending_with_us(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program.as_ref());
    command
}

impl Process {
    /// Runs a command; what it says is added to a file.
    pub fn start_writing(mut command: Command, log: &Path) -> Self {
        let log = OpenOptions::new().create(true).append(true).open(log).unwrap();
        Self::start(command.stderr(log))
    }

    /// Runs a command; what it says is to be read to the end, or it waits for its reader.
    pub fn start_reading(mut command: Command) -> (Self, Log) {
        let mut process = Self::start(command.stderr(Stdio::piped()));
        let log = BufReader::new(process.0.stderr.take().unwrap()).lines();
        (process, log)
    }

    fn start(command: &mut Command) -> Self {
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).process_group(0).spawn();
        Self(started.expect("setpriv is installed"))
    }

    /// Whether it has not ended.
    pub fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        // Not reaped yet, it keeps the group's number taken; there may be nobody else in it.
        let group = format!("kill -s KILL -- -{}", self.0.id());
        let _ = Command::new("sh").args(["-c", &group]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}
