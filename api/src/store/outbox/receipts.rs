//! What providers tell afterwards.

use super::OutboxRow;
use super::desk::ReceiptRow;
use crate::error::Error;
use crate::store::connection::Db;
use crate::store::schema::{message_attempts, message_receipts, outbox};
use diesel::prelude::*;

/// The message that a provider knows by this number, sent to the telephone with this keyed hash.
pub fn by_provider(db: &mut Db, provider_id: &str, contact_index: &[u8]) -> Result<Option<String>, Error> {
    Ok(message_attempts::table
        .filter(message_attempts::provider_id.eq(provider_id))
        .filter(message_attempts::contact_index.eq(contact_index))
        .select(message_attempts::message_id)
        .first(db)
        .optional()?)
}

/// Whether a message was handed over to the telephone with this keyed hash in an attempt that got no provider's number.
pub fn has_unnumbered(db: &mut Db, id: &str, contact_index: &[u8]) -> Result<bool, Error> {
    let attempts = message_attempts::table
        .filter(message_attempts::message_id.eq(id))
        .filter(message_attempts::contact_index.eq(contact_index))
        .filter(message_attempts::provider_id.is_null());
    Ok(diesel::select(diesel::dsl::exists(attempts)).get_result(db)?)
}

/// Writes a receipt down, and the message as it leaves it. The message MUST be locked.
pub fn tell(db: &mut Db, row: &OutboxRow, receipt: &ReceiptRow) -> Result<(), Error> {
    diesel::insert_into(message_receipts::table).values(receipt).execute(db)?;
    diesel::update(outbox::table.find(&row.id))
        .set((
            outbox::state.eq(&row.state),
            outbox::delivery.eq(&row.delivery),
            outbox::due_at.eq(row.due_at),
            outbox::channel.eq(&row.channel),
            outbox::refused_by.eq(&row.refused_by),
            outbox::sent_at.eq(row.sent_at),
            outbox::finished_at.eq(row.finished_at),
        ))
        .execute(db)?;
    Ok(())
}
