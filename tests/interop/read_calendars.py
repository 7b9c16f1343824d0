"""Reads iCalendar documents with PyPI icalendar, as a mail program would.

Standard input: {"calendars": [text]}. Standard output: {"calendars": [what was read]}; instants in UTC.
Beginnings are read twice: by the Asia/Shanghai that Python knows, and by the VTIMEZONE of the document.
"""

import datetime
import json
import sys

from icalendar import Calendar
from icalendar.parser import unescape_backslash


def text(component, name):
    return str(component[name]) if name in component else None


def name_of(calendar, property_name):
    """icalendar knows neither NAME nor X-WR-CALNAME as texts, and leaves what it does not know as it is."""
    return unescape_backslash(str(calendar[property_name])) if property_name in calendar else None


def in_utc(time):
    assert time.tzinfo is not None, f"{time} has no time zone"
    return time.astimezone(datetime.timezone.utc).isoformat()


def read_event(event, time_zone):
    start = event["DTSTART"].dt
    organizer = event.get("ORGANIZER")
    return {
        "uid": text(event, "UID"),
        "sequence": int(event["SEQUENCE"]),
        "stamp": in_utc(event["DTSTAMP"].dt),
        "starts": in_utc(start),
        "ends": in_utc(event["DTEND"].dt),
        "hours_east": start.utcoffset().total_seconds() / 3600,
        "starts_by_our_time_zone": in_utc(start.replace(tzinfo=time_zone)),
        "status": text(event, "STATUS"),
        "summary": text(event, "SUMMARY"),
        "location": text(event, "LOCATION"),
        "description": text(event, "DESCRIPTION"),
        "geo": [event["GEO"].latitude, event["GEO"].longitude] if "GEO" in event else None,
        "organizer": [organizer.params.get("CN"), str(organizer)] if organizer is not None else None,
        "attendee": text(event, "ATTENDEE"),
        "errors": [str(error) for error in event.errors],
    }


def read(document):
    calendar = Calendar.from_ical(document)
    time_zone = calendar.timezones[0].to_tz(lookup_tzid=False)
    names = [name_of(calendar, "NAME"), name_of(calendar, "X-WR-CALNAME")]
    refresh = calendar.get("REFRESH-INTERVAL")
    return {
        "version": text(calendar, "VERSION"),
        "scale": text(calendar, "CALSCALE"),
        "method": text(calendar, "METHOD"),
        "name": None if names == [None, None] else names,
        "refresh_seconds": None if refresh is None else refresh.dt.total_seconds(),
        "time_zones": [zone.tz_name for zone in calendar.timezones],
        "errors": [str(error) for error in calendar.errors],
        "events": [read_event(event, time_zone) for event in calendar.events],
    }


json.dump({"calendars": [read(document) for document in json.load(sys.stdin)["calendars"]]}, sys.stdout)
