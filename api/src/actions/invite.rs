//! What messages say that ask somebody to come, as things stand when they are sent.

use super::{Context, appeals};
use crate::domain::appeals::Stage;
use crate::domain::consent::Purpose;
use crate::error::Error;
use crate::store::appeals as store;
use crate::store::outbox::OutboxRow;
use crate::store::{Db, consents, schedule};
use notifications::{Appeal, Message};

/// The kinds of message that are found here.
pub const KINDS: [&str; 1] = [appeals::MESSAGE];

/// The word that a donor answers who wants no more appeals.
const OPT_OUT: &str = "R";

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
    appeal(context, db, row, subject)
}

/// An appeal to somebody who still agrees and has no place, while it looks for somebody.
fn appeal(context: &Context, db: &mut Db, row: &OutboxRow, subject: &str) -> Result<Option<Message>, Error> {
    let now = context.clock.now();
    let Some((recipient, appeal)) = store::asked(db, subject)? else { return Ok(None) };
    let open = appeal.version == row.version
        && appeal.met_at.is_none()
        && appeal.standing(0).stage(now) == Stage::Open;
    if !open
        || !consents::is_given(db, &recipient.account_id, Purpose::Appeals.as_str())?
        || appeals::has_appointment(db, &recipient.donor_id, &appeal.product, now)?
    {
        return Ok(None);
    }
    let site = match &appeal.site_code {
        Some(code) => schedule::site(db, code)?.map(|site| site.name),
        None => None,
    };
    let (station, link) = (context.station.name.clone(), context.public_url.to_string());
    Ok(Some(Message::Appeal(Appeal { station, site, link, opt_out: OPT_OUT.to_owned() })))
}
