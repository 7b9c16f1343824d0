//! A donor's record, looked at by the donor or by a relative.

use super::{Context, family};
use crate::chance::Chance;
use crate::error::Error;
use crate::store::Db;
use crate::store::audit::{self, Entry};
use serde_json::json;

/// Who looks at a donor's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// The donor.
    Donor,
    /// A relative, by the donor's word.
    Relative,
}

/// Runs `read` for a donor whom the account sees; a relative's look leaves a trace that the donor can read.
///
/// # Errors
/// `not_found`: there is no such donor, or it is somebody else's; what `read` fails with.
pub async fn seen<T: Send + 'static>(
    context: &Context,
    account_id: String,
    donor_no: String,
    read: impl FnOnce(&mut Db, &str, Viewer) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (number, account) = (donor_no.clone(), account_id.clone());
    let link = context.pool.read(move |db| family::visible(db, &account, &number)).await?.link;
    if link.relation == "self" {
        return context.pool.read(move |db| read(db, &link.donor_id, Viewer::Donor)).await;
    }
    let whole = context.clone();
    context
        .pool
        .write(move |db| {
            let id = family::visible(db, &account_id, &donor_no)?.link.donor_id;
            let entry = Entry {
                actor: whole.actor.clone(),
                action: "donor.viewed",
                subject: id.clone(),
                detail: json!({ "purpose": "family" }),
            };
            audit::append(db, [entry], whole.clock.now(), &mut Chance::from_system()?)?;
            read(db, &id, Viewer::Relative)
        })
        .await
}
