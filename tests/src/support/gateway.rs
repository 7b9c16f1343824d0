//! The providers, played by one real HTTP server: Kannel's `sendsms`, Alibaba Cloud's and Tencent Cloud's `SendSms`, and WeChat's
//! server for mini-programs.
//!
//! It answers as their documentation says, checks who asks, and misbehaves when it is told to.

mod aliyun;
mod http;
mod kannel;
mod signed;
mod tencent;
mod wechat;

use http::{Reply, Request};
use notifications::Message;
use std::collections::{HashMap, HashSet};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;
use wechat::WeChatState;

/// A message that takes longer is not coming.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the gateway answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// As it should.
    Well,
    /// WeChat's endpoints with this `errcode`; `sendsms` as it should.
    Errcode(i64),
    /// Alibaba's and Tencent's `SendSms` with this code, and sends nothing; everything else as it should.
    Code(&'static str),
    /// With this HTTP status and a page that quotes the whole request.
    Status(u16),
    /// Does what it is asked, and answers when it is told to behave in another way: well, or with a status.
    Late,
    /// Reads the request and says nothing, until the client goes away.
    Hang,
    /// With ten megabytes.
    Huge,
    /// Does what it is asked, and closes the connection in the middle of the answer.
    HalfClosed,
}

/// An SMS that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// The recipient.
    pub to: String,
    /// The sender.
    pub from: String,
    /// The text.
    pub text: String,
    /// Whether user and password were right; it was refused if not.
    pub credentials_ok: bool,
}

/// The providers' server; it ends when it goes out of scope.
pub struct Gateway {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    stopped: bool,
    behaviour: Behaviour,
    messages: Vec<Sms>,
    /// How many of the messages `next_code` has looked at, by recipient.
    codes_taken: HashMap<String, usize>,
    /// The nonces of signed requests.
    nonces: HashSet<String>,
    wechat: WeChatState,
}

impl Gateway {
    /// The user of `sendsms`.
    pub const SMS_USER: &str = "rexue";
    /// Its password.
    pub const SMS_PASSWORD: &str = "sms-password-canary";
    /// The number that messages come from.
    pub const SMS_FROM: &str = "106900001234";
    /// The mini-program's AppID.
    pub const APP_ID: &str = "wx0123456789abcdef";
    /// Its AppSecret.
    pub const APP_SECRET: &str = "wechat-secret-canary";

    /// The approved signature at Alibaba and Tencent Cloud.
    pub const SIGN_NAME: &str = "南河市中心血站";

    /// A template for every kind: what it begins with, and a number that is no six digits long.
    fn templates(prefix: &str) -> String {
        let of = |(number, kind): (usize, &&'static str)| {
            ((*kind).to_owned(), Self::template(prefix, number).into())
        };
        serde_json::Value::Object(Message::KINDS.iter().enumerate().map(of).collect()).to_string()
    }

    fn template(prefix: &str, number: usize) -> String {
        format!("{prefix}{number:03}")
    }

    fn knows(prefix: &str, template: &str) -> bool {
        (0..Message::KINDS.len()).any(|number| Self::template(prefix, number) == template)
    }

    /// Starts on a free port of this machine.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            stopped: false,
            behaviour: Behaviour::Well,
            messages: Vec::new(),
            codes_taken: HashMap::new(),
            nonces: HashSet::new(),
            wechat: WeChatState::default(),
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let listener = std::thread::spawn({
            let shared = shared.clone();
            move || listen(&listener, &shared)
        });
        Self { address, shared, listener: Some(listener) }
    }

    /// Where it is, without a slash at the end: for `sms.url` and `wechat.base_url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The settings that lead a server here, as variables.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("REXUE_SMS_PROVIDER", "kannel".to_owned()),
            ("REXUE_SMS_URL", self.url()),
            ("REXUE_SMS_USER", Self::SMS_USER.to_owned()),
            ("REXUE_SMS_PASSWORD", Self::SMS_PASSWORD.to_owned()),
            ("REXUE_SMS_FROM", Self::SMS_FROM.to_owned()),
            ("REXUE_WECHAT_APP_ID", Self::APP_ID.to_owned()),
            ("REXUE_WECHAT_SECRET", Self::APP_SECRET.to_owned()),
            ("REXUE_WECHAT_BASE_URL", self.url()),
        ]
    }

    /// How it answers from now on.
    pub fn will_answer(&self, behaviour: Behaviour) {
        self.shared.lock().behaviour = behaviour;
        self.shared.changed.notify_all();
    }

    /// Every SMS that was handed over, refused ones too, in order.
    pub fn messages(&self) -> Vec<Sms> {
        self.shared.lock().messages.clone()
    }

    /// The text of the newest SMS that was accepted for a number; waits for the first one.
    #[track_caller]
    pub fn wait_for_message(&self, to: &str) -> String {
        let state = self.shared.wait_until(|state| state.accepted(to).next().is_some());
        let text = state.and_then(|state| state.accepted(to).last().map(str::to_owned));
        text.unwrap_or_else(|| panic!("no SMS came within {PATIENCE:?}"))
    }

    /// The text of the newest SMS to a number; waits for one that has come since the last call.
    #[track_caller]
    pub fn next_message(&self, to: &str) -> String {
        let taken = |state: &State| state.codes_taken.get(to).copied().unwrap_or(0);
        let state = self.shared.wait_until(|state| state.accepted(to).count() > taken(state));
        let text = state.map(|mut state| {
            let count = state.accepted(to).count();
            state.codes_taken.insert(to.to_owned(), count);
            state.accepted(to).last().unwrap().to_owned()
        });
        text.unwrap_or_else(|| panic!("no further SMS came within {PATIENCE:?}"))
    }

    /// The six digits of the newest SMS to a number; waits for one that has come since the last call.
    #[track_caller]
    pub fn next_code(&self, to: &str) -> String {
        let text = self.next_message(to);
        six_digits(&text).unwrap_or_else(|| panic!("no six digits in {text:?}")).to_owned()
    }
}

/// The only run of digits that is six long.
fn six_digits(text: &str) -> Option<&str> {
    text.split(|character: char| !character.is_ascii_digit()).find(|digits| digits.len() == 6)
}

impl State {
    /// The texts that were accepted for a number.
    fn accepted<'a>(&'a self, to: &'a str) -> impl Iterator<Item = &'a str> {
        let accepted = self.messages.iter().filter(move |sms| sms.to == to && sms.credentials_ok);
        accepted.map(|sms| sms.text.as_str())
    }

    fn answer(&mut self, request: &Request, code: Option<&str>) -> Reply {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/") if !request.header("x-acs-action").is_empty() => self.aliyun(request, code),
            ("POST", "/") if !request.header("x-tc-action").is_empty() => self.tencent(request, code),
            ("GET", "/cgi-bin/sendsms") => self.sendsms(request),
            (_, "/sns/jscode2session") => self.wechat.session(request),
            (_, "/cgi-bin/stable_token") => self.wechat.stable_token(request),
            (_, "/wxa/business/getuserphonenumber") => self.wechat.phone_number(request),
            (_, "/cgi-bin/message/subscribe/send") => self.wechat.subscribe_send(request),
            _ => Reply::text(404, "Not found"),
        }
    }
}

impl Shared {
    /// A test that panicked while it held the lock shall not hide why.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The state in which the condition holds; `None` when the patience ends.
    fn wait_until(&self, holds: impl Fn(&State) -> bool) -> Option<MutexGuard<'_, State>> {
        let waited = self.changed.wait_timeout_while(self.lock(), PATIENCE, |state| !holds(state)).unwrap();
        if waited.1.timed_out() { None } else { Some(waited.0) }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.lock().stopped {
            return;
        }
        let shared = shared.clone();
        // Whoever connects and goes away is nobody's failure.
        std::thread::spawn(move || stream.and_then(|stream| converse(stream, &shared)).ok());
    }
}

/// One request a connection.
fn converse(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let request = Request::read(&stream)?;
    let behaviour = shared.lock().behaviour;
    let code = match behaviour {
        Behaviour::Code(code) => Some(code),
        _ => None,
    };
    let answer = || {
        let reply = shared.lock().answer(&request, code);
        shared.changed.notify_all();
        reply
    };
    match behaviour {
        Behaviour::Well | Behaviour::Code(_) => answer().write(&stream),
        Behaviour::Errcode(_) if request.path == "/cgi-bin/sendsms" => answer().write(&stream),
        Behaviour::Errcode(code) => wechat::failure(code).write(&stream),
        Behaviour::Status(status) => Reply::text(status, &request.quoted()).write(&stream),
        Behaviour::Late => {
            let reply = answer();
            let until = shared.wait_until(|state| state.behaviour != Behaviour::Late);
            match until.map(|state| state.behaviour) {
                Some(Behaviour::Status(status)) => Reply::text(status, "late").write(&stream),
                _ => reply.write(&stream),
            }
        }
        Behaviour::Hang => http::wait_for_end(&stream),
        Behaviour::Huge => Reply::text(200, &"x".repeat(10 << 20)).write(&stream),
        Behaviour::HalfClosed => answer().write_half(&stream),
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        // Wakes the listener.
        drop(TcpStream::connect(self.address));
        if let Some(listener) = self.listener.take() {
            listener.join().unwrap();
        }
    }
}
