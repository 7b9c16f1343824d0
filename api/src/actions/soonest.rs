//! Finds the soonest places for donors: from the first day on which the rules allow it. Who asks at the same time is answered
//! together, with one query a kind.

mod near;

use super::Context;
use super::eligibility::{Histories, planned};
use super::family::{no_record, no_such_donor};
use crate::clock::{day_in_china, instant_in_china};
use crate::domain::booking::Policy;
use crate::domain::donation::Product;
use crate::domain::eligibility::{Facts, assess};
use crate::domain::identity::Sex;
use crate::domain::place::Point;
use crate::error::Error;
use crate::group::{Group, Outcomes};
use crate::store::appointments::{self, AppointmentRow, SeenDonor};
use crate::store::free_slots::{self, FreeSlot, Search};
use crate::store::schedule::{self, SiteRow, SlotRow};
use crate::store::{Db, booking_policy};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use near::{Reached, look_near, within_reach};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// Slots that are looked at for each place that is wanted, at all sites: the nearest of a day are wanted first, not the
/// earliest.
const LOOKED_AT: usize = 20;
/// Groups of searches under way at one time.
const READERS: usize = 2;

/// What is wished for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Who asks.
    pub account_id: String,
    /// For which donor: the account's own person when `None`.
    pub donor_no: Option<String>,
    /// What is to be given.
    pub product: Product,
    /// Where they are.
    pub near: Option<Point>,
    /// How far they would go, metres.
    pub within_m: f64,
    /// Not before this day, Asia/Shanghai.
    pub from: Option<NaiveDate>,
    /// How many places.
    pub limit: usize,
}

/// A place that was found.
#[derive(Debug)]
pub struct FoundSlot {
    /// The slot.
    pub slot: SlotRow,
    /// Places left for everybody.
    pub free: i64,
    /// Where it is.
    pub site: SiteRow,
    /// How far it is, metres.
    pub distance_m: Option<u64>,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// The first day on which the rules allow it.
    pub first_day: Option<NaiveDate>,
    /// By day, then by distance, then by time.
    pub places: Vec<FoundSlot>,
}

/// Finds places for those who ask at the same time.
#[derive(Clone)]
pub struct Searches(Group<Wish, Found>);

impl Searches {
    /// Starts the readers.
    ///
    /// # Errors
    /// `internal` when no thread can be had.
    pub fn start(context: &Context) -> Result<Self, Error> {
        let whole = context.clone();
        let run = move |db: &mut Db, wishes: &[Wish]| find_all(&whole, db, wishes);
        Ok(Self(Group::reading(&context.pool, READERS, run)?))
    }

    /// Finds places.
    ///
    /// # Errors
    /// `not_found`, `no_record`; `overloaded`.
    pub async fn find(&self, wish: Wish) -> Result<Found, Error> {
        self.0.submit(wish).await
    }
}

/// [`Searches::find`] for one who asks alone.
///
/// # Errors
/// `not_found`, `no_record`.
pub async fn find(context: &Context, wish: Wish) -> Result<Found, Error> {
    let whole = context.clone();
    let mut found = context.pool.read(move |db| find_all(&whole, db, &[wish])).await?;
    found.pop().unwrap_or_else(|| Err(Error::internal("a wish without an answer")))
}

/// A wish under way.
struct Hunt<'a> {
    wish: &'a Wish,
    first_day: Option<NaiveDate>,
    /// When a place may be.
    time: Range<DateTime<Utc>>,
    /// Sites that were looked at, with their distances.
    sites: Reached,
    found: Vec<FreeSlot>,
}

impl Hunt<'_> {
    fn is_over(&self) -> bool {
        self.first_day.is_none() || self.found.len() >= self.wish.limit
    }

    /// The wished number of places: by day, then by distance, then by time.
    fn choose(&mut self) {
        let distances: HashMap<&str, Option<u64>> =
            self.sites.iter().map(|(code, distance)| (code.as_str(), *distance)).collect();
        self.found.sort_by_cached_key(|found| {
            let distance = distances.get(found.site_code.as_str()).copied().flatten();
            (day_in_china(found.slot.starts_at.and_utc()), distance, found.slot.starts_at)
        });
        self.found.truncate(self.wish.limit);
    }

    fn finish(self, rows: &HashMap<String, SiteRow>, now: DateTime<Utc>) -> Found {
        let distance = |code: &str| self.sites.iter().find(|(site, _)| site == code)?.1;
        let place = |found: FreeSlot| {
            let (site, distance_m) = (rows.get(&found.site_code)?.clone(), distance(&found.site_code));
            Some(FoundSlot { free: found.free(now), slot: found.slot, site, distance_m })
        };
        Found { first_day: self.first_day, places: self.found.into_iter().filter_map(place).collect() }
    }
}

fn find_all(context: &Context, db: &mut Db, wishes: &[Wish]) -> Outcomes<Found> {
    let now = context.clock.now();
    let askers = Askers::load(db, wishes)?;
    let policy = booking_policy::policy(db)?;
    let mut hunts: Vec<Result<Hunt<'_>, Error>> =
        wishes.iter().map(|wish| askers.hunt(context, wish, &policy, now)).collect();
    let mut under_way: Vec<&mut Hunt<'_>> =
        hunts.iter_mut().flatten().filter(|hunt| !hunt.is_over()).collect();
    if !under_way.is_empty() {
        let sites = schedule::open_sites(db)?;
        look_near(db, &mut under_way, &sites, now)?;
        for hunt in under_way {
            if !hunt.is_over() {
                look_everywhere(db, hunt, &sites, now)?;
            }
            hunt.choose();
        }
    }
    let places = hunts.iter().flatten().flat_map(|hunt| &hunt.found);
    let codes: BTreeSet<&str> = places.map(|found| found.site_code.as_str()).collect();
    let rows = schedule::sites_of(db, &codes.into_iter().collect::<Vec<_>>())?;
    let rows: HashMap<String, SiteRow> = rows.into_iter().map(|site| (site.code.clone(), site)).collect();
    Ok(hunts.into_iter().map(|hunt| Ok(hunt?.finish(&rows, now))).collect())
}

/// All sites within reach, in the order of time.
fn look_everywhere(
    db: &mut Db,
    hunt: &mut Hunt<'_>,
    sites: &[(String, Point)],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    hunt.sites = within_reach(hunt.wish, sites);
    let site_codes: Vec<&str> = hunt.sites.iter().map(|(code, _)| code.as_str()).collect();
    let search = Search {
        product: hunt.wish.product.as_str(),
        time: hunt.time.clone(),
        site_codes: &site_codes,
        limit: i64::try_from(hunt.wish.limit * LOOKED_AT).unwrap_or(i64::MAX),
    };
    hunt.found = free_slots::earliest(db, &search, now)?;
    Ok(())
}

/// For whom places are looked for.
struct Askers {
    donors: Vec<SeenDonor>,
    histories: Histories,
    appointments: Vec<AppointmentRow>,
}

impl Askers {
    fn load(db: &mut Db, wishes: &[Wish]) -> Result<Self, Error> {
        let accounts: BTreeSet<&str> = wishes.iter().map(|wish| wish.account_id.as_str()).collect();
        let donors = appointments::donors_of_accounts(db, &accounts.into_iter().collect::<Vec<_>>())?;
        let ids: BTreeSet<&str> = donors.iter().map(|donor| donor.donor_id.as_str()).collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let histories = Histories::load(db, &ids)?;
        let appointments = appointments::active_of(db, &ids)?;
        Ok(Self { donors, histories, appointments })
    }

    fn donor(&self, wish: &Wish) -> Result<&SeenDonor, Error> {
        let mut seen = self.donors.iter().filter(|donor| donor.account_id == wish.account_id);
        match &wish.donor_no {
            Some(number) => seen.find(|donor| donor.donor_no == *number).ok_or_else(no_such_donor),
            None => seen.find(|donor| donor.relation == "self").ok_or_else(no_record),
        }
    }

    fn hunt<'a>(
        &self,
        context: &Context,
        wish: &'a Wish,
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Result<Hunt<'a>, Error> {
        let donor = self.donor(wish)?;
        let sex = Sex::from_word(&donor.sex).ok_or_else(|| Error::internal("a sex that does not exist"))?;
        let facts = Facts {
            planned: planned(&self.appointments, &donor.donor_id),
            ..self.histories.facts(&donor.donor_id, donor.birth_date, sex)
        };
        let today = day_in_china(now);
        let first_day =
            assess(&context.rules, &facts, wish.product, wish.from.unwrap_or(today).max(today)).first_day;
        let soonest = now + policy.notice;
        let begin = first_day.map_or(soonest, |day| instant_in_china(day, NaiveTime::MIN).max(soonest));
        let time = begin..now + policy.window;
        Ok(Hunt { wish, first_day, time, sites: Vec::new(), found: Vec::new() })
    }
}
