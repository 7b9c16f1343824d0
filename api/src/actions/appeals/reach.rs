//! Where an appeal's places are, and who is near them.

use crate::error::Error;
use crate::store::appeals::AppealRow;
use crate::store::free_slots::{self, Search};
use crate::store::schedule::{self, SiteRow};
use crate::store::{Db, booking_policy};
use chrono::{DateTime, Utc};
use std::collections::HashSet;

/// Slots that are counted at most.
const COUNTED: i64 = 20_000;

/// The sites of an appeal: the one that it names and those near it, or all.
pub struct Reach {
    sites: Vec<SiteRow>,
    everywhere: bool,
}

impl Reach {
    /// The sites of this appeal.
    ///
    /// # Errors
    /// Failures of the database.
    pub fn of(db: &mut Db, appeal: &AppealRow) -> Result<Self, Error> {
        let mut sites = schedule::all_sites(db)?;
        let Some(code) = &appeal.site_code else { return Ok(Self { sites, everywhere: true }) };
        let centre = sites.iter().find(|site| site.code == *code).map(SiteRow::place);
        let metres = f64::from(u32::try_from(appeal.within_km).unwrap_or(0)) * 1_000.0;
        let is_near = |site: &SiteRow| {
            appeal.within_km > 0 && centre.is_some_and(|centre| centre.metres_to(site.place()) <= metres)
        };
        sites.retain(|site| site.code == *code || is_near(site));
        Ok(Self { sites, everywhere: false })
    }

    /// Whether somebody who gave, or was to give, at these sites is near. Nobody's address is known.
    pub fn is_near(&self, visited: Option<&HashSet<String>>) -> bool {
        let at = |codes: &HashSet<String>| self.sites.iter().any(|site| codes.contains(&site.code));
        self.everywhere || visited.is_some_and(at)
    }

    /// Whether everybody is near.
    pub fn is_everywhere(&self) -> bool {
        self.everywhere
    }

    /// Places that anybody can book now, and that begin before the appeal is over.
    ///
    /// # Errors
    /// Failures of the database.
    pub fn places(&self, db: &mut Db, appeal: &AppealRow, now: DateTime<Utc>) -> Result<i64, Error> {
        let policy = booking_policy::policy(db)?;
        let open: Vec<&str> =
            self.sites.iter().filter(|site| !site.closed).map(|site| site.code.as_str()).collect();
        let search = Search {
            product: &appeal.product,
            time: now + policy.notice..(now + policy.window).min(appeal.closes_at.and_utc()),
            site_codes: &open,
            limit: COUNTED,
        };
        Ok(free_slots::earliest(db, &search, now)?.iter().map(|slot| slot.free(now)).sum())
    }
}
