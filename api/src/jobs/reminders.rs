//! Queues reminders of appointments that were made or changed.

use crate::actions::{Context, remind};

/// One batch: whether there may be more.
pub async fn round(context: &Context) -> bool {
    match remind::plan(context).await {
        Ok(planned) => planned > 0,
        Err(error) => {
            tracing::error!(code = error.code, context = error.context, "reminders could not be queued");
            false
        }
    }
}
