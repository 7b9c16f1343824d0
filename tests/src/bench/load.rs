//! The load generator: so many connections, each with one request under way, on one thread. It reads no more of an
//! answer than it must, because it shares the machine with the server.

use crate::Outcome;
use crate::options::Options;
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// Larger than every answer that is measured.
const LARGEST_ANSWER: usize = 64 * 1024;

/// Requests, ready to be sent, that take turns.
pub struct Requests(Vec<Vec<u8>>);

impl Requests {
    /// One GET, again and again.
    pub fn get(path: &str) -> Self {
        Self(vec![format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").into_bytes()])
    }

    /// A GET of each path, with an access token where there is one, one after another.
    pub fn get_each(requests: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        let request = |(path, token): (String, Option<String>)| {
            let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer}\r\n").into_bytes()
        };
        Self(requests.into_iter().map(request).collect())
    }

    /// A POST of each body, one after another.
    pub fn post(path: &str, media_type: &str, bodies: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let request = |body: Vec<u8>| {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            [head.into_bytes(), body].concat()
        };
        Self(bodies.into_iter().map(request).collect())
    }
}

impl Requests {
    /// A POST of JSON for each token, `Idempotency-Key` and body.
    pub fn post_each(path: &str, requests: impl IntoIterator<Item = (String, String, String)>) -> Self {
        let request = |(token, key, body): (String, String, String)| {
            format!(
                "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes()
        };
        Self(requests.into_iter().map(request).collect())
    }
}

/// How long it takes until each request was sent once and answered; an answer that is not 2xx ends it.
pub fn once(address: &str, requests: &Rc<Requests>, connections: usize) -> Outcome<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let next = Rc::new(Cell::new(0));
    let began = Instant::now();
    LocalSet::new().block_on(&runtime, async {
        let tasks: Vec<_> = (0..connections)
            .map(|_| {
                let (address, requests, next) = (address.to_owned(), Rc::clone(requests), Rc::clone(&next));
                tokio::task::spawn_local(async move { send_rest(&address, &requests, &next).await })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;
    Ok(began.elapsed())
}

async fn send_rest(address: &str, requests: &Requests, next: &Cell<usize>) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; LARGEST_ANSWER];
    loop {
        let turn = next.get();
        next.set(turn + 1);
        let Some(request) = requests.0.get(turn) else { return Ok(()) };
        stream.write_all(request).await?;
        answer(&mut stream, &mut buffer).await?;
    }
}

/// How many answers came from `address` over `connections` connections, and in which time; one that is not 2xx ends it.
pub fn answers(
    address: &str,
    requests: &Rc<Requests>,
    connections: usize,
    seconds: f64,
) -> Outcome<(f64, Duration)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let next = Rc::new(Cell::new(0));
    let began = Instant::now();
    let ends = began + Duration::from_secs_f64(seconds);
    let counts = LocalSet::new().block_on(&runtime, async {
        let tasks: Vec<_> = (0..connections)
            .map(|_| {
                let (address, requests, next) = (address.to_owned(), Rc::clone(requests), Rc::clone(&next));
                tokio::task::spawn_local(async move { connection(&address, &requests, &next, ends).await })
            })
            .collect();
        let mut counts = 0_usize;
        for task in tasks {
            counts += task.await??;
        }
        Ok::<_, Box<dyn std::error::Error>>(counts)
    })?;
    Ok((counts as f64, began.elapsed()))
}

/// Sends requests at `options.pace` a second, whether earlier ones are answered or not, over as many connections as are
/// wanted: how long each took since it was due, milliseconds. Waiting for a connection counts.
pub fn at_pace(address: &str, requests: &Rc<Requests>, options: &Options, seconds: f64) -> Outcome<Vec<f64>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (next, pace) = (Rc::new(Cell::new(0)), options.pace);
    let count = (pace * seconds) as usize;
    let waits = LocalSet::new().block_on(&runtime, async {
        let began = tokio::time::Instant::now();
        let tasks: Vec<_> = (0..options.connections)
            .map(|_| {
                let (address, requests, next) = (address.to_owned(), Rc::clone(requests), Rc::clone(&next));
                tokio::task::spawn_local(async move {
                    let mut stream = TcpStream::connect(address).await?;
                    stream.set_nodelay(true)?;
                    let (mut buffer, mut waits) = (vec![0; LARGEST_ANSWER], Vec::new());
                    loop {
                        let turn = next.get();
                        next.set(turn + 1);
                        let request = requests.0.get(turn % requests.0.len());
                        let Some(request) = request.filter(|_| turn < count) else {
                            return Ok::<_, std::io::Error>(waits);
                        };
                        let due = began + Duration::from_secs_f64(turn as f64 / pace);
                        tokio::time::sleep_until(due).await;
                        stream.write_all(request).await?;
                        answer(&mut stream, &mut buffer).await?;
                        waits.push(due.elapsed().as_secs_f64() * 1_000.0);
                    }
                })
            })
            .collect();
        let mut waits = Vec::new();
        for task in tasks {
            waits.extend(task.await??);
        }
        Ok::<_, Box<dyn std::error::Error>>(waits)
    })?;
    Ok(waits)
}

/// One answer's body.
pub fn body_of(address: &str, requests: &Rc<Requests>) -> Outcome<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let request = requests.0.first().ok_or("no request")?;
    runtime.block_on(async {
        let mut stream = TcpStream::connect(address).await?;
        let mut buffer = vec![0; LARGEST_ANSWER];
        stream.write_all(request).await?;
        let length = answer(&mut stream, &mut buffer).await?;
        let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
        Ok(text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    })
}

async fn connection(
    address: &str,
    requests: &Requests,
    next: &Cell<usize>,
    ends: Instant,
) -> std::io::Result<usize> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; LARGEST_ANSWER];
    let mut count = 0;
    while Instant::now() < ends {
        let turn = next.get();
        next.set((turn + 1) % requests.0.len());
        if let Some(request) = requests.0.get(turn) {
            stream.write_all(request).await?;
            answer(&mut stream, &mut buffer).await?;
            count += 1;
        }
    }
    Ok(count)
}

/// Reads one answer into `buffer`, and returns its length. It is 2xx and has a `content-length`.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    let mut expected = None;
    loop {
        let read = stream.read(buffer.get_mut(filled..).unwrap_or_default()).await?;
        filled += read;
        let so_far = buffer.get(..filled).unwrap_or_default();
        if read == 0 {
            return Err(std::io::Error::other("a connection was closed"));
        }
        if expected.is_none() {
            expected = length_of(so_far)?;
        }
        if expected.is_some_and(|expected| filled >= expected) {
            return Ok(filled);
        }
    }
}

/// The length of the answer that begins here, head and body; `None` while its head is not complete.
fn length_of(answer: &[u8]) -> std::io::Result<Option<usize>> {
    let mut body = 0;
    let mut read = 0;
    for line in answer.split_inclusive(|byte| *byte == b'\n') {
        read += line.len();
        match line {
            b"\r\n" => return Ok(Some(read + body)),
            [b'H', ..] if !line.starts_with(b"HTTP/1.1 2") => {
                return Err(std::io::Error::other(String::from_utf8_lossy(line).trim_end().to_owned()));
            }
            [b'c' | b'C', b'o', b'n', b't', b'e', b'n', b't', b'-', b'l' | b'L', ..] => {
                let digits = line.iter().filter(|byte| byte.is_ascii_digit());
                body = digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
            }
            _ => {}
        }
    }
    Ok(None)
}
