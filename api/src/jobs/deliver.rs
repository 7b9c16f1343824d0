//! Delivers the outbox: at once when the bell rings, and every few seconds for what another node queued.

use crate::actions::Context;
use crate::actions::deliver::deliver_due;

/// One round: until nothing is due.
pub async fn round(context: &Context) {
    loop {
        match deliver_due(context).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(
                    code = error.code,
                    context = error.context,
                    "the outbox could not be delivered"
                );
                return;
            }
        }
    }
}
