//! Lines of bounded length from any source: one endless line costs no more memory than a long one.

use std::io::{self, BufRead, Read};

/// A line longer than this, in bytes, is no record.
pub const LONGEST_LINE: u64 = 64 * 1024;

/// Reads lines one after another.
pub struct Lines {
    source: Box<dyn BufRead + Send>,
    bytes: Vec<u8>,
    number: u64,
}

/// One line: its number, the first being 1, and its bytes without the line's end.
pub struct RawLine<'a> {
    /// The line's number.
    pub number: u64,
    /// The line's bytes; only the beginning when it is too long.
    pub bytes: &'a [u8],
    /// Whether the line is longer than [`LONGEST_LINE`].
    pub too_long: bool,
}

impl Lines {
    /// The lines of `source`, a byte order mark passed over.
    pub fn new(mut source: Box<dyn BufRead + Send>) -> io::Result<Self> {
        if source.fill_buf()?.starts_with(b"\xEF\xBB\xBF") {
            source.consume(3);
        }
        Ok(Self { source, bytes: Vec::new(), number: 0 })
    }

    /// The next line that is not blank; `None` at the end.
    pub fn next_line(&mut self) -> io::Result<Option<RawLine<'_>>> {
        loop {
            self.bytes.clear();
            if self.source.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut self.bytes)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let complete = self.bytes.ends_with(b"\n");
            let too_long = !complete && self.skip_to_the_line_s_end()?;
            if too_long || !self.bytes.trim_ascii().is_empty() {
                break;
            }
        }
        let end =
            self.bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        self.bytes.truncate(end);
        let too_long = u64::try_from(end).is_ok_and(|length| length >= LONGEST_LINE);
        Ok(Some(RawLine { number: self.number, bytes: &self.bytes, too_long }))
    }

    /// Passes over what is left of the line; whether there was anything.
    fn skip_to_the_line_s_end(&mut self) -> io::Result<bool> {
        let mut skipped = false;
        loop {
            let buffer = self.source.fill_buf()?;
            let (consumed, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
                Some(place) => (place + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            skipped |= consumed > 0;
            self.source.consume(consumed);
            if ended {
                return Ok(skipped);
            }
        }
    }
}
