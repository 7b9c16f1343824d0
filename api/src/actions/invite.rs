//! What messages say that ask somebody to come, or tell what became of their coming, as things stand when they are sent.
//! Whether the consent stands, and whether they had enough, is asked of every message (`deliver/compose.rs`).

use super::eligibility::facts_of;
use super::{Context, appeals, invite_again, tell_used};
use crate::clock::day_in_china;
use crate::domain::appeals::Stage;
use crate::domain::donation::Product;
use crate::domain::eligibility::blocks;
use crate::domain::invitations::was_used;
use crate::error::Error;
use crate::links;
use crate::store::outbox::OutboxRow;
use crate::store::{Db, appeals as store, donors, invitations, schedule, unit_policy, units};
use notifications::{Appeal, BloodUsed, MayGiveAgain, Message};

/// The kinds of message that are found here.
pub const KINDS: [&str; 3] = [appeals::MESSAGE, invite_again::MESSAGE, tell_used::MESSAGE];

/// The word that a donor answers who wants no more appeals.
const OPT_OUT: &str = "R";

/// Where somebody books. Providers' templates hold all of it but the last part.
fn booking_page(context: &Context) -> String {
    format!("{}/book", context.public_url)
}

/// The message about this subject, unless what it tells is over.
///
/// # Errors
/// Failures of the database.
pub fn message(
    context: &Context,
    db: &mut Db,
    row: &OutboxRow,
    subject: &str,
) -> Result<Option<Message>, Error> {
    match row.kind.as_str() {
        appeals::MESSAGE => appeal(context, db, row, subject),
        invite_again::MESSAGE => may_give_again(context, db, subject),
        _ => blood_used(context, db, subject),
    }
}

/// An appeal to somebody who has no place, while it looks for somebody.
fn appeal(context: &Context, db: &mut Db, row: &OutboxRow, subject: &str) -> Result<Option<Message>, Error> {
    let now = context.clock.now();
    let Some((recipient, appeal)) = store::asked(db, subject)? else { return Ok(None) };
    let open = appeal.version == row.version
        && appeal.met_at.is_none()
        && appeal.standing(0).stage(now) == Stage::Open;
    let product = Some(appeal.product.as_str());
    if !open || !appeals::with_appointment(db, &[&recipient.donor_id], product, now)?.is_empty() {
        return Ok(None);
    }
    let site = match &appeal.site_code {
        Some(code) => schedule::site(db, code)?.map(|site| site.name),
        None => None,
    };
    let (station, link) = (context.station.name.clone(), links::appeal::url(context, subject)?);
    Ok(Some(Message::Appeal(Appeal { station, site, link, opt_out: OPT_OUT.to_owned() })))
}

/// That somebody may give again who still may, and has no place for anything.
fn may_give_again(context: &Context, db: &mut Db, subject: &str) -> Result<Option<Message>, Error> {
    let now = context.clock.now();
    let Some(row) = invitations::invitation(db, subject)? else { return Ok(None) };
    if !appeals::with_appointment(db, &[&row.donor_id], None, now)?.is_empty() {
        return Ok(None);
    }
    let product = Product::from_word(&row.product)
        .ok_or_else(|| Error::internal("an invitation to a product that does not exist"))?;
    let Some(record) = donors::by_ids(db, std::slice::from_ref(&row.donor_id))?.pop() else {
        return Ok(None);
    };
    let (facts, today) = (facts_of(db, &record)?, day_in_china(now));
    if !blocks(context.rules.on(today), &facts, product, today).is_empty() {
        return Ok(None);
    }
    let (station, link) = (context.station.name.clone(), booking_page(context));
    Ok(Some(Message::MayGiveAgain(MayGiveAgain { station, from: row.from_day, link })))
}

/// That a donation was used, while nothing else was told of it.
fn blood_used(context: &Context, db: &mut Db, subject: &str) -> Result<Option<Message>, Error> {
    let Some(row) = invitations::notice(db, subject)? else { return Ok(None) };
    let became = units::of_donations(db, &[&row.donation_no])?.remove(&row.donation_no).unwrap_or_default();
    let told = was_used(&became, unit_policy::policy(db)?.delay, context.clock.now());
    let station = context.station.name.clone();
    Ok(told.then_some(Message::BloodUsed(BloodUsed { station })))
}
