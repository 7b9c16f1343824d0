//! Children of this process: this program in another part, watched while it runs.

use crate::{Outcome, role};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How often a child's memory is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// This program, about to play a part.
pub fn part(role: &str) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(role::VARIABLE, role);
    Ok(command)
}

/// What a command that ended took.
pub struct Ended {
    /// What it printed.
    pub output: String,
    /// From its start to its end.
    pub took: Duration,
    /// The most memory it had at once (`VmHWM`), MiB.
    pub peak_mib: f64,
    /// The processor time of all its threads, seconds.
    pub worked: f64,
}

/// Runs a command to its end, which must be a good one.
pub fn run(command: &mut Command) -> Outcome<Ended> {
    let began = Instant::now();
    let child = command.stdout(Stdio::piped()).spawn()?;
    let id = child.id();
    let (sender, ended) = channel();
    let waiting = std::thread::spawn(move || {
        let output = child.wait_with_output();
        // Whoever hung up does not care how long it took.
        let _ = sender.send(began.elapsed());
        output
    });
    let (mut peak_mib, mut worked) = (0.0_f64, 0.0_f64);
    let took = loop {
        match ended.recv_timeout(LOOK) {
            Ok(took) => break took,
            Err(RecvTimeoutError::Timeout) => {
                peak_mib = peak_mib.max(peak_memory_mib(id).unwrap_or(0.0));
                worked = worked.max(processor_seconds(id).unwrap_or(0.0));
            }
            Err(RecvTimeoutError::Disconnected) => return Err("a child's end was missed".into()),
        }
    };
    let output = waiting.join().map_err(|_| "the waiting thread ended early")??;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status).into());
    }
    Ok(Ended { output: String::from_utf8(output.stdout)?, took, peak_mib, worked })
}

/// A server that runs until it is dropped.
pub struct Server {
    child: Child,
    /// Its address: `127.0.0.1:port`.
    pub address: String,
    log: PathBuf,
}

impl Server {
    /// Starts a server that says `… listens on http://ADDRESS` on its standard error, which goes to the file `log`.
    pub fn start(command: &mut Command, log: &Path) -> Outcome<Self> {
        let child = command.stdout(Stdio::null()).stderr(File::create(log)?).spawn()?;
        let mut server = Self { child, address: String::new(), log: log.to_owned() };
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(20) {
            let said = std::fs::read_to_string(log)?;
            if let Some((_, rest)) = said.split_once("listens on http://")
                && let Some((address, _)) = rest.split_once('\n')
            {
                server.address = address.trim().to_owned();
                return Ok(server);
            }
            if server.child.try_wait()?.is_some() {
                return Err(format!("a server ended at once: {said}").into());
            }
            pause();
        }
        Err("a server did not start".into())
    }

    /// The most memory it had at once (`VmHWM`), MiB.
    pub fn peak_memory_mib(&self) -> Outcome<f64> {
        peak_memory_mib(self.child.id()).ok_or_else(|| "a server's memory cannot be read".into())
    }

    /// The processor time that it has taken, of all its threads, seconds.
    pub fn processor_seconds(&self) -> Outcome<f64> {
        processor_seconds(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is a child of ours and has nothing to lose; its log may be large.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.log);
    }
}

fn processor_seconds(id: u32) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th field behind it, in
    // hundredths of a second.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(ticks as f64 / 100.0)
}

fn peak_memory_mib(id: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[expect(clippy::disallowed_methods, reason = "another process's start cannot be waited for in another way")]
fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}
