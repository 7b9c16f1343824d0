//! A station with as many donors and places as a fault test wants.

use super::caller::Owner;
use crate::support::{DONATIONS_HEADER, Station, now};
use chrono::Days;
use rexue::chance::Chance;
use rexue::clock::day_in_china;
use rexue::demo::Plan;

/// Slots of one session: more do not fit into a day.
const A_SESSION: usize = 100;

/// Accounts of donors who may give whole blood.
pub(super) fn donors(station: &Station, count: usize, seed: u64) -> Vec<Owner> {
    // Of a city, some are too young and some too old.
    let size = u32::try_from(count * 2 + 200).unwrap();
    let today = day_in_china(now());
    let mut donors = Vec::new();
    Plan::new(size, Some(0), today, &mut Chance::from_seed(seed)).write_donors(&mut donors).unwrap();
    station.import_text(donors, format!("{DONATIONS_HEADER}\n"));
    let day = |years: u64| today.checked_sub_days(Days::new(years * 365)).unwrap();
    let numbers = station.texts(&format!(
        "SELECT donor_no AS text FROM donors WHERE birth_date > '{}' AND birth_date < '{}'
         ORDER BY donor_no LIMIT {count}",
        day(50),
        day(20)
    ));
    assert_eq!(numbers.len(), count, "the city is too small");
    let owner =
        |donor: crate::support::Donor| Owner { account_id: donor.account_id, donor_no: donor.donor_no };
    station.crowd(&numbers).into_iter().map(owner).collect()
}

/// Slots for whole blood of so many places each, over as many sessions as they take.
pub(super) fn slots(station: &Station, count: usize, places: u32) -> Vec<String> {
    let mut slots = Vec::new();
    while slots.len() < count {
        let size = A_SESSION.min(count - slots.len());
        // Within the fortnight that may be booked.
        let day = 2 + i64::try_from(slots.len() / A_SESSION % 10).unwrap();
        slots.extend(station.slots("whole_blood", day, u32::try_from(size).unwrap(), places));
    }
    slots
}
