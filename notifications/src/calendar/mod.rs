//! Appointments to give blood as iCalendar documents (RFC 5545, RFC 5546): for letters, for download, for a feed.
//!
//! ```
//! use chrono::{TimeZone, Utc};
//! use notifications::calendar::{Appointment, Method, State, document};
//!
//! let appointment = Appointment {
//!     uid: "0199b9a2-7c11-7000-8000-000000000001@blood.example".into(),
//!     sequence: 0,
//!     stamp: Utc.with_ymd_and_hms(2026, 11, 2, 3, 0, 0).unwrap(),
//!     starts_at: Utc.with_ymd_and_hms(2026, 11, 22, 16, 30, 0).unwrap(),
//!     minutes: 45,
//!     summary: "献血（400 ml 全血）".into(),
//!     location: "南河市中心血站, 3 号采血椅".into(),
//!     description: "请携带身份证。\n前一晚请早睡。".into(),
//!     geo: Some((31.219_8, 121.474_4)),
//!     organizer_name: "南河市中心血站".into(),
//!     organizer_address: None,
//!     attendee_address: None,
//!     state: State::Confirmed,
//! };
//! let calendar = document(Method::Publish, &[appointment], "我的献血预约")?;
//!
//! assert!(calendar.text().contains("DTSTART;TZID=Asia/Shanghai:20261123T003000\r\n"));
//! # Ok::<(), notifications::calendar::CalendarRefused>(())
//! ```
//!
//! Not supported: recurrence, alarms (reminders go out as messages), replies, time zones other than Asia/Shanghai, and anything
//! before 1992: China had summer time until 1991.

mod content_line;
mod event;

use std::collections::HashSet;
use std::fmt;

use chrono::{DateTime, Utc};

use self::content_line::ContentLines;
use crate::email::address::EmailAddress;
use crate::line::{ControlCharacter, one_line};

/// Who wrote the document (RFC 5545 §3.7.3); a constant, so that the same appointments give the same bytes.
const PRODUCT: &str = "-//Rexue//Appointments//EN";

/// How often a subscriber may fetch a feed again.
const REFRESH_EVERY: &str = "PT1H";

/// UTC+8 since 1991-09-15, when summer time ended for good (tzdata, `Asia/Shanghai`).
const TIME_ZONE: [(&str, &str); 9] = [
    ("BEGIN", "VTIMEZONE"),
    ("TZID", event::TIME_ZONE_NAME),
    ("BEGIN", "STANDARD"),
    ("DTSTART", "19700101T000000"),
    ("TZOFFSETFROM", "+0800"),
    ("TZOFFSETTO", "+0800"),
    ("TZNAME", "CST"),
    ("END", "STANDARD"),
    ("END", "VTIMEZONE"),
];

/// One appointment as a calendar shows it.
///
/// `Debug` shows the identity and the state: when and where somebody gives blood is theirs.
#[derive(Clone, PartialEq)]
pub struct Appointment {
    /// The appointment's identity for ever, the same in every document: 1 to 255 ASCII letters, digits and `-._@`. It MUST NOT
    /// tell who the donor is (RFC 7986 §5.3).
    pub uid: String,
    /// 0 at first, greater with every change and with the cancellation, so that a calendar knows the newer one; at most
    /// 2 147 483 647.
    pub sequence: u32,
    /// When this version of the appointment was made (`DTSTAMP`), UTC, to the second; the same for every retry.
    pub stamp: DateTime<Utc>,
    /// When it begins, UTC, to the second: a fraction is dropped. From 1992.
    pub starts_at: DateTime<Utc>,
    /// How long it takes, minutes: 1 to 1440.
    pub minutes: u32,
    /// What it is: one line, not empty.
    pub summary: String,
    /// Where it is: one line; left out when empty.
    pub location: String,
    /// What the donor should know: line breaks and tabs are kept; left out when empty.
    pub description: String,
    /// Where it is on Earth: latitude and longitude in degrees of WGS 84 (not GCJ-02, which Chinese maps show), north and east
    /// positive.
    pub geo: Option<(f64, f64)>,
    /// Who invites, as calendars show it: one line; quotes are removed.
    pub organizer_name: String,
    /// Who invites; [`Method::Request`] and [`Method::Cancel`] need it.
    pub organizer_address: Option<EmailAddress>,
    /// Who is invited, for [`Method::Request`], which needs it, and [`Method::Cancel`]; never written with [`Method::Publish`].
    pub attendee_address: Option<EmailAddress>,
    /// Whether it takes place.
    pub state: State,
}

/// Whether an appointment takes place (`STATUS`, RFC 5545 §3.8.1.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It does.
    Confirmed,
    /// It does not any more.
    Cancelled,
}

/// What a document is for (RFC 5546 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// To look at: a feed or a file to download, of any number of appointments in any state.
    Publish,
    /// A letter's: one confirmed appointment, new or changed.
    Request,
    /// A letter's: one appointment that was cancelled.
    Cancel,
}

/// An iCalendar document: UTF-8, CRLF line ends, lines of at most 75 octets; only [`document`] makes one.
///
/// `Debug` shows its length, not its content.
#[derive(Clone, PartialEq, Eq)]
pub struct Calendar {
    method: Method,
    text: String,
}

/// A calendar document as a part of a letter.
#[derive(Clone, PartialEq, Eq)]
pub struct CalendarAttachment {
    /// The name under which a mail program would save it.
    pub file_name: &'static str,
    /// Its media type with its parameters; `method` MUST be that of the document (RFC 6047 §2.4).
    pub content_type: &'static str,
    /// Its content, UTF-8.
    pub bytes: Vec<u8>,
}

/// Why no document was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarRefused {
    /// A text holds a control character that it may not hold.
    #[error(transparent)]
    ControlCharacter(#[from] ControlCharacter),
    /// The uid is not 1 to 255 ASCII letters, digits and `-._@`.
    #[error("the uid is not 1 to 255 Latin letters, digits and -._@")]
    NotAUid,
    /// Two appointments have one uid.
    #[error("two appointments have the same uid")]
    UidTwice,
    /// The sequence is greater than 2 147 483 647, the greatest integer of RFC 5545 §3.3.8.
    #[error("the sequence is greater than 2147483647")]
    SequenceTooGreat,
    /// `stamp`, or `starts_at` or the end that follows from it, is before 1992 or after 9999.
    #[error("{field} is not in the years 1992 to 9999")]
    OutOfTime {
        /// The name of the refused field.
        field: &'static str,
    },
    /// It takes no time, or more than a day.
    #[error("an appointment takes 1 to 1440 minutes")]
    NotADuration,
    /// The summary is empty.
    #[error("an appointment has a summary")]
    NoSummary,
    /// The latitude is not within ±90°, the longitude not within ±180°, or one of them is no number.
    #[error("geo is not a latitude within 90 and a longitude within 180 degrees")]
    NotOnEarth,
    /// A request or a cancellation has no organizer's address (RFC 5546 §3.2.2, §3.2.5).
    #[error("a request or a cancellation has the organizer's address")]
    NoOrganizer,
    /// A request has no attendee's address (RFC 5546 §3.2.2).
    #[error("a request has the attendee's address")]
    NoAttendee,
    /// A request or a cancellation is not about exactly one appointment.
    #[error("a request or a cancellation is about one appointment, not {appointments}")]
    NotOne {
        /// How many there were.
        appointments: usize,
    },
    /// A request is about a cancelled appointment, or a cancellation about a confirmed one.
    #[error("a request is about a confirmed appointment, a cancellation about a cancelled one")]
    StateAgainstMethod,
}

/// Writes appointments as one iCalendar document; the same arguments give the same bytes.
///
/// `name` is what a feed is called by the calendar that subscribes to it: one line. With [`Method::Publish`] and a name, the
/// document also asks to be fetched again every hour (RFC 7986 §5.1, §5.7, and the older `X-WR-CALNAME`, `X-PUBLISHED-TTL`); with
/// an empty name it is a file to download, which makes no calendar of its own. The other methods leave the name out. A name is
/// best without backslash, semicolon and comma: some programs show the escapes in `X-WR-CALNAME`.
///
/// A feed may hold no appointment. One that was cancelled SHOULD stay in it for some time: some calendars keep what they miss.
///
/// # Errors
///
/// [`CalendarRefused`] names the field or the rule.
pub fn document(
    method: Method,
    appointments: &[Appointment],
    name: &str,
) -> Result<Calendar, CalendarRefused> {
    one_line("name", name)?;
    fits(method, appointments)?;
    each_uid_once(appointments)?;

    let mut lines = ContentLines::new();
    lines.value("BEGIN", "VCALENDAR");
    lines.value("VERSION", "2.0");
    lines.value("PRODID", PRODUCT);
    lines.value("CALSCALE", "GREGORIAN");
    lines.value("METHOD", method.as_str());
    if method == Method::Publish && !name.is_empty() {
        lines.text("NAME", name);
        lines.text("X-WR-CALNAME", name);
        lines.value("REFRESH-INTERVAL;VALUE=DURATION", REFRESH_EVERY);
        lines.value("X-PUBLISHED-TTL", REFRESH_EVERY);
    }
    for (property, value) in TIME_ZONE {
        lines.value(property, value);
    }
    for appointment in appointments {
        event::write(&mut lines, method, appointment)?;
    }
    lines.value("END", "VCALENDAR");

    Ok(Calendar { method, text: lines.finish() })
}

/// All events of a request or a cancellation are one appointment's (RFC 5546 §3.2.2, §3.2.5).
fn fits(method: Method, appointments: &[Appointment]) -> Result<(), CalendarRefused> {
    let state = match method {
        Method::Publish => return Ok(()),
        Method::Request => State::Confirmed,
        Method::Cancel => State::Cancelled,
    };
    let [appointment] = appointments else {
        return Err(CalendarRefused::NotOne { appointments: appointments.len() });
    };
    if appointment.state != state {
        return Err(CalendarRefused::StateAgainstMethod);
    }
    if appointment.organizer_address.is_none() {
        return Err(CalendarRefused::NoOrganizer);
    }
    if method == Method::Request && appointment.attendee_address.is_none() {
        return Err(CalendarRefused::NoAttendee);
    }
    Ok(())
}

fn each_uid_once(appointments: &[Appointment]) -> Result<(), CalendarRefused> {
    let mut seen = HashSet::new();
    let all_new = appointments.iter().all(|appointment| seen.insert(appointment.uid.as_str()));
    if all_new { Ok(()) } else { Err(CalendarRefused::UidTwice) }
}

impl Method {
    /// The word of RFC 5546.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

impl Calendar {
    /// The document.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The media type for HTTP and for letters (RFC 5545 §8.1).
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        match self.method {
            Method::Publish => "text/calendar; method=PUBLISH; charset=utf-8",
            Method::Request => "text/calendar; method=REQUEST; charset=utf-8",
            Method::Cancel => "text/calendar; method=CANCEL; charset=utf-8",
        }
    }

    /// The document as a part of a letter. Its lines end with CRLF and it is not ASCII: base64 brings it through unharmed.
    #[must_use]
    pub fn attachment(&self) -> CalendarAttachment {
        let file_name = match self.method {
            Method::Publish => "appointments.ics",
            Method::Request => "appointment.ics",
            Method::Cancel => "cancellation.ics",
        };
        CalendarAttachment {
            file_name,
            content_type: self.content_type(),
            bytes: self.text.clone().into_bytes(),
        }
    }
}

impl fmt::Debug for Appointment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Appointment")
            .field("uid", &self.uid)
            .field("sequence", &self.sequence)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Calendar")
            .field("method", &self.method)
            .field("text_bytes", &self.text.len())
            .finish()
    }
}

impl fmt::Debug for CalendarAttachment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CalendarAttachment")
            .field("file_name", &self.file_name)
            .field("content_type", &self.content_type)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}
