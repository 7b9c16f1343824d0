//! Takes the places of holds that are over back. A booking that needs one does so by itself; this is for the others.

use crate::actions::{Context, book};

/// One round.
pub async fn round(context: &Context) {
    if let Err(error) = book::sweep_holds(context).await {
        tracing::error!(code = error.code, context = error.context, "holds could not be ended");
    }
}
