//! An HTTP server that does one thing with one request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

pub struct RawServer {
    pub port: u16,
    request: JoinHandle<Request>,
}

/// What the client asked.
pub struct Request {
    /// The first line.
    pub line: String,
    /// The headers as they were written.
    pub headers: Vec<String>,
    pub body: String,
}

/// What the server does with the request that it has read.
pub enum Then {
    /// Answers and closes the connection.
    Answer(Vec<u8>),
    /// Says this much and no more, until the client goes away.
    Silence(Vec<u8>),
}

/// An answer with its length.
pub fn answer(status: &str, body: &str) -> Then {
    let length = body.len();
    Then::Answer(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes())
}

impl RawServer {
    pub fn start(then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let request = std::thread::spawn(move || serve(listener.accept().unwrap().0, then));
        Self { port, request }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The request line.
    pub fn request(self) -> String {
        self.whole_request().line
    }

    pub fn whole_request(self) -> Request {
        self.request.join().unwrap()
    }
}

impl Request {
    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|header| {
            let (found, value) = header.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

fn serve(mut stream: TcpStream, then: Then) -> Request {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut next_line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let line = next_line();
    let headers: Vec<String> =
        std::iter::from_fn(|| Some(next_line()).filter(|line| !line.is_empty())).collect();
    let mut request = Request { line, headers, body: String::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    reader.take(length).read_to_string(&mut request.body).unwrap();
    match then {
        // A client that has read enough closes early.
        Then::Answer(answer) => drop(stream.write_all(&answer)),
        Then::Silence(beginning) => {
            stream.write_all(&beginning).unwrap();
            drop(stream.read(&mut [0]));
        }
    }
    request
}
