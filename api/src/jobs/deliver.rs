//! Delivers the outbox: at once when the bell rings, and every few seconds for what another node queued.

use crate::actions::Context;
use crate::actions::deliver;

/// One round: until nothing is due.
pub async fn round(context: &Context) {
    loop {
        match deliver::deliver_due(context).await {
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

/// Looks after messages whose worker died, and those of unknown fate.
pub async fn settle(context: &Context) {
    if let Err(error) = deliver::settle(context).await {
        tracing::error!(code = error.code, context = error.context, "messages could not be taken back");
    }
}
