//! Another program reads the documents: PyPI `icalendar`.

use std::io::Write;
use std::process::Stdio;

use notifications::calendar::{Appointment, Calendar, Method, document};
use serde_json::{Value, json};

use super::calendar::{appointment, cancelled, instant};
use super::python::python;

/// What `icalendar` read, a value for each document.
fn read_by_icalendar(calendars: &[Calendar]) -> Vec<Value> {
    let texts: Vec<&str> = calendars.iter().map(Calendar::text).collect();
    let mut process =
        python("interop/read_calendars.py").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(json!({ "calendars": texts }).to_string().as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "read_calendars.py failed");
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    seen["calendars"].as_array().unwrap().clone()
}

#[test]
fn icalendar_reads_a_request_and_its_cancellation_as_they_were_meant() {
    let request = document(Method::Request, &[appointment()], "").unwrap();
    let cancel = document(Method::Cancel, &[cancelled()], "").unwrap();

    let seen = read_by_icalendar(&[request, cancel]);

    let event = |sequence: u32, status: &str| {
        json!({
            "uid": "0199b9a2-7c11-7000-8000-000000000001@blood.example",
            "sequence": sequence,
            "stamp": "2026-11-02T03:00:00+00:00",
            "starts": "2026-11-22T01:30:00+00:00",
            "ends": "2026-11-22T02:15:00+00:00",
            "hours_east": 8.0,
            "starts_by_our_time_zone": "2026-11-22T01:30:00+00:00",
            "status": status,
            "summary": "献血：400 ml 全血",
            "location": "南河市中心血站, 人民路 1 号; 二楼",
            "description": "请携带身份证。\n前一晚请早睡。",
            "geo": [31.2198, 121.4744],
            "organizer": ["南河市中心血站", "mailto:appointments@blood.example"],
            "attendee": "mailto:zhang.san@example.org",
            "errors": [],
        })
    };
    for (seen, method, event) in
        [(&seen[0], "REQUEST", event(0, "CONFIRMED")), (&seen[1], "CANCEL", event(2, "CANCELLED"))]
    {
        let calendar = json!({
            "version": "2.0", "scale": "GREGORIAN", "method": method, "name": null, "refresh_seconds": null,
            "time_zones": ["Asia/Shanghai"], "errors": [], "events": [event],
        });
        assert_eq!(*seen, calendar);
    }
}

#[test]
fn icalendar_reads_a_feed_with_its_name_and_texts_that_were_escaped_and_folded() {
    let nasty = r#"反斜杠\, 逗号，a,b;c:d "引号" \n ^n 😀"#;
    let long = format!("{nasty}\r\n{}\n\tEND:VEVENT", "献血无偿，".repeat(60));
    // Without a backslash: RFC 5545 gives it no meaning in a name, but icalendar does.
    let name = r#"南河, 血站; "中心": ^n ^^"#;
    let first = Appointment {
        summary: nasty.into(),
        description: long.clone(),
        organizer_name: name.into(),
        starts_at: instant("2026-12-31T16:00:00Z"),
        ..appointment()
    };
    let second = Appointment { uid: "2@blood.example".into(), ..cancelled() };

    let feed = document(Method::Publish, &[first, second], nasty).unwrap();

    let seen = &read_by_icalendar(&[feed])[0];
    assert_eq!((&seen["method"], &seen["name"]), (&json!("PUBLISH"), &json!([nasty, nasty])));
    assert_eq!(seen["refresh_seconds"], 3600.0);
    assert_eq!(seen["events"].as_array().unwrap().len(), 2);
    let event = &seen["events"][0];
    assert_eq!(event["summary"], nasty);
    assert_eq!(event["description"], long.replace("\r\n", "\n"));
    assert_eq!(event["organizer"][0], name.replace('"', ""));
    assert_eq!(event["attendee"], Value::Null);
    for starts in ["starts", "starts_by_our_time_zone"] {
        assert_eq!(event[starts], "2026-12-31T16:00:00+00:00");
    }
    assert_eq!((&seen["errors"], &event["errors"]), (&json!([]), &json!([])));
}
