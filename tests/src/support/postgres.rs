//! A PostgreSQL of one test's own, durable as it comes, which the test may stop at once and start again.

use super::{set_by_test, variable};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use tempfile::TempDir;

/// What PostgreSQL says when it is ready.
const READY: &str = "database system is ready to accept connections";
/// A PostgreSQL that takes longer to start is not coming.
const PATIENCE: Duration = Duration::from_secs(60);

/// A PostgreSQL on a Unix socket in a temporary folder; it ends when it goes out of scope.
pub struct Postgres {
    process: Option<Child>,
    data: PathBuf,
    // It goes last: the server writes into it.
    _folder: TempDir,
}

impl Postgres {
    /// Makes a cluster and starts it.
    ///
    /// The server ends with the thread that started it, too.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).unwrap();
        let data = folder.path().join("postgres");
        std::fs::create_dir(&data).unwrap();
        if let Some(user) = variable("REXUE_TEST_POSTGRES_USER") {
            chown(&data, Some(id("-u", &user)), Some(id("-g", &user))).unwrap();
        }
        let made = as_user("initdb")
            .arg("--pgdata")
            .arg(&data)
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .current_dir("/")
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        Self { process: Some(serve(&data)), data, _folder: folder }
    }

    /// The URL of the database `postgres`, where others may be made.
    pub fn url(&self) -> String {
        let host = self.data.to_string_lossy().replace('/', "%2F");
        format!("postgres://postgres@{host}/postgres")
    }

    /// What `pg_ctl stop -m immediate` does: ends everything in the middle, without a checkpoint.
    pub fn stop_at_once(&mut self) {
        if let Some(mut process) = self.process.take() {
            let sent = Command::new("sh").args(["-c", &format!("kill -QUIT {}", process.id())]).status();
            assert!(sent.unwrap().success());
            process.wait().unwrap();
        }
    }

    /// Starts it again; it recovers what was committed.
    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "it runs");
        self.process = Some(serve(&self.data));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop_at_once();
    }
}

/// One of PostgreSQL's programs, as somebody whom it does not refuse to serve.
fn as_user(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if let Some(user) = variable("REXUE_TEST_POSTGRES_USER") {
        let (user_id, group_id) = (id("-u", &user), id("-g", &user));
        command.arg(format!("--reuid={user_id}")).arg(format!("--regid={group_id}")).arg("--clear-groups");
    }
    command.arg(Path::new(&set_by_test("REXUE_TEST_POSTGRES_PROGRAMS")).join(program));
    command
}

fn id(which: &str, user: &str) -> u32 {
    let output = Command::new("id").args([which, user]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn serve(data: &Path) -> Child {
    let mut process = as_user("postgres")
        .arg("-D")
        .arg(data)
        .args(["-c", "listen_addresses=", "-c", "max_connections=100"])
        .arg("-c")
        .arg(format!("unix_socket_directories={}", data.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .current_dir("/")
        .spawn()
        .expect("PostgreSQL and setpriv are installed");
    let (sender, ready) = channel();
    let log = BufReader::new(process.stderr.take().unwrap());
    std::thread::spawn(move || read(log, &sender));
    if ready.recv_timeout(PATIENCE).is_err() {
        process.kill().unwrap();
        process.wait().unwrap();
        panic!("PostgreSQL did not start");
    }
    process
}

/// Reads to the end, so that the server never waits for its log to be read.
fn read(log: impl BufRead, ready: &Sender<()>) {
    for line in log.lines().map_while(Result::ok) {
        if line.contains(READY) {
            // Who no longer waits has failed already.
            let _ = ready.send(());
        }
    }
}
