//! Reads what the checker needs from a station's database, with queries that are not the product's.

use super::checker::{Row, Slot, Tables};
use crate::support::{Station, now};
use chrono::{DateTime, NaiveDateTime, Utc};
use rexue::actions::book;
use std::collections::HashMap;

const SLOTS: &str = "
    SELECT id || '|' || capacity || '|' || held || '|' || booked || '|' || kept || '|' ||
           ((SELECT COUNT(*) FROM kept_places k WHERE k.slot_id = slots.id) +
            (SELECT COALESCE(SUM(unused), 0) FROM group_blocks b WHERE b.slot_id = slots.id)) AS text
    FROM slots";

const APPOINTMENTS: &str = "
    SELECT a.id || '|' || slot_id || '|' || donor_no || '|' || product || '|' || state || '|' ||
           COALESCE(CAST(hold_expires_at AS TEXT), '') || '|' || renewals || '|' || sequence || '|' ||
           CAST(created_at AS TEXT) || '|' || CAST(changed_at AS TEXT) AS text
    FROM appointments a JOIN donors d ON d.id = a.donor_id";

const TRAIL: &str = "SELECT subject || '|' || action AS text FROM audit WHERE action LIKE 'appointment.%'";

/// Takes back what is over, and reads the tables.
pub(super) fn read(station: &Station) -> Tables {
    let read_at = now();
    while station.pool().write_blocking(|db| book::sweep(db, read_at)).unwrap() > 0 {}
    let mut trail: HashMap<String, Vec<String>> = HashMap::new();
    for line in station.texts(TRAIL) {
        let (subject, action) = line.split_once('|').unwrap();
        trail.entry(subject.to_owned()).or_default().push(action.to_owned());
    }
    Tables {
        slots: station.texts(SLOTS).iter().map(|line| slot(line)).collect(),
        appointments: station.texts(APPOINTMENTS).iter().map(|line| row(line)).collect(),
        trail,
        read_at,
    }
}

fn slot(line: &str) -> Slot {
    let [id, capacity, held, booked, kept, kept_rows] = fields(line);
    Slot {
        id: id.to_owned(),
        capacity: number(capacity),
        held: number(held),
        booked: number(booked),
        kept: number(kept),
        kept_rows: number(kept_rows),
    }
}

fn row(line: &str) -> Row {
    let [id, slot, donor_no, product, state, end, renewals, sequence, created_at, changed_at] = fields(line);
    Row {
        id: id.to_owned(),
        slot: slot.to_owned(),
        donor_no: donor_no.to_owned(),
        product: product.to_owned(),
        state: state.to_owned(),
        hold_expires_at: (!end.is_empty()).then(|| instant(end)),
        renewals: number(renewals),
        sequence: number(sequence),
        created_at: instant(created_at),
        changed_at: instant(changed_at),
    }
}

fn fields<const N: usize>(line: &str) -> [&str; N] {
    let fields: Vec<&str> = line.split('|').collect();
    fields.try_into().unwrap()
}

fn number(text: &str) -> i64 {
    text.parse().unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").unwrap().and_utc()
}
