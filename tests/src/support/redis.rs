//! A Redis of one test's own, which the test may stop, freeze and start again.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A Redis that takes longer to start is not coming.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where ports are looked for: below the range from which the kernel takes ports for outgoing connections, so that the
/// port is still free when Redis comes back to it.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A Redis that keeps nothing on disk; it ends when it goes out of scope.
pub struct Redis {
    port: u16,
    process: Option<Child>,
}

impl Redis {
    /// Starts on a free port of this machine.
    pub fn start() -> Self {
        let first = u16::try_from(std::process::id() * 31 % u32::from(PORTS.end - PORTS.start)).unwrap();
        let ports = (PORTS.start + first..PORTS.end).chain(PORTS);
        // Another test may be faster: then the next port is tried.
        let mut started =
            ports.filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).map(serve);
        let (port, process) = started.find_map(Result::ok).expect("a free port");
        Self { port, process: Some(process) }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it at once, and waits until it is gone. What it held is lost.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts it again, empty, on the same port.
    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "it runs");
        let (_, process) = serve(self.port).expect("the port is still free");
        self.process = Some(process);
    }

    /// Lets it take connections and requests, and answer none.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it answer again.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.process.as_ref().expect("it runs").id();
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Runs Redis on a port until it answers; fails when it ends before. The kernel ends it when this process dies.
fn serve(port: u16) -> Result<(u16, Child), ()> {
    let mut process = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "redis-server", "--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "no"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server and setpriv are installed");
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if who_serves(port) == Some(process.id()) {
            return Ok((port, process));
        }
        if process.try_wait().unwrap().is_some() {
            return Err(());
        }
        std::thread::yield_now();
    }
    process.kill().unwrap();
    process.wait().unwrap();
    Err(())
}

/// The process behind a port, by its own word: another test's Redis may have taken it.
fn who_serves(port: u16) -> Option<u32> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    connection.write_all(b"INFO server\r\nQUIT\r\n").ok()?;
    let lines = BufReader::new(connection).lines().map_while(Result::ok);
    lines.filter_map(|line| line.strip_prefix("process_id:")?.trim().parse().ok()).next()
}
