//! Sites and open sessions, as many as are wanted.

use crate::Outcome;
use crate::station::Station;
use chrono::{DateTime, Duration, Timelike, Utc};
use rexue::chance::Chance;
use rexue::clock::Clock;
use rexue::domain::place::Point;
use rexue::store::schedule::{self, SessionRow, SiteRow, SlotRow};
use rexue::store::{DatabaseUrl, Pool};

/// What a session's row says of chairs and staff; the slots are written beside it.
const PLAN: &str = r#"{"products":[{"product":"whole_blood","chairs":4,"minutes":30}],"staff":2,"donors_per_staff":2,"reserved_percent":0,"release_hours_before":0}"#;

/// Slots of each product in one session, and who opens it where.
pub struct Plan {
    /// Sites, side by side.
    pub sites: usize,
    /// Days on which each is open, from in three days on.
    pub days: usize,
    /// What can be given there.
    pub products: &'static [&'static str],
    /// Slots for each product on a day.
    pub slots: usize,
    /// Places in each slot.
    pub capacity: i64,
}

/// Writes sites, sessions and slots: the slots' ids.
pub fn open(station: &Station, plan: &Plan) -> Outcome<Vec<String>> {
    let pool = Pool::open(&DatabaseUrl::parse(&station.database.url), 1)?;
    let (now, mut chance) = (Clock::System.now(), Chance::from_system()?);
    let mut slots = Vec::new();
    for place in 0..plan.sites {
        let site = site(place);
        pool.write_blocking(|db| {
            schedule::insert_site(db, &site)?;
            for day in 0..plan.days {
                let session = session(&site.code, 3 + day as i64, now, &mut chance);
                let rows = rows(plan, &session, now, &mut chance);
                schedule::insert_session(db, &session)?;
                schedule::insert_slots(db, &rows)?;
                slots.extend(rows.into_iter().map(|row| row.id));
            }
            Ok(())
        })?;
    }
    Ok(slots)
}

/// Sites lie in a square, about a kilometre from each other.
fn site(place: usize) -> SiteRow {
    let (row, column) = (place as i64 / 25, place as i64 % 25);
    let point = Point::of_micros(34_700_000 + row * 9_000, 113_600_000 + column * 11_000);
    let text = format!("BENCH{place}");
    SiteRow::new(text.clone(), "fixed".to_owned(), text.clone(), text, None, point)
}

fn session(site_code: &str, days: i64, now: DateTime<Utc>, chance: &mut Chance) -> SessionRow {
    // 09:00 in Beijing.
    let opens_at = (now + Duration::days(days)).with_hour(1).unwrap_or(now);
    SessionRow {
        id: chance.id(now),
        site_code: site_code.to_owned(),
        day: opens_at.date_naive(),
        opens_at: opens_at.naive_utc(),
        closes_at: (opens_at + Duration::hours(9)).naive_utc(),
        vehicle: None,
        plan: PLAN.to_owned(),
        release_at: now.naive_utc(),
        state: "open".to_owned(),
        reason: None,
        template_id: None,
        version: 1,
    }
}

fn rows(plan: &Plan, session: &SessionRow, now: DateTime<Utc>, chance: &mut Chance) -> Vec<SlotRow> {
    let minutes = 9 * 60 / plan.slots as i64;
    let starts = (0..plan.slots).map(|place| session.opens_at + Duration::minutes(place as i64 * minutes));
    let all = starts.flat_map(|starts_at| plan.products.iter().map(move |product| (starts_at, product)));
    let row = |(starts_at, product): (chrono::NaiveDateTime, &&str)| SlotRow {
        id: chance.id(now),
        session_id: session.id.clone(),
        product: (*product).to_owned(),
        starts_at,
        capacity: plan.capacity,
        reserved: 0,
        held: 0,
        booked: 0,
        kept: 0,
    };
    all.map(row).collect()
}
