//! Writes the heads of the audit trail into it, once an hour.

use crate::actions::{Context, audit};

/// One round.
pub async fn round(context: &Context) {
    if let Err(error) = audit::checkpoint(&context.pool, context.clock.now()).await {
        tracing::error!(
            code = error.code,
            context = error.context,
            "a checkpoint of the audit trail could not be written"
        );
    }
}
