//! `GET /v1/slots/soonest` at a steady pace, over a province's sites.

use crate::Outcome;
use crate::city::City;
use crate::crowd;
use crate::database::Place;
use crate::load::{Requests, at_pace};
use crate::options::Options;
use crate::report::{Goal, Report};
use crate::schedule::{self, Plan};
use crate::station::Station;
use std::rc::Rc;
use tempfile::TempDir;

/// Callers who take turns.
const CALLERS: u32 = 1_000;

/// Measures on all databases.
pub fn measure(options: &Options, report: &mut Report) -> Outcome<()> {
    let folder = TempDir::new()?;
    let city = City::write(folder.path(), CALLERS * 3, CALLERS * 3)?;
    for place in Place::all(options) {
        let station = Station::found(&place)?;
        station.import(&city)?;
        let crowd = crowd::who_may_give(&station, CALLERS as usize)?;
        let plan = Plan {
            sites: 500,
            days: 14,
            products: &["whole_blood", "apheresis_platelets", "plasma"],
            slots: 18,
            capacity: 4,
        };
        schedule::open(&station, &plan)?;
        let server = station.serve(false)?;
        let requests = Rc::new(Requests::get_each(crowd.into_iter().enumerate().map(|(place, caller)| {
            // Everybody stands somewhere else, and wants one thing or the other.
            let (north, east) = (34_700 + place % 180, 113_600 + place * 7 % 270);
            let product = if place % 3 == 0 { "apheresis_platelets" } else { "whole_blood" };
            let near = format!("{}.{:03},{}.{:03}", north / 1_000, north % 1_000, east / 1_000, east % 1_000);
            (format!("/v1/slots/soonest?product={product}&near={near}&within_km=30"), Some(caller.token))
        })));
        let (mut half, mut nearly_all) = (Vec::new(), Vec::new());
        at_pace(&server.address, &requests, options, 1.0)?;
        for _ in 0..options.rounds {
            let mut waits = at_pace(&server.address, &requests, options, options.seconds.max(3.0))?;
            waits.sort_by(f64::total_cmp);
            let at = |share: f64| waits.get((waits.len() as f64 * share) as usize).copied();
            half.push(at(0.5).unwrap_or(f64::NAN));
            nearly_all.push(at(0.99).unwrap_or(f64::NAN));
        }
        let name =
            |what: &str| format!("GET /v1/slots/soonest at {}/s, {what} ({})", options.pace, place.name());
        report.figure(&name("p50"), "ms", &half, Goal::None);
        report.figure(&name("p99"), "ms", &nearly_all, Goal::AtMost(25.0));
    }
    Ok(())
}
