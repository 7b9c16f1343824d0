//! An HTTP server that does one thing with one request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

pub struct RawServer {
    pub port: u16,
    request: JoinHandle<String>,
}

/// What the server does with the request that it has read.
pub enum Then {
    /// Answers and closes the connection.
    Answer(Vec<u8>),
    /// Says this much and no more, until the client goes away.
    Silence(Vec<u8>),
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
        self.request.join().unwrap()
    }
}

fn serve(mut stream: TcpStream, then: Then) -> String {
    let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
    let request = head.next().unwrap().unwrap();
    while head.next().is_some_and(|line| !line.unwrap().is_empty()) {}
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
