//! One appointment as a `VEVENT` (RFC 5545 §3.6.1).

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Utc};

use super::content_line::{ContentLines, mailto, quoted};
use super::{Appointment, CalendarRefused, Method, State};
use crate::line::{one_line, several_lines};

pub(super) const TIME_ZONE_NAME: &str = "Asia/Shanghai";
const EAST_OF_UTC: TimeDelta = TimeDelta::hours(8);
/// In 1991 the clocks of Shanghai were put forward for the last time: from 1992 UTC+8 is right everywhere.
const FIRST_YEAR: i32 = 1992;
/// A date has four digits (RFC 5545 §3.3.4).
const LAST_YEAR: i32 = 9999;
const GREATEST_SEQUENCE: u32 = i32::MAX.unsigned_abs();
const LONGEST_MINUTES: u32 = 24 * 60;
const LONGEST_UID: usize = 255;

pub(super) fn write(
    lines: &mut ContentLines,
    method: Method,
    appointment: &Appointment,
) -> Result<(), CalendarRefused> {
    check(appointment)?;
    let stamp = whole_seconds("stamp", appointment.stamp)?;
    let (start, end) = in_shanghai(appointment)?;
    let in_time_zone = |property| format!("{property};TZID={TIME_ZONE_NAME}");

    lines.value("BEGIN", "VEVENT");
    lines.value("UID", &appointment.uid);
    lines.value("SEQUENCE", &appointment.sequence.to_string());
    lines.value("DTSTAMP", &format!("{}Z", written(stamp)));
    lines.value(&in_time_zone("DTSTART"), &written(start));
    lines.value(&in_time_zone("DTEND"), &written(end));
    lines.value("STATUS", status(appointment.state));
    lines.text("SUMMARY", &appointment.summary);
    if !appointment.location.is_empty() {
        lines.text("LOCATION", &appointment.location);
    }
    if let Some((latitude, longitude)) = appointment.geo {
        lines.value("GEO", &format!("{latitude:.6};{longitude:.6}"));
    }
    if !appointment.description.is_empty() {
        lines.text("DESCRIPTION", &appointment.description);
    }
    people(lines, method, appointment);
    lines.value("END", "VEVENT");
    Ok(())
}

/// Who invites and who is invited. The donor chose the appointment: nobody waits for an answer, and a published event MUST NOT
/// name who takes part (RFC 5546 §3.2.1).
fn people(lines: &mut ContentLines, method: Method, appointment: &Appointment) {
    if let Some(address) = &appointment.organizer_address {
        let name = &appointment.organizer_name;
        let property =
            if name.is_empty() { "ORGANIZER".to_owned() } else { format!("ORGANIZER;CN={}", quoted(name)) };
        lines.value(&property, &mailto(address.as_str()));
    }
    if let Some(address) = appointment.attendee_address.as_ref().filter(|_| method != Method::Publish) {
        let property = "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE";
        lines.value(property, &mailto(address.as_str()));
    }
}

fn check(appointment: &Appointment) -> Result<(), CalendarRefused> {
    if !is_uid(&appointment.uid) {
        return Err(CalendarRefused::NotAUid);
    }
    if appointment.sequence > GREATEST_SEQUENCE {
        return Err(CalendarRefused::SequenceTooGreat);
    }
    if !(1..=LONGEST_MINUTES).contains(&appointment.minutes) {
        return Err(CalendarRefused::NotADuration);
    }
    one_line("summary", &appointment.summary)?;
    one_line("location", &appointment.location)?;
    several_lines("description", &appointment.description)?;
    one_line("organizer_name", &appointment.organizer_name)?;
    if appointment.summary.trim().is_empty() {
        return Err(CalendarRefused::NoSummary);
    }
    if !appointment.geo.is_none_or(is_on_earth) {
        return Err(CalendarRefused::NotOnEarth);
    }
    Ok(())
}

/// Nothing that would have to be escaped: some programs compare identities as they are written.
fn is_uid(uid: &str) -> bool {
    (1..=LONGEST_UID).contains(&uid.len())
        && uid.chars().all(|c| c.is_ascii_alphanumeric() || "-._@".contains(c))
}

/// What is no number is in no range.
fn is_on_earth((latitude, longitude): (f64, f64)) -> bool {
    (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude)
}

fn status(state: State) -> &'static str {
    match state {
        State::Confirmed => "CONFIRMED",
        State::Cancelled => "CANCELLED",
    }
}

/// Beginning and end on the clocks of Shanghai.
fn in_shanghai(appointment: &Appointment) -> Result<(NaiveDateTime, NaiveDateTime), CalendarRefused> {
    let field = "starts_at";
    let start = later(whole_seconds(field, appointment.starts_at)?, EAST_OF_UTC, field)?;
    let end = later(start, TimeDelta::minutes(appointment.minutes.into()), field)?;
    Ok((start, end))
}

/// A leap second counts as the second before it, which every program can read.
fn whole_seconds(field: &'static str, instant: DateTime<Utc>) -> Result<NaiveDateTime, CalendarRefused> {
    let second = DateTime::from_timestamp(instant.timestamp(), 0);
    in_time(second.map(|second| second.naive_utc()), field)
}

fn later(time: NaiveDateTime, by: TimeDelta, field: &'static str) -> Result<NaiveDateTime, CalendarRefused> {
    in_time(time.checked_add_signed(by), field)
}

fn in_time(time: Option<NaiveDateTime>, field: &'static str) -> Result<NaiveDateTime, CalendarRefused> {
    time.filter(|time| (FIRST_YEAR..=LAST_YEAR).contains(&time.year()))
        .ok_or(CalendarRefused::OutOfTime { field })
}

fn written(time: NaiveDateTime) -> String {
    time.format("%Y%m%dT%H%M%S").to_string()
}
