//! Reads a record file row by row: CSV with a header, or NDJSON; UTF-8 with or without a byte order mark,
//! or GB18030. A row is a line: one that cannot be read is a rejection, and the next row follows, whatever
//! quotes the bad one left open.

use super::lines::{Lines, RawLine};
use crate::domain::refusal::Refusal;
use crate::error::Error;
use encoding_rs::{GB18030, UTF_8};
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// How a file's bytes mean text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// GB18030-2022, which most exports of older systems in China use.
    Gb18030,
}

impl Encoding {
    fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Utf8 => UTF_8,
            Self::Gb18030 => GB18030,
        }
        .decode_without_bom_handling_and_without_replacement(bytes)
    }

    fn decode_lossy(self, bytes: &[u8]) -> String {
        self.decode(bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes)).into_owned()
    }
}

/// A record and where it stood.
#[derive(Debug, Clone)]
pub struct Line<T> {
    /// The line in the file, the first being 1.
    pub number: u64,
    /// The row as it stood there.
    pub raw: String,
    /// What it says.
    pub record: T,
}

/// A row that was not accepted: the whole row stays with it, for the rejects file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The line in the file, the first being 1.
    pub line: u64,
    /// Why.
    pub refusal: Refusal,
    /// The row as it stood there. Personal data: for the rejects file only.
    pub raw: String,
}

/// A row's values in the order of the columns, or why there are none.
pub type Row = Result<Line<Vec<String>>, Rejection>;

enum Format {
    /// The place of each of the kind's columns in a row, and how many fields a row has.
    Csv {
        places: Vec<usize>,
        width: usize,
    },
    Ndjson,
}

/// A record file, open for reading.
pub struct RecordFile {
    lines: Lines,
    format: Format,
    encoding: Encoding,
    columns: &'static [&'static str],
    unknown_columns: Vec<String>,
}

impl RecordFile {
    /// Opens the file at `path` (`-` is the standard input), whose records have `columns`. NDJSON is known
    /// by its first character, `{`.
    ///
    /// # Errors
    /// `cannot_read`; `missing_columns` when a CSV header lacks one of them (naming it).
    pub fn open(path: &Path, encoding: Encoding, columns: &'static [&'static str]) -> Result<Self, Error> {
        let file: Box<dyn Read + Send> = if path == Path::new("-") {
            Box::new(std::io::stdin())
        } else {
            Box::new(File::open(path).map_err(|failure| cannot_read(&failure))?)
        };
        Self::new(file, encoding, columns)
    }

    /// Reads records that have `columns` from `source`.
    ///
    /// # Errors
    /// As [`RecordFile::open`].
    pub fn new(
        source: Box<dyn Read + Send>,
        encoding: Encoding,
        columns: &'static [&'static str],
    ) -> Result<Self, Error> {
        let mut source = BufReader::with_capacity(256 * 1024, source);
        let ndjson = starts_an_object(&mut source).map_err(|failure| cannot_read(&failure))?;
        let mut lines = Lines::new(Box::new(source)).map_err(|failure| cannot_read(&failure))?;
        if ndjson {
            return Ok(Self {
                lines,
                format: Format::Ndjson,
                encoding,
                columns,
                unknown_columns: Vec::new(),
            });
        }
        let header = lines.next_line().map_err(|failure| cannot_read(&failure))?;
        let header = split(&header.map_or_else(String::new, |line| encoding.decode_lossy(line.bytes)));
        let places = places(columns, &header)?;
        let format = Format::Csv { places, width: header.len() };
        let unknown_columns = header.into_iter().filter(|name| !columns.contains(&name.as_str())).collect();
        Ok(Self { lines, format, encoding, columns, unknown_columns })
    }

    /// The columns of a CSV header that mean nothing here, and are passed over.
    pub fn unknown_columns(&self) -> &[String] {
        &self.unknown_columns
    }

    /// The columns that the records have.
    pub fn columns(&self) -> &'static [&'static str] {
        self.columns
    }

    /// The next row's values, in the order of the columns; `None` at the end.
    ///
    /// # Errors
    /// `cannot_read` when the file itself fails; a row that cannot be read is a rejection inside `Ok`.
    pub fn next_row(&mut self) -> Result<Option<Row>, Error> {
        let Some(line) = self.lines.next_line().map_err(|failure| cannot_read(&failure))? else {
            return Ok(None);
        };
        let values = values(&line, self.encoding, self.columns, &self.format);
        let raw = self.encoding.decode_lossy(line.bytes);
        Ok(Some(match values {
            Ok(record) => Ok(Line { number: line.number, raw, record }),
            Err(refusal) => Err(Rejection { line: line.number, refusal, raw }),
        }))
    }
}

fn starts_an_object(source: &mut impl std::io::BufRead) -> std::io::Result<bool> {
    let start = source.fill_buf()?;
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    Ok(text.trim_ascii_start().starts_with(b"{"))
}

fn places(columns: &[&'static str], header: &[String]) -> Result<Vec<usize>, Error> {
    let place = |column: &&'static str| header.iter().position(|name| name == column).ok_or(*column);
    let missing: Vec<&str> = columns.iter().filter_map(|column| place(column).err()).collect();
    if missing.is_empty() {
        return Ok(columns.iter().filter_map(|column| place(column).ok()).collect());
    }
    let message = format!("The file's first line must name its columns; missing: {}.", missing.join(", "));
    Err(Error::invalid("missing_columns", message))
}

fn values(
    line: &RawLine<'_>,
    encoding: Encoding,
    columns: &'static [&'static str],
    format: &Format,
) -> Result<Vec<String>, Refusal> {
    if line.too_long {
        return Err(Refusal::new("", "too_long", "The row is longer than 64 KiB."));
    }
    let text = encoding.decode(line.bytes).ok_or_else(|| {
        Refusal::new(
            "",
            "wrong_encoding",
            "The row is not text in the file's encoding (try --encoding gb18030).",
        )
    })?;
    match format {
        Format::Csv { places, width } => csv_values(&text, places, *width),
        Format::Ndjson => json_values(&text, columns),
    }
}

fn csv_values(text: &str, places: &[usize], width: usize) -> Result<Vec<String>, Refusal> {
    if text.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
        return Err(Refusal::new("", "unclosed_quote", "A quotation mark in this row is not closed."));
    }
    let mut fields = split(text);
    if fields.len() != width {
        let message = format!("The row has {} fields, the header {width}.", fields.len());
        return Err(Refusal::new("", "wrong_number_of_fields", message));
    }
    Ok(places.iter().filter_map(|place| fields.get_mut(*place).map(std::mem::take)).collect())
}

/// The fields of a row; RFC 4180's quotes are the csv crate's, and rows without any need none of that.
fn split(text: &str) -> Vec<String> {
    if !text.contains('"') {
        return text.split(',').map(|field| field.trim().to_owned()).collect();
    }
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).buffer_capacity(1024).from_reader(text.as_bytes());
    let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
    record.iter().map(|field| field.trim().to_owned()).collect()
}

fn json_values(text: &str, columns: &'static [&'static str]) -> Result<Vec<String>, Refusal> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)
        .map_err(|_| Refusal::new("", "not_json", "The line is not one JSON object."))?;
    let value = |column: &&'static str| match object.get(*column) {
        None | Some(serde_json::Value::Null) => Ok(String::new()),
        Some(serde_json::Value::String(text)) => Ok(text.clone()),
        Some(serde_json::Value::Number(number)) => Ok(number.to_string()),
        Some(_) => Err(Refusal::new(column, "not_a_text", "A text or a number is expected here.")),
    };
    columns.iter().map(value).collect()
}

fn cannot_read(failure: &dyn std::fmt::Display) -> Error {
    Error::invalid("cannot_read", "The file cannot be read.").because(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[&str] = &["a", "b"];

    type Read = Result<(u64, Vec<String>), (u64, &'static str)>;

    fn rows(text: &[u8], encoding: Encoding) -> Vec<Read> {
        let mut file =
            RecordFile::new(Box::new(std::io::Cursor::new(text.to_vec())), encoding, COLUMNS).unwrap();
        std::iter::from_fn(|| file.next_row().unwrap())
            .map(|row| match row {
                Ok(line) => Ok((line.number, line.record)),
                Err(rejection) => Err((rejection.line, rejection.refusal.reason)),
            })
            .collect()
    }

    fn row(line: u64, a: &str, b: &str) -> Read {
        Ok((line, vec![a.to_owned(), b.to_owned()]))
    }

    #[test]
    fn columns_may_stand_in_any_order_behind_a_byte_order_mark() {
        let read = rows("\u{FEFF}b,x,a\r\n2,0,1\r\n\r\n\"4,5\",0,3\r\n".as_bytes(), Encoding::Utf8);

        assert_eq!(read, [row(2, "1", "2"), row(4, "3", "4,5")]);
    }

    #[test]
    fn a_bad_row_does_not_touch_the_next_one() {
        let text = b"a,b\n\"open,1\n1,2\n1\n\xFF,2\n3,4";

        let read = rows(text, Encoding::Utf8);

        assert_eq!(
            read,
            [
                Err((2, "unclosed_quote")),
                row(3, "1", "2"),
                Err((4, "wrong_number_of_fields")),
                Err((5, "wrong_encoding")),
                row(6, "3", "4"),
            ]
        );
    }

    #[test]
    fn gb18030_is_read_when_asked_for() {
        let (bytes, _, _) = GB18030.encode("a,b\n张磊文,㐂\n");

        assert_eq!(rows(&bytes, Encoding::Gb18030), [row(2, "张磊文", "㐂")]);
        assert_eq!(rows(&bytes, Encoding::Utf8), [Err((2, "wrong_encoding"))]);
    }

    #[test]
    fn ndjson_is_known_by_its_first_character() {
        let read = rows(b"{\"b\":2,\"a\":\"1\"}\n{\n{\"a\":null}\n{\"a\":[]}\n", Encoding::Utf8);

        assert_eq!(read, [row(1, "1", "2"), Err((2, "not_json")), row(3, "", ""), Err((4, "not_a_text"))]);
    }

    #[test]
    fn an_endless_line_is_one_rejection() {
        let text = [b"a,b\n".to_vec(), vec![b'x'; 300_000], b"\n1,2\n".to_vec()].concat();

        assert_eq!(rows(&text, Encoding::Utf8), [Err((2, "too_long")), row(3, "1", "2")]);
    }

    #[test]
    fn a_header_without_a_column_is_refused_by_name() {
        let file = RecordFile::new(Box::new(std::io::Cursor::new(b"a,c\n")), Encoding::Utf8, COLUMNS);

        let error = file.err().unwrap();
        assert_eq!(error.code, "missing_columns");
        assert!(error.message.contains("missing: b."));
    }
}
