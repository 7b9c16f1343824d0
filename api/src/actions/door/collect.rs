//! A donation is recorded: history, totals, certificate, thanks, in one transaction.

use super::{mark, settle, trace, visit_in};
use crate::actions::{Context, issue};
use crate::chance::Chance;
use crate::domain::donation::{Collection, Donation, Outcome, Product};
use crate::domain::donation_number::{DonationNumber, DonationNumbering};
use crate::domain::donor::DonorNumber;
use crate::domain::refusal::Refusal;
use crate::domain::totals::Totals;
use crate::error::Error;
use crate::store::donations::{self, DonationRow};
use crate::store::outbox::{self, Notice, OutboxRow};
use crate::store::visits::VisitRow;
use crate::store::{Db, accounts, donors, imports, schedule, totals, visits};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// Thanks that come later are none.
const THANKS_WITHIN: TimeDelta = TimeDelta::days(2);

/// What was collected.
pub struct NewDonation {
    /// The donation identification number on the bags.
    pub donation_no: String,
    /// What was given: what the visit is for.
    pub product: Product,
    /// The collected volume, ml.
    pub volume_ml: u32,
    /// Therapeutic units of platelets; 0 for whole blood.
    pub units: u32,
}

/// What is so now.
pub struct Collected {
    /// The donation's number, in its normal form.
    pub donation_no: String,
    /// The donor's totals.
    pub totals: Totals,
    /// The new certificate; `None` when it could not be issued at once.
    pub certificate_no: Option<String>,
}

/// Records the donation of a screened donor.
///
/// The same donation of the same visit, sent again, gets the same answer.
///
/// # Errors
/// `missing`, `check_character`, `not_a_donation_number`, `out_of_range`, `other_product`; `not_found`, `wrong_state`,
/// `donation_no_taken`.
pub async fn collect(context: &Context, visit_id: String, donation: NewDonation) -> Result<Collected, Error> {
    let numbering = DonationNumbering::with_local_pattern(&context.station.donation_number_pattern)?;
    let number = DonationNumber::parse(&donation.donation_no, &numbering)?;
    let now = context.clock.now();
    let collection = Collection {
        collected_at: now,
        product: donation.product,
        volume_ml: donation.volume_ml,
        units: donation.units,
        outcome: Outcome::Donated,
    }
    .check(now)?;
    let whole = context.clone();
    let collected =
        context.pool.write(move |db| collect_in(&whole, db, &visit_id, number, collection)).await?;
    context.bell.notify_one();
    Ok(collected)
}

fn collect_in(
    context: &Context,
    db: &mut Db,
    visit_id: &str,
    number: DonationNumber,
    collection: Collection,
) -> Result<Collected, Error> {
    let now = collection.collected_at;
    // An import may count this donor's totals at this moment.
    imports::exclude_others(db)?;
    if let Some(visit) = visits::lock(db, visit_id)?.filter(|visit| visit.state == "donated") {
        return repeated(db, &visit, &number);
    }
    let mut visit = visit_in(db, visit_id, &["screened"])?;
    if visit.product != collection.product.as_str() {
        let message = "The donor came for something else. Check in for this product.";
        return Err(Refusal::new("product", "other_product", message).into());
    }
    let donor = donors::by_ids(db, &[visit.donor_id.clone()])?.pop();
    let donor = donor.ok_or_else(|| Error::internal("a visit of no donor"))?;
    let session = schedule::session(db, &visit.session_id)?;
    let site_code = session.map(|session| session.site_code).unwrap_or_default();
    if donations::by_numbers(db, [number.as_str()])?.contains_key(number.as_str()) {
        return Err(Error::conflict("donation_no_taken", "This donation number is another donation's."));
    }
    let mut chance = Chance::from_system()?;
    let donation = Donation {
        donation_no: number,
        donor_no: DonorNumber::parse(&donor.donor_no)?,
        site_code,
        collection,
    };
    let source = chance.id(now);
    imports::begin(db, &source, now)?;
    imports::finish(db, &source, now, &json!({ "source": "door" }).to_string())?;
    donations::insert(db, &[DonationRow::new(&donation, &donor.id, &source)])?;
    let before = totals::of_donors(db, &[&donor.id])?.remove(&donor.id).unwrap_or_default();
    let totals = before.plus(&donation.collection);
    totals::save(db, [(donor.id.as_str(), &totals)])?;
    mark(db, &mut visit, "donated", now)?;
    settle(db, &visit, "donated", now)?;
    trace(context, db, "donation.recorded", &visit, now)?;
    let certificate_no = issue::issue_in(context, db, &donor.id, now, &mut chance)?;
    thank(db, &visit, donation.donation_no.as_str(), certificate_no.is_some(), now, &mut chance)?;
    Ok(Collected { donation_no: donation.donation_no.as_str().to_owned(), totals, certificate_no })
}

/// To the person's own account, or to the one that made the appointment.
fn thank(
    db: &mut Db,
    visit: &VisitRow,
    donation_no: &str,
    certified: bool,
    now: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<(), Error> {
    let links = accounts::links_to(db, &visit.donor_id)?;
    let Some(own) = links.into_iter().find(|link| link.relation == "self") else { return Ok(()) };
    let notice = Notice {
        kind: "thanks",
        account_id: &own.account_id,
        subject: donation_no,
        version: i64::from(certified),
        due_at: now,
        expires_at: now + THANKS_WITHIN,
    };
    outbox::push(db, &[OutboxRow::notice(&notice, now, chance)])
}

fn repeated(db: &mut Db, visit: &VisitRow, number: &DonationNumber) -> Result<Collected, Error> {
    if !donations::is_of(db, number.as_str(), &visit.donor_id)? {
        return Err(Error::conflict("wrong_state", "This visit is donated by now."));
    }
    let totals = totals::of_donors(db, &[&visit.donor_id])?.remove(&visit.donor_id).unwrap_or_default();
    let newest = crate::store::certificates::of_donor(db, &visit.donor_id)?.into_iter().next();
    Ok(Collected {
        donation_no: number.as_str().to_owned(),
        totals,
        certificate_no: newest.map(|row| row.certificate_no),
    })
}
