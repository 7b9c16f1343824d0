//! As much HTTP/1.1 as the gateway needs: one request a connection.

use actix_web::web::Query;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Error, Read, Write};
use std::net::{Shutdown, TcpStream};

/// A request.
pub(super) struct Request {
    pub method: String,
    pub path: String,
    target: String,
    query: HashMap<String, String>,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Request {
    pub fn read(stream: &TcpStream) -> Result<Self, Error> {
        let mut reader = BufReader::new(stream);
        let line = read_line(&mut reader)?;
        let [method, target, _version] =
            line.split(' ').collect::<Vec<_>>().try_into().map_err(|_| gone())?;
        let headers = read_headers(&mut reader)?;
        let length = headers.get("content-length").map_or(Ok(0), |length| length.parse());
        let mut body = vec![0; length.map_err(|_| gone())?];
        reader.read_exact(&mut body)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = Query::<HashMap<_, _>>::from_query(query).map_err(|_| gone())?.into_inner();
        let [method, path, target] = [method, path, target].map(str::to_owned);
        Ok(Self { method, path, target, query, headers, body })
    }

    /// A parameter of the query; empty when it is not there.
    pub fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// The query as it was written.
    pub fn raw_query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// A header, by its lower-case name; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body as it came.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// A member of the JSON body; null when it is not there.
    pub fn member(&self, name: &str) -> Value {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body[name].clone()
    }

    /// All of it, as careless servers quote it: raw and decoded.
    pub fn quoted(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        format!("cannot {} {} {:?} {body}", self.method, self.target, self.query)
    }
}

fn read_line(reader: &mut impl BufRead) -> Result<String, Error> {
    let mut line = String::new();
    match reader.read_line(&mut line)? {
        0 => Err(gone()),
        _ => Ok(line.trim_end().to_owned()),
    }
}

/// The headers by their lower-case names.
fn read_headers(reader: &mut impl BufRead) -> Result<HashMap<String, String>, Error> {
    let mut headers = HashMap::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Ok(headers);
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
}

fn gone() -> Error {
    Error::other("this is no request")
}

/// Waits until the client goes away.
pub(super) fn wait_for_end(mut stream: &TcpStream) -> Result<(), Error> {
    while stream.read(&mut [0; 512])? > 0 {}
    Ok(())
}

/// An answer.
pub(super) struct Reply {
    status: u16,
    kind: &'static str,
    body: String,
}

impl Reply {
    pub fn text(status: u16, body: &str) -> Self {
        Self { status, kind: "text/html", body: body.to_owned() }
    }

    /// WeChat answers 200 to everything.
    pub fn json(body: &Value) -> Self {
        Self { status: 200, kind: "application/json; encoding=utf-8", body: body.to_string() }
    }

    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub fn write(&self, stream: &TcpStream) -> Result<(), Error> {
        self.write_bytes(stream, &self.bytes())
    }

    /// All of the head, and half of the body.
    pub fn write_half(&self, stream: &TcpStream) -> Result<(), Error> {
        let bytes = self.bytes();
        self.write_bytes(stream, &bytes[..bytes.len() - self.body.len() / 2])
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { status, kind, body } = self;
        let length = body.len();
        format!(
            "HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        )
        .into_bytes()
    }

    fn write_bytes(&self, mut stream: &TcpStream, bytes: &[u8]) -> Result<(), Error> {
        stream.write_all(bytes)?;
        stream.shutdown(Shutdown::Write)
    }
}
