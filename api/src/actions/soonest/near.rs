//! Looks at the nearest sites first: for whoever says where they are, they mostly have enough places.

use super::{Hunt, Wish};
use crate::clock::day_in_china;
use crate::domain::place::Point;
use crate::error::Error;
use crate::store::Db;
use crate::store::free_slots::{self, FreeSlot, OpenSession};
use crate::store::schedule::SlotRow;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Sites that are asked first by who says where they are; all within reach only when these have too few places.
const NEAREST: usize = 8;

/// Codes of sites, and their distances in metres.
pub(super) type Reached = Vec<(String, Option<u64>)>;

/// Those of some sites that are within reach, with their distances.
pub(super) fn within_reach<'a>(wish: &Wish, sites: impl IntoIterator<Item = &'a (String, Point)>) -> Reached {
    sites
        .into_iter()
        .map(|(code, place)| (code, wish.near.map(|near| near.metres_to(*place))))
        .filter(|(_, metres)| metres.is_none_or(|metres| metres <= wish.within_m))
        .map(|(code, metres)| (code.clone(), metres.and_then(|metres| format!("{metres:.0}").parse().ok())))
        .collect()
}

/// The nearest sites within reach, the nearest first.
fn nearest(wish: &Wish, near: Point, sites: &[(String, Point)]) -> Reached {
    let ruler = near.ruler();
    let mut sites: Vec<(i128, &(String, Point))> = sites.iter().map(|site| (ruler(site.1), site)).collect();
    if sites.len() > NEAREST {
        sites.select_nth_unstable_by_key(NEAREST, |(far, _)| *far);
        sites.truncate(NEAREST);
    }
    sites.sort_unstable_by_key(|(far, _)| *far);
    within_reach(wish, sites.into_iter().map(|(_, site)| site))
}

/// Takes free slots of the nearest sites, session by session, until each hunt has enough.
pub(super) fn look_near(
    db: &mut Db,
    hunts: &mut [&mut Hunt<'_>],
    sites: &[(String, Point)],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    for hunt in hunts.iter_mut() {
        hunt.sites = hunt.wish.near.map_or_else(Vec::new, |near| nearest(hunt.wish, near, sites));
    }
    let codes: BTreeSet<&str> =
        hunts.iter().flat_map(|hunt| &hunt.sites).map(|(code, _)| code.as_str()).collect();
    let begin = hunts.iter().map(|hunt| hunt.time.start).min();
    let end = hunts.iter().map(|hunt| hunt.time.end).max();
    let (false, Some(begin), Some(end)) = (codes.is_empty(), begin, end) else { return Ok(()) };
    let sessions = free_slots::open_sessions(db, &codes.into_iter().collect::<Vec<_>>(), &(begin..end))?;
    let sessions = by_site(&sessions);
    let mut ways: Vec<Vec<&OpenSession>> = hunts.iter().map(|hunt| way(hunt, &sessions)).collect();
    // The first session has enough on most days; on others, twice as many are looked at each time.
    let mut steps = 1;
    loop {
        let mut wanted = BTreeMap::<&str, BTreeSet<&str>>::new();
        let mut taken = Vec::with_capacity(ways.len());
        for (hunt, way) in hunts.iter().zip(&mut ways) {
            let some = if hunt.is_over() { 0 } else { way.len().min(steps) };
            let some: Vec<&OpenSession> = way.drain(..some).collect();
            let product = hunt.wish.product.as_str();
            if !some.is_empty() {
                wanted.entry(product).or_default().extend(some.iter().map(|session| session.id.as_str()));
            }
            taken.push(some);
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let mut slots = HashMap::<(String, String), Vec<SlotRow>>::new();
        for (product, sessions) in wanted {
            let sessions: Vec<&str> = sessions.into_iter().collect();
            for slot in free_slots::in_sessions(db, &sessions, product)? {
                slots.entry((slot.session_id.clone(), slot.product.clone())).or_default().push(slot);
            }
        }
        for (hunt, sessions) in hunts.iter_mut().zip(taken) {
            for session in sessions {
                let key = (session.id.clone(), hunt.wish.product.as_str().to_owned());
                hunt.take(session, slots.get(&key).map_or(&[], Vec::as_slice), now);
            }
        }
        steps *= 2;
    }
}

fn by_site(sessions: &[OpenSession]) -> HashMap<&str, Vec<&OpenSession>> {
    let mut by_site = HashMap::<&str, Vec<&OpenSession>>::new();
    for session in sessions {
        by_site.entry(session.site_code.as_str()).or_default().push(session);
    }
    by_site
}

/// The sessions that a hunt comes by: by day, then by distance, then by time.
fn way<'a>(hunt: &Hunt<'_>, sessions: &HashMap<&str, Vec<&'a OpenSession>>) -> Vec<&'a OpenSession> {
    let sites = hunt.sites.iter().enumerate();
    let mut way: Vec<(usize, &OpenSession)> = sites
        .flat_map(|(far, (code, _))| {
            sessions.get(code.as_str()).into_iter().flatten().map(move |session| (far, *session))
        })
        .filter(|(_, session)| session.opens_at.and_utc() < hunt.time.end)
        .collect();
    way.sort_by_key(|(far, session)| (day_in_china(session.opens_at.and_utc()), *far, session.opens_at));
    way.into_iter().map(|(_, session)| session).collect()
}

impl Hunt<'_> {
    /// Takes what is free at the right time of a session's slots.
    fn take(&mut self, session: &OpenSession, slots: &[SlotRow], now: DateTime<Utc>) {
        let free = slots
            .iter()
            .filter(|slot| self.time.contains(&slot.starts_at.and_utc()))
            .map(|slot| FreeSlot {
                slot: slot.clone(),
                site_code: session.site_code.clone(),
                release_at: session.release_at,
            })
            .filter(|slot| slot.free(now) > 0);
        self.found.extend(free);
    }
}
