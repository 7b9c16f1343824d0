//! Sites, their weekly templates, the calendar, sessions and slots.

use super::connection::{Db, insert_rows, on_each};
use super::schema::{collection_sessions, holidays, session_templates, sites, slots};
use crate::domain::place::Point;
use crate::error::Error;
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use diesel::upsert::excluded;

/// A site as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = sites, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct SiteRow {
    /// The station's code.
    pub code: String,
    /// `fixed` or `mobile`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// The organisation whose guest the vehicle is.
    pub organisation: Option<String>,
    latitude_micros: i64,
    longitude_micros: i64,
    /// Whether it is given up.
    pub closed: bool,
    /// Grows with each change.
    pub version: i64,
}

impl SiteRow {
    /// The row of a new site.
    pub fn new(
        code: String,
        kind: String,
        name: String,
        address: String,
        organisation: Option<String>,
        place: Point,
    ) -> Self {
        let (latitude_micros, longitude_micros) = place.micros();
        let (closed, version) = (false, 1);
        Self { code, kind, name, address, organisation, latitude_micros, longitude_micros, closed, version }
    }

    /// Where it is.
    pub fn place(&self) -> Point {
        Point::of_micros(self.latitude_micros, self.longitude_micros)
    }
}

/// The site with this code.
pub fn site(db: &mut Db, code: &str) -> Result<Option<SiteRow>, Error> {
    Ok(sites::table.find(code).first(db).optional()?)
}

/// All sites, by code.
pub fn all_sites(db: &mut Db) -> Result<Vec<SiteRow>, Error> {
    Ok(sites::table.order(sites::code.asc()).load(db)?)
}

/// The codes of sites that are not given up, and where they are.
pub fn open_sites(db: &mut Db) -> Result<Vec<(String, Point)>, Error> {
    let sites: Vec<(String, i64, i64)> = sites::table
        .filter(sites::closed.eq(false))
        .select((sites::code, sites::latitude_micros, sites::longitude_micros))
        .load(db)?;
    Ok(sites.into_iter().map(|(code, north, east)| (code, Point::of_micros(north, east))).collect())
}

/// The sites with these codes.
pub fn sites_of(db: &mut Db, codes: &[&str]) -> Result<Vec<SiteRow>, Error> {
    Ok(sites::table.filter(sites::code.eq_any(codes)).load(db)?)
}

/// Writes a new site; `false` when the code is taken.
pub fn insert_site(db: &mut Db, row: &SiteRow) -> Result<bool, Error> {
    let inserted = on_each!(db, |connection| diesel::insert_into(sites::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

/// Writes a changed site over its version `before`; `false` when somebody else was faster.
pub fn change_site(db: &mut Db, row: &SiteRow, before: i64) -> Result<bool, Error> {
    let unchanged = sites::table.find(&row.code).filter(sites::version.eq(before));
    let changed = on_each!(db, |connection| diesel::update(unchanged).set(row).execute(connection))?;
    Ok(changed == 1)
}

/// A weekly template as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = session_templates, treat_none_as_default_value = false)]
pub struct TemplateRow {
    /// UUIDv7.
    pub id: String,
    /// The site.
    pub site_code: String,
    /// 1 is Monday.
    pub weekday: i64,
    /// Minutes after midnight, Asia/Shanghai.
    pub opens_minute: i64,
    /// Minutes after midnight, Asia/Shanghai.
    pub closes_minute: i64,
    /// Whether it opens on days off too.
    pub on_holidays: bool,
    /// The plan, JSON.
    pub plan: String,
    /// The first day.
    pub valid_from: NaiveDate,
    /// The last day.
    pub valid_until: Option<NaiveDate>,
    /// Grows with each change.
    pub version: i64,
}

/// Writes a new template.
pub fn insert_template(db: &mut Db, row: &TemplateRow) -> Result<(), Error> {
    diesel::insert_into(session_templates::table).values(row).execute(db)?;
    Ok(())
}

/// A site's templates, by weekday.
pub fn templates_of(db: &mut Db, site_code: &str) -> Result<Vec<TemplateRow>, Error> {
    Ok(session_templates::table
        .filter(session_templates::site_code.eq(site_code))
        .order((session_templates::weekday.asc(), session_templates::opens_minute.asc()))
        .load(db)?)
}

/// Templates of sites that are not given up, valid on a day or later.
pub fn templates_from(db: &mut Db, day: NaiveDate) -> Result<Vec<TemplateRow>, Error> {
    let still = session_templates::valid_until.is_null().or(session_templates::valid_until.ge(day));
    let open = sites::table.filter(sites::closed.eq(false)).select(sites::code);
    Ok(session_templates::table.filter(still).filter(session_templates::site_code.eq_any(open)).load(db)?)
}

/// Ends a template: its last day is `last`; `false` when the site has no such template.
pub fn end_template(db: &mut Db, site_code: &str, id: &str, last: NaiveDate) -> Result<bool, Error> {
    let own = session_templates::table.find(id).filter(session_templates::site_code.eq(site_code));
    Ok(diesel::update(own).set(session_templates::valid_until.eq(Some(last))).execute(db)? == 1)
}

/// A day of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = holidays)]
pub struct HolidayRow {
    /// The day.
    pub day: NaiveDate,
    /// The holiday's name.
    pub name: String,
    /// Whether it is a day off; otherwise people work although it is a weekend.
    pub is_off: bool,
}

/// Writes days of the calendar over what was there.
pub fn save_holidays(db: &mut Db, rows: &[HolidayRow]) -> Result<(), Error> {
    for row in rows {
        on_each!(db, |connection| diesel::insert_into(holidays::table)
            .values(row)
            .on_conflict(holidays::day)
            .do_update()
            .set((
                holidays::name.eq(excluded(holidays::name)),
                holidays::is_off.eq(excluded(holidays::is_off))
            ))
            .execute(connection))?;
    }
    Ok(())
}

/// The days of the calendar between two days, both included.
pub fn holidays_between(db: &mut Db, first: NaiveDate, last: NaiveDate) -> Result<Vec<HolidayRow>, Error> {
    Ok(holidays::table.filter(holidays::day.between(first, last)).load(db)?)
}

/// A session as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = collection_sessions, treat_none_as_default_value = false)]
pub struct SessionRow {
    /// UUIDv7.
    pub id: String,
    /// The site.
    pub site_code: String,
    /// Asia/Shanghai.
    pub day: NaiveDate,
    /// UTC.
    pub opens_at: NaiveDateTime,
    /// UTC.
    pub closes_at: NaiveDateTime,
    /// The vehicle, of a mobile site.
    pub vehicle: Option<String>,
    /// The plan, JSON.
    pub plan: String,
    /// UTC: when the kept places become everybody's.
    pub release_at: NaiveDateTime,
    /// `open`, `paused` or `cancelled`.
    pub state: String,
    /// Why it is paused or cancelled.
    pub reason: Option<String>,
    /// The template that it came from.
    pub template_id: Option<String>,
    /// Grows with each change.
    pub version: i64,
}

/// Writes a new session; `false` when the site has one at that time.
pub fn insert_session(db: &mut Db, row: &SessionRow) -> Result<bool, Error> {
    let inserted = on_each!(db, |connection| diesel::insert_into(collection_sessions::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

/// The session with this id.
pub fn session(db: &mut Db, id: &str) -> Result<Option<SessionRow>, Error> {
    Ok(collection_sessions::table.find(id).first(db).optional()?)
}

/// Sessions of a site, or of all, between two days, both included, in the order of time.
pub fn sessions_between(
    db: &mut Db,
    site_code: Option<&str>,
    first: NaiveDate,
    last: NaiveDate,
    limit: i64,
) -> Result<Vec<SessionRow>, Error> {
    let between = collection_sessions::table
        .filter(collection_sessions::day.between(first, last))
        .order((collection_sessions::opens_at.asc(), collection_sessions::site_code.asc()))
        .limit(limit)
        .into_boxed();
    Ok(match site_code {
        Some(code) => between.filter(collection_sessions::site_code.eq(code)).load(db)?,
        None => between.load(db)?,
    })
}

/// Moves a session from one of these states to another; `false` when it is in none of them, or was changed since
/// its version `before`.
pub fn set_session_state(
    db: &mut Db,
    id: &str,
    before: i64,
    from: &[&str],
    to: &str,
    reason: Option<&str>,
) -> Result<bool, Error> {
    let unchanged = collection_sessions::table
        .find(id)
        .filter(collection_sessions::version.eq(before))
        .filter(collection_sessions::state.eq_any(from));
    let changed = diesel::update(unchanged)
        .set((
            collection_sessions::state.eq(to),
            collection_sessions::reason.eq(reason),
            collection_sessions::version.eq(before + 1),
        ))
        .execute(db)?;
    Ok(changed == 1)
}

/// Whether another session of the site opens when this one is to.
pub fn opens_then(db: &mut Db, row: &SessionRow) -> Result<bool, Error> {
    let same = collection_sessions::table
        .filter(collection_sessions::site_code.eq(&row.site_code))
        .filter(collection_sessions::opens_at.eq(row.opens_at))
        .filter(collection_sessions::id.ne(&row.id));
    let count: i64 = same.count().get_result(db)?;
    Ok(count > 0)
}

/// Writes a session's new hours over its version `before`; `false` when somebody else was faster.
pub fn move_session(db: &mut Db, row: &SessionRow, before: i64) -> Result<bool, Error> {
    let unchanged = collection_sessions::table.find(&row.id).filter(collection_sessions::version.eq(before));
    let changed = diesel::update(unchanged)
        .set((
            collection_sessions::day.eq(row.day),
            collection_sessions::opens_at.eq(row.opens_at),
            collection_sessions::closes_at.eq(row.closes_at),
            collection_sessions::release_at.eq(row.release_at),
            collection_sessions::version.eq(row.version),
        ))
        .execute(db)?;
    Ok(changed == 1)
}

/// Writes the new starts of slots that were all moved by `by`: in such an order that no two are ever at one time.
pub fn move_slots(db: &mut Db, rows: &mut [SlotRow], by: TimeDelta) -> Result<(), Error> {
    rows.sort_by_key(|row| row.starts_at);
    if by > TimeDelta::zero() {
        rows.reverse();
    }
    for row in rows {
        diesel::update(slots::table.find(&row.id)).set(slots::starts_at.eq(row.starts_at)).execute(db)?;
    }
    Ok(())
}

/// A slot as the table holds one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = slots, treat_none_as_default_value = false)]
pub struct SlotRow {
    /// UUIDv7.
    pub id: String,
    /// The session.
    pub session_id: String,
    /// The product.
    pub product: String,
    /// UTC.
    pub starts_at: NaiveDateTime,
    /// Donors who can start then.
    pub capacity: i64,
    /// Places kept for walk-ins and groups.
    pub reserved: i64,
    /// Places that somebody holds.
    pub held: i64,
    /// Places that are booked.
    pub booked: i64,
    /// Places kept for those who wait and for groups.
    pub kept: i64,
}

/// Writes new slots.
pub fn insert_slots(db: &mut Db, rows: &[SlotRow]) -> Result<(), Error> {
    insert_rows!(db, slots::table, rows)
}

/// A session's slots, by time and product.
pub fn slots_of(db: &mut Db, session_id: &str) -> Result<Vec<SlotRow>, Error> {
    Ok(slots::table
        .filter(slots::session_id.eq(session_id))
        .order((slots::starts_at.asc(), slots::product.asc()))
        .load(db)?)
}
