//! The real server, as a process.

use super::canaries::assert_nothing_personal;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

/// What the server says when it is ready.
const READY: &str = "rexue listens on http://";
/// A server or an answer that takes longer is not coming.
const PATIENCE: Duration = Duration::from_secs(60);
/// A connection that nobody used for so long is not used again: the server closes those of five seconds.
const IDLE: Duration = Duration::from_secs(2);

/// A running server; it is stopped with SIGTERM when it goes out of scope. Then its log MUST be free of what belongs to
/// invented persons, whatever the test is about.
pub struct Server {
    process: Child,
    address: String,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    agent: Option<Agent>,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|failure| panic!("{failure} in {:?}", self.body))
    }

    /// The answer has this status.
    #[track_caller]
    pub fn with_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// The code of a problem (RFC 9457), which the answer is.
    #[track_caller]
    pub fn problem(&self) -> String {
        let problem = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["type"], "about:blank");
        for member in ["title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        problem["code"].as_str().unwrap().to_owned()
    }
}

impl Server {
    /// Runs the command and waits until it says that it listens.
    pub(super) fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (sender, ready) = channel();
        let errors = BufReader::new(process.stderr.take().unwrap());
        let copy = Arc::clone(&log);
        let reader = std::thread::spawn(move || keep(errors, &copy, &sender));
        let address = ready.recv_timeout(PATIENCE);
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .max_idle_age(IDLE)
            .build()
            .new_agent();
        let mut server =
            Self { process, address: String::new(), log, reader: Some(reader), agent: Some(agent) };
        server.address = address.unwrap_or_else(|_| panic!("the server did not start:\n{}", server.log()));
        server
    }

    /// `127.0.0.1:<port>`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// All that the server has logged.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Sends a request.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let agent = self.agent.as_ref().unwrap();
        let sent = match body {
            [] => agent.run(request.body(()).unwrap()),
            body => agent.run(request.body(body).unwrap()),
        };
        let mut response =
            sent.unwrap_or_else(|failure| panic!("{method} {path}: {failure}\n{}", self.log()));
        let answer = Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap(),
        };
        if answer.header("content-type") == "application/problem+json" {
            assert_nothing_personal("a problem", answer.text());
        }
        answer
    }

    /// GET.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], &[])
    }

    /// GET with headers.
    #[track_caller]
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", path, headers, &[])
    }

    /// POST.
    #[track_caller]
    pub fn post(&self, path: &str, media_type: &str, body: &[u8]) -> Answer {
        self.request("POST", path, &[("content-type", media_type)], body)
    }

    /// What `POST /v1/verify` says of a text.
    #[track_caller]
    pub fn verify(&self, text: &str) -> Value {
        self.post("/v1/verify", "text/plain", text.as_bytes()).with_status(200).json()
    }

    /// Asks the server to end, without waiting for it.
    pub fn ask_to_stop(&mut self) {
        if self.agent.is_some() && !std::thread::panicking() {
            assert_nothing_personal("the metrics", self.get("/metrics").text());
        }
        // Connections that nobody uses are closed: the server would wait for them.
        self.agent = None;
        let ended = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.process.id())]).status();
        assert!(ended.unwrap().success());
    }

    /// Ends the server in the middle of whatever it does (SIGKILL), and waits until it is gone.
    pub fn kill(mut self) {
        self.agent = None;
        self.process.kill().unwrap();
        self.wait();
    }

    /// Waits for the end, and for the last line of the log.
    pub fn wait(&mut self) -> (ExitStatus, String) {
        let status = self.process.wait().unwrap();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        (status, self.log())
    }

    /// Asks the server to end, and waits for it.
    pub fn stop(mut self) -> (ExitStatus, String) {
        self.ask_to_stop();
        self.wait()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.ask_to_stop();
        }
        let (_, log) = self.wait();
        assert_nothing_personal("the server's log", &log);
    }
}

fn keep(errors: impl BufRead, log: &Mutex<String>, ready: &Sender<String>) {
    for line in errors.lines() {
        let line = line.unwrap();
        if let Some((_, address)) = line.split_once(READY) {
            // Who no longer waits has failed already.
            let _ = ready.send(address.trim().to_owned());
        }
        let mut log = log.lock().unwrap();
        log.push_str(&line);
        log.push('\n');
    }
}
