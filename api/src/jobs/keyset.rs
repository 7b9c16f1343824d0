//! Keeps the keyset snapshot young, while the root key is at hand; and notices what another node published.

use crate::actions::Context;
use crate::actions::keys::{self, Publication};
use crate::chance::Chance;
use crate::error::Error;
use crate::keyring::KeyFolder;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Publishes a new snapshot when one is due and the root key is here; otherwise says that somebody must.
///
/// # Errors
/// `no_keys`, `bad_keys`, `cannot_write_keys`.
pub fn renew_before_start(
    folder: &KeyFolder,
    publication: &Publication,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(root) = folder.root()? else {
        tracing::info!(
            "the root key is not here; snapshots are published with `rexue keys publish` where it is"
        );
        return Ok(());
    };
    if keys::is_due(&folder.snapshot_whatever_its_age(&root)?, publication, now) {
        keys::publish(folder, publication, now, &mut Chance::from_system()?)?;
        tracing::info!("a new keyset snapshot was published");
    }
    Ok(())
}

/// One round.
pub async fn round(context: &Context) {
    if let Err(error) = renew(context).await {
        tracing::error!(
            code = error.code,
            context = error.context,
            "the keyset snapshot could not be renewed"
        );
    }
}

async fn renew(context: &Context) -> Result<(), Error> {
    let (station, public_url) = (Arc::clone(&context.station), Arc::clone(&context.public_url));
    let publication = context.pool.read(move |db| Publication::of(db, &station.issuer, &public_url)).await?;
    let now = context.clock.now();
    renew_before_start(context.keyring.folder(), &publication, now)?;
    context.keyring.reload(now)
}
