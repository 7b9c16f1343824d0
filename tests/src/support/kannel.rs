//! A real Kannel of one test's own: `bearerbox`, `smsbox`, and `fakesmsc` in the carrier's place.
//!
//! The test may end `bearerbox` in the middle of its work and start it again, and may send the carrier away. What is
//! queued is in a file; which receipts are wanted is in `bearerbox`'s memory, and lost with it.

mod carrier;
mod configuration;
mod process;

pub use carrier::ArrivedSms;

use super::{set_by_test, until};
use carrier::{Carrier, line_to_send};
use configuration::{Configuration, Ports};
use process::Process;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Kannel with a carrier behind it; it ends when it goes out of scope, or the thread that started it does.
pub struct Kannel {
    ports: Ports,
    inbound: Option<String>,
    bearerbox: Option<Process>,
    smsbox: Option<Process>,
    fakesmsc: Option<Process>,
    carrier: Carrier,
    // It goes last: the programs write into it.
    folder: TempDir,
}

impl Kannel {
    /// The number that messages come from.
    pub const FROM: &str = "106900001234";
    /// The user of `sendsms`.
    pub const USER: &str = "rexue";
    /// Its password.
    pub const PASSWORD: &str = "kannel-password-canary";

    /// Starts on free ports of this machine, and waits until a message can be sent. Texts that come in go nowhere.
    pub fn start() -> Self {
        let mut kannel = Self {
            ports: Ports::reserve(),
            inbound: None,
            bearerbox: None,
            smsbox: None,
            fakesmsc: None,
            carrier: Carrier::default(),
            folder: tempfile::tempdir().unwrap(),
        };
        kannel.start_bearerbox_again();
        kannel
    }

    /// Where texts that come in are sent from now on: `from`, `text` and `id` are added to the address, as the product's
    /// documentation tells a station to set it up. `smsbox` is started again for it.
    pub fn inbound_to(&mut self, url: &str) {
        self.inbound = Some(url.to_owned());
        self.smsbox = None;
        until("bearerbox sees smsbox go", || !self.status_has("<type>smsbox</type>"));
        self.configure();
        self.start_smsbox();
    }

    /// The address of `sendsms`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/cgi-bin/sendsms", self.ports.sendsms())
    }

    /// The settings that lead a server here, as variables; `receipts_url` is where Kannel calls with receipts, or empty.
    pub fn settings(&self, receipts_url: &str) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("REXUE_SMS_PROVIDER", "kannel".to_owned()),
            ("REXUE_SMS_URL", self.url()),
            ("REXUE_SMS_USER", Self::USER.to_owned()),
            ("REXUE_SMS_PASSWORD", Self::PASSWORD.to_owned()),
            ("REXUE_SMS_FROM", Self::FROM.to_owned()),
        ];
        if !receipts_url.is_empty() {
            settings.push(("REXUE_SMS_RECEIPTS_URL", receipts_url.to_owned()));
        }
        settings
    }

    /// Every message that the carrier got, in order; one in parts counts once its last part is there.
    pub fn messages(&self) -> Vec<ArrivedSms> {
        self.carrier.messages()
    }

    /// Waits until the carrier has got a message to a number with such a text.
    #[track_caller]
    pub fn wait_for(&self, to: &str, is: impl Fn(&str) -> bool) -> ArrivedSms {
        let found = self.carrier.wait(|messages| {
            messages.iter().rev().find(|message| message.to == to && is(&message.text)).cloned()
        });
        found.unwrap_or_else(|| panic!("no such SMS came to {to}; the carrier has {:?}", self.messages()))
    }

    /// Waits until the carrier has got so many messages, and gives them all.
    #[track_caller]
    pub fn wait_for_count(&self, count: usize) -> Vec<ArrivedSms> {
        let found = self.carrier.wait(|messages| (messages.len() >= count).then(|| messages.to_vec()));
        found.unwrap_or_else(|| panic!("{} of {count} SMS came", self.messages().len()))
    }

    /// Lets a telephone send a text to us, and returns when it is on its way through `bearerbox`.
    pub fn receive(&self, from: &str, to: &str, text: &str) {
        let line = line_to_send(from, to, text);
        let mut command = fakesmsc(self.ports.telephones());
        command.args(["-m", "1", &line]);
        let (telephone, log) = Process::start_reading(command);
        let sent = log.map_while(Result::ok).any(|line| line.contains("sent message 1"));
        assert!(sent, "the telephone could not send");
        drop(telephone);
    }

    /// Disconnects the carrier: what is sent now is queued.
    pub fn send_carrier_away(&mut self) {
        self.fakesmsc = None;
        until("bearerbox sees the carrier go", || !self.carrier_is("online"));
    }

    /// Connects the carrier again.
    pub fn bring_carrier_back(&mut self) {
        assert!(self.fakesmsc.is_none(), "it is there");
        let mut command = fakesmsc(self.ports.carrier());
        // It sends nothing, and is told what to send all the same.
        command.args(["-m", "0", "1 2 text nothing"]);
        let (process, log) = Process::start_reading(command);
        self.carrier.read(log);
        self.fakesmsc = Some(process);
        until("the carrier is connected", || self.carrier_is("online"));
    }

    /// How many messages wait in the file for the carrier; `None` when `bearerbox` does not run.
    pub fn queued(&self) -> Option<usize> {
        let status = self.status()?;
        let (_, size) = status.split_once("<storesize>")?;
        size.split('<').next()?.parse().ok()
    }

    /// Ends `bearerbox` in the middle of whatever it does (SIGKILL), and waits until it is gone. The carrier's program
    /// ends with it. `smsbox` closes its port, and would come back after ten seconds as another process.
    pub fn kill_bearerbox(&mut self) {
        self.bearerbox = None;
        self.fakesmsc = None;
    }

    /// Starts `bearerbox` again with the queue that it had, and `smsbox` with it; the carrier stays away.
    pub fn start_bearerbox_without_carrier(&mut self) {
        assert!(self.bearerbox.is_none(), "it runs");
        // The old one is about to start again by itself, under another number, or to give up.
        self.smsbox = None;
        self.configure();
        self.bearerbox = Some(self.run("bearerbox"));
        until("bearerbox has opened its ports", || self.is_up("bearerbox") && self.carrier_is("connecting"));
        self.start_smsbox();
    }

    /// Starts `bearerbox` again with the queue that it had, `smsbox` and the carrier's program with it.
    pub fn start_bearerbox_again(&mut self) {
        self.start_bearerbox_without_carrier();
        self.bring_carrier_back();
    }

    fn start_smsbox(&mut self) {
        until("bearerbox listens for smsbox", || listens(self.ports.smsbox()));
        self.smsbox = Some(self.run("smsbox"));
        until("messages can be sent", || self.is_up("smsbox") && self.has_smsbox());
    }

    fn has_smsbox(&self) -> bool {
        listens(self.ports.sendsms()) && self.status_has("<type>smsbox</type>")
    }

    fn configure(&self) {
        let configuration = Configuration {
            ports: &self.ports,
            folder: self.folder.path(),
            inbound: self.inbound.as_deref(),
        };
        std::fs::write(self.file("kannel.conf"), configuration.to_string()).unwrap();
    }

    /// One of the two programs, in the test's folder; what it says goes into a file.
    fn run(&self, program: &str) -> Process {
        let mut command =
            process::ending_with_us(Path::new(&set_by_test("REXUE_TEST_KANNEL_PROGRAMS")).join(program));
        command.arg(self.file("kannel.conf")).current_dir(self.folder.path());
        Process::start_writing(command, &self.log_of(program))
    }

    /// # Panics
    /// When the program has ended.
    #[track_caller]
    fn is_up(&mut self, program: &str) -> bool {
        let process = if program == "smsbox" { &mut self.smsbox } else { &mut self.bearerbox };
        let runs = process.as_mut().is_some_and(Process::runs);
        assert!(runs, "{program}: {}", std::fs::read_to_string(self.log_of(program)).unwrap_or_default());
        true
    }

    fn carrier_is(&self, state: &str) -> bool {
        self.status_has(&format!("<id>carrier</id>\n\t\t<status>{state}"))
    }

    fn status_has(&self, text: &str) -> bool {
        self.status().is_some_and(|status| status.contains(text))
    }

    /// What `bearerbox` tells its administrator.
    fn status(&self) -> Option<String> {
        let url = format!("http://127.0.0.1:{}/status.xml?password={}", self.ports.admin(), Self::PASSWORD);
        ureq::get(url).call().ok()?.body_mut().read_to_string().ok()
    }

    fn log_of(&self, program: &str) -> std::path::PathBuf {
        self.file(&format!("{program}.log"))
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Kannel {
    fn drop(&mut self) {
        // smsbox first: it would wait for bearerbox to come back.
        self.smsbox = None;
        self.fakesmsc = None;
        self.bearerbox = None;
    }
}

fn fakesmsc(port: u16) -> Command {
    let mut command = process::ending_with_us(set_by_test("REXUE_TEST_FAKESMSC"));
    command.args(["-H", "127.0.0.1", "-r", &port.to_string()]);
    command
}

fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}
