//! Delivers the outbox, a batch at a time.

use crate::actions::Context;
use crate::actions::deliver::{self, Queue};

/// One batch: whether there may be more.
pub async fn round(context: &Context, queue: Queue) -> bool {
    match deliver::deliver_due(context, queue).await {
        Ok(claimed) => claimed > 0,
        Err(error) => {
            tracing::error!(code = error.code, context = error.context, "the outbox could not be delivered");
            false
        }
    }
}

/// Looks after messages whose worker died, and those of unknown fate.
pub async fn settle(context: &Context) {
    if let Err(error) = deliver::settle(context).await {
        tracing::error!(code = error.code, context = error.context, "messages could not be taken back");
    }
}
