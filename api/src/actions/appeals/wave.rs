//! A wave: who is drawn, and by lot asked or not.

use super::reach::Reach;
use super::{MESSAGE, entry};
use crate::actions::Context;
use crate::actions::eligibility::Histories;
use crate::chance::Chance;
use crate::clock::day_in_china;
use crate::domain::appeals::{BETWEEN_WAVES, Candidate, Fatigue, Lot, drawn};
use crate::domain::call_ups::groups_of;
use crate::domain::donation::Product;
use crate::domain::eligibility::blocks;
use crate::domain::identity::Sex;
use crate::error::Error;
use crate::store::appeals::{self as store, AppealRow, Person, RecipientRow, Tally};
use crate::store::donors::{self, DonorRow};
use crate::store::outbox::{self, Notice, OutboxRow};
use crate::store::{Db, appointments, audit, message_policy};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// People who are looked at together.
const TOGETHER: usize = 500;

/// Draws the next wave of an appeal that is open, asks those whom the lot says, and writes all of it down.
///
/// # Errors
/// Failures of the database.
pub fn send(
    context: &Context,
    db: &mut Db,
    row: &mut AppealRow,
    tally: &Tally,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<Vec<RecipientRow>, Error> {
    let due_at = message_policy::quiet_hours(db)?.after(now);
    row.next_wave_at = (due_at + BETWEEN_WAVES).naive_utc();
    let reach = Reach::of(db, row)?;
    let places = reach.places(db, row, now)?;
    let standing = row.standing(i64::from(tally.booked(Lot::Asked)));
    let size = standing.wave(i64::from(tally.drawn(Lot::Asked)), places);
    let mut recipients = Vec::new();
    if size > 0 && due_at < row.closes_at.and_utc() {
        row.waves += 1;
        recipients = draw(context, db, row, &reach, size, now, chance)?;
    }
    store::save(db, row)?;
    if recipients.is_empty() {
        return Ok(recipients);
    }
    store::insert_recipients(db, &recipients)?;
    let asked: Vec<&RecipientRow> =
        recipients.iter().filter(|recipient| recipient.state == Lot::Asked.as_str()).collect();
    let messages: Vec<OutboxRow> =
        asked.iter().map(|recipient| message(row, recipient, due_at, now, chance)).collect();
    outbox::push(db, &messages)?;
    let detail = json!({
        "wave": row.waves, "asked": asked.len(), "held_out": recipients.len() - asked.len(), "places": places,
    });
    let sent = entry(context, "appeal.wave", &row.id, detail);
    // Each who is asked can read why their record was looked at.
    let traces = asked.iter().map(|recipient| {
        let detail = json!({ "appeal": row.id, "purpose": "donation" });
        entry(context, "appeal.asked", &recipient.donor_id, detail)
    });
    audit::append(db, std::iter::once(sent).chain(traces), now, chance)?;
    Ok(recipients)
}

fn message(
    row: &AppealRow,
    recipient: &RecipientRow,
    due_at: DateTime<Utc>,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> OutboxRow {
    let notice = Notice {
        kind: MESSAGE,
        account_id: &recipient.account_id,
        subject: &recipient.id,
        version: row.version,
        due_at,
        expires_at: row.closes_at.and_utc(),
    };
    OutboxRow::notice(&notice, now, chance)
}

/// Draws people in no order until so many are to be asked, or there is nobody left.
fn draw(
    context: &Context,
    db: &mut Db,
    row: &AppealRow,
    reach: &Reach,
    size: usize,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<Vec<RecipientRow>, Error> {
    let mut people = Vec::new();
    for group in groups_of(&row.blood_groups) {
        people.extend(store::consenting(db, group, &row.id)?);
    }
    shuffle(&mut people, chance);
    let fatigue = store::fatigue(db)?;
    let holdout = u32::try_from(row.holdout_percent).map_err(Error::internal)?;
    let (mut recipients, mut asked) = (Vec::new(), 0);
    for some in people.chunks(TOGETHER) {
        for person in fitting(context, db, row, reach, some, fatigue, now)? {
            if asked == size {
                return Ok(recipients);
            }
            let lot = drawn(chance.below(100), holdout);
            asked += usize::from(lot == Lot::Asked);
            recipients.push(RecipientRow {
                id: chance.id(now),
                appeal_id: row.id.clone(),
                account_id: person.account_id.clone(),
                donor_id: person.donor_id.clone(),
                state: lot.as_str().to_owned(),
                wave: row.waves,
                drawn_at: now.naive_utc(),
                reached: true,
            });
        }
    }
    Ok(recipients)
}

fn shuffle(people: &mut [Person], chance: &mut Chance) {
    for place in (1..people.len()).rev() {
        let other = chance.below(u32::try_from(place + 1).unwrap_or(u32::MAX));
        people.swap(place, usize::try_from(other).unwrap_or(place));
    }
}

/// Those of some people who can be drawn, in their order.
fn fitting<'a>(
    context: &Context,
    db: &mut Db,
    row: &AppealRow,
    reach: &Reach,
    people: &'a [Person],
    fatigue: Fatigue,
    now: DateTime<Utc>,
) -> Result<Vec<&'a Person>, Error> {
    let product = Product::from_word(&row.product)
        .ok_or_else(|| Error::internal("an appeal for a product that does not exist"))?;
    let today = day_in_china(now);
    let pack = context.rules.on(today);
    let ids: Vec<String> = people.iter().map(|person| person.donor_id.clone()).collect();
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let records: HashMap<String, DonorRow> =
        donors::by_ids(db, &ids)?.into_iter().map(|record| (record.id.clone(), record)).collect();
    let histories = Histories::load(db, &names)?;
    let visited = if reach.is_everywhere() { HashMap::new() } else { store::sites_of(db, &names)? };
    let booked = with_appointment(db, &names, Some(&row.product), now)?;
    let drawn_already = store::drawn_now(db, &names, now)?;
    let asked = store::asked_since(db, &names, now - fatigue.span)?;
    let mut fitting = Vec::new();
    for person in people {
        let Some(record) = records.get(&person.donor_id) else { continue };
        let sex = Sex::from_word(&record.sex).ok_or_else(|| Error::internal("a sex that does not exist"))?;
        let facts = histories.facts(&record.id, record.birth_date, sex);
        let candidate = Candidate {
            near: reach.is_near(visited.get(&record.id)),
            eligible: blocks(pack, &facts, product, today).is_empty(),
            has_appointment: booked.contains(&record.id),
            drawn_already: drawn_already.contains(&record.id),
            asked_of_late: asked.get(&record.id).copied().unwrap_or(0),
        };
        if candidate.fits(fatigue) {
            fitting.push(person);
        }
    }
    Ok(fitting)
}

/// Of these donors, those for whom a place for the product, or for any, is booked, or held and not given back.
///
/// # Errors
/// Failures of the database.
pub fn with_appointment(
    db: &mut Db,
    donor_ids: &[&str],
    product: Option<&str>,
    now: DateTime<Utc>,
) -> Result<HashSet<String>, Error> {
    let stands = |expires: Option<chrono::NaiveDateTime>| expires.is_none_or(|at| at > now.naive_utc());
    Ok(appointments::active_of(db, donor_ids)?
        .into_iter()
        .filter(|row| product.is_none_or(|product| row.product == product))
        .filter(|row| row.state != "held" || stands(row.hold_expires_at))
        .map(|row| row.donor_id)
        .collect())
}
