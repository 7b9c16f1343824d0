//! SIGTERM: what is under way is answered, then the program ends.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tests::on_both;

on_both! {
    fn a_request_under_way_is_answered_before_the_end(station) {
        let mut server = station.serve();
        let mut connection = TcpStream::connect(server.address()).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = "POST /v1/verify HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 7\r\nconnection: close\r\n\r\nXUE";
        connection.write_all(head.as_bytes()).unwrap();
        // The first answer on another connection says that the server is past accepting ours.
        server.get("/healthz").with_status(200);

        server.ask_to_stop();
        until_refused(server.address());
        connection.write_all(b":/1/").unwrap();

        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("malformed"), "{answer}");
        let (status, log) = server.wait();
        assert_eq!(status.code(), Some(0), "{log}");
    }

    fn an_idle_server_ends_at_once_and_well(station) {
        let server = station.serve();
        server.get("/healthz").with_status(200);
        let began = Instant::now();

        let (status, log) = server.stop();

        assert_eq!(status.code(), Some(0), "{log}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

/// Returns when the server takes no more connections.
fn until_refused(address: &str) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        match TcpStream::connect(address) {
            Err(failure) if failure.kind() == ErrorKind::ConnectionRefused => return,
            _ => std::thread::yield_now(),
        }
    }
    panic!("the server still takes connections");
}
