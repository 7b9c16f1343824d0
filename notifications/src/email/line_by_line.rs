//! A connection that hands over one line at a time.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Never reads past the end of a line, so that nothing is read ahead before `STARTTLS`.
///
/// lettre 0.11.23 keeps its read buffer across `STARTTLS`. Somebody on the way could append an answer of their own to the server's
/// last plain one (`220 ready\r\n250 accepted\r\n`), and it would be taken for an answer inside the encrypted connection: a letter
/// would count as accepted that never arrived (CVE-2011-0411 from the client's side; RFC 3207 §4.2). Read line by line, the
/// appended bytes reach the TLS handshake instead, which fails on them.
#[derive(Debug)]
pub(super) struct LineByLine(pub(super) TcpStream);

impl AsyncRead for LineByLine {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut ahead = [0; 1024];
        let mut ahead = ReadBuf::new(&mut ahead);
        ready!(self.0.poll_peek(context, &mut ahead))?;

        let waiting = ahead.filled();
        let line = waiting.iter().position(|byte| *byte == b'\n').map_or(waiting.len(), |end| end + 1);
        let mut part = ReadBuf::new(out.initialize_unfilled_to(line.min(out.remaining())));
        ready!(Pin::new(&mut self.0).poll_read(context, &mut part))?;

        let read = part.filled().len();
        out.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineByLine {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl AsyncTokioStream for LineByLine {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}
